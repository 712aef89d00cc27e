//! The rule every checkpoint store keeps.

use crate::position::{LaneId, Position};
use crate::receipt::{Progress, Receipt};

/// Durable lane positions of one run, and the run's plan. Calls block: keep them off async threads.
///
/// A store is a bookmark, not the ledger: the position that counts is committed in Postgres with the rows.
/// [`laws`](crate::laws) holds what every implementation must satisfy.
pub trait CheckpointStore: Send + Sync + 'static {
    /// The plan of the run this store belongs to, or nothing when it is fresh.
    fn plan(&self) -> Result<Option<Vec<u8>>, CheckpointError>;

    /// Remembers a plan with where each lane stands, in one step, replacing what was there.
    fn begin(&self, plan: &[u8], lanes: &[(LaneId, Progress)]) -> Result<(), CheckpointError>;

    /// Where `lane` stands; the start when nothing is known.
    fn progress(&self, lane: LaneId) -> Result<Progress, CheckpointError>;

    /// Moves `lane` along `receipt`. Refused, leaving the store untouched, unless the receipt starts exactly
    /// where the lane stands. Durable when it returns.
    fn advance(&self, lane: LaneId, receipt: &Receipt) -> Result<(), CheckpointError>;

    /// Takes over what Postgres says of `lane`, wherever the lane stood here.
    fn adopt(&self, lane: LaneId, progress: &Progress) -> Result<(), CheckpointError>;

    /// What the last start noted when it ended; nothing while one is under way, or where it could note nothing more.
    fn ending(&self) -> Result<Option<Vec<u8>>, CheckpointError>;

    /// Notes how a start ended, or that another has begun. No plan and no lane changes by it.
    fn note_ending(&self, ending: Option<&[u8]>) -> Result<(), CheckpointError>;

    /// Reads that plans cost which never became a run; forgotten when one begins.
    fn planning_reads(&self) -> Result<u64, CheckpointError>;

    /// Remembers that number. Durable when it returns.
    fn note_planning_reads(&self, reads: u64) -> Result<(), CheckpointError>;

    /// Bytes it holds, in memory and on disk, as far as it can tell; for whoever watches.
    fn bytes(&self) -> u64;
}

/// Why a checkpoint store refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The receipt does not start where the lane stands.
    #[error("lane {lane} stands at {stored}, but a batch was handed in that starts at {presented}")]
    Diverged {
        /// The lane.
        lane: LaneId,
        /// Where the store says it stands.
        stored: Position,
        /// Where the receipt starts.
        presented: Position,
    },
    /// A stored value cannot be read.
    #[error(
        "the checkpoint of {what} is damaged: {detail}; move the directory away, the run is rebuilt from Postgres"
    )]
    Damaged {
        /// Which value.
        what: String,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The disk or the database under the store failed.
    #[error("checkpoint directory: {0}")]
    Storage(String),
}
