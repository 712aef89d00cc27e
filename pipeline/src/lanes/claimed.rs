//! Lanes that a worker claims, one at a time, as long as there are any that nobody alive holds.
//!
//! One that gets none and moves none takes a lane from another one that has several, and where all have one, cuts a long one
//! in two. The other one loses what it has under way, so what is left must be worth it.

use super::{Lanes, Next};
use crate::fault::{Class, Fault, Part};
use crate::load::postgres::{Fences, Whose};
use crate::metrics;
use crate::plan::{Lane, Plan};
use crate::retry::Retry;
use crate::source::Standing;
use crate::stop::Stop;
use crate::store::Store;
use crate::workers::Member;
use checkpoints::{CheckpointStore, LaneId, Position};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The lanes of a plan that this worker gets hold of.
#[derive(Debug)]
pub(crate) struct Claimed<'s, C> {
    pub(crate) member: Arc<Member>,
    pub(crate) plan: Arc<Plan>,
    /// What its loader goes by.
    pub(crate) fences: Fences,
    /// Where it remembers how far each lane is, others' work included.
    pub(crate) checkpoints: Arc<C>,
    pub(crate) retry: Retry,
    /// Lanes that failed here, which others may try.
    pub(crate) failed: Vec<i32>,
    /// What tells where a lane can be cut.
    pub(crate) store: &'s Store,
    /// Records that a lane must have left to be taken from another worker, and to be cut.
    pub(crate) worth: Worth,
    /// Until when no lane is looked at to be cut, since none could be.
    pub(crate) spared: Option<Instant>,
    /// Asked whether to go on.
    pub(crate) stop: Stop,
}

/// From how many records on something is worth what it costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worth {
    taking: u64,
    cutting: u64,
}

impl Worth {
    /// Where batches have so many rows, and a lane is worth planning from so many records on.
    pub(crate) fn of(batch_rows: u64, lane: u64) -> Worth {
        Worth {
            taking: TAKEN * batch_rows,
            cutting: (CUT * batch_rows).max(lane / 2),
        }
    }
}

/// Batches that a lane must have left to be taken from its worker: what is lost with it are four at the most.
const TAKEN: u64 = 8;
/// Batches that it must have left to be cut, for which its middle is looked for and counted as well.
const CUT: u64 = 16;
/// How long lanes are let be that could not be cut.
const SPARED: Duration = Duration::from_secs(5);

