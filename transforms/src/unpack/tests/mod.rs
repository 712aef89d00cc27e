//! Rows written by hand, byte by byte as PostgreSQL and its extensions document them, and what they stand for.
#![allow(clippy::unwrap_used)]

mod cells;
mod functions;
mod rows;

use super::{Row, Unpacker};
use crate::json;
use crate::mapping::{Child, Column, ColumnRef, FieldPath, Function, Holds, Nul, Pattern, Table, Type};

const ROOT: &str = "projects/p/databases/d/documents";

fn table(name: &str, columns: Vec<Column>, children: Vec<Child>) -> Table {
    Table {
        name: name.into(),
        from: Pattern::root(name),
        key: Vec::new(),
        nul: Nul::Quarantine,
        columns,
        children,
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    }
}

fn column(from: &[&str], sql: Type, holds: Holds, apply: &[Function]) -> Column {
    let path = FieldPath(from.iter().map(|name| String::from(*name)).collect());
    let mut column = Column::field(from.join("_"), path, sql, holds);
    column.apply = apply.into();
    column
}

/// Ones and zeros and what lies between: a cell from words.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b' ')
        .map(|digit| (digit as char).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[a, b]| a * 16 + b)
        .collect()
}

fn jsonb(text: &str) -> Vec<u8> {
    [&[1], text.as_bytes()].concat()
}

/// The fields of a document of the table, told by these cells.
fn fields(
    table: &Table,
    cells: &[Option<Vec<u8>>],
    children: &[Vec<Vec<Option<Vec<u8>>>>],
) -> Result<String, String> {
    let moment = 0i64.to_be_bytes();
    let mut row: Row<'_> = vec![Some(b"docs/d"), Some(&moment), Some(&moment)];
    row.extend(cells.iter().map(Option::as_deref));
    let children: Vec<Vec<Row<'_>>> = children
        .iter()
        .map(|rows| {
            rows.iter()
                .map(|row| row.iter().map(Option::as_deref).collect())
                .collect()
        })
        .collect();
    let document = Unpacker::new(table, ROOT)
        .among([table])
        .document(&row, &children)
        .map_err(|unreadable| unreadable.to_string())?;
    let fields: Vec<_> = document
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.view()))
        .collect();
    Ok(json::object(&fields, ROOT))
}

/// What one cell of a column says about its field.
fn told(sql: Type, holds: Holds, apply: &[Function], cell: &str) -> Result<String, String> {
    let mut column = column(&["f"], sql, holds, apply);
    column.references = Some(ColumnRef {
        table: "users".into(),
        column: "id".into(),
    });
    let table = table("users", vec![column], vec![]);
    let all = fields(&table, &[Some(hex(cell)), None], &[])?;
    Ok(all
        .strip_prefix("{\"f\":")
        .unwrap_or("}")
        .strip_suffix('}')
        .unwrap()
        .into())
}
