//! A table of the mapping, with its children, indexes and foreign keys.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::Reader;
use super::{Notes, Sheet, column, in_order, index};
use crate::file::{Page, article};
use crate::mapping::check::Spot;
use crate::mapping::names::table_and_columns;
use crate::mapping::{Child, Column, FieldPath, ForeignKey, Nul, Partition, Pattern, Records, Table};
use crate::origin::shown;

/// Reads one table.
pub(super) fn read(page: &mut Page<'_>, name: &str, span: Range<usize>, table: &DeTable<'_>) -> Sheet {
    let mut notes = Notes::default();
    let mut reader = Reader::new(page, &mut notes, format!("table `{}`", shown(name)));
    reader.stands(reader.at, span.start);
    let known = [
        "from",
        "of",
        "load",
        "key",
        "nul",
        "drop",
        "indexes",
        "foreign_keys",
        "partition_by",
        "partitions",
        "toast_tuple_target",
        "columns",
        "children",
    ];
    reader.only(table, &known);
    let from = reader.read(table, "from").unwrap_or_else(|| {
        if !table.contains_key("from") {
            reader.missing(
                "from",
                "no `from` says what its rows are made of; write for example from = \"users\"",
            );
        }
        Pattern::group(name)
    });
    let of: Option<Records> = reader.read(table, "of");
    let key = reader.texts(table, "key", "[\"id\"]");
    let nul: Option<Nul> = reader.read(table, "nul");
    let table = Table {
        name: name.to_owned(),
        from,
        of: Records::default(),
        load: reader.read(table, "load").unwrap_or_default(),
        key: key.into_iter().map(|(_, column)| column.to_owned()).collect(),
        nul: Nul::default(),
        drop: reader.list(table, "drop", "[\"legacyToken\"]"),
        columns: columns(&mut reader, table),
        children: children(&mut reader, table),
        indexes: index::read(&mut reader, table),
        foreign_keys: foreign_keys(&mut reader, table),
        partition: partition(&mut reader, table),
        toast_tuple_target: reader.number(table, "toast_tuple_target", (128, 8160)),
    };
    let path = page.path.to_owned();
    Sheet {
        path,
        table,
        of,
        nul,
        notes,
    }
}

/// By which column the table is parted, and the values that get a part.
fn partition(reader: &mut Reader<'_, '_>, table: &DeTable<'_>) -> Option<Partition> {
    let by = reader.text(table, "partition_by").map(str::to_owned);
    let values = reader.literals(table, "partitions", "[\"acme\", \"umbrella\"]");
    if by.is_none() && table.contains_key("partitions") && !table.contains_key("partition_by") {
        let start = table.get("partitions").map_or(0, |value| value.span().start);
        let what = "`partitions` lists values of a column, and `partition_by` names none; write partition_by = \"…\"";
        reader.refuse("partitions", start, what);
    }
    Some(Partition { by: by?, values })
}

fn columns(reader: &mut Reader<'_, '_>, table: &DeTable<'_>) -> Vec<Column> {
    let Some(DeValue::Table(written)) = reader.value(table, "columns").map(Spanned::get_ref) else {
        if let Some(other) = table.get("columns") {
            not_a_table(reader, "columns", other);
        }
        return Vec::new();
    };
    let mut columns = Vec::new();
    for (name, span, value) in in_order(written) {
        let at = Spot {
            column: Some(columns.len()),
            ..reader.at
        };
        let mut reader = reader.inside(at, format_args!("column `{}`", shown(name)));
        reader.stands(at, span.start);
        columns.push(column::read(&mut reader, name, span.start, value));
    }
    columns
}

