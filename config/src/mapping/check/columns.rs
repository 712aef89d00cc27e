//! Single columns: what they ask for must be there, and fit together.

use super::{Check, Known, Relation, Spot, no_column, outcome};
use crate::mapping::{
    Collection, Column, Document, FieldPath, Fill, Holds, Misfit, Null, Piece, Scalar, Source, Template,
    Type, Zero,
};
use crate::origin::shown;

/// PostgreSQL's limit on the columns of a key or an index.
pub(super) const MOST_KEY_COLUMNS: usize = 32;

impl Check<'_> {
    /// Everything about the columns of a table that needs no other table, and its key.
    pub(super) fn columns(&mut self, relation: &Relation<'_>) {
        for (spot, column) in relation.trusted() {
            let here = relation.column_here(column);
            for (key, what) in troubles(relation, column) {
                self.refuse(
                    relation.number,
                    Spot { key, ..spot },
                    format_args!("{here}: {what}"),
                );
            }
        }
        if relation.elements.is_none() {
            self.key(relation);
        }
    }

    fn key(&mut self, relation: &Relation<'_>) {
        let key = Spot {
            key: "key",
            ..relation.spot
        };
        let here = relation.here();
        if relation.key.len() > MOST_KEY_COLUMNS {
            let what =
                format!("{here}: `key` has more than {MOST_KEY_COLUMNS} columns; PostgreSQL allows no more");
            self.refuse(relation.number, key, what);
        }
        for (at, name) in relation.key.iter().enumerate() {
            let what = match relation.known(name) {
                Known::No => Some(format!("`key`: {}", no_column(name, relation))),
                Known::Yes(_) if relation.key[..at].contains(name) => {
                    Some(format!("`key` names `{}` twice; name it once", shown(name)))
                }
                Known::Yes(Some(sql)) if !sql.has_order() => Some(format!(
                    "`key` has `{}`, and values of type {sql} have no order; name other columns",
                    shown(name)
                )),
                Known::Yes(Some(_)) => nullable(relation, name),
                Known::Yes(None) => None,
            };
            if let Some(what) = what {
                let spot = Spot {
                    item: Some(at),
                    ..key
                };
                self.refuse(relation.number, spot, format_args!("{here}: {what}"));
            }
        }
    }
}

/// What is wrong with a key column that may be NULL.
fn nullable(relation: &Relation<'_>, name: &str) -> Option<String> {
    let column = relation.columns.iter().find(|column| column.name == name)?;
    let text = column.sql == Type::Scalar(Scalar::Text) || !column.apply.is_empty();
    let may_be_null = match &column.from {
        // A point whose id does not fit goes to the quarantine.
        Source::Document(Document::Id) if relation.is_of_points() => false,
        Source::Constant(_) | Source::Generated(_) => false,
        Source::Document(Document::Parent | Document::Value) => true,
        Source::Document(Document::Created | Document::Updated | Document::Ordinal) => false,
        Source::Document(_) => !text,
        Source::Field(_) | Source::Template(_) | Source::Embedding(_) => true,
    };
    (may_be_null && !column.required).then(|| {
        format!(
            "`key` has column `{}`, which may be NULL; write required = true with it",
            shown(name)
        )
    })
}

/// What is wrong with a column, by its key.
fn troubles(relation: &Relation<'_>, column: &Column) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let key = source_key(&column.from);
    match &column.from {
        Source::Field(path) => found.extend(relation.field_trouble(path)),
        Source::Document(document) => found.extend(document_trouble(relation, *document)),
        Source::Template(template) | Source::Embedding(template) => {
            found.extend(template_trouble(relation, template, key));
        }
        Source::Generated(expression) if expression.trim().is_empty() => {
            found.push(
                "`generated` is empty; write an expression in SQL, such as generated = \"lower(name)\""
                    .to_owned(),
            );
        }
        Source::Generated(_) | Source::Constant(_) => {}
    }
    let mut found: Vec<_> = found.into_iter().map(|what| (key, what)).collect();
    found.extend(outcome::trouble(column));
    found.extend(idle(column));
    if let Some(default) = &column.default
        && let Err(what) = default.reads_as(column.sql)
    {
        found.push(("default", format!("`default` {what}")));
    }
    found
}

fn source_key(source: &Source) -> &'static str {
    match source {
        Source::Field(_) | Source::Document(_) => "from",
        Source::Constant(_) => "value",
        Source::Template(_) => "template",
        Source::Generated(_) => "generated",
        Source::Embedding(_) => "embed",
    }
}

