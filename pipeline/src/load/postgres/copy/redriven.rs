//! Documents that leave the quarantine: their rows, what is still put aside of them, and the lane's sums, in one
//! transaction. The lane stays where it stands.

use super::{Failure, PostgresLoader, fenced};
use crate::fault::Fault;
use crate::load::postgres::moves;
use crate::pack::Packed;
use crate::plan::Lane;
use crate::retry::Retry;

impl PostgresLoader {
    /// Loads what of the batch's documents can be stored now, and puts the others aside anew; all of them come from the
    /// quarantine of `lane`. False, with nothing changed, where they are not all there any more: an earlier attempt got
    /// through and its answer was lost.
    ///
    /// # Errors
    /// When somebody else has taken the lane over, or the target refuses all of it.
    pub async fn redrive(&self, lane: &Lane, batch: &mut Packed) -> Result<bool, Fault> {
        let mut retry = Retry::among(self.postgres.policy, self.postgres.breaker.clone());
        loop {
            match self.leave_quarantine(lane, batch).await {
                Ok(done) => {
                    retry.progress();
                    return Ok(done);
                }
                Err(Failure::Row(refused, table)) => self.put_aside(lane, batch, refused, table).await?,
                Err(Failure::Moved) => return Err(fenced(lane, "under another fence")),
                Err(Failure::Fault(fault)) => retry.again(fault).await?,
            }
        }
    }

    async fn leave_quarantine(&self, lane: &Lane, batch: &Packed) -> Result<bool, Failure> {
        let action = format!(
            "load what is in quarantine of collection {}",
            self.plan.collection_of(lane).visible()
        );
        let failed = |error: tokio_postgres::Error| Failure::of(&action, &error);
        let (run, fence) = (self.plan.run, self.fences.of(lane.id));
        let lease = self.postgres.lease().await?;
        self.postgres.begin(&lease, &action).await?;
        if moves::settle(&lease, run, lane, fence, batch)
            .await
            .map_err(failed)?
            != 1
        {
            return Err(Failure::Moved);
        }
        let all = 0..batch.documents.len();
        let taken = moves::take_out(&lease, &self.plan, lane, batch)
            .await
            .map_err(failed)?;
        if taken != all.len() as u64 {
            // The lease is dropped, not given back, and the transaction with it.
            return Ok(false);
        }
        self.copy(&lease, lane, batch, all.clone(), &action).await?;
        moves::quarantine(&lease, &self.plan, lane, batch, &all)
            .await
            .map_err(failed)?;
        moves::amend(&lease, &self.plan, lane, batch, &all)
            .await
            .map_err(failed)?;
        lease.batch_execute("commit").await.map_err(failed)?;
        lease.give_back();
        Ok(true)
    }
}
