//! A checkpoint store that fails where the script says so.

use super::{Stage, Trouble, batches_before};
use checkpoints::{CheckpointError, CheckpointStore, LaneId, Memory, Progress, Receipt};
use std::sync::Arc;

/// Remembers as the script says.
#[derive(Debug)]
pub(crate) struct Store(pub(super) Arc<Stage>, pub(super) Arc<Memory>);

impl CheckpointStore for Store {
    fn plan(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        self.1.plan()
    }

    fn begin(&self, plan: &[u8], lanes: &[(LaneId, Progress)]) -> Result<(), CheckpointError> {
        self.1.begin(plan, lanes)
    }

    fn progress(&self, lane: LaneId) -> Result<Progress, CheckpointError> {
        self.1.progress(lane)
    }

    fn advance(&self, lane: LaneId, receipt: &Receipt) -> Result<(), CheckpointError> {
        let place = batches_before(&receipt.span().from);
        if self.0.is(Trouble::Remembering(place), lane.0) {
            return Err(CheckpointError::Storage("trouble was asked for".to_owned()));
        }
        self.1.advance(lane, receipt)
    }

    fn adopt(&self, lane: LaneId, progress: &Progress) -> Result<(), CheckpointError> {
        self.1.adopt(lane, progress)
    }

    fn ending(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        self.1.ending()
    }

    fn note_ending(&self, ending: Option<&[u8]>) -> Result<(), CheckpointError> {
        self.1.note_ending(ending)
    }

    fn planning_reads(&self) -> Result<u64, CheckpointError> {
        self.1.planning_reads()
    }

    fn note_planning_reads(&self, reads: u64) -> Result<(), CheckpointError> {
        self.1.note_planning_reads(reads)
    }

    fn bytes(&self) -> u64 {
        self.1.bytes()
    }
}
