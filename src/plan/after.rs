//! What is made after the load, in a line or two: every step by name is for those who ask for the SQL.

use super::words::{entry, short_time};
use crate::text::{bytes, count};
use pipeline::load::postgres::after::Step;
use pipeline::run::Rehearsal;
use std::collections::BTreeMap;

/// Kinds of steps, as their sentences begin, in the order they are made.
const KINDS: [(&str, &str, &str); 7] = [
    ("primary key", "primary key", "primary keys"),
    ("unique index", "unique index", "unique indexes"),
    ("hnsw index", "HNSW index", "HNSW indexes"),
    ("ivfflat index", "IVFFlat index", "IVFFlat indexes"),
    ("gin index", "GIN index", "GIN indexes"),
    ("foreign key", "foreign key", "foreign keys"),
    ("", "other index", "other indexes"),
];

/// Adds what is made after the load.
pub(super) fn after(page: &mut String, rehearsal: &Rehearsal, sql: bool) {
    if rehearsal.after.is_empty() {
        return;
    }
    let mut made: BTreeMap<usize, u64> = BTreeMap::new();
    for step in &rehearsal.after {
        *made.entry(kind(step)).or_default() += 1;
    }
    let kinds = made.iter().map(|(kind, number)| {
        let (_, one, many) = KINDS[*kind];
        format!("{} {}", count(*number), if *number == 1 { one } else { many })
    });
    let kinds: Vec<String> = kinds.collect();
    let shown = if sql { "as below" } else { "--sql shows each" };
    entry(page, "after", &format!("{}; {shown}", kinds.join(", ")));
    for step in rehearsal.after.iter().filter(|step| is_graph(step)) {
        entry(page, "", &format!("{}{}", step.sentence, taken(rehearsal, step)));
    }
}

fn kind(step: &Step) -> usize {
    let found = KINDS
        .iter()
        .position(|(begins, ..)| step.sentence.starts_with(begins));
    // The last one begins with nothing.
    found.unwrap_or(KINDS.len() - 1)
}

/// Indexes of vectors are what takes time and memory.
fn is_graph(step: &Step) -> bool {
    ["hnsw", "ivfflat"]
        .iter()
        .any(|method| step.sentence.starts_with(method))
}

/// What the vector indexes of the step's table will take, where that was measured.
fn taken(rehearsal: &Rehearsal, step: &Step) -> String {
    let tables = rehearsal.forecast.iter().flat_map(|forecast| &forecast.tables);
    let Some(table) = tables.into_iter().find(|table| table.table == step.table) else {
        return String::new();
    };
    let largest = table
        .indexes
        .iter()
        .filter(|index| !index.primary)
        .max_by_key(|index| index.bytes);
    largest.map_or_else(String::new, |index| {
        format!(": {}, {}", bytes(index.bytes), short_time(index.seconds))
    })
}