fn children(reader: &mut Reader<'_, '_>, table: &DeTable<'_>) -> Vec<Child> {
    let Some(DeValue::Table(written)) = reader.value(table, "children").map(Spanned::get_ref) else {
        if let Some(other) = table.get("children") {
            not_a_table(reader, "children", other);
        }
        return Vec::new();
    };
    let mut children = Vec::new();
    for (name, span, value) in in_order(written) {
        let at = Spot {
            child: Some(children.len()),
            ..Spot::default()
        };
        let mut reader = reader.inside(at, format_args!("child table `{}`", shown(name)));
        reader.stands(at, span.start);
        match value.get_ref() {
            DeValue::Table(table) => children.push(child(&mut reader, name, table)),
            _ => not_a_table(&mut reader, "", value),
        }
    }
    children
}

fn child(reader: &mut Reader<'_, '_>, name: &str, table: &DeTable<'_>) -> Child {
    reader.only(table, &["from", "of", "columns", "indexes"]);
    let from = reader.read(table, "from").unwrap_or_else(|| {
        if !table.contains_key("from") {
            reader.missing(
                "from",
                "no `from` says which field holds its elements; write for example from = \"items\"",
            );
        }
        FieldPath::top(name)
    });
    Child {
        name: name.to_owned(),
        from,
        of: reader.read(table, "of").unwrap_or_default(),
        columns: columns(reader, table),
        indexes: index::read(reader, table),
    }
}

fn not_a_table(reader: &mut Reader<'_, '_>, key: &'static str, value: &Spanned<DeValue<'_>>) {
    let found = article(value.get_ref().type_str());
    let what = match key {
        "" => format!("is {found}; begin it with a header of its own"),
        key => format!("`{key}` is {found}; it is a table with a header of its own"),
    };
    reader.refuse(key, value.span().start, what);
}

/// Reads a list of inline tables; of an item that cannot be read something stands in its place, so that the others
/// keep their numbers.
pub(super) fn rows<T>(
    reader: &mut Reader<'_, '_>,
    table: &DeTable<'_>,
    (key, name, example): (&'static str, &str, &str),
    nothing: impl Fn() -> T,
    read: impl Fn(&mut Reader<'_, '_>, usize, &DeTable<'_>) -> T,
) -> Vec<T> {
    let mut rows = Vec::new();
    for (number, item) in reader.items(table, key, example).iter().enumerate() {
        let at = Spot {
            key,
            item: Some(number),
            ..reader.at
        };
        let before = reader.refusals();
        let start = item.span().start;
        reader.stands(at, start);
        let mut reader = reader.inside(at, format_args!("{name} {}", number + 1));
        match item.get_ref() {
            DeValue::Table(table) => rows.push(read(&mut reader, start, table)),
            other => {
                let found = article(other.type_str());
                reader.refuse(key, start, format!("is {found}; write {key} = {example}"));
                rows.push(nothing());
            }
        }
        if reader.refusals() > before {
            reader.distrust(at);
        }
    }
    rows
}

fn foreign_keys(reader: &mut Reader<'_, '_>, table: &DeTable<'_>) -> Vec<ForeignKey> {
    let example = "[ { columns = [\"a\", \"b\"], references = \"other(a, b)\" } ]";
    let nothing = || ForeignKey {
        columns: Vec::new(),
        table: String::new(),
        to: Vec::new(),
    };
    rows(
        reader,
        table,
        ("foreign_keys", "foreign key", example),
        nothing,
        |reader, start, table| {
            reader.only(table, &["columns", "references"]);
            for key in ["columns", "references"] {
                if !table.contains_key(key) {
                    reader.refuse(
                        "foreign_keys",
                        start,
                        format!("has no `{key}`; write foreign_keys = {example}"),
                    );
                }
            }
            let columns = reader.texts(table, "columns", "[\"a\", \"b\"]");
            let columns = columns.into_iter().map(|(_, column)| column.to_owned()).collect();
            let target = reader.text(table, "references").map(table_and_columns);
            match target {
                Some(Ok((table, to))) => ForeignKey { columns, table, to },
                Some(Err(misspelt)) => {
                    reader.refuse("foreign_keys", start, misspelt);
                    nothing()
                }
                None => nothing(),
            }
        },
    )
}
