//! Whether a mapping as a whole makes sense: what surely fails at the target, what contradicts itself, and what would
//! silently do nothing. All of it is found at once, each with its place; what is a problem of its own already is not
//! judged again.
//! What depends on the data, and expressions in SQL, are left to the run.

mod columns;
mod indexes;
mod literal;
mod merge;
mod outcome;
mod partition;
mod points;
mod references;
mod tables;

use std::fmt::Display;

use super::{Collection, Column, Index, Load, Mapping, Records, Scalar, Source, Table, Type};
use crate::origin::shown;

/// A place within a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// The number of the child table, if it is in one.
    pub(crate) child: Option<usize>,
    /// The number of the column, if it is in one.
    pub(crate) column: Option<usize>,
    /// The key; empty for all of the table or column.
    pub(crate) key: &'static str,
    /// The number of the item, if the key has a list and the place is in it.
    pub(crate) item: Option<usize>,
}

/// Something that makes no sense.
pub(crate) struct Finding {
    /// The number of the table, unless it concerns the whole.
    pub(crate) table: Option<usize>,
    /// Where in the table.
    pub(crate) spot: Spot,
    /// What is wrong; after a semicolon, what to do.
    pub(crate) what: String,
}

impl Mapping {
    /// Everything in it that makes no sense, in words; a mapping that came out of settings files has nothing.
    pub fn problems(&self) -> Vec<String> {
        let found = findings(self, &|_, _| false);
        found.into_iter().map(|finding| finding.what).collect()
    }
}

/// Everything in a mapping that makes no sense. `distrusted` says which parts could not be read: those are there, but
/// nothing else is known about them.
pub(crate) fn findings(mapping: &Mapping, distrusted: &dyn Fn(usize, Spot) -> bool) -> Vec<Finding> {
    let relations = relations(mapping, distrusted);
    let mut check = Check {
        mapping,
        relations: &relations,
        distrusted,
        found: Vec::new(),
    };
    check.names();
    check.patterns();
    for relation in &relations {
        check.columns(relation);
        check.indexes(relation);
        check.references(relation);
        if relation.elements.is_none() {
            check.fields(relation);
            check.partition(relation);
            check.merge(relation);
        }
        if relation.is_of_points() {
            check.points(relation);
        }
    }
    check.found
}

/// What is wrong with a mapping whose texts nobody embeds.
pub(crate) fn without_endpoint(mapping: &Mapping) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, table) in mapping.tables.iter().enumerate() {
        for (at, column) in table.columns.iter().enumerate() {
            if !matches!(column.from, Source::Embedding(_)) {
                continue;
            }
            let what = format!(
                "table `{}`, column `{}`: `embed` needs an endpoint, and none is named; name it with --embed-url and \
                 --embed-model, or leave the column out",
                shown(&table.name),
                shown(&column.name)
            );
            let spot = Spot {
                column: Some(at),
                key: "embed",
                ..Spot::default()
            };
            found.push(Finding {
                table: Some(number),
                spot,
                what,
            });
        }
    }
    found
}

/// A mapping while it is judged.
struct Check<'m> {
    mapping: &'m Mapping,
    relations: &'m [Relation<'m>],
    distrusted: &'m dyn Fn(usize, Spot) -> bool,
    found: Vec<Finding>,
}

/// A table of the target, of documents or of elements.
struct Relation<'m> {
    /// The number of the table it is or belongs to.
    number: usize,
    /// That table.
    table: &'m Table,
    /// What it is made of, if it is a child table.
    elements: Option<Collection>,
    spot: Spot,
    name: &'m str,
    columns: &'m [Column],
    indexes: &'m [Index],
    /// The columns of its primary key.
    key: Vec<&'m str>,
    /// The numbers of columns about which nothing but their name is known.
    distrusted: Vec<usize>,
}

