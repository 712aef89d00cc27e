//! Reads that a lane's reader has set apart before it asks for documents.

use super::LaneReader;
use crate::fault::Fault;
use crate::stop::Reason;

impl LaneReader {
    /// Has reads set apart before room is taken: who held room while waiting for reads could hold up the very lane
    /// that has them. False when there are none left, and the run is told to stop.
    pub(super) async fn admit(&mut self) -> Result<bool, Fault> {
        if self.stream.is_some() || self.admitted.is_some() {
            return Ok(true);
        }
        let left = self.left();
        let (stop, budget) = (&self.parts.stop, self.parts.quota.budget());
        let admitted = tokio::select! {
            biased;
            () = stop.draining() => return Ok(false),
            admitted = budget.admit(left) => admitted?,
        };
        if admitted.is_none() {
            stop.drain(Reason::Budget);
        }
        self.admitted = admitted;
        Ok(self.admitted.is_some())
    }

    /// The most documents that can be left, and one more: an answer that could have held it is known to be complete.
    pub(super) fn left(&self) -> u64 {
        self.standing.expected.saturating_sub(self.read) + 1
    }
}
