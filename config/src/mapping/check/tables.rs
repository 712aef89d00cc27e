//! Names, patterns, and which field goes where.

use super::{Check, Finding, Relation, Spot};
use crate::mapping::{Column, FieldPath, Function, RESERVED_COLUMNS, Source, Unmapped};
use crate::origin::shown;

/// PostgreSQL cuts longer names off without an error.
const LONGEST_NAME: usize = 63;
/// PostgreSQL's limit on the columns of a table.
const MOST_COLUMNS: usize = 1600;

/// What is wrong with a name PostgreSQL is to give something.
fn name_trouble(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("its name is empty; write one".to_owned());
    }
    if name.contains('\0') {
        return Some("its name holds a NUL character; choose another name".to_owned());
    }
    (name.len() > LONGEST_NAME).then(|| {
        format!(
            "its name has {} bytes, and PostgreSQL keeps {LONGEST_NAME}; choose a shorter name",
            name.len()
        )
    })
}

impl Check<'_> {
    /// Names that cannot be, and names that are taken.
    pub(super) fn names(&mut self) {
        if self.mapping.tables.is_empty() && self.mapping.unmapped == Unmapped::Skip {
            let what = "[mapping]: `unmapped` is skip and no table is written, so nothing would be moved; write \
                        [tables.…], or leave `unmapped` out";
            self.found.push(Finding {
                table: None,
                spot: Spot::default(),
                what: what.to_owned(),
            });
        }
        for (at, relation) in self.relations.iter().enumerate() {
            let here = relation.here();
            let earlier = self.relations[..at]
                .iter()
                .find(|known| known.name == relation.name);
            let taken =
                earlier.map(|_| "another table has this name already; choose another name".to_owned());
            if let Some(what) = name_trouble(relation.name).or(taken) {
                self.refuse(relation.number, relation.spot, format_args!("{here}: {what}"));
            }
            let columns = relation.columns.len() + relation.own().len();
            if columns > MOST_COLUMNS {
                let what = format!(
                    "{here}: has {columns} columns with its own, and PostgreSQL allows {MOST_COLUMNS}; leave fields \
                     without a column, `_extra` keeps them"
                );
                self.refuse(relation.number, relation.spot, what);
            }
            self.column_names(relation);
        }
    }

    fn column_names(&mut self, relation: &Relation<'_>) {
        let mut seen = std::collections::BTreeSet::new();
        for (number, column) in relation.columns.iter().enumerate() {
            let what = if RESERVED_COLUMNS.contains(&column.name.as_str()) {
                Some(
                    "the name belongs to a column that is there anyway; leave it out, or choose another name"
                        .to_owned(),
                )
            } else if !seen.insert(&column.name) {
                Some("another column has this name already; choose another name".to_owned())
            } else {
                name_trouble(&column.name)
            };
            if let Some(what) = what {
                let spot = Spot {
                    column: Some(number),
                    ..relation.spot
                };
                self.refuse(
                    relation.number,
                    spot,
                    format_args!("{}: {what}", relation.column_here(column)),
                );
            }
        }
    }

    /// Tables that would never get a document.
    pub(super) fn patterns(&mut self) {
        let from = Spot {
            key: "from",
            ..Spot::default()
        };
        for (at, table) in self.mapping.tables.iter().enumerate() {
            let readable = |number: &usize| !self.is_distrusted(*number, from);
            let hides = |number: &usize| self.mapping.tables[*number].from.covers(&table.from);
            if !readable(&at) {
                continue;
            }
            if let Some(number) = (0..at).filter(readable).find(hides) {
                let earlier = &self.mapping.tables[number];
                let what = format!(
                    "table `{}`: every {} of `{}` already goes to table `{}` above (`{}`); move this table before \
                     it, or narrow that pattern",
                    shown(&table.name),
                    table.of.one(),
                    shown(&table.from.to_string()),
                    shown(&earlier.name),
                    shown(&earlier.from.to_string()),
                );
                self.refuse(at, from, what);
            }
        }
    }

    /// Fields that are asked to go to two places that exclude each other.
    pub(super) fn fields(&mut self, relation: &Relation<'_>) {
        let (number, table, here) = (relation.number, relation.table, relation.here());
        for (at, dropped) in table.drop.iter().enumerate() {
            let spot = Spot {
                key: "drop",
                item: Some(at),
                ..Spot::default()
            };
            if let Some(trouble) = relation.field_trouble(dropped) {
                self.refuse(number, spot, format_args!("{here}: `drop`: {trouble}"));
            }
            let mut others = table.drop.iter().enumerate().filter(|(other, _)| *other != at);
            let wider =
                others.find(|(other, path)| path.contains(dropped) && (*path != dropped || *other < at));
            if let Some((_, wider)) = wider {
                let what = format!("{here}: `{dropped}` is dropped with `{wider}` already; name it once");
                self.refuse(number, spot, what);
            }
            let mut columns = relation.trusted().map(|(_, column)| column);
            let column = columns.find(|column| keeps(column).is_some_and(|path| path.meets(dropped)));
            if let Some(column) = column {
                let what = format!(
                    "{here}: `{dropped}` is dropped, and column `{}` holds it; leave out the one or the other",
                    shown(&column.name)
                );
                self.refuse(number, spot, what);
            }
            if let Some(child) = table.children.iter().find(|child| child.from.meets(dropped)) {
                let what = format!(
                    "{here}: `{dropped}` is dropped, and child table `{}` is made of it; leave out the one or the other",
                    shown(&child.name)
                );
                self.refuse(number, spot, what);
            }
        }
        self.elements(relation);
    }

    fn elements(&mut self, relation: &Relation<'_>) {
        let (number, table) = (relation.number, relation.table);
        for (at, child) in table.children.iter().enumerate() {
            let spot = Spot {
                child: Some(at),
                key: "from",
                ..Spot::default()
            };
            if self.is_distrusted(number, spot) {
                continue;
            }
            let here = format!("{}, child table `{}`", relation.here(), shown(&child.name));
            if let Some(trouble) = relation.field_trouble(&child.from) {
                self.refuse(number, spot, format_args!("{here}: {trouble}"));
            }
            let readable = |at: &usize| {
                !self.is_distrusted(
                    number,
                    Spot {
                        child: Some(*at),
                        ..spot
                    },
                )
            };
            let twin = (0..at)
                .filter(readable)
                .find(|other| table.children[*other].from.meets(&child.from));
            if let Some(twin) = twin.map(|twin| &table.children[twin]) {
                let what = format!(
                    "{here}: child table `{}` is made of `{}` already; an element can be a row of one table only",
                    shown(&twin.name),
                    twin.from
                );
                self.refuse(number, spot, what);
            }
            let holds = |column: &&Column| match &column.from {
                Source::Field(path) => path.meets(&child.from),
                _ => false,
            };
            if let Some(column) = relation.trusted().map(|(_, column)| column).find(holds) {
                let what = format!(
                    "{here}: `{}` also is in column `{}` of the documents; leave out the one or the other",
                    child.from,
                    shown(&column.name)
                );
                self.refuse(number, spot, what);
            }
        }
    }
}

