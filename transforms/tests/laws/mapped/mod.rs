//! What becomes of documents under mappings that a person would write, row by row; and of any mapping, well-formed rows.

mod policies;
mod sources;

use proptest::collection::vec;
use proptest::prelude::*;
use transforms::mapping::{Column, FieldPath, Holds, Nul, Scalar, Source, Table, Type};
use transforms::{
    Document, Notes, Packer, Policy, Reject, RelationColumn, Timestamp, Tuples, Value, json, relations,
};

use crate::arbitrary::ROOT;
use crate::mappings::{self, Choices, documents};
use crate::rules;
use crate::tuple;

pub(super) const TEXT: Type = Type::Scalar(Scalar::Text);
pub(super) const DOUBLE: Type = Type::Scalar(Scalar::Double);

pub(super) fn column(name: &str, path: &str, sql: Type, holds: Holds) -> Column {
    let path = FieldPath(path.split('.').map(String::from).collect());
    Column::field(name, path, sql, holds)
}

pub(super) fn from(name: &str, from: Source, sql: Type) -> Column {
    Column {
        from,
        ..column(name, "", sql, Holds::Text)
    }
}

pub(super) fn table(columns: Vec<Column>) -> Table {
    rules::table("items", columns)
}

/// The rows of each relation, or the reason why there are none.
pub(super) fn rows(
    table: &Table,
    fields: Vec<(&str, Value<'_>)>,
) -> Result<(Notes, Vec<Vec<String>>), Reject> {
    let name = format!("{ROOT}/users/alice/items/i1");
    let document = Document {
        name: name.as_str().into(),
        created: Some(Timestamp::default()),
        updated: Some(Timestamp::default()),
        fields,
    };
    let tables = std::slice::from_ref(table);
    let mut out = vec![Tuples::default(); 1 + table.children.len()];
    let notes = Packer::new(tables, ROOT, false).pack(&document, &[], &mut out)?;
    let relations = relations(tables);
    let shown = relations.iter().zip(&out).map(|(relation, tuples)| {
        let columns = relation.columns();
        let fixed = if relation.parent().is_some() { 1 } else { 3 };
        let row = |cells: Vec<Option<Vec<u8>>>| {
            let cells = columns.iter().zip(&cells).skip(fixed);
            let cells: Vec<String> = cells
                .map(|(column, cell)| shown(column, cell.as_deref()))
                .collect();
            cells.join(" | ")
        };
        tuples_of(tuples).into_iter().map(row).collect()
    });
    Ok((notes, shown.collect()))
}

pub(super) fn tuples_of(tuples: &Tuples) -> Vec<Vec<Option<Vec<u8>>>> {
    let ends = tuples.starts.iter().skip(1).copied().chain([tuples.bytes.len()]);
    let tuple = |(start, end): (&usize, usize)| {
        let cells = tuple::cells(&tuples.bytes[*start..end]);
        cells.into_iter().map(|cell| cell.map(<[u8]>::to_vec)).collect()
    };
    tuples.starts.iter().zip(ends).map(tuple).collect()
}

/// A cell for a person.
pub(super) fn shown(column: &RelationColumn, cell: Option<&[u8]>) -> String {
    match (cell, column.sql.as_str()) {
        (None, _) => "NULL".into(),
        (Some(cell), "text") => tuple::text(cell).into(),
        (Some(cell), "jsonb") => tuple::jsonb(cell).into(),
        (Some(cell), "integer") => i32::from_be_bytes(cell.try_into().unwrap()).to_string(),
        (Some(cell), "double precision") => f64::from_be_bytes(cell.try_into().unwrap()).to_string(),
        (Some(cell), _) => cell.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The only row of the documents' table.
pub(super) fn row(table: &Table, fields: Vec<(&str, Value<'_>)>) -> String {
    rows(table, fields).unwrap().1[0][0].clone()
}

pub(super) fn amendments(table: &Table, fields: Vec<(&str, Value<'_>)>) -> Vec<String> {
    let amendments = rows(table, fields).unwrap().0.amendments.into_iter();
    amendments
        .map(|made| {
            format!(
                "{} {}: {} {}",
                made.column,
                made.field,
                made.policy.as_str(),
                made.original
            )
        })
        .collect()
}

pub(super) fn map<'a>(entries: &[(&'a str, Value<'a>)]) -> Value<'a> {
    Value::Map(entries.to_vec())
}

/// Whether PostgreSQL would take the bytes for a value of the type, as far as its length and frame tell.
fn is_well_formed(sql: &str, cell: &[u8]) -> bool {
    match sql {
        "boolean" => matches!(cell, [0 | 1]),
        "smallint" => cell.len() == 2,
        "integer" | "real" | "date" => cell.len() == 4,
        "bigint" | "double precision" | "timestamptz" => cell.len() == 8,
        "uuid" | "point" => cell.len() == 16,
        "text" => !tuple::text(cell).contains('\0'),
        "jsonb" => json::read(tuple::jsonb(cell), ROOT).is_ok(),
        sql if sql.ends_with("[]") => cell.len() >= 12,
        sql if sql.starts_with("numeric") => {
            let words: Vec<u16> = cell
                .chunks(2)
                .map(|word| u16::from_be_bytes([word[0], word[1]]))
                .collect();
            words.len() == 4 + usize::from(words[0]) && words[4..].iter().all(|word| *word < 10_000)
        }
        sql if sql.starts_with("geography") => cell.len() == 25,
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn rows_are_well_formed_and_a_rejected_document_leaves_no_trace(
        shape in vec(any::<u16>(), 0..600), filling in vec(any::<u16>(), 0..900), exact_vectors: bool
    ) {
        let tables = mappings::tables(&mut Choices::new(shape));
        let document = documents::document(&tables, &mut Choices::new(filling));
        let relations = relations(&tables);
        let before = vec![Tuples { bytes: b"before".to_vec(), starts: vec![0] }; relations.len()];
        let mut out = before.clone();
        let notes = match Packer::new(&tables, ROOT, exact_vectors).pack(&document.view(), &[], &mut out) {
            Ok(notes) => notes,
            Err(reject) => {
                prop_assert!(!reject.to_string().contains('\0'));
                prop_assert_eq!(out, before);
                return Ok(());
            }
        };
        let mut documents = 0;
        for (relation, tuples) in relations.iter().zip(&out) {
            let columns: Vec<_> = relation.columns().into_iter().filter(|column| column.generated.is_none()).collect();
            prop_assert!(tuples.bytes.starts_with(b"before"));
            let tuples = Tuples { bytes: tuples.bytes[6..].to_vec(), starts: tuples.starts[1..].iter().map(|start| start - 6).collect() };
            for cells in tuples_of(&tuples) {
                prop_assert_eq!(cells.len(), columns.len());
                for (column, cell) in columns.iter().zip(&cells) {
                    match cell {
                        Some(cell) if column.name == "_extra" => prop_assert!(json::read_object(tuple::jsonb(cell), ROOT).is_ok()),
                        Some(cell) => prop_assert!(is_well_formed(&column.sql, cell), "{:?} {:?}", column, cell),
                        None => prop_assert!(!column.not_null, "{:?}", column),
                    }
                }
                documents += usize::from(relation.parent().is_none());
            }
        }
        prop_assert_eq!(documents, 1);
        prop_assert!(notes.amendments.iter().all(|made| made.policy != Policy::Strip || tables.iter().any(|table| table.nul == Nul::Strip)));
    }
}
