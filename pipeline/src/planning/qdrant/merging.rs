//! Points of a collection with custom sharding, merged by a key: an id is unique under each shard key only, so a key
//! that does not hold the shard key would have two points write one row, the later silently over the earlier.

use crate::source::qdrant::Collection;
use config::mapping::{Column, Document, FieldPath, Load, Source, Table};

/// The first of `tables` that would merge points of different shard keys into one row.
pub(crate) fn blurred<'t>(tables: &'t [Table], described: &Collection) -> Option<&'t Table> {
    let sharded = described.is_sharded_by_key();
    tables.iter().find(|table| {
        sharded
            && table.load == Load::Merge
            && table.from.collection() == described.name
            && !tells_shards_apart(table)
    })
}

/// Whether a column of the key is another one for every shard key. What a function makes of the shard key may not be.
fn tells_shards_apart(table: &Table) -> bool {
    let is_whole = |column: &Column| match &column.from {
        Source::Field(path) => *path == FieldPath::top("shard_key"),
        // A point's path ends with its shard key.
        Source::Document(document) => *document == Document::Path,
        _ => false,
    };
    let columns = table.columns.iter();
    let mut of_key = columns.filter(|column| table.key.contains(&column.name));
    of_key.any(|column| column.apply.is_empty() && is_whole(column))
}

/// What is wrong with such a table, and what to do about it.
pub(crate) fn told(table: &Table, described: &Collection) -> (String, String) {
    let (name, key) = (&table.name, table.key.join(", "));
    let problem = format!(
        "table {name} merges points of {} by ({key}), and ids are unique under each shard key only: points of one id \
         would write one row, one over the other",
        described.name
    );
    let next = format!(
        "give [tables.{name}.columns] a column with from = \"shard_key\" and put it into `key`, or load it into a table of its \
         own with load = \"copy\""
    );
    (problem, next)
}
