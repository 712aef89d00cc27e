//! What a lane's reader does when a count does not hold, or the moment it reads at is gone.

use super::{LaneReader, Step};
use crate::fault::{Fault, Part};

impl LaneReader {
    /// Fewer or more documents came than were counted: ask once more, then say so. Where answers end without saying that
    /// they are complete, each of them may have been cut short, and fewer is worth as many attempts as any other trouble.
    pub(super) async fn miscounted(&mut self, confirmed: bool, said_so: bool) -> Result<Step, Fault> {
        if !confirmed {
            self.confirming = true;
            return Ok(Step::Again);
        }
        let (read, expected) = (self.read, self.standing.expected);
        let message = format!(
            "{read} documents came, but {expected} were counted at {}",
            self.standing.read_at
        );
        let cut_short = !said_so && read < expected;
        let fault = match cut_short {
            true => Fault::transient(Part::Sums, &*self.action, message),
            false => Fault::permanent(Part::Sums, &*self.action, message),
        };
        let remedy = "start the same command again; if it says the same, an answer before this start was not whole: move \
                      into an empty database, with a new checkpoint directory";
        self.parts
            .retry
            .again(fault.with_cause("miscounted").with_remedy(remedy))
            .await?;
        Ok(Step::Again)
    }

    /// The snapshot has grown too old to be read: the rest of the lane is read at the present time.
    pub(super) async fn repin(&mut self, status: &tonic::Status) -> Result<(), Fault> {
        let old = self.standing.read_at;
        let now = self.parts.client.now().await?;
        if now <= old {
            return Err(self.parts.client.fault(&self.action, status));
        }
        let mut rest = self.query.clone();
        if let Some(last) = &self.last {
            rest = rest.after(last);
        }
        let left = self.parts.client.count(&rest, now).await?;
        tracing::warn!(
            snapshot = %old,
            now = %now,
            left,
            "could not {}: the snapshot is too old to be read; the rest of the lane is read at the present time",
            self.action
        );
        self.standing.read_at = now;
        self.standing.expected = self.read + left;
        Ok(())
    }
}
