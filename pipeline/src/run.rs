//! A whole run: reach both ends, find where to begin, plan once, take the lanes over, move everything, add it up.

use crate::fault::{Fault, Part};
use crate::finish;
use crate::lane::Way;
use crate::load::postgres::{Ledger, Postgres, PostgresLoader, ServerFacts};
use crate::metrics;
use crate::plan::Plan;
use crate::planning::{self, Wish};
use crate::progress::{self, Phase, Progress};
use crate::quota::ReadQuota;
use crate::recovery::{self, Beginning};
use crate::retry::{Policy, Retry};
use crate::room::Rooms;
use crate::source::Standing;
use crate::source::firestore::{BatchLimits, Firestore};
use crate::stop::Stop;
use crate::supervisor::{self, Limits};
use checkpoints::{CheckpointStore, LaneId};
use std::sync::Arc;
use std::time::Duration;

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Everything a run needs to know and to be told.
#[derive(Debug)]
pub struct Run<'c> {
    /// What the operator said; source and target are there.
    pub source: &'c config::Firestore,
    /// The target.
    pub target: &'c config::Target,
    /// Limits and habits.
    pub habits: &'c config::Run,
    /// Who holds the lanes, for a second process to be told: "process 12 on web-1".
    pub holder: String,
    /// Asked whether to go on.
    pub stop: Stop,
    /// Told how it goes.
    pub progress: Arc<Progress>,
}

/// How a run ended that did not fail.
#[derive(Debug)]
pub struct Ended {
    /// Whether every document is accounted for and every sum adds up.
    pub complete: bool,
    /// Lanes that were read, or read to their end, at a later time than the plan's: the snapshot had grown too
    /// old for them.
    pub later: u64,
}

/// Both ends, reached.
struct Reached {
    source: Firestore,
    postgres: Postgres,
    facts: ServerFacts,
    ledger: Ledger,
    quota: Arc<ReadQuota>,
    rooms: Rooms,
}