impl Relation<'_> {
    /// What is wrong with a field that no document (in a child table, no element) can have.
    pub(super) fn field_trouble(&self, path: &FieldPath) -> Option<String> {
        match (self.is_of_points(), self.elements) {
            (true, None) => super::points::field_trouble(path),
            // Nothing is reserved in a payload.
            (true, Some(_)) => None,
            (false, _) => field_trouble(path),
        }
    }
}

/// What is wrong with a field that no document can have.
fn field_trouble(path: &FieldPath) -> Option<String> {
    let reserved = |name: &&String| name.len() > 4 && name.starts_with("__") && name.ends_with("__");
    let name = path.0.iter().find(reserved)?;
    let advice = match name.as_str() {
        "__name__" => "write from = \"$path\" or from = \"$id\"",
        _ => "name a field that documents have",
    };
    Some(format!(
        "Firestore keeps names such as `{}` for itself; {advice}",
        shown(name)
    ))
}

/// The field a column is there to hold: not one of which it only shows something made from it.
fn keeps(column: &Column) -> Option<&FieldPath> {
    let undone = |function: &Function| {
        matches!(
            function,
            Function::EpochSeconds | Function::EpochMillis | Function::EpochMicros
        )
    };
    match &column.from {
        Source::Field(path) if column.apply.iter().all(undone) => Some(path),
        _ => None,
    }
}

impl FieldPath {
    /// Whether the other field is this one or inside it.
    pub fn contains(&self, other: &FieldPath) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether one of the two is in the other.
    fn meets(&self, other: &FieldPath) -> bool {
        self.contains(other) || other.contains(self)
    }
}
