//! A row that PostgreSQL refuses: whose it is, and where it goes.

use super::{Failure, PostgresLoader};
use crate::fault::{Fault, Part};
use crate::load::postgres::sqlstate;
use crate::pack::Packed;
use crate::plan::Lane;
use std::ops::Range;

/// Refused rows a batch may have before the table itself is in doubt.
const REFUSED_AT_MOST: usize = 200;

impl PostgresLoader {
    /// The document the server refused a row of without naming it: halves are tried and rolled back until one is left.
    async fn culprit(&self, lane: &Lane, batch: &Packed) -> Result<Option<usize>, Fault> {
        let mut suspects = 0..batch.documents.len();
        while suspects.len() > 1 {
            let middle = suspects.start + suspects.len() / 2;
            if self.refuses(lane, batch, suspects.start..middle).await? {
                suspects.end = middle;
            } else {
                suspects.start = middle;
            }
        }
        let alone = !suspects.is_empty() && self.refuses(lane, batch, suspects.clone()).await?;
        Ok(alone.then_some(suspects.start))
    }

    async fn refuses(&self, lane: &Lane, batch: &Packed, documents: Range<usize>) -> Result<bool, Fault> {
        let action = self.action(lane);
        let lease = self.postgres.lease().await?;
        self.postgres.begin(&lease, &action).await?;
        let verdict = self.copy(&lease, lane, batch, documents, &action).await;
        // The lease is dropped, not given back: whatever was copied is rolled back with the connection.
        match verdict {
            Ok(()) => {
                // Deferred constraints speak up only when asked.
                let asked = lease.batch_execute("set constraints all immediate").await;
                Ok(asked
                    .err()
                    .is_some_and(|error| sqlstate::refused_row(&error).is_some()))
            }
            Err(Failure::Row(..)) => Ok(true),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::Moved) => Ok(false),
        }
    }

    pub(super) async fn put_aside(
        &self,
        lane: &Lane,
        batch: &mut Packed,
        refused: sqlstate::RefusedRow,
        table: Option<usize>,
    ) -> Result<(), Fault> {
        let rows = table.and_then(|table| batch.rows.get(table));
        let named = rows.zip(refused.row).and_then(|(rows, row)| rows.document(row));
        let document = match named {
            Some(document) => Some(document),
            None => self.culprit(lane, batch).await?,
        };
        let too_many = batch.rejects.len() >= REFUSED_AT_MOST;
        let Some(document) = document.filter(|_| !too_many) else {
            return Err(Fault::permanent(Part::Target, self.action(lane), refused.detail)
                .with_cause("refused")
                .with_remedy("PostgreSQL refuses many rows of this table: look at its constraints and triggers, then start the same command again"));
        };
        tracing::warn!(
            lane = lane.id,
            column = refused.column,
            "a row was refused and goes to quarantine: {}",
            refused.detail
        );
        batch.refuse(document, refused.detail, refused.column);
        Ok(())
    }
}
