//! Loading a batch: one transaction, one COPY, one move of the lane.
//!
//! The lane is moved first, so that a process that lost the lane finds out before it sends a byte, and so that a
//! competing transaction of our own past waits its turn. A COMMIT whose answer was lost is not guessed about: the
//! lane's row says whether it happened.

mod redriven;
mod refused;

use super::fences::Fences;
use super::stage::Stage;
use super::{Lease, Postgres, moves, sqlstate};
use crate::fault::{Class, Fault, Part};
use crate::load::{Loaded, Loader};
use crate::pack::Packed;
use crate::plan::{Lane, Plan};
use crate::retry::Retry;
use bytes::Bytes;
use checkpoints::Receipt;
use config::mapping::Load;
use futures::SinkExt;
use std::ops::Range;
use std::pin::pin;
use tokio::time::Instant;
use transforms::Relation;

/// Loads the lanes of one run, under the fences it was given.
#[derive(Debug)]
pub struct PostgresLoader {
    postgres: Postgres,
    plan: std::sync::Arc<Plan>,
    fences: Fences,
}

enum Failure {
    /// The lane was not where the batch starts, or not ours.
    Moved,
    /// A row the server refuses, and the place of its table among the collection's, if it was in COPY.
    Row(sqlstate::RefusedRow, Option<usize>),
    Fault(Fault),
}

impl Failure {
    /// What went wrong where rows are judged: in COPY and in COMMIT.
    fn of(action: &str, error: &tokio_postgres::Error) -> Failure {
        match sqlstate::refused_row(error) {
            Some(row) => Failure::Row(row, None),
            None => Failure::Fault(sqlstate::fault(action, error)),
        }
    }
}

impl Failure {
    /// The same, met while rows from `first` on were copied into the table of this place.
    fn within(self, table: usize, first: usize) -> Failure {
        match self {
            Failure::Row(refused, _) => {
                let row = refused.row.map(|row| row + first);
                Failure::Row(sqlstate::RefusedRow { row, ..refused }, Some(table))
            }
            other => other,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Fault(fault)
    }
}

impl PostgresLoader {
    /// A loader for the lanes of `plan`, held under `fences` (of held lanes: one a lane, in plan order).
    pub fn new(postgres: Postgres, plan: std::sync::Arc<Plan>, fences: impl Into<Fences>) -> Self {
        PostgresLoader {
            postgres,
            plan,
            fences: fences.into(),
        }
    }

    async fn attempt(&self, lane: &Lane, batch: &Packed) -> Result<(), Failure> {
        let action = self.action(lane);
        let lease = self.postgres.lease().await?;
        let limit = self.postgres.timeout.saturating_mul(2);
        let transaction = self.transaction(&lease, lane, batch, &action);
        match tokio::time::timeout(limit, transaction).await {
            Ok(Ok(())) => {
                lease.give_back();
                Ok(())
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Fault::transient(Part::Target, action, "the server fell silent")
                .with_cause("silent")
                .into()),
        }
    }

    async fn transaction(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        action: &str,
    ) -> Result<(), Failure> {
        let fault = |error: tokio_postgres::Error| Failure::Fault(sqlstate::fault(action, &error));
        self.postgres.begin(lease, action).await?;
        let moved = moves::advance(lease, self.plan.run, lane, self.fences.of(lane.id), batch);
        if moved.await.map_err(fault)? != 1 {
            return Err(Failure::Moved);
        }
        let all = 0..batch.documents.len();
        self.copy(lease, lane, batch, all.clone(), action).await?;
        if !batch.rejects.is_empty() {
            moves::quarantine(lease, &self.plan, lane, batch, &all)
                .await
                .map_err(fault)?;
        }
        if !batch.amendments.is_empty() {
            moves::amend(lease, &self.plan, lane, batch, &all)
                .await
                .map_err(fault)?;
        }
        // Nothing before this failed, so COMMIT cannot silently be a ROLLBACK. Deferred constraints speak up here.
        let committed = lease.batch_execute("commit").await;
        committed.map_err(|error| Failure::of(action, &error))
    }

    /// Copies the rows of the batch's `documents` into each of their tables.
    async fn copy(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        documents: Range<usize>,
        action: &str,
    ) -> Result<(), Failure> {
        let relations = self.plan.collection_of(lane).relations();
        for (place, (relation, rows)) in relations.iter().zip(&batch.rows).enumerate() {
            let range = rows.of(&documents);
            if range.is_empty() {
                continue;
            }
            if relation.table().load == Load::Merge {
                self.merge(lease, relation, place, rows.stream(range), action)
                    .await?;
                continue;
            }
            let failed = |error| Failure::of(action, &error).within(place, range.start);
            let sink = lease
                .copy_in(&relation.copy_sql(&self.plan.mapping.schema))
                .await
                .map_err(failed)?;
            let mut sink = pin!(sink);
            for piece in rows.stream(range.clone()) {
                sink.send(piece).await.map_err(failed)?;
            }
            let taken = sink.finish().await.map_err(failed)?;
            if taken != range.len() as u64 {
                let message = format!(
                    "{} rows were sent into {}, the server took {taken}",
                    range.len(),
                    relation.name()
                );
                return Err(Fault::permanent(Part::Sums, action, message).into());
            }
        }
        Ok(())
    }

