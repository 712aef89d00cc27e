//! Tables that rows are merged into: they are somebody else's, so they have what is written and nothing besides.

use super::{Check, Relation, Spot};
use crate::mapping::{Document, Load, Source};

impl Check<'_> {
    /// What cannot be merged.
    pub(super) fn merge(&mut self, relation: &Relation<'_>) {
        let table = relation.table;
        if table.load != Load::Merge {
            return;
        }
        let here = relation.here();
        let at = |key| Spot { key, ..relation.spot };
        if !relation.tells_records_apart() {
            let what = format!(
                "{here}: `load = \"merge\"` finds rows by their key, and no column of it tells every record from every \
                 other; give it one with from = \"$id\" or \"$path\""
            );
            self.refuse(relation.number, at("load"), format_args!("{what}"));
        }
        for (key, there, why) in [
            (
                "children",
                !table.children.is_empty(),
                "elements have no place to go to",
            ),
            (
                "foreign_keys",
                !table.foreign_keys.is_empty(),
                "its references are its owner's",
            ),
            (
                "partition_by",
                table.partition.is_some(),
                "its parts are made already",
            ),
            (
                "toast_tuple_target",
                table.toast_tuple_target.is_some(),
                "how it is stored is its owner's",
            ),
        ] {
            if there {
                let what = format!(
                    "{here}: `{key}` goes with `load = \"copy\"`: of a table that is there already, {why}; leave it out"
                );
                self.refuse(relation.number, at(key), format_args!("{what}"));
            }
        }
    }
}

impl Relation<'_> {
    /// Whether a column of the key is different for every record; also where one of them could not be read.
    fn tells_records_apart(&self) -> bool {
        let of_key = |name: &str| self.table.key.iter().any(|key| key == name);
        let mut columns = self.columns.iter().enumerate();
        columns.any(|(number, column)| {
            let tells = matches!(column.from, Source::Document(Document::Id | Document::Path));
            of_key(&column.name) && (tells && column.apply.is_empty() || self.distrusted.contains(&number))
        })
    }
}