impl<C: CheckpointStore> Claimed<'_, C> {
    async fn claim(&mut self, not: &[i32]) -> Result<Next, Fault> {
        let member = self.member.clone();
        let Member { worker, ledger, .. } = &*member;
        // What is moved here is not claimed again, though this worker may have been silent for too long: two would move it
        // under one fence.
        let held = self.fences.lanes().into_iter().map(|lane| lane as i32);
        let taken: Vec<i32> = held.chain(not.iter().copied()).collect();
        let least = self.worth.taking;
        if let Some(claimed) = ledger.claim_one(self.plan.run, worker, least, &taken).await? {
            if !claimed.is_known_to(&self.plan) {
                self.plan = member.look_by(&self.plan).await?;
            }
            let lane = self.plan.lanes.get(claimed.lane as usize).ok_or_else(|| {
                let message = format!("etl.lane has lane {}, which the plan has not", claimed.lane);
                Fault::permanent(Part::Identity, "claim lanes", message)
            })?;
            tell(lane, claimed.whose);
            member.reads(true);
            self.fences.raise(lane.id, claimed.held.fence);
            self.adopt(lane, &claimed.held.standing).await?;
            return Ok(Next::Lane(Box::new((lane.clone(), claimed.held.standing))));
        }
        member.reads(false);
        if ledger.left(self.plan.run, not).await?.0 == 0 {
            return Ok(Next::Over);
        }
        ledger.end_sessions_of_the_gone(worker).await?;
        match self.cut(not).await {
            Ok(true) => Box::pin(self.claim(not)).await,
            Ok(false) => Ok(Next::Later),
            Err(fault) => {
                // Nobody's trouble: the lane goes on as it is.
                tracing::info!(
                    cause = fault.cause,
                    "could not {}: {}",
                    fault.action,
                    fault.message
                );
                Ok(Next::Later)
            }
        }
    }

    /// Cuts a long lane of another worker, where this one moves none; says whether there are two now.
    async fn cut(&mut self, not: &[i32]) -> Result<bool, Fault> {
        let member = self.member.clone();
        let is_idle = member.progress.under_way().0 == 0;
        if !is_idle || self.spared.is_some_and(|until| Instant::now() < until) {
            return Ok(false);
        }
        let Member { worker, ledger, .. } = &*member;
        let Some((number, seen)) = ledger
            .long_one(self.plan.run, worker, self.worth.cutting, not)
            .await?
        else {
            return Ok(false);
        };
        self.spared = Some(Instant::now() + SPARED);
        self.plan = member.look_by(&self.plan).await?;
        let Some(lane) = self.plan.lanes.get(number as usize) else {
            return Ok(false);
        };
        let collection = &self.plan.collection_of(lane).id;
        member.reads(true);
        let behind = tokio::select! {
            biased;
            () = self.stop.draining() => Ok(None),
            behind = self.store.halve(lane, collection, &seen.standing) => behind,
        };
        member.reads(false);
        let Some(behind) = behind? else {
            return Ok(false);
        };
        let is_before = |position: &Position| {
            let cut = behind.from.as_deref();
            cut.is_some_and(|cut| self.store.is_before(position, cut))
        };
        let place = (self.plan.run, number);
        let done = ledger.cut(place, worker, &seen, &behind, is_before).await?;
        if done {
            tracing::info!(
                lane = number,
                records = behind.documents,
                "cut a lane of another worker in two, for there was none left to claim"
            );
            metrics::cut();
            self.spared = None;
        }
        Ok(done)
    }

    /// Remembers where the lane stands by now.
    async fn adopt(&self, lane: &Lane, standing: &Standing) -> Result<(), Fault> {
        let (checkpoints, id) = (self.checkpoints.clone(), LaneId(lane.id));
        let progress = standing.progress.clone();
        let adopted = tokio::task::spawn_blocking(move || checkpoints.adopt(id, &progress)).await;
        let adopted = adopted
            .map_err(|error| Fault::permanent(Part::Checkpoints, "keep the checkpoint", error.to_string()))?;
        adopted.map_err(Fault::from)
    }
}

/// Says whose `lane` was, where it was another one's.
fn tell(lane: &Lane, whose: Whose) {
    match whose {
        Whose::Nobodys => {}
        Whose::Gone => {
            tracing::warn!(
                lane = lane.id,
                "taking over from a worker that was not heard of any more"
            );
            metrics::took_over();
        }
        Whose::Busy => tracing::info!(
            lane = lane.id,
            "took a lane from a worker that has several, for there was none left to claim"
        ),
    }
}

impl<C: CheckpointStore> Lanes for Claimed<'_, C> {
    async fn next(&mut self, bars: impl Fn(&Lane) -> bool + Send) -> Result<Next, Fault> {
        let barred = self.plan.lanes.iter().filter(|lane| bars(lane));
        let not: Vec<i32> = barred
            .map(|lane| lane.id as i32)
            .chain(self.failed.clone())
            .collect();
        match self.claim(&not).await {
            Ok(next) => {
                self.retry.progress();
                Ok(next)
            }
            Err(fault) => {
                self.retry.again(fault).await?;
                Ok(Next::Later)
            }
        }
    }

    async fn leave(&mut self, lane: &Lane, fault: Option<&Fault>) -> bool {
        self.fences.lower(lane.id);
        let Some(fault) = fault else {
            return false;
        };
        // Changes nothing where it is another one's by now.
        let Member { worker, ledger, .. } = &*self.member;
        if let Err(fault) = ledger.release(self.plan.run, worker, lane.id).await {
            // It is claimed again, here or by another one once this worker is gone.
            tracing::warn!(
                cause = fault.cause,
                "could not {}: {}",
                fault.action,
                fault.message
            );
        }
        if fault.class == Class::Fenced {
            tracing::warn!(
                lane = lane.id,
                "another worker has taken the lane, or cut it in two; it goes on there"
            );
            metrics::lost();
            return true;
        }
        self.failed.push(lane.id as i32);
        false
    }
}
