//! Lanes that a worker claims, one at a time, as long as there are any that nobody alive holds.

use super::{Lanes, Next};
use crate::fault::{Class, Fault, Part};
use crate::load::postgres::Fences;
use crate::metrics;
use crate::plan::{Lane, Plan};
use crate::retry::Retry;
use crate::source::Standing;
use crate::workers::Member;
use checkpoints::{CheckpointStore, LaneId};
use std::sync::Arc;

/// The lanes of a plan that this worker gets hold of.
#[derive(Debug)]
pub(crate) struct Claimed<C> {
    pub(crate) member: Arc<Member>,
    pub(crate) plan: Arc<Plan>,
    /// What its loader goes by.
    pub(crate) fences: Fences,
    /// Where it remembers how far each lane is, others' work included.
    pub(crate) checkpoints: Arc<C>,
    pub(crate) retry: Retry,
    /// Lanes that failed here, which others may try.
    pub(crate) failed: Vec<i32>,
}

impl<C: CheckpointStore> Claimed<C> {
    async fn claim(&self, not: &[i32]) -> Result<Next, Fault> {
        let Member { worker, ledger, .. } = &*self.member;
        let claimed = ledger.claim_some(self.plan.run, worker, 1, not).await?;
        if let Some(claimed) = claimed.into_iter().next() {
            let lane = self.plan.lanes.get(claimed.lane as usize).ok_or_else(|| {
                let message = format!("etl.lane has lane {}, which the plan has not", claimed.lane);
                Fault::permanent(Part::Identity, "claim lanes", message)
            })?;
            if claimed.taken_over {
                tracing::warn!(
                    lane = lane.id,
                    "taking over from a worker that was not heard of any more"
                );
                metrics::took_over();
            }
            self.fences.raise(lane.id, claimed.held.fence);
            self.adopt(lane, &claimed.held.standing).await?;
            return Ok(Next::Lane(Box::new((lane.clone(), claimed.held.standing))));
        }
        if ledger.left(self.plan.run, not).await?.0 == 0 {
            return Ok(Next::Over);
        }
        ledger.end_sessions_of_the_gone(worker).await?;
        Ok(Next::Later)
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

impl<C: CheckpointStore> Lanes for Claimed<C> {
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
        let Some(fault) = fault else {
            return false;
        };
        self.fences.lower(lane.id);
        if fault.class == Class::Fenced {
            tracing::warn!(
                lane = lane.id,
                "another worker has taken the lane over; it goes on there"
            );
            metrics::lost();
            return true;
        }
        self.failed.push(lane.id as i32);
        let Member { worker, ledger, .. } = &*self.member;
        if let Err(fault) = ledger.release(self.plan.run, worker, lane.id).await {
            // It stays this worker's until it departs.
            tracing::warn!(
                cause = fault.cause,
                "could not {}: {}",
                fault.action,
                fault.message
            );
        }
        false
    }
}
