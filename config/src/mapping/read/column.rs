//! One column of the mapping.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::Reader;
use crate::file::article;
use crate::mapping::names::table_and_columns;
use crate::mapping::{Column, ColumnRef, FieldPath, Function, Holds, Scalar, Source, Type};

const KEYS: [&str; 16] = [
    "from",
    "value",
    "template",
    "generated",
    "embed",
    "type",
    "holds",
    "apply",
    "misfit",
    "zero",
    "remap",
    "null",
    "default",
    "fill",
    "required",
    "references",
];

/// Reads one column; what cannot be read of it is noted and stands as if it were not written.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    name: &str,
    start: usize,
    value: &Spanned<DeValue<'_>>,
) -> Column {
    let before = reader.refusals();
    let DeValue::Table(table) = value.get_ref() else {
        let what = match value.get_ref() {
            DeValue::String(text) if text.parse::<Type>().is_ok() => {
                format!("is a string; write {{ type = \"{text}\" }}")
            }
            other => format!(
                "is {}; write for example {{ type = \"text\" }}",
                article(other.type_str())
            ),
        };
        reader.refuse("", start, what);
        let nothing = Type::Scalar(Scalar::Text);
        return Column::field(name, FieldPath::top(name), nothing, Holds::usual(nothing, &[]));
    };
    reader.only(table, &KEYS);
    let from = source(reader, table).unwrap_or_else(|| Source::Field(FieldPath::top(name)));
    let sql = reader.read(table, "type");
    if !table.contains_key("type") {
        reader.missing("type", "has no `type`; write one, such as type = \"text\"");
    }
    let sql = sql.unwrap_or(Type::Scalar(Scalar::Text));
    let apply: Vec<Function> = reader.list(table, "apply", "[\"trim\", \"lower\"]");
    let column = Column {
        name: name.to_owned(),
        from,
        sql,
        holds: reader
            .read(table, "holds")
            .unwrap_or_else(|| Holds::usual(sql, &apply)),
        misfit: reader.read(table, "misfit").unwrap_or_default(),
        zero: reader.read(table, "zero").unwrap_or_default(),
        remap: reader.switch(table, "remap"),
        null: reader.read(table, "null").unwrap_or_default(),
        default: reader.literal(table, "default"),
        fill: reader.read(table, "fill").unwrap_or_default(),
        required: reader.switch(table, "required"),
        references: references(reader, table),
        apply,
    };
    if reader.refusals() > before {
        reader.distrust(reader.at);
    }
    column
}

/// Where its value comes from, if that is written.
fn source(reader: &mut Reader<'_, '_>, table: &DeTable<'_>) -> Option<Source> {
    const SOURCES: [&str; 5] = ["from", "value", "template", "generated", "embed"];
    let mut written: Vec<(usize, &'static str)> = SOURCES
        .into_iter()
        .filter_map(|key| Some((table.get_key_value(key)?.0.span().start, key)))
        .collect();
    written.sort_unstable();
    if let [(_, first), (start, second), ..] = written[..] {
        reader.refuse(
            second,
            start,
            format_args!("has both `{first}` and `{second}`; keep one of them"),
        );
    }
    match written.first()?.1 {
        "from" => reader.read(table, "from"),
        "value" => reader.literal(table, "value").map(Source::Constant),
        "template" => reader.read(table, "template").map(Source::Template),
        "embed" => reader.read(table, "embed").map(Source::Embedding),
        _ => reader
            .text(table, "generated")
            .map(|expression| Source::Generated(expression.to_owned())),
    }
}

/// The column it refers to; without a name where only the table is named.
fn references(reader: &mut Reader<'_, '_>, table: &DeTable<'_>) -> Option<ColumnRef> {
    let text = reader.text(table, "references")?;
    let start = table.get("references").map_or(0, |value| value.span().start);
    match table_and_columns(text) {
        Ok((table, columns)) => match <[String; 1]>::try_from(columns) {
            Ok([column]) => return Some(ColumnRef { table, column }),
            Err(columns) if columns.is_empty() => {
                return Some(ColumnRef {
                    table,
                    column: String::new(),
                });
            }
            Err(_) => reader.refuse(
                "references",
                start,
                "`references` names several columns; write the foreign key into the table's foreign_keys",
            ),
        },
        Err(misspelt) => reader.refuse("references", start, format_args!("`references`: {misspelt}")),
    }
    None
}
