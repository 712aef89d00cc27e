//! A run that several processes share: one of them makes the plan, all of them move lanes, one makes what follows.

use super::reach::Reached;
use super::{Ended, Run};
use crate::fault::{Fault, Part};
use crate::lanes::{Claimed, Worth};
use crate::load::postgres::{Fences, Ledger, Postgres, Task, Worker, session_name};
use crate::metrics;
use crate::plan::Plan;
use crate::progress::Phase;
use crate::recovery::{self, Beginning};
use crate::retry::Retry;
use crate::supervisor::Failed;
use crate::workers::Member;
use checkpoints::CheckpointStore;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often it is looked whether another worker is done with what it does for all.
const LOOK: Duration = Duration::from_millis(300);
/// Connections for what workers tell one another.
const CONNECTIONS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

impl Run<'_> {
    pub(super) async fn work_together<C: CheckpointStore>(&self, store: Arc<C>) -> Result<Ended, Fault> {
        let (id, lease) = (Uuid::new_v4(), self.habits.lease);
        let mut target = self.target.clone();
        target.connection.application_name = session_name(id);
        let mut reached = self.reach_by(&target).await?;
        reached.postgres = reached.postgres.of_worker(lease);
        reached.ledger = Ledger::new(reached.postgres.clone());
        target.connections = CONNECTIONS;
        let telling = Postgres::new(&target, self.policy())?.of_worker(lease);
        self.greet_endpoint().await?;
        reached.ledger.prepare().await?;
        let wish = self.wish();
        let worker = Worker {
            id,
            name: self.holder.clone(),
            source: wish.source.to_string(),
            schema: wish.mapping.schema.clone(),
            lease,
        };
        let quota = reached.shared.quota.clone();
        let member = Member::new(worker, Ledger::new(telling), quota, self.progress.clone());
        let member = Arc::new(member);
        self.progress
            .turn_to(Phase::Planning("what others have begun".to_owned()));
        metrics::sharing_begins();
        let using = member.enter().await?;
        let staying = tokio::spawn(member.clone().stay(using));
        let ended = self.take_part(&member, &reached, store).await;
        staying.abort();
        // A renewal under way would enter it anew.
        let _ = staying.await;
        member.depart().await;
        ended
    }

    async fn take_part<C: CheckpointStore>(
        &self,
        member: &Arc<Member>,
        reached: &Reached,
        store: Arc<C>,
    ) -> Result<Ended, Fault> {
        let begun = tokio::select! {
            biased;
            () = self.stop.draining() => None,
            plan = Box::pin(self.common_plan(member, reached, &store)) => Some(Arc::new(plan?)),
        };
        let Some(plan) = begun else {
            return Ok(Ended::default());
        };
        let clocks = self.clocks(reached, &plan).await?;
        let (plan, standings) = self
            .persist(async || reached.ledger.standings_now(&plan).await)
            .await?;
        let (price, _) = reached.store.price(self.source).await;
        let shown = self.begin_to_show(reached, &plan, &store, &standings, price)?;
        let fences = Fences::default();
        let lanes = Claimed {
            member: member.clone(),
            plan: plan.clone(),
            fences: fences.clone(),
            checkpoints: store.clone(),
            retry: Retry::new(self.policy()),
            failed: Vec::new(),
            store: &reached.store,
            worth: Worth::of(self.habits.batch_rows.get() as u64, self.wish().worth()),
            spared: None,
            stop: self.stop.clone(),
        };
        let directory = store.clone();
        let moved = self.move_lanes(reached, &plan, store, fences, lanes).await;
        // Where nobody answers, what is told and remembered of the others' lanes is some seconds old.
        let now = reached.ledger.standings_now(&plan).await.ok();
        if let Some((plan, standings)) = &now {
            self.progress.begin(plan, standings);
        }
        shown.end();
        let mut failed = moved?;
        if let Some((plan, standings)) = &now {
            self.bring_up_to_date(&*directory, plan, standings)?;
        }
        if self.stop.is_draining() {
            return Ok(Ended {
                failed,
                ..Ended::default()
            });
        }
        let (_, poisoned) = self
            .persist(async || reached.ledger.left(plan.run, &[]).await)
            .await?;
        let plan = self.persist(async || member.look_by(&plan).await).await?;
        failed.extend(poisoned.into_iter().filter_map(|lane| poisoned_lane(&plan, lane)));
        if !failed.is_empty() {
            return Ok(Ended {
                failed,
                ..Ended::default()
            });
        }
        self.progress
            .turn_to(Phase::Finishing("what one worker does for all".to_owned()));
        while !self
            .persist(async || reached.ledger.is_finished(plan.run).await)
            .await?
        {
            if self.persist(async || member.take_up(Task::Finish).await).await? {
                // All of them have ended, so none is cut any more; whoever was gone and comes back changes nothing.
                let plan = self.persist(async || member.look_by(&plan).await).await?;
                let held = self
                    .persist(async || reached.ledger.claim(plan.run, &self.holder).await)
                    .await?;
                let standings: Vec<_> = held.iter().map(|held| held.standing.clone()).collect();
                self.progress.begin(&plan, &standings);
                let concluded = tokio::select! {
                    concluded = Box::pin(self.conclude(reached, &plan, &held, &clocks)) => concluded,
                    () = member.loses(Task::Finish) => continue,
                };
                // What fails because another worker is at it by now is nobody's trouble.
                match concluded {
                    Err(fault) if member.still_does(Task::Finish).await => return Err(fault),
                    Err(_) => continue,
                    ended => return ended,
                }
            }
            tokio::select! {
                biased;
                () = self.stop.draining() => return Ok(Ended::default()),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.persist(async || member.look().await).await?;
        Ok(Ended {
            complete: true,
            ..self.told(reached, &plan).await?
        })
    }

    /// The plan that all of them go by, made by whoever is the first.
    async fn common_plan<C: CheckpointStore>(
        &self,
        member: &Member,
        reached: &Reached,
        store: &Arc<C>,
    ) -> Result<Plan, Fault> {
        let known = async || {
            let beginning = recovery::begin(&**store, Some(&reached.ledger), &self.wish()).await;
            beginning.map(|beginning| matches!(beginning, Beginning::Known(_)))
        };
        loop {
            let is_known = known().await?;
            let is_ours = is_known || self.persist(async || member.take_up(Task::Plan).await).await?;
            member.reads(is_ours);
            if is_ours {
                match self.plan(store, reached, true).await {
                    Ok(Some(plan)) => return Ok(plan),
                    // Nothing comes of it where another one was done just before,
                    Ok(None) => {}
                    // and what that one made may have been in the way.
                    Err(_) if !is_known && matches!(known().await, Ok(true)) => {}
                    Err(fault) => return Err(fault),
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// What is said of a lane that one worker after another claimed and never moved.
fn poisoned_lane(plan: &Plan, lane: u32) -> Option<Failed> {
    let lane = plan.lanes.get(lane as usize)?.clone();
    let message = "workers claimed it again and again, and none ever moved it".to_owned();
    let fault = Fault::permanent(Part::Source, format!("move lane {}", lane.id), message)
        .with_cause("poisoned")
        .with_remedy(
            "look in the workers' logs for what stops it, mend that, and start etl run once without --join",
        );
    Some(Failed { lane, fault })
}