fn document_trouble(relation: &Relation<'_>, document: Document) -> Option<String> {
    let from = &relation.table.from;
    match (document, relation.elements) {
        (Document::Wildcard(number), _) if usize::from(number) > from.wildcards() => Some(format!(
            "`${number}` stands for `*` number {number}, and the pattern `{}` has {}; write such a `*` into the pattern, \
             or another `from`",
            shown(&from.to_string()),
            from.wildcards()
        )),
        (Document::Value | Document::Ordinal | Document::Key, None) => Some(format!(
            "`{document}` speaks of the elements of a child table, and this is none; write another `from`"
        )),
        (Document::Ordinal, Some(Collection::Map)) => Some(
            "`$ordinal` is the place in an array, and this table is made of a map; write `$key`".to_owned(),
        ),
        (Document::Key, Some(Collection::Array)) => Some(
            "`$key` is the key in a map, and this table is made of an array; write `$ordinal`".to_owned(),
        ),
        (Document::Created | Document::Updated, _) if relation.is_of_points() => Some(format!(
            "`{document}` is a time, and points have none; leave the column out"
        )),
        (Document::Parent, _) if !from.anywhere && from.segments.len() == 1 => Some(format!(
            "`$parent` is always NULL, because documents of `{}` lie below no other; leave the column out",
            shown(&from.to_string())
        )),
        _ => None,
    }
}

fn template_trouble(relation: &Relation<'_>, template: &Template, key: &str) -> Vec<String> {
    let fields = |path: &FieldPath| relation.field_trouble(path);
    let mut found: Vec<String> = template
        .0
        .iter()
        .filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Field(path) => fields(path),
            Piece::Document(document) => document_trouble(relation, *document),
        })
        .collect();
    if template.0.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        let example = format!("{key} = \"{{title}}\"");
        found.push(format!(
            "`{key}` names no field, so every row would say the same; write for example {example}"
        ));
    }
    found
}

/// What is said of vectors, and this column is none.
fn of_vectors(column: &Column) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut say = |key: &'static str, what: &str| found.push((key, what.to_owned()));
    if column.zero != Zero::default() && !(column.is_data() && column.sql.dimension().is_some()) {
        say(
            "zero",
            "`zero` speaks of the vectors of a field, and this column has none; leave it out",
        );
    } else if column.zero == Zero::Null && column.required {
        say(
            "zero",
            "`zero` asks for NULL and `required` forbids it; write zero = \"quarantine\", or leave out one of the two",
        );
    }
    if column.remap && !(column.is_data() && matches!(column.sql, Type::Sparsevec(_))) {
        say(
            "remap",
            "`remap` replaces the indices of a field's sparse vectors; write a type such as \"sparsevec(100000)\", or \
             leave it out",
        );
    }
    found
}

/// What is written and could not do anything.
fn idle(column: &Column) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut say = |key: &'static str, what: &str| found.push((key, what.to_owned()));
    let converted = matches!(
        column.from,
        Source::Field(_) | Source::Document(_) | Source::Template(_)
    );
    if !column.is_data() {
        let why = "speaks of the values of a field, and this column has none; leave it out";
        if column.holds != Holds::usual(column.sql, &column.apply) {
            say("holds", &format!("`holds` {why}"));
        }
        if column.null != Null::default() {
            say("null", &format!("`null` {why}"));
        }
        if column.default.is_some() {
            say("default", &format!("`default` {why}"));
        }
    }
    match column.misfit {
        Misfit::Overflow => {}
        _ if !converted => {
            say(
                "misfit",
                "`misfit` does nothing here, because its values always fit; leave it out",
            );
        }
        Misfit::Null | Misfit::Cast if !column.is_data() => say(
            "misfit",
            "the column holds no field, so nothing could be lost by NULL; leave `misfit` out, or write \"quarantine\"",
        ),
        Misfit::Cast if !outcome::is_cast_to(column.sql) => {
            say(
                "misfit",
                "nothing can be cast to this type; write another `misfit`, or leave it out",
            );
        }
        _ => {}
    }
    if !converted && !column.apply.is_empty() {
        say(
            "apply",
            "`apply` works on fields and templates, and this is neither; leave it out",
        );
    }
    found.extend(of_vectors(column));
    let mut say = |key: &'static str, what: &str| found.push((key, what.to_owned()));
    if column.default.is_none() && column.fill != Fill::default() {
        say(
            "fill",
            "`fill` says when the default is given, and there is none; write `default`, or leave it out",
        );
    }
    if column.required && matches!(column.from, Source::Generated(_)) {
        say(
            "required",
            "`required` is about what is read, and PostgreSQL generates this column; leave it out",
        );
    }
    if column.required && column.misfit == Misfit::Null {
        say(
            "misfit",
            "`misfit` asks for NULL and `required` forbids it; write misfit = \"quarantine\", or leave out one of the two",
        );
    }
    found
}
