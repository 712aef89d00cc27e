//! One row against the document it claims to be.
//! It promises to name every difference a reader of the table could meet: a field that reads back as
//! something else, one that is missing or invented, and one that is right but in the wrong place.
//! Finding row and document is left to the judge.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value as Json;

use super::rule::{Cell, Holds, InExtra, Kind, single};
use super::tagged;
use super::value::Value;

/// A column that stands for a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) field: String,
    pub(super) kind: Kind,
}

/// A row as Postgres holds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) path: String,
    /// Microseconds since 1970.
    pub(super) created: i64,
    /// Microseconds since 1970.
    pub(super) updated: i64,
    /// One for each column, in their order.
    pub(super) cells: Vec<Option<Cell>>,
    pub(super) extra: Option<Json>,
}

/// What is different, in words; nothing where the row is exactly the document.
pub(super) fn differences(
    fields: &BTreeMap<String, Value>,
    columns: &[Column],
    row: &Row,
    root: &str,
) -> Vec<String> {
    let mut found = Vec::new();
    let none = serde_json::Map::new();
    let extra = match &row.extra {
        None => &none,
        Some(Json::Object(extra)) if !extra.is_empty() => extra,
        Some(other) => {
            found.push(format!(
                "_extra is {other} where only NULL or a filled object may be"
            ));
            &none
        }
    };
    for (column, cell) in columns.iter().zip(&row.cells) {
        let (value, left) = (fields.get(&column.field), extra.get(&column.field));
        found.extend(in_column(value, column, cell.as_ref(), left, root));
    }
    let typed = |field: &str| columns.iter().any(|column| column.field == field);
    for (field, left) in extra.iter().filter(|(field, _)| !typed(field)) {
        found.extend(reading(field, fields.get(field), tagged::read(left, root)));
    }
    for (field, value) in fields
        .iter()
        .filter(|(field, _)| !typed(field) && !extra.contains_key(*field))
    {
        found.push(format!("field {field:?} is missing: Firestore has {value}"));
    }
    found
}

/// What is wrong with a field that has a column.
fn in_column(
    value: Option<&Value>,
    column: &Column,
    cell: Option<&Cell>,
    left: Option<&Json>,
    root: &str,
) -> Option<String> {
    let Column { name, field, kind } = column;
    let read = match (left, cell) {
        (Some(left), _) => tagged::read(left, root),
        (None, Some(cell)) => kind.value(cell, root),
        (None, None) => {
            return value.map(|value| format!("field {field:?} is missing: Firestore has {value}"));
        }
    };
    // What a column of vectors keeps is compared as such; an original in `_extra`, or in a column of JSON, is held to more.
    let rounded = match (value, left, kind) {
        (Some(Value::Vector(exact)), None, Kind::Vector(_)) => Some(Value::Vector(single(exact))),
        _ => None,
    };
    let difference = reading(field, rounded.as_ref().or(value), read);
    difference.or_else(|| {
        misplaced(value?, *kind, cell, left.is_some(), root)
            .map(|why| format!("field {field:?}, column {name:?}: {why}"))
    })
}

/// Why a value that reads back well is not where the rules put it.
fn misplaced(value: &Value, kind: Kind, cell: Option<&Cell>, left: bool, root: &str) -> Option<String> {
    let place = kind.place(value, root);
    match (&place.column, cell) {
        (Holds::Exactly(expected), Some(cell)) if expected != cell => {
            return Some(format!("the column holds {cell:?} instead of {expected:?}"));
        }
        (Holds::Null, Some(cell)) => return Some(format!("the column holds {cell:?} instead of NULL")),
        (Holds::Exactly(_) | Holds::Something, None) => {
            return Some(format!("the column is NULL although it takes {value}"));
        }
        _ => {}
    }
    match (place.extra, left) {
        (InExtra::Yes, false) => Some(format!("_extra does not hold {value}")),
        (InExtra::No, true) => Some("_extra holds the value a second time".to_owned()),
        _ => None,
    }
}

