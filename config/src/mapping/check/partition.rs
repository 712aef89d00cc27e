//! Tables in parts: by a column of the key, and values that it can have.

use super::columns::MOST_KEY_COLUMNS;
use super::{Check, Known, Relation, Spot, no_column};
use crate::mapping::{Index, Partition, Source};
use crate::origin::shown;

impl Check<'_> {
    /// What is wrong with how a table is parted.
    pub(super) fn partition(&mut self, relation: &Relation<'_>) {
        let Some(partition) = &relation.table.partition else {
            return;
        };
        let here = relation.here();
        let by = Spot {
            key: "partition_by",
            ..relation.spot
        };
        for what in column(relation, partition) {
            self.refuse(
                relation.number,
                by,
                format_args!("{here}: `partition_by`: {what}"),
            );
        }
        let Known::Yes(Some(sql)) = relation.known(&partition.by) else {
            return;
        };
        for (at, value) in partition.values.iter().enumerate() {
            let trouble = match value.reads_as(sql) {
                Err(trouble) => trouble,
                Ok(()) if partition.values.iter().take(at).any(|before| before == value) => {
                    "is named already; name it once".to_owned()
                }
                Ok(()) => continue,
            };
            let spot = Spot {
                key: "partitions",
                item: Some(at),
                ..relation.spot
            };
            let what = format!("{here}: `partitions`: value {} {trouble}", at + 1);
            self.refuse(relation.number, spot, what);
        }
    }
}

fn column(relation: &Relation<'_>, partition: &Partition) -> Vec<String> {
    let by = &partition.by;
    let mut found = Vec::new();
    match relation.known(by) {
        Known::No => return vec![no_column(by, relation)],
        Known::Yes(Some(sql)) if !sql.has_order() => {
            found.push(format!(
                "values of type {sql} cannot be listed; name another column"
            ));
        }
        Known::Yes(_) => {}
    }
    let generated = |name: &str| {
        let column = relation.columns.iter().find(|column| column.name == name);
        column.is_some_and(|column| matches!(column.from, Source::Generated(_)))
    };
    if generated(by) {
        found.push(
            "PostgreSQL does not part a table by a column that it generates; name another column".to_owned(),
        );
    }
    if !relation.key.contains(&by.as_str()) && relation.key.len() < MOST_KEY_COLUMNS {
        let keys = relation.key.iter().map(|name| format!("\"{}\"", shown(name)));
        let keys: Vec<String> = [format!("\"{}\"", shown(by))].into_iter().chain(keys).collect();
        found.push(format!(
            "the key of a table in parts has the column that parts it; write key = [{}]",
            keys.join(", ")
        ));
    }
    if !relation.table.children.is_empty() {
        found.push(
            "rows of child tables refer to `_path`, which cannot be unique over all parts; leave out the child tables \
             or `partition_by`"
                .to_owned(),
        );
    }
    let apart = |index: &&Index| index.unique && !index.on.iter().any(|column| column.name == *by);
    if relation.indexes.iter().any(|index| apart(&index)) {
        found.push(format!(
            "PostgreSQL keeps an index unique in each part only; give every unique index the column `{}`",
            shown(by)
        ));
    }
    found
}
