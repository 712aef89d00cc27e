//! References: to a table of the mapping, to a column of the same type that says the same and is unique.

use super::{Check, Known, Relation, Spot, no_column};
use crate::mapping::refer::Names;
use crate::mapping::{ForeignKey, Method, Scalar, Type};
use crate::nearest::nearest;
use crate::origin::shown;

impl Check<'_> {
    /// What is wrong with the references of a table.
    pub(super) fn references(&mut self, relation: &Relation<'_>) {
        for (spot, column) in relation.trusted() {
            let Some(target) = &column.references else {
                continue;
            };
            let here = format!("{}: `references`", relation.column_here(column));
            let from = (column.name.as_str(), Some(column.sql), Names::of(column));
            for what in self.pair(&target.table, &[from], &[target.column.as_str()]) {
                let spot = Spot {
                    key: "references",
                    ..spot
                };
                self.refuse(relation.number, spot, format_args!("{here}: {what}"));
            }
        }
        if relation.elements.is_some() {
            return;
        }
        for (number, key) in relation.table.foreign_keys.iter().enumerate() {
            let spot = Spot {
                key: "foreign_keys",
                item: Some(number),
                ..Spot::default()
            };
            if self.is_distrusted(relation.number, spot) {
                continue;
            }
            for what in self.foreign_key(relation, key) {
                let here = format!("{}, foreign key {}", relation.here(), number + 1);
                self.refuse(relation.number, spot, format_args!("{here}: {what}"));
            }
        }
    }

    fn foreign_key(&self, relation: &Relation<'_>, key: &ForeignKey) -> Vec<String> {
        let mut found = Vec::new();
        let mut from = Vec::new();
        for (at, name) in key.columns.iter().enumerate() {
            match relation.known(name) {
                Known::No => found.push(no_column(name, relation)),
                Known::Yes(_) if key.columns[..at].contains(name) => {
                    found.push(format!("`{}` is named twice; name it once", shown(name)));
                }
                // Which document a part of a key names is not asked: the parts together name a row.
                Known::Yes(sql) => from.push((name.as_str(), sql, None)),
            }
        }
        if key.columns.is_empty() {
            found.push("`columns` is empty; name the columns that refer".to_owned());
        } else if key.columns.len() != key.to.len() {
            found.push(format!(
                "`columns` names {}, and `references` {}; name as many, as in other(a, b)",
                key.columns.len(),
                key.to.len()
            ));
        }
        if found.is_empty() {
            let to: Vec<&str> = key.to.iter().map(String::as_str).collect();
            found = self.pair(&key.table, &from, &to);
        }
        found
    }

    /// What keeps columns from referring to columns of a table.
    fn pair(&self, table: &str, from: &[(&str, Option<Type>, Option<Names>)], to: &[&str]) -> Vec<String> {
        let Some(target) = self.relations.iter().find(|known| known.name == table) else {
            let advice = match nearest(table, self.relations.iter().map(|known| known.name)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "name a table of this mapping".to_owned(),
            };
            return vec![format!("no table is called `{}`; {advice}", shown(table))];
        };
        let mut found = Vec::new();
        for ((name, sql, names), to) in from.iter().zip(to) {
            let Known::Yes(other) = target.known(to) else {
                found.push(no_column(to, target));
                continue;
            };
            let (Some(sql), Some(other)) = (*sql, other) else {
                return Vec::new();
            };
            if !alike(sql, other) {
                found.push(format!(
                    "`{}` is {sql} and {} is {other}; give both the same type",
                    shown(name),
                    spelled(target, to)
                ));
            }
            found.extend(names.and_then(|names| crossed(names, target, to)));
        }
        let named = |to: &&str| matches!(target.known(to), Known::Yes(_));
        if to.iter().all(named) && !target.is_unique(to) {
            found.push(format!(
                "nothing makes {} unique, and PostgreSQL refers to unique columns only; make it the key, or give it \
                 an index with unique = true and no `where`",
                spelled(target, &to.join(", "))
            ));
        }
        found
    }
}

/// What is wrong with a path that refers to ids, or an id to paths.
fn crossed(names: Names, target: &Relation<'_>, to: &str) -> Option<String> {
    let other = match target.columns.iter().find(|column| column.name == to) {
        Some(column) => Names::of(column)?,
        None if to == "_path" => Names::Path,
        None => return None,
    };
    let spelled = spelled(target, to);
    match (names, other) {
        (Names::Id, Names::Path) => {
            let ids = target
                .columns
                .iter()
                .find(|column| Names::of(column) == Some(Names::Id));
            let advice = match ids {
                Some(column) => format!("write {}", self::spelled(target, &column.name)),
                None => format!(
                    "give table `{}` a column from $id with a key or a unique index",
                    shown(target.name)
                ),
            };
            Some(format!("this column holds ids and {spelled} paths; {advice}"))
        }
        (Names::Path, Names::Id) => Some(format!(
            "this column holds paths and {spelled} ids; write {}, or apply = [\"id\"]",
            self::spelled(target, "_path")
        )),
        _ => None,
    }
}

fn spelled(target: &Relation<'_>, columns: &str) -> String {
    format!("{}({})", shown(target.name), shown(columns))
}

/// Whether values of one type can refer to the other.
fn alike(one: Type, other: Type) -> bool {
    let plain = |sql| match sql {
        Type::Scalar(Scalar::Numeric(_)) => Type::Scalar(Scalar::Numeric(None)),
        sql => sql,
    };
    plain(one) == plain(other)
}

impl Relation<'_> {
    /// Whether no two rows agree in these columns: a key, a unique index, or the path, which gets one where needed.
    fn is_unique(&self, columns: &[&str]) -> bool {
        let mut wanted = columns.to_vec();
        wanted.sort_unstable();
        let same = |mut names: Vec<&str>| {
            names.sort_unstable();
            names == wanted
        };
        let of_index = self.indexes.iter().any(|index| {
            let whole = index.unique && index.filter.is_none() && index.method == Method::Btree;
            whole && same(index.on.iter().map(|column| column.name.as_str()).collect())
        });
        of_index
            || same(self.key.clone())
            || self.elements.is_none() && self.table.partition.is_none() && columns == ["_path"]
    }
}