/// The difference between what Firestore has and what a field reads back as.
fn reading(field: &str, value: Option<&Value>, read: Result<Value>) -> Option<String> {
    match (value, read) {
        (_, Err(error)) => Some(format!("field {field:?} cannot be read back: {error:#}")),
        (None, Ok(read)) => Some(format!("field {field:?} is invented: Postgres has {read}")),
        (Some(value), Ok(read)) if *value != read => Some(format!(
            "field {field:?}: Firestore has {value}, Postgres has {read}"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::value::Exact;
    use serde_json::json;

    const ROOT: &str = "projects/p/databases/d/documents";

    /// What the judge says of a row with one number column `total`.
    fn verdict(value: Option<Value>, cell: Option<f64>, extra: Option<Json>) -> Vec<String> {
        let columns = [Column {
            name: "total".into(),
            field: "total".into(),
            kind: Kind::Number,
        }];
        let fields = value
            .into_iter()
            .map(|value| ("total".to_owned(), value))
            .collect();
        let cells = vec![cell.map(|x| Cell::Double(Exact(x)))];
        let row = Row {
            path: "c/d".into(),
            created: 0,
            updated: 0,
            cells,
            extra,
        };
        differences(&fields, &columns, &row, ROOT)
    }

    #[test]
    fn a_row_that_holds_the_document_by_the_rules_is_the_document() {
        let double = |x| Some(Value::Double(Exact(x)));
        let exact = [
            verdict(Some(Value::Integer(20)), Some(20.0), None),
            verdict(double(19.99), Some(19.99), None),
            verdict(double(20.0), Some(20.0), Some(json!({"total": 20.0}))),
            verdict(
                Some(Value::Integer(i64::MAX)),
                None,
                Some(json!({"total": i64::MAX})),
            ),
            verdict(
                Some(Value::Text("n/a".into())),
                None,
                Some(json!({"total": "n/a"})),
            ),
            verdict(Some(Value::Null), None, Some(json!({"total": null}))),
            verdict(None, None, None),
        ];
        assert_eq!(exact.concat(), Vec::<String>::new());
    }

    #[test]
    fn every_way_to_be_different_is_named() {
        let twenty = || Some(Value::Integer(20));
        for (found, word) in [
            (
                verdict(twenty(), Some(21.0), None),
                "Firestore has integer 20, Postgres has integer 21",
            ),
            (
                verdict(Some(Value::Double(Exact(20.0))), Some(20.0), None),
                "Firestore has double",
            ),
            (verdict(twenty(), None, None), "is missing"),
            (verdict(Some(Value::Null), None, None), "is missing"),
            (verdict(None, Some(1.0), None), "is invented"),
            (verdict(None, None, Some(json!({"total": null}))), "is invented"),
            (verdict(None, None, Some(json!({"other": 1}))), "is invented"),
            (
                verdict(twenty(), None, Some(json!({"total": 20}))),
                "is NULL although it takes",
            ),
            (
                verdict(twenty(), Some(20.0), Some(json!({"total": 20}))),
                "a second time",
            ),
            (
                verdict(twenty(), Some(7.0), Some(json!({"total": 20}))),
                "the column holds",
            ),
            (
                verdict(Some(Value::Null), Some(0.0), Some(json!({"total": null}))),
                "instead of NULL",
            ),
            (
                verdict(twenty(), Some(20.0), Some(json!({}))),
                "only NULL or a filled object",
            ),
            (
                verdict(twenty(), None, Some(json!({"total": {"$odd": 1}}))),
                "cannot be read back",
            ),
        ] {
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(word), "{found:?} does not say {word:?}");
        }
    }

    /// How much is wrong with a row whose field is the vector `[0.1]`.
    fn of_a_vector(kind: Kind, cell: Cell, extra: Option<Json>) -> usize {
        let columns = [Column {
            name: "v".into(),
            field: "v".into(),
            kind,
        }];
        let fields = [("v".to_owned(), Value::Vector(vec![Exact(0.1)]))].into();
        let row = Row {
            path: "c/d".into(),
            created: 0,
            updated: 0,
            cells: vec![Some(cell)],
            extra,
        };
        differences(&fields, &columns, &row, ROOT).len()
    }

    #[test]
    fn a_vector_is_held_to_single_precision_in_its_column_and_to_every_bit_in_extra() {
        let found = |cell: f64, extra| of_a_vector(Kind::Vector(1), Cell::Vector(vec![Exact(cell)]), extra);
        let rounded = f64::from(0.1f32);
        assert_eq!(found(rounded, None), 0);
        assert_eq!(found(rounded, Some(json!({"v": {"$vector": [0.1]}}))), 0);
        assert_eq!(found(rounded, Some(json!({"v": {"$vector": [rounded]}}))), 1);
        assert_eq!(found(0.25, None), 1);
    }

    #[test]
    fn a_vector_is_held_to_every_bit_in_a_column_of_json() {
        let found = |cell: f64| of_a_vector(Kind::Json, Cell::Json(json!({"$vector": [cell]})), None);
        assert_eq!(found(0.1), 0);
        assert_eq!(found(f64::from(0.1f32)), 1);
    }
}
