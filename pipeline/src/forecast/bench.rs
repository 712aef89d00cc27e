//! Tables in the target, for measuring: as the real ones will be, and gone with their transaction.

use super::sample::{Sampled, stream};
use crate::fault::{Fault, Part};
use crate::load::postgres::{Lease, Postgres, ServerFacts, fault};
use futures::SinkExt;
use std::pin::pin;
use transforms::{Relation, quote};
use uuid::Uuid;

/// Where PostgreSQL keeps a session's temporary tables.
pub(crate) const SCHEMA: &str = "pg_temp";
const ACTION: &str = "measure with tables in the target";

/// A connection with an open transaction that is never committed: it ends with the connection.
#[derive(Debug)]
pub(crate) struct Bench {
    lease: Lease,
    schema: String,
}

impl Bench {
    /// With temporary tables, for their sizes.
    pub(crate) async fn open(postgres: &Postgres, facts: &ServerFacts) -> Result<Bench, Fault> {
        Bench::within(postgres, facts, SCHEMA.to_owned()).await
    }

    /// With tables like all others, for their speed: temporary ones write no log and share no memory, which makes them
    /// twice as fast. They lie in a schema of their own, of a name that nobody else has.
    pub(crate) async fn logged(postgres: &Postgres, facts: &ServerFacts) -> Result<Bench, Fault> {
        let schema = format!("forecast_of_etl_{}", Uuid::new_v4().simple());
        let bench = Bench::within(postgres, facts, schema).await?;
        bench
            .run(&format!("create schema {}", quote(&bench.schema)))
            .await?;
        Ok(bench)
    }

    async fn within(postgres: &Postgres, facts: &ServerFacts, schema: String) -> Result<Bench, Fault> {
        let lease = postgres.lease().await?;
        postgres.begin(&lease, ACTION).await?;
        let bench = Bench { lease, schema };
        if let Some(schema) = &facts.vector_schema {
            let path = format!("set local search_path = {}, pg_catalog", quote(schema));
            bench.run(&path).await?;
        }
        Ok(bench)
    }

    pub(crate) async fn run(&self, sql: &str) -> Result<(), Fault> {
        let run = self.lease.batch_execute(sql).await;
        run.map_err(|error| fault(ACTION, &error))
    }

    /// The numbers of the only row that `sql` answers with.
    pub(crate) async fn numbers<const N: usize>(&self, sql: &str) -> Result<[f64; N], Fault> {
        let rows = self.lease.query_typed(sql, &[]).await;
        let rows = rows.map_err(|error| fault(ACTION, &error))?;
        let row = rows
            .first()
            .ok_or_else(|| Fault::permanent(Part::Target, ACTION, "no answer"))?;
        let mut numbers = [0.0; N];
        for (column, number) in numbers.iter_mut().enumerate() {
            *number = row
                .try_get::<_, Option<f64>>(column)
                .map_err(|error| fault(ACTION, &error))?
                .unwrap_or(0.0);
        }
        Ok(numbers)
    }

    /// Makes the tables of a collection.
    pub(crate) async fn create(&self, sampled: &Sampled<'_>) -> Result<(), Fault> {
        for relation in sampled.collection.relations() {
            self.run(&relation.create_sql(&self.schema)).await?;
        }
        Ok(())
    }

    /// Loads the sample of a relation so many times over.
    pub(crate) async fn copy(
        &self,
        relation: &Relation<'_>,
        sampled: &Sampled<'_>,
        place: usize,
        times: usize,
    ) -> Result<(), Fault> {
        let Some(tuples) = sampled.rows.get(place) else {
            return Ok(());
        };
        let failed = |error: tokio_postgres::Error| fault(ACTION, &error);
        let sink = self
            .lease
            .copy_in(&relation.copy_sql(&self.schema))
            .await
            .map_err(failed)?;
        let mut sink = pin!(sink);
        for piece in stream(tuples, times) {
            sink.send(piece).await.map_err(failed)?;
        }
        sink.finish().await.map(drop).map_err(failed)
    }
}
