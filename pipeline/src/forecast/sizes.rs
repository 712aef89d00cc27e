//! How much disk a row takes: measured in a temporary table, so that alignment, compression and TOAST are
//! PostgreSQL's own.
//!
//! The pages that hold rows are counted, not the file's length: PostgreSQL extends files by more than it needs, which
//! a large table does not feel and a small one does.

use super::bench::{Bench, SCHEMA};
use super::sample::Sampled;
use crate::fault::Fault;
use std::collections::BTreeMap;
use transforms::{Relation, literal, quote};

/// Bytes of packed rows that make a mean good enough, and rows that are enough in any case.
const ENOUGH: usize = 3 << 20;
const MOST_ROWS: usize = 20_000;
pub(crate) const PAGE: f64 = 8192.0;

/// What a row of a relation takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowSize {
    /// Bytes in the table itself.
    pub(crate) heap: f64,
    /// Bytes set aside in its TOAST table, index included.
    pub(crate) toast: f64,
    /// Columns that an index is asked for, by name.
    pub(crate) columns: BTreeMap<String, ColumnSize>,
}

/// What an index must know of a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnSize {
    /// Bytes of a value, NULLs left out.
    pub(crate) width: f64,
    /// Different values for each row.
    pub(crate) distinct: f64,
}

/// Fills the collection's tables, which are there and empty, and measures their rows.
pub(crate) async fn measure(bench: &Bench, sampled: &Sampled<'_>) -> Result<Vec<RowSize>, Fault> {
    let mut sizes = Vec::new();
    for (place, relation) in sampled.collection.relations().iter().enumerate() {
        let (bytes, rows) = sampled
            .rows
            .get(place)
            .map_or((0, 0), |tuples| (tuples.bytes.len(), tuples.starts.len()));
        if rows == 0 {
            sizes.push(RowSize::default());
            continue;
        }
        let times = ENOUGH.div_ceil(bytes.max(1)).min(MOST_ROWS.div_ceil(rows));
        bench.copy(relation, sampled, place, times).await?;
        sizes.push(row(bench, relation).await?);
    }
    Ok(sizes)
}

async fn row(bench: &Bench, relation: &Relation<'_>) -> Result<RowSize, Fault> {
    let table = relation.qualified(SCHEMA);
    let sql = format!(
        "select count(*)::float8, count(distinct (ctid::text::point)[0]::int)::float8, \
         (select coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0)::float8 from pg_class \
          where oid = {}::regclass), 0::float8 from {table}",
        literal(&table)
    );
    let [rows, pages, toast, _] = bench.numbers(&sql).await?;
    // The last page is half full on average.
    let heap = (pages - 0.5).max(0.5) * PAGE / rows.max(1.0);
    // An empty TOAST table has an index of one page.
    let toast = if toast > 2.0 * PAGE {
        toast / rows.max(1.0)
    } else {
        0.0
    };
    let mut columns = BTreeMap::new();
    for name in indexed(relation) {
        let column = quote(&name);
        let sql = format!(
            "select avg(pg_column_size({column}))::float8, count(distinct {column}::text)::float8 / \
             greatest(count(distinct _path), 1)::float8 from {table}"
        );
        let [width, distinct] = bench.numbers(&sql).await?;
        columns.insert(name, ColumnSize { width, distinct });
    }
    Ok(RowSize { heap, toast, columns })
}

/// The columns that keys and indexes are made of.
pub(crate) fn indexed(relation: &Relation<'_>) -> Vec<String> {
    let mut names: Vec<String> = super::index::wanted(relation)
        .into_iter()
        .flat_map(|index| index.columns)
        .collect();
    names.sort();
    names.dedup();
    names
}