    /// Merges rows into a table that is there.
    async fn merge(
        &self,
        lease: &Lease,
        relation: &Relation<'_>,
        place: usize,
        rows: impl Iterator<Item = Bytes>,
        action: &str,
    ) -> Result<(), Failure> {
        let failed = |error| Failure::of(action, &error);
        let stage = Stage::new(relation, &self.plan.mapping.schema, place);
        stage.fill(lease, rows).await.map_err(failed)?;
        let doubled = stage.doubled(lease).await.map_err(failed)?;
        if doubled > 0 {
            let message = format!(
                "{doubled} rows for {} have the key of another one",
                relation.name()
            );
            let remedy = "name a key in the mapping that tells every record from every other";
            let fault = Fault::permanent(Part::Target, action, message).with_cause("doubled");
            return Err(fault.with_remedy(remedy).into());
        }
        stage.merge(lease, &stage).await.map(drop).map_err(failed)
    }

    /// Whether the batch is durable after all, once an attempt's end is unknown.
    async fn landed(&self, lane: &Lane, batch: &Packed) -> Result<bool, Fault> {
        let action = format!("find out where lane {} stands", lane.id);
        let lease = self.postgres.lease().await?;
        let standing = moves::standing(&lease, self.plan.run, lane.id)
            .await
            .map_err(|error| sqlstate::fault(&action, &error))?;
        lease.give_back();
        let own = self.fences.of(lane.id);
        match standing {
            Some((fence, position)) if fence == own && position == batch.span.to => Ok(true),
            Some((fence, position)) if fence == own && position == batch.span.from => Ok(false),
            Some((_, position)) => Err(fenced(lane, &position.to_string())),
            None => Err(fenced(lane, "gone from etl.lane")),
        }
    }

    fn action(&self, lane: &Lane) -> String {
        format!(
            "load lane {} of collection {}",
            lane.id,
            self.plan.collection_of(lane).visible()
        )
    }
}

fn fenced(lane: &Lane, standing: &str) -> Fault {
    let message = format!("another process has taken the lane over (it stands {standing})");
    let fault = Fault::permanent(Part::Identity, format!("load lane {}", lane.id), message);
    Fault {
        class: Class::Fenced,
        ..fault
    }
    .with_cause("fenced")
    .with_remedy("let the other process finish, or stop it and start this command again")
}

impl Loader for PostgresLoader {
    async fn load(&self, lane: &Lane, batch: &mut Packed) -> Result<Loaded, Fault> {
        let mut retry = Retry::among(self.postgres.policy, self.postgres.breaker.clone());
        let mut unknown = false;
        let mut began = Instant::now();
        loop {
            let outcome = if unknown {
                self.landed(lane, batch).await.map_err(Failure::Fault)
            } else {
                Ok(false)
            };
            let outcome = match outcome {
                Ok(true) => break,
                Ok(false) => {
                    began = Instant::now();
                    self.attempt(lane, batch).await
                }
                Err(failure) => Err(failure),
            };
            match outcome {
                Ok(()) => break,
                Err(Failure::Row(refused, table)) => {
                    unknown = false;
                    self.put_aside(lane, batch, refused, table).await?;
                }
                Err(Failure::Moved) => {
                    let moved = Fault::transient(
                        Part::Target,
                        self.action(lane),
                        "the lane was not where the batch starts",
                    );
                    retry.again(moved.with_cause("moved")).await?;
                    unknown = true;
                }
                Err(Failure::Fault(fault)) => {
                    retry.again(fault).await?;
                    unknown = true;
                }
            }
        }
        retry.progress();
        let tally = batch.tally();
        Ok(Loaded {
            receipt: Receipt::after_commit(batch.span.clone(), tally),
            tally,
            took: began.elapsed(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_refused_among_later_ones_is_found_among_all() {
        let refused = sqlstate::RefusedRow {
            row: Some(3),
            column: None,
            detail: "22003".to_owned(),
        };
        let found = Failure::Row(refused, None).within(2, 10);
        assert!(matches!(found, Failure::Row(refused, Some(2)) if refused.row == Some(13)));
    }

    #[test]
    fn whoever_lost_a_lane_is_fenced() {
        let lane = Lane {
            id: 7,
            collection: 0,
            from: None,
            to: None,
            documents: 0,
            shard: None,
        };
        assert_eq!(fenced(&lane, "end").class, Class::Fenced);
    }
}
