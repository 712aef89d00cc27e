//! A store that makes batches durable.
//!
//! Rows, quarantine and the lane's position land together or not at all, and only if the lane still stands where
//! the batch starts and nobody else has taken it over. A receipt is made after COMMIT is known to have happened,
//! also when its answer was lost.

pub mod postgres;

use crate::fault::Fault;
use crate::pack::Packed;
use crate::plan::Lane;
use checkpoints::{Receipt, Tally};
use std::time::Duration;

/// A batch that is durable.
#[derive(Debug)]
pub struct Loaded {
    /// The proof.
    pub receipt: Receipt,
    /// What it held, by reason for what was put aside.
    pub tally: Tally,
    /// How long the transaction took.
    pub took: Duration,
}

/// A store that makes batches durable.
pub trait Loader: Send + Sync + 'static {
    /// Loads one batch, trying again as long as that may help. A batch loaded twice changes nothing.
    fn load(&self, lane: &Lane, batch: &mut Packed) -> impl Future<Output = Result<Loaded, Fault>> + Send;
}
