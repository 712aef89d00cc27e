//! The rule in a map: the second implementation, and the one tests of the lanes use.

use crate::position::LaneId;
use crate::receipt::{Progress, Receipt};
use crate::store::{CheckpointError, CheckpointStore};
use crate::vectors::{Digest, VectorCache};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct State {
    plan: Option<Vec<u8>>,
    lanes: BTreeMap<LaneId, Progress>,
    planning_reads: u64,
    ending: Option<Vec<u8>>,
}

/// A store that forgets when it is dropped.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
    vectors: Mutex<BTreeMap<Digest, Vec<f32>>>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the map whole: every change below is one insert.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
            ..State::default()
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

    fn ending(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        Ok(self.state().ending.clone())
    }

    fn note_ending(&self, ending: Option<&[u8]>) -> Result<(), CheckpointError> {
        self.state().ending = ending.map(<[u8]>::to_vec);
        Ok(())
    }

    fn planning_reads(&self) -> Result<u64, CheckpointError> {
        Ok(self.state().planning_reads)
    }

    fn note_planning_reads(&self, reads: u64) -> Result<(), CheckpointError> {
        self.state().planning_reads = reads;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        let state = self.state();
        let (plan, ending) = (state.plan.as_deref(), state.ending.as_deref());
        let values = [plan, ending].into_iter().flatten().map(<[u8]>::len);
        let lanes = state.lanes.len() * size_of::<(LaneId, Progress)>();
        (values.sum::<usize>() + lanes) as u64
    }
}

impl VectorCache for Memory {
    fn recall(&self, keys: &[Digest]) -> Result<Vec<Option<Vec<f32>>>, CheckpointError> {
        let vectors = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.iter().map(|key| vectors.get(key).cloned()).collect())
    }

    fn keep(&self, vectors: &[(Digest, Vec<f32>)]) -> Result<(), CheckpointError> {
        let mut kept = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(vectors.iter().cloned());
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

    #[test]
    fn what_is_held_is_the_plan_the_ending_and_every_lane() -> Result<(), CheckpointError> {
        let memory = Memory::default();
        assert_eq!(memory.bytes(), 0);
        let lanes = [1, 2, 3].map(|lane| (LaneId(lane), Progress::default()));
        memory.begin(&[b'x'; 100], &lanes)?;
        memory.note_ending(Some(&[b'x'; 10]))?;
        assert_eq!(memory.bytes(), 110 + 3 * size_of::<(LaneId, Progress)>() as u64);
        Ok(())
    }
}
