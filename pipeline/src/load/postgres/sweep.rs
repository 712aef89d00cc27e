//! The rows of a stretch of a lane made what its source says by now, in a source that has no snapshots.
//!
//! What came is merged, what did not come leaves, and what the records come to is noted: in one transaction. Whatever is
//! done here may be done again, so nothing needs to be found out after a lost answer: a transaction that had happened
//! finds nothing more to change. Documents do not hang together, so a stretch with a row that PostgreSQL refuses is
//! halved until that row is alone, and is put aside.

mod gone; // what is no longer there
mod noted; // what a pass leaves in the ledger

use super::spans::{self, Stretch};
use super::stage::{Merged, Stage};
use super::{Held, Lease, Postgres, sqlstate};
use crate::fault::{Class, Fault, Part};
use crate::pack::Packed;
use crate::plan::{Lane, Plan};
use crate::record::Account;
use crate::retry::Retry;
use std::collections::BTreeSet;
use std::ops::{AddAssign, Range};
use transforms::qdrant::PointId;

/// What a source says otherwise than the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Differences {
    /// Records without a row.
    pub inserted: u64,
    /// Rows of records that are different now, elements of theirs included.
    pub updated: u64,
    /// Rows of records that are gone, or can no longer be stored.
    pub deleted: u64,
}

impl Differences {
    /// How many.
    pub fn count(&self) -> u64 {
        self.inserted + self.updated + self.deleted
    }
}

impl AddAssign for Differences {
    fn add_assign(&mut self, other: Differences) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.deleted += other.deleted;
    }
}

/// What becomes of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The rows are changed.
    Mended,
    /// They are counted, and nothing changes.
    Told,
}

/// One pass over the lanes of a run, under the fences they are held by.
#[derive(Debug)]
pub struct Sweeper<'r> {
    /// The target.
    pub postgres: &'r Postgres,
    /// The run's plan.
    pub plan: &'r Plan,
    /// The lanes as held, in plan order.
    pub held: &'r [Held],
    /// The number of the pass, from 1.
    pub sweep: u32,
    /// What becomes of what differs.
    pub found: Found,
}

enum Failure {
    Row(sqlstate::RefusedRow),
    Fault(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure::Fault(fault)
    }
}

/// Records of a batch, and the stretch of the lane that they are all of.
struct Piece {
    stretch: Stretch,
    documents: Range<usize>,
    /// What they come to.
    account: Account,
    /// Records that had a row and did not come; nothing where nobody knows which had.
    gone: Option<Vec<PointId>>,
}

/// What a transaction changes of what the ledger counts.
#[derive(Default)]
struct Change {
    differences: Differences,
    /// Records with a row, more than before.
    loaded: i64,
    /// Records in quarantine, more than before.
    quarantined: i64,
    /// Rows of each table, more than before.
    rows: Vec<i64>,
}

