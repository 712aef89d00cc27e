//! A lane's rows made what its source says by now, in a source that has no snapshots.
//!
//! Whatever is done here may be done again, so nothing needs to be found out after a lost answer: a transaction that
//! had happened finds nothing more to change. Documents do not hang together, so a batch with a row that PostgreSQL
//! refuses is halved until that row is alone, and is put aside.

mod gone; // the end of a pass

use super::stage::{Merged, Stage};
use super::{Held, Lease, Ledger, Postgres, moves, sqlstate};
use crate::fault::{Class, Fault, Part};
use crate::pack::Packed;
use crate::plan::{Lane, Plan};
use crate::retry::Retry;
use std::ops::{AddAssign, Range};
use tokio_postgres::types::{ToSql, Type};

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
    /// Begins the pass over `lane`, or begins it anew.
    pub async fn begin(&self, lane: &Lane) -> Result<(), Fault> {
        let sql =
            "insert into etl.sweep (run, lane, sweep) values ($1::text::uuid, $2, $3) on conflict do nothing";
        let (run, number, sweep) = (self.plan.run.to_string(), lane.id as i32, self.sweep as i32);
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&run, Type::TEXT), (&number, Type::INT4), (&sweep, Type::INT4)];
        let ledger = Ledger::new(self.postgres.clone());
        ledger.rows(&self.action(lane), sql, &values).await.map(drop)
    }

    /// Makes the rows of the batch's records what they are by now.
    pub async fn merge(&self, lane: &Lane, batch: &mut Packed) -> Result<Differences, Fault> {
        let mut waiting: Vec<Range<usize>> = std::iter::once(0..batch.documents.len()).collect();
        let mut differences = Differences::default();
        let mut retry = Retry::new(self.postgres.policy);
        while let Some(documents) = waiting.pop() {
            match self.attempt(lane, batch, &documents).await {
                Ok(change) => differences += change,
                Err(Failure::Row(refused)) if documents.len() > 1 => {
                    tracing::debug!(
                        lane = lane.id,
                        "a row of {} is refused: {}",
                        documents.len(),
                        refused.detail
                    );
                    let middle = documents.start + documents.len() / 2;
                    waiting.extend([middle..documents.end, documents.start..middle]);
                }
                Err(Failure::Row(refused)) => {
                    tracing::warn!(
                        lane = lane.id,
                        "a row was refused and goes to quarantine: {}",
                        refused.detail
                    );
                    batch.refuse(documents.start, refused.detail, refused.column);
                    waiting.push(documents);
                }
                Err(Failure::Fault(fault)) => {
                    retry.again(fault).await?;
                    waiting.push(documents);
                }
            }
        }
        Ok(differences)
    }

    /// Ends the pass over `lane`: the rows in its region whose records were not `seen` leave.
    pub async fn end(&self, lane: &Lane, seen: &[String]) -> Result<Differences, Fault> {
        let mut retry = Retry::new(self.postgres.policy);
        loop {
            match self.ended(lane, seen).await {
                Err(fault) => retry.again(fault).await?,
                done => return done,
            }
        }
    }

    fn action(&self, lane: &Lane) -> String {
        let collection = self.plan.collection_of(lane).visible();
        format!(
            "compare lane {} of collection {collection} with its source",
            lane.id
        )
    }

    async fn attempt(
        &self,
        lane: &Lane,
        batch: &Packed,
        documents: &Range<usize>,
    ) -> Result<Differences, Failure> {
        let action = self.action(lane);
        let lease = self.postgres.lease().await?;
        self.postgres.begin(&lease, &action).await?;
        let failed = |error: tokio_postgres::Error| match sqlstate::refused_row(&error) {
            Some(row) => Failure::Row(row),
            None => Failure::Fault(sqlstate::fault(&action, &error)),
        };
        let mut change = self
            .merged(&lease, lane, batch, documents)
            .await
            .map_err(failed)?;
        let put_aside = self.put_aside(&lease, lane, batch, documents);
        change.quarantined = put_aside.await.map_err(failed)?;
        let read = documents.len() as i64;
        if self
            .note(&lease, lane, read, &change, false)
            .await
            .map_err(failed)?
            == 0
        {
            return Err(taken_over(&action).into());
        }
        self.conclude(lease).await.map_err(failed)?;
        Ok(change.differences)
    }

    async fn merged(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        documents: &Range<usize>,
    ) -> Result<Change, tokio_postgres::Error> {
        let relations = self.plan.collection_of(lane).relations();
        let schema = &self.plan.mapping.schema;
        let stages = (0..)
            .zip(&relations)
            .map(|(place, relation)| Stage::new(relation, schema, place));
        let stages: Vec<Stage> = stages.collect();
        for (stage, rows) in stages.iter().zip(&batch.rows) {
            stage.fill(lease, rows.stream(rows.of(documents))).await?;
        }
        let mut change = Change::default();
        let mut parent = 0;
        for (place, (stage, relation)) in stages.iter().zip(&relations).enumerate() {
            if relation.parent().is_none() {
                parent = place;
            }
            let merged: Merged = stage.merge(lease, &stages[parent]).await?;
            change.rows.push(merged.inserted as i64 - merged.deleted as i64);
            if relation.parent().is_none() {
                change.loaded += merged.inserted as i64;
                change.differences.inserted += merged.inserted;
                change.differences.updated += merged.updated;
            } else {
                change.differences.updated += merged.inserted.max(merged.deleted);
            }
        }
        Ok(change)
    }

    /// What is in quarantine and among the amendments of these records is what they come to now; says by how many more
    /// are in quarantine.
    async fn put_aside(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        documents: &Range<usize>,
    ) -> Result<i64, tokio_postgres::Error> {
        let paths: Vec<Vec<u8>> = batch.documents[documents.clone()]
            .iter()
            .map(|body| self.plan.path(lane, body).into_owned().into_bytes())
            .collect();
        let (run, number) = (self.plan.run.to_string(), lane.id as i32);
        let values: [(&(dyn ToSql + Sync), Type); 3] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&paths, Type::BYTEA_ARRAY),
        ];
        let forget = |table: &str| {
            format!("delete from etl.{table} where run = $1::text::uuid and lane = $2 and path = any ($3)")
        };
        let before = lease.execute_typed(&forget("quarantine"), &values).await?;
        lease.execute_typed(&forget("amendment"), &values).await?;
        moves::quarantine(lease, self.plan, lane, batch, documents).await?;
        moves::amend(lease, self.plan, lane, batch, documents).await?;
        let rejects = batch
            .rejects
            .iter()
            .filter(|(place, _)| documents.contains(place));
        Ok(rejects.count() as i64 - before as i64)
    }

    /// Notes what a transaction changes; no lane is hit where somebody else took it over.
    async fn note(
        &self,
        lease: &Lease,
        lane: &Lane,
        read: i64,
        change: &Change,
        ended: bool,
    ) -> Result<u64, tokio_postgres::Error> {
        let (run, number) = (self.plan.run.to_string(), lane.id as i32);
        let fence = self.held[lane.id as usize].fence;
        let lanes = "update etl.lane set read = read + $4 + $5, loaded = loaded + $4, quarantined = quarantined + $5, \
                     expected = read + $4 + $5, moved_at = now(), rows = array(select coalesce(was, 0) + coalesce(more, 0) \
                     from unnest(rows, $6::int8[]) with ordinality as sums (was, more, place) order by place) \
                     where run = $1::text::uuid and lane = $2 and fence = $3";
        let values: [(&(dyn ToSql + Sync), Type); 6] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&fence, Type::INT8),
            (&change.loaded, Type::INT8),
            (&change.quarantined, Type::INT8),
            (&change.rows, Type::INT8_ARRAY),
        ];
        let hit = lease.execute_typed(lanes, &values).await?;
        let sweeps = "insert into etl.sweep as s (run, lane, sweep, read, inserted, updated, deleted, ended_at) \
                      values ($1::text::uuid, $2, $3, $4, $5, $6, $7, case when $8 then now() end) \
                      on conflict (run, lane, sweep) do update set read = s.read + $4, inserted = s.inserted + $5, \
                      updated = s.updated + $6, deleted = s.deleted + $7, ended_at = case when $8 then now() end";
        let sweep = self.sweep as i32;
        let Differences {
            inserted,
            updated,
            deleted,
        } = change.differences;
        let counts = [inserted, updated, deleted].map(|count| count as i64);
        let values: [(&(dyn ToSql + Sync), Type); 8] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&sweep, Type::INT4),
            (&read, Type::INT8),
            (&counts[0], Type::INT8),
            (&counts[1], Type::INT8),
            (&counts[2], Type::INT8),
            (&ended, Type::BOOL),
        ];
        lease.execute_typed(sweeps, &values).await?;
        Ok(hit)
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
