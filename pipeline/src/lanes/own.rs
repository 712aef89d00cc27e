//! All lanes of a plan, for a process that is alone.

use super::{Lanes, Next};
use crate::fault::Fault;
use crate::plan::{Lane, Plan};
use crate::source::Standing;

/// The lanes still to be moved, collections taking turns: neighbouring ranges of one collection read at the same time
/// would heat up the same part of the source.
#[derive(Debug)]
pub struct Own(std::vec::IntoIter<(Lane, Standing)>);

impl Own {
    /// Those of `plan` that have not ended, where they stand.
    pub fn new(plan: &Plan, standings: &[Standing]) -> Own {
        let mut turns = vec![0u32; plan.collections.len()];
        let mut lanes = Vec::with_capacity(plan.lanes.len());
        for (lane, standing) in plan.lanes.iter().zip(standings) {
            let turn = &mut turns[lane.collection];
            *turn += 1;
            if !standing.progress.position.is_end() {
                lanes.push((*turn, (lane.clone(), standing.clone())));
            }
        }
        lanes.sort_by_key(|(turn, _)| *turn);
        let lanes: Vec<_> = lanes.into_iter().map(|(_, lane)| lane).collect();
        Own(lanes.into_iter())
    }
}

impl Lanes for Own {
    async fn next(&mut self, bars: impl Fn(&Lane) -> bool + Send) -> Result<Next, Fault> {
        let next = self.0.find(|(lane, _)| !bars(lane));
        Ok(next.map_or(Next::Over, |next| Next::Lane(Box::new(next))))
    }

    async fn leave(&mut self, _: &Lane, _: Option<&Fault>) -> bool {
        false
    }
}