impl Sweeper<'_> {
    /// Makes the rows of a stretch of `lane` those of the batch, which holds all its records. The stretch lies in a span
    /// whose rows were of the records `had`; where that is not known, all rows are looked at.
    pub async fn mend(
        &self,
        lane: &Lane,
        stretch: Stretch,
        had: Option<&[PointId]>,
        batch: &mut Packed,
    ) -> Result<Differences, Fault> {
        let mut waiting = vec![self.piece(stretch, had, batch, 0..batch.documents.len())];
        let mut differences = Differences::default();
        let mut retry = Retry::among(self.postgres.policy, self.postgres.breaker.clone());
        while let Some(piece) = waiting.pop() {
            match self.attempt(lane, batch, &piece).await {
                Ok(change) => {
                    retry.progress();
                    differences += change;
                }
                Err(Failure::Row(refused)) if piece.documents.len() > 1 => {
                    let detail = refused.detail;
                    tracing::debug!(
                        lane = lane.id,
                        "a row of {} is refused: {detail}",
                        piece.documents.len()
                    );
                    waiting.extend(self.halves(&piece, had, batch)?);
                }
                Err(Failure::Row(refused)) => {
                    tracing::warn!(
                        lane = lane.id,
                        "a row was refused and goes to quarantine: {}",
                        refused.detail
                    );
                    batch.refuse(piece.documents.start, refused.detail, refused.column);
                    waiting.push(piece);
                }
                Err(Failure::Fault(fault)) => {
                    retry.again(fault).await?;
                    waiting.push(piece);
                }
            }
        }
        Ok(differences)
    }

    fn piece(
        &self,
        stretch: Stretch,
        had: Option<&[PointId]>,
        batch: &Packed,
        documents: Range<usize>,
    ) -> Piece {
        let account = self.plan.account(&batch.documents[documents.clone()]);
        let account = account.unwrap_or_default();
        let here: BTreeSet<PointId> = account.ids.iter().copied().collect();
        let gone = |had: &[PointId]| {
            let inside = had.iter().filter(|id| stretch.holds(**id));
            inside.filter(|id| !here.contains(id)).copied().collect()
        };
        Piece {
            stretch,
            documents,
            gone: had.map(gone),
            account,
        }
    }

    /// The second half, and the first, which is to be taken first.
    fn halves(&self, piece: &Piece, had: Option<&[PointId]>, batch: &Packed) -> Result<[Piece; 2], Fault> {
        let Range { start, end } = piece.documents;
        let middle = start + (end - start) / 2;
        let last = transforms::qdrant::id(&batch.documents[middle - 1])
            .map_err(|error| Fault::permanent(Part::Source, "halve a batch", error.to_string()))?;
        let Stretch { after, upto } = piece.stretch;
        let half = |after, upto, documents| self.piece(Stretch { after, upto }, had, batch, documents);
        Ok([
            half(Some(last), upto, middle..end),
            half(after, Some(last), start..middle),
        ])
    }

    fn action(&self, lane: &Lane) -> String {
        let collection = self.plan.collection_of(lane).visible();
        format!(
            "compare lane {} of collection {collection} with its source",
            lane.id
        )
    }

    async fn attempt(&self, lane: &Lane, batch: &Packed, piece: &Piece) -> Result<Differences, Failure> {
        let action = self.action(lane);
        let lease = self.postgres.lease().await?;
        self.postgres.begin(&lease, &action).await?;
        let failed = |error: tokio_postgres::Error| match sqlstate::refused_row(&error) {
            Some(row) => Failure::Row(row),
            None => Failure::Fault(sqlstate::fault(&action, &error)),
        };
        let change = self.change(&lease, lane, batch, piece).await.map_err(failed)?;
        if self.note(&lease, lane, &change).await.map_err(failed)? == 0 {
            return Err(taken_over(&action).into());
        }
        self.conclude(lease).await.map_err(failed)?;
        Ok(change.differences)
    }

    async fn change(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        piece: &Piece,
    ) -> Result<Change, tokio_postgres::Error> {
        let stages = self.staged(lease, lane, batch, &piece.documents).await?;
        let mut change = Change {
            rows: vec![0; stages.len()],
            ..Change::default()
        };
        self.merged(lease, lane, &stages, &mut change).await?;
        self.gone(lease, lane, batch, piece, &stages, &mut change).await?;
        change.quarantined = self.put_aside(lease, lane, batch, piece).await?;
        spans::note(lease, self.plan, lane, piece.stretch, &piece.account).await?;
        Ok(change)
    }

    async fn staged(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        documents: &Range<usize>,
    ) -> Result<Vec<Stage>, tokio_postgres::Error> {
        let relations = self.plan.collection_of(lane).relations();
        let schema = &self.plan.mapping.schema;
        let stages = (0..)
            .zip(&relations)
            .map(|(place, relation)| Stage::new(relation, schema, place));
        let stages: Vec<Stage> = stages.collect();
        for (stage, rows) in stages.iter().zip(&batch.rows) {
            stage.fill(lease, rows.stream(rows.of(documents))).await?;
        }
        Ok(stages)
    }

    async fn merged(
        &self,
        lease: &Lease,
        lane: &Lane,
        stages: &[Stage],
        change: &mut Change,
    ) -> Result<(), tokio_postgres::Error> {
        let relations = self.plan.collection_of(lane).relations();
        let mut parent = 0;
        for (place, (stage, relation)) in stages.iter().zip(&relations).enumerate() {
            if relation.parent().is_none() {
                parent = place;
            }
            let merged: Merged = stage.merge(lease, &stages[parent]).await?;
            change.rows[place] += merged.inserted as i64 - merged.deleted as i64;
            if relation.parent().is_none() {
                change.loaded += merged.inserted as i64;
                change.differences.inserted += merged.inserted;
                change.differences.updated += merged.updated;
            } else {
                change.differences.updated += merged.inserted.max(merged.deleted);
            }
        }
        Ok(())
    }

    async fn conclude(&self, lease: Lease) -> Result<(), tokio_postgres::Error> {
        let end = match self.found {
            Found::Mended => "commit",
            Found::Told => "rollback",
        };
        lease.batch_execute(end).await?;
        lease.give_back();
        Ok(())
    }
}

fn taken_over(action: &str) -> Fault {
    let fault = Fault::permanent(Part::Identity, action, "another process has taken the lane over");
    Fault {
        class: Class::Fenced,
        ..fault
    }
    .with_cause("fenced")
    .with_remedy("let the other process finish, or stop it and start this command again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_add_up_kind_by_kind() {
        let each = |inserted, updated, deleted| Differences {
            inserted,
            updated,
            deleted,
        };
        let mut all = each(2, 3, 5);
        all += each(7, 11, 13);
        assert_eq!(all, each(9, 14, 18));
        assert_eq!(all.count(), 41);
        assert_eq!(
            each(0, 0, 5).count() + each(0, 3, 0).count() + each(2, 0, 0).count(),
            10
        );
    }
}
