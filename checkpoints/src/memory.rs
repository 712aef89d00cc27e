//! The rule in a map: the second implementation, and the one tests of the lanes use.

use crate::position::LaneId;
use crate::receipt::{Progress, Receipt};
use crate::store::{CheckpointError, CheckpointStore};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct State {
    plan: Option<Vec<u8>>,
    lanes: BTreeMap<LaneId, Progress>,
}

/// A store that forgets when it is dropped.
#[derive(Debug, Default)]
pub struct Memory(Mutex<State>);

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the map whole: every change below is one insert.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CheckpointStore for Memory {
    fn plan(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        Ok(self.state().plan.clone())
    }

    fn begin(&self, plan: &[u8], lanes: &[(LaneId, Progress)]) -> Result<(), CheckpointError> {
        *self.state() = State {
            plan: Some(plan.to_vec()),
            lanes: lanes.iter().cloned().collect(),
        };
        Ok(())
    }

    fn progress(&self, lane: LaneId) -> Result<Progress, CheckpointError> {
        Ok(self.state().lanes.get(&lane).cloned().unwrap_or_default())
    }

    fn advance(&self, lane: LaneId, receipt: &Receipt) -> Result<(), CheckpointError> {
        let mut state = self.state();
        let progress = state.lanes.entry(lane).or_default();
        step(lane, progress, receipt)
    }

    fn adopt(&self, lane: LaneId, progress: &Progress) -> Result<(), CheckpointError> {
        self.state().lanes.insert(lane, progress.clone());
        Ok(())
    }
}

/// The rule itself: a lane moves only from exactly where it stands.
pub(crate) fn step(lane: LaneId, progress: &mut Progress, receipt: &Receipt) -> Result<(), CheckpointError> {
    if progress.position != receipt.span().from {
        return Err(CheckpointError::Diverged {
            lane,
            stored: progress.position.clone(),
            presented: receipt.span().from.clone(),
        });
    }
    progress.position = receipt.span().to.clone();
    progress.tally += receipt.tally();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_keeps_the_laws() {
        crate::laws::all(Memory::default);
    }
}
