//! How long keys, indexes and the last counts take: small ones are made in temporary tables and scaled.

use super::bench::{Bench, SCHEMA};
use super::index::{self, Wanted, vector_bytes};
use super::sizes::RowSize;
use crate::fault::Fault;
use config::mapping::{Method, Type};
use std::time::{Duration, Instant};
use transforms::{Relation, quote};

/// Keys that a btree is built of.
const KEYS: f64 = 40_000.0;
/// Vectors that a graph is built of; enough for it to have several levels.
const VECTORS: f64 = 1_500.0;
/// Rows that ANALYZE looks at.
const ANALYZED: f64 = 30_000.0;
/// How much faster a graph is built by several workers, who do not work on temporary tables.
const WORKERS: f64 = 1.3;
/// How much slower a graph is built once it is larger than its memory.
const SPILLED: f64 = 3.0;

/// What was measured on small tables of a relation; all in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paces {
    /// A key of a btree of [`KEYS`].
    key: f64,
    /// A vector of a graph of [`VECTORS`].
    vector: f64,
    /// A row that is counted.
    counted: f64,
    /// A row that is analysed.
    analysed: f64,
}

/// Builds small indexes beside the relation's table, which holds its sample.
pub(crate) async fn measure(bench: &Bench, relation: &Relation<'_>) -> Result<Paces, Fault> {
    let table = relation.qualified(SCHEMA);
    let [rows] = bench
        .numbers(&format!("select count(*)::float8 from {table}"))
        .await?;
    if rows < 1.0 {
        return Ok(Paces::default());
    }
    let counted = timed(bench, &format!("select count(*) from {table}")).await? / rows;
    let analysed = timed(bench, &format!("analyze {table}")).await? / rows.min(ANALYZED);
    let keys = format!(
        "create table {SCHEMA}.etl_keys as select _path || md5(i::text) as k from \
         (select distinct _path from {table} limit 1000) s, generate_series(1, {KEYS}::int / \
         (select least(1000, count(distinct _path))::int from {table})) i"
    );
    bench.run(&keys).await?;
    let key = timed(bench, &format!("create index on {SCHEMA}.etl_keys (k)")).await? / KEYS;
    bench.run(&format!("drop table {SCHEMA}.etl_keys")).await?;
    Ok(Paces {
        key,
        vector: vector(bench, relation, &table).await?,
        counted,
        analysed,
    })
}

/// A graph of the sample's vectors, each a little away from where it was: equal ones would share an element.
async fn vector(bench: &Bench, relation: &Relation<'_>, table: &str) -> Result<f64, Fault> {
    let graphs = index::wanted(relation).into_iter();
    let Some((wanted, m, ef)) = graphs
        .filter_map(|wanted| match wanted.method {
            Method::Hnsw {
                m, ef_construction, ..
            } => Some((wanted, m, ef_construction)),
            _ => None,
        })
        .next()
    else {
        return Ok(0.0);
    };
    let Some((name, dimensions)) = dimensions(relation, &wanted) else {
        return Ok(0.0);
    };
    let column = quote(&name);
    let near = format!(
        "create table {SCHEMA}.etl_vectors as select (v + noise::vector)::vector({dimensions}) as v from \
         (select {column}::vector as v, row_number() over () as n from {table} \
          where {column} is not null limit {VECTORS}) s, \
         lateral (select array_agg((random() - 0.5) * 0.02 + 0 * n + 0 * g) as noise \
         from generate_series(1, {dimensions}) g) r"
    );
    bench.run(&near).await?;
    let [vectors] = bench
        .numbers(&format!("select count(*)::float8 from {SCHEMA}.etl_vectors"))
        .await?;
    let build = format!(
        "create index on {SCHEMA}.etl_vectors using hnsw (v vector_l2_ops) with (m = {m}, ef_construction = {ef})"
    );
    let took = timed(bench, &build).await?;
    bench.run(&format!("drop table {SCHEMA}.etl_vectors")).await?;
    Ok(took / vectors.max(1.0))
}

fn dimensions(relation: &Relation<'_>, wanted: &Wanted) -> Option<(String, u16)> {
    let name = wanted.columns.first()?;
    let column = relation.mapped().iter().find(|column| column.name == *name)?;
    match column.sql {
        Type::Vector(dimensions) | Type::Halfvec(dimensions) => Some((name.clone(), dimensions)),
        _ => None,
    }
}

async fn timed(bench: &Bench, sql: &str) -> Result<f64, Fault> {
    let began = Instant::now();
    bench.run(sql).await?;
    Ok(began.elapsed().as_secs_f64())
}

impl Paces {
    /// Counting and analysing so many rows.
    pub(crate) fn finish(&self, rows: f64) -> Duration {
        seconds(rows * self.counted + rows.min(ANALYZED) * self.analysed)
    }

    /// Building an index over so many rows, with `memory` bytes for it.
    pub(crate) fn build(
        &self,
        wanted: &Wanted,
        relation: &Relation<'_>,
        size: &RowSize,
        rows: f64,
        memory: f64,
    ) -> Duration {
        let sorting = |of: f64| rows * self.key * (rows.max(2.0).ln() / of.ln()).max(0.3);
        let took = match wanted.method {
            Method::Hnsw { m, .. } => {
                let stored = dimensions(relation, wanted)
                    .and_then(|(name, _)| relation.mapped().iter().find(|column| column.name == name))
                    .map_or(8.0, |column| vector_bytes(column.sql));
                let spilled = if index::graph(stored, m, rows) > memory {
                    SPILLED
                } else {
                    1.0
                };
                rows * self.vector * (rows.max(2.0).ln() / VECTORS.ln()).max(0.3) / WORKERS * spilled
            }
            Method::Ivfflat { lists, .. } => rows * self.key * (1.0 + f64::from(lists) / 20.0),
            // Every value has several entries.
            Method::Gin | Method::Gist => sorting(KEYS) * 5.0 + rows * size.heap / 1e8,
            Method::Btree | Method::Hash => sorting(KEYS),
        };
        seconds(took)
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