fn relations<'m>(mapping: &'m Mapping, distrusted: &dyn Fn(usize, Spot) -> bool) -> Vec<Relation<'m>> {
    let mut relations = Vec::new();
    let bad = |number: usize, spot: Spot, columns: &[Column]| {
        let bad = |column: &usize| {
            distrusted(
                number,
                Spot {
                    column: Some(*column),
                    ..spot
                },
            )
        };
        (0..columns.len()).filter(bad).collect()
    };
    for (number, table) in mapping.tables.iter().enumerate() {
        let spot = Spot::default();
        relations.push(Relation {
            number,
            table,
            elements: None,
            spot,
            name: &table.name,
            columns: &table.columns,
            indexes: &table.indexes,
            key: match table.key.is_empty() {
                true => vec!["_path"],
                false => table.key.iter().map(String::as_str).collect(),
            },
            distrusted: bad(number, spot, &table.columns),
        });
        for (at, child) in table.children.iter().enumerate() {
            let spot = Spot {
                child: Some(at),
                ..Spot::default()
            };
            relations.push(Relation {
                number,
                table,
                elements: Some(child.of),
                spot,
                name: &child.name,
                columns: &child.columns,
                indexes: &child.indexes,
                key: vec!["_path", child.of.place()],
                distrusted: bad(number, spot, &child.columns),
            });
        }
    }
    relations
}

impl Collection {
    /// The column that says which element a row of a child table is.
    fn place(self) -> &'static str {
        match self {
            Collection::Array => "_ordinal",
            Collection::Map => "_key",
        }
    }
}

/// A column by its name.
enum Known {
    /// It is there; its type, if that could be read.
    Yes(Option<Type>),
    /// There is none.
    No,
}

impl Relation<'_> {
    /// How messages name it.
    fn here(&self) -> String {
        let table = format!("table `{}`", shown(&self.table.name));
        match self.elements {
            None => table,
            Some(_) => format!("{table}, child table `{}`", shown(self.name)),
        }
    }

    /// How messages name a column of it.
    fn column_here(&self, column: &Column) -> String {
        format!("{}, column `{}`", self.here(), shown(&column.name))
    }

    /// The columns it has whatever the mapping.
    fn own(&self) -> Vec<(&'static str, Type)> {
        let (text, moment) = (Type::Scalar(Scalar::Text), Type::Scalar(Scalar::Timestamp));
        let rest = match self.elements {
            None if self.table.load == Load::Merge => return Vec::new(),
            None if self.is_of_points() => Vec::new(),
            None => vec![("_created_at", moment), ("_updated_at", moment)],
            Some(Collection::Array) => vec![("_ordinal", Type::Scalar(Scalar::Integer))],
            Some(Collection::Map) => vec![("_key", text)],
        };
        [("_path", text), ("_extra", Type::Json)]
            .into_iter()
            .chain(rest)
            .collect()
    }

    fn is_of_points(&self) -> bool {
        self.table.of == Records::Points
    }

    fn known(&self, name: &str) -> Known {
        if let Some((_, sql)) = self.own().into_iter().find(|(own, _)| *own == name) {
            return Known::Yes(Some(sql));
        }
        match self.columns.iter().position(|column| column.name == name) {
            Some(number) if self.distrusted.contains(&number) => Known::Yes(None),
            Some(number) => Known::Yes(Some(self.columns[number].sql)),
            None => Known::No,
        }
    }

    /// The columns that could be read, with their places.
    fn trusted(&self) -> impl Iterator<Item = (Spot, &Column)> {
        let all = self.columns.iter().enumerate();
        let trusted = all.filter(|(number, _)| !self.distrusted.contains(number));
        trusted.map(|(number, column)| {
            (
                Spot {
                    column: Some(number),
                    ..self.spot
                },
                column,
            )
        })
    }
}

impl Check<'_> {
    fn refuse(&mut self, table: usize, spot: Spot, what: impl Display) {
        let what = what.to_string();
        self.found.push(Finding {
            table: Some(table),
            spot,
            what,
        });
    }

    fn is_distrusted(&self, table: usize, spot: Spot) -> bool {
        (self.distrusted)(table, spot)
    }
}

/// What is said about a column that is not there.
fn no_column(name: &str, relation: &Relation<'_>) -> String {
    let columns = relation.columns.iter().map(|column| column.name.as_str());
    let known = columns.chain(relation.own().into_iter().map(|(name, _)| name));
    let advice = match crate::nearest::nearest(name, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "name one of its columns".to_owned(),
    };
    format!(
        "no column of table `{}` is called `{}`; {advice}",
        shown(relation.name),
        shown(name)
    )
}
