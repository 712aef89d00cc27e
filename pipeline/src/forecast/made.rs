//! The tables as they will be: how large, with which indexes, and how long finishing them takes.

use super::Room;
use super::bench::Bench;
use super::build::{self, Paces};
use super::index::{self, Wanted, vector_bytes};
use super::sample::Sampled;
use super::sizes::{self, RowSize};
use crate::fault::Fault;
use crate::load::postgres::{Postgres, ServerFacts};
use config::mapping::{Load, Method};
use serde::Serialize;
use std::time::Duration;
use transforms::Relation;

/// What one table will take.
#[derive(Debug, Clone, Serialize)]
pub struct TableSize {
    /// The collection whose documents it holds, or their elements.
    pub collection: String,
    /// Its name.
    pub table: String,
    /// Whether its rows are elements of documents.
    pub elements: bool,
    /// Its rows.
    pub rows: u64,
    /// Bytes of its documents on the wire; 0 for elements.
    pub wire: u64,
    /// Bytes of the table, TOAST included.
    pub heap: u64,
    /// Its keys and indexes.
    pub indexes: Vec<IndexSize>,
}

/// What one key or index will take.
#[derive(Debug, Clone, Serialize)]
pub struct IndexSize {
    /// Its columns.
    pub on: Vec<String>,
    /// How it is built.
    pub method: &'static str,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Bytes; at the most, where only some rows are in it.
    pub bytes: u64,
    /// What building it takes, in seconds.
    pub seconds: f64,
}

impl TableSize {
    /// Table and indexes together.
    pub fn bytes(&self) -> u64 {
        self.heap + self.indexes.iter().map(|index| index.bytes).sum::<u64>()
    }
}

/// Everything that was measured of the tables.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) tables: Vec<TableSize>,
    pub(crate) room: Option<Room>,
    /// What could not be measured, and why.
    pub(crate) unmeasured: Vec<String>,
    /// Counting and analysing.
    counting: Duration,
}

impl Made {
    /// Measures with the sample in temporary tables.
    pub(crate) async fn measure(
        postgres: &Postgres,
        facts: &ServerFacts,
        sampled: &[Sampled<'_>],
    ) -> Result<Made, Fault> {
        let mut made = Made::default();
        let (mut memory, mut largest) = (0.0, 0.0);
        for one in sampled {
            let tables = &one.collection.tables;
            if let Some(table) = tables.iter().find(|table| table.load == Load::Merge) {
                made.unmeasured.push(format!(
                    "disk of {}: its rows are there, and grow by what is written into them",
                    table.name
                ));
                continue;
            }
            // One transaction for each collection: their tables are many, and a session's memory is not.
            let bench = Bench::open(postgres, facts).await?;
            [memory] = bench
                .numbers("select setting::float8 * 1024 from pg_settings where name = 'maintenance_work_mem'")
                .await?;
            bench.create(one).await?;
            let rows = sizes::measure(&bench, one).await?;
            let relations = one.collection.relations();
            for (place, (relation, size)) in relations.iter().zip(rows).enumerate() {
                let paces = paces(&bench, relation, &mut made.unmeasured).await?;
                let rows = one.rows_of(place);
                made.counting += paces.finish(rows as f64);
                for wanted in index::wanted(relation) {
                    largest = f64::max(largest, graph(&wanted, relation, rows));
                }
                made.tables
                    .push(table(one, relation, &size, &paces, rows, memory));
            }
        }
        made.room = Some(Room {
            maintenance_work_mem: memory as u64,
            largest_graph: largest as u64,
        });
        Ok(made)
    }

    /// What comes after the last row.
    pub(crate) fn finish(&self, keys: bool) -> Duration {
        let indexes = self.tables.iter().flat_map(|table| &table.indexes);
        let wanted = indexes.filter(|index| keys || !index.primary);
        let seconds: f64 = wanted.map(|index| index.seconds).sum();
        self.counting + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

/// What building takes; where that cannot be measured, sizes still can.
async fn paces(bench: &Bench, relation: &Relation<'_>, unmeasured: &mut Vec<String>) -> Result<Paces, Fault> {
    bench.run("savepoint etl_paces").await?;
    match Box::pin(build::measure(bench, relation)).await {
        Ok(paces) => Ok(paces),
        Err(fault) => {
            unmeasured.push(format!(
                "keys and indexes of {}: {}",
                relation.name(),
                fault.message
            ));
            bench.run("rollback to savepoint etl_paces").await?;
            Ok(Paces::default())
        }
    }
}

fn table(
    one: &Sampled<'_>,
    relation: &Relation<'_>,
    size: &RowSize,
    paces: &Paces,
    rows: u64,
    memory: f64,
) -> TableSize {
    let elements = relation.child().is_some();
    let indexes = index::wanted(relation).into_iter().map(|wanted| IndexSize {
        bytes: wanted.bytes(relation, size, rows as f64) as u64,
        seconds: paces
            .build(&wanted, relation, size, rows as f64, memory)
            .as_secs_f64(),
        method: method(wanted.method),
        primary: wanted.primary,
        on: wanted.columns,
    });
    TableSize {
        collection: one.collection.visible(),
        table: relation.name().to_owned(),
        elements,
        rows,
        wire: if elements { 0 } else { one.scaled(one.wire) as u64 },
        heap: ((size.heap + size.toast) * rows as f64) as u64,
        indexes: indexes.collect(),
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Btree => "btree",
        Method::Hash => "hash",
        Method::Gin => "gin",
        Method::Gist => "gist",
        Method::Hnsw { .. } => "hnsw",
        Method::Ivfflat { .. } => "ivfflat",
    }
}

/// Bytes of the graph that building this index keeps in memory; 0 if it is none.
fn graph(wanted: &Wanted, relation: &Relation<'_>, rows: u64) -> f64 {
    let Method::Hnsw { m, .. } = wanted.method else {
        return 0.0;
    };
    let named = |name: &String| relation.mapped().iter().find(|column| column.name == *name);
    let column = wanted.columns.first().and_then(named);
    column.map_or(0.0, |column| {
        index::graph(vector_bytes(column.sql), m, rows as f64)
    })
}