impl Run<'_> {
    /// What the run would do; changes nothing anywhere.
    pub async fn rehearse<C: CheckpointStore>(&self, store: Option<&C>) -> Result<(Plan, String), Fault> {
        let reached = self.reach().await?;
        let ledger = reached.ledger.exists().await?.then_some(&reached.ledger);
        let beginning = match store {
            Some(store) => recovery::begin(store, ledger, &self.wish()).await?,
            None => recovery::begin(&checkpoints::Memory::default(), ledger, &self.wish()).await?,
        };
        let plan = match beginning {
            Beginning::Known(plan) => return Ok((*plan, String::new())),
            Beginning::Remembered(plan) => *plan,
            Beginning::Fresh => self.make_plan(&reached).await?,
        };
        let sql = reached.ledger.creation(&plan, &reached.facts).await?;
        Ok((plan, sql))
    }

    /// Moves everything that is not moved yet.
    pub async fn execute<C: CheckpointStore>(&self, store: Arc<C>) -> Result<Ended, Fault> {
        let begun = tokio::select! {
            biased;
            // Nothing is loaded yet; a plan half made is simply made again.
            () = self.stop.draining() => None,
            begun = self.begin(&*store) => Some(begun?),
        };
        let Some((reached, plan)) = begun else {
            return Ok(Ended {
                complete: false,
                later: 0,
            });
        };
        let held = reached.ledger.claim(plan.run, &self.holder).await?;
        if held.len() != plan.lanes.len() {
            let message = format!(
                "the plan has {} lanes, etl.lane has {}",
                plan.lanes.len(),
                held.len()
            );
            return Err(Fault::permanent(Part::Identity, "take the lanes over", message));
        }
        let standings: Vec<Standing> = held.iter().map(|held| held.standing.clone()).collect();
        self.bring_up_to_date(&*store, &plan, &standings)?;
        self.progress.begin(&plan, &standings);
        metrics::start_at_zero(plan.tables.iter().map(|table| table.name.clone()));
        let shown = tokio::spawn(progress::show(
            self.progress.clone(),
            reached.rooms.clone(),
            reached.quota.clone(),
        ));
        let moved = self.move_lanes(&reached, &plan, store, held, &standings).await;
        shown.abort();
        progress::show_once(&self.progress, &reached.rooms, &reached.quota);
        moved?;
        let later = self
            .persist(async || reached.ledger.read_later(&plan).await)
            .await?;
        let complete = tokio::select! {
            biased;
            () = self.stop.draining() => false,
            finished = self.finish(&reached, &plan) => finished.map(|()| true)?,
        };
        Ok(Ended { complete, later })
    }

    async fn begin<C: CheckpointStore>(&self, store: &C) -> Result<(Reached, Arc<Plan>), Fault> {
        let reached = self.reach().await?;
        let plan = Arc::new(self.plan(store, &reached).await?);
        Ok((reached, plan))
    }

    async fn finish(&self, reached: &Reached, plan: &Plan) -> Result<(), Fault> {
        let (ledger, progress) = (&reached.ledger, &self.progress);
        let key = self.target.primary_key == config::PrimaryKey::AfterLoad;
        let count_rows = self.habits.validation;
        self.persist(async || finish::finish(ledger, plan, progress, key, count_rows).await)
            .await
    }

    /// Does what can be repeated until it succeeds: after hours of loading, a connection that breaks costs another
    /// try and no more.
    async fn persist<T>(&self, step: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut retry = Retry::new(self.policy());
        loop {
            match step().await {
                Err(fault) => retry.again(fault).await?,
                done => return done,
            }
        }
    }

    async fn move_lanes<C: CheckpointStore>(
        &self,
        reached: &Reached,
        plan: &Arc<Plan>,
        store: Arc<C>,
        held: Vec<crate::load::postgres::Held>,
        standings: &[Standing],
    ) -> Result<(), Fault> {
        self.progress.turn_to(Phase::Loading);
        let way = Way {
            plan: plan.clone(),
            loader: Arc::new(PostgresLoader::new(reached.postgres.clone(), plan.clone(), held)),
            checkpoints: store,
            progress: self.progress.clone(),
        };
        let limits = Limits {
            lanes: self.habits.lanes.get(),
            emergency: self.habits.emergency_threshold,
            drain: self.habits.drain_deadline,
        };
        supervisor::run(&reached.source, &way, standings, limits, &self.stop).await
    }

    /// The plan to go by: an earlier one, or a new one that is registered before anything is loaded.
    async fn plan<C: CheckpointStore>(&self, store: &C, reached: &Reached) -> Result<Plan, Fault> {
        let ledger = reached.ledger.exists().await?.then_some(&reached.ledger);
        let beginning = recovery::begin(store, ledger, &self.wish()).await?;
        let plan = match beginning {
            Beginning::Known(plan) => {
                reached.ledger.prepare().await?;
                recovery::check_tables(&reached.ledger, &plan).await?;
                return Ok(*plan);
            }
            Beginning::Remembered(plan) => *plan,
            Beginning::Fresh => self.make_plan(reached).await?,
        };
        let create_tables = reached.ledger.creation(&plan, &reached.facts).await?;
        reached.ledger.register(&plan, &create_tables).await?;
        Ok(plan)
    }

    /// A plan that took longer to make than its snapshot could be read is made anew, from a younger one.
    async fn make_plan(&self, reached: &Reached) -> Result<Plan, Fault> {
        self.persist(async || planning::make(&reached.source, &self.wish(), &self.progress).await)
            .await
    }

    /// The directory is made to say what Postgres says.
    fn bring_up_to_date<C: CheckpointStore>(
        &self,
        store: &C,
        plan: &Plan,
        standings: &[Standing],
    ) -> Result<(), Fault> {
        let bytes = serde_json::to_vec(plan)
            .map_err(|error| Fault::permanent(Part::Checkpoints, "write the plan", error.to_string()))?;
        let progresses = standings.iter().map(|standing| standing.progress.clone());
        let lanes: Vec<_> = plan
            .lanes
            .iter()
            .map(|lane| LaneId(lane.id))
            .zip(progresses)
            .collect();
        if store.plan()?.as_deref() == Some(&bytes) {
            for (lane, progress) in &lanes {
                if store.progress(*lane)? != *progress {
                    store.adopt(*lane, progress)?;
                }
            }
            return Ok(());
        }
        store.begin(&bytes, &lanes).map_err(Fault::from)
    }

    fn policy(&self) -> Policy {
        let habits = self.habits;
        Policy {
            attempts: habits.max_retries,
            delay: habits.retry_delay,
            longest: LONGEST_WAIT.max(habits.retry_delay),
            budget: habits.retry_budget,
        }
    }

    async fn reach(&self) -> Result<Reached, Fault> {
        let (habits, source) = (self.habits, self.source);
        let policy = self.policy();
        let postgres = Postgres::new(self.target, policy)?;
        let facts = postgres.facts().await.map_err(at_once)?;
        let quota = Arc::new(ReadQuota::new(
            source.reads_per_second,
            source.quota_safety,
            source.ramp,
        ));
        // Half of what the operator grants is for documents in flight; the other half is for everything else:
        // connections, RocksDB, the allocator's slack.
        let rooms = Rooms::new(habits.memory / 2, habits.batch_bytes);
        let limits = BatchLimits {
            rows: habits.batch_rows.get(),
            bytes: habits.batch_bytes,
        };
        let firestore = Firestore::connect(
            source,
            quota.clone(),
            rooms.clone(),
            limits,
            policy,
            self.stop.clone(),
        )
        .await
        .map_err(at_once)?;
        firestore.greet().await.map_err(at_once)?;
        let ledger = Ledger::new(postgres.clone());
        Ok(Reached {
            source: firestore,
            postgres,
            facts,
            ledger,
            quota,
            rooms,
        })
    }

    fn wish(&self) -> Wish {
        Wish::asked(self.source, self.target, self.habits)
    }
}

/// At the start a fault is told at once: an operator who mistyped an address should not wait for ten attempts.
fn at_once(fault: Fault) -> Fault {
    Fault {
        class: crate::fault::Class::Permanent,
        ..fault
    }
}
