//! The mapping as text for a settings file, laid out as one would by hand: a column a line, in columns, without what
//! goes without saying.
//! Reading it gives the same mapping, whatever the names and texts in it; the same mapping gives the same text.

use std::fmt::{Display, Write};

use super::{
    Child, Column, FieldPath, ForeignKey, Holds, Index, IndexColumn, Literal, Load, Mapping, Method, Nul,
    Records, Source, Table, Unmapped,
};
use crate::told::is_obeyed;

/// A part of a mapping that something can be noted about.
#[derive(Clone, Copy, Debug)]
pub enum Place<'m> {
    /// The mapping as a whole.
    Mapping,
    /// A table.
    Table(&'m Table),
    /// A child table, with the table it belongs to.
    Child(&'m Table, &'m Child),
    /// A column, with its table, and the child table if it is one's.
    Column(&'m Table, Option<&'m Child>, &'m Column),
}

/// A line that a note behind it does not make too long.
const SHORT_LINE: usize = 96;
/// The longest line with a list on it.
const LONG_LINE: usize = 110;

/// A mapping as text, with comments: `notes` gives the lines for each place. Those of a table stand above it; a single
/// one of a column stands behind it if there is room, several stand above.
pub fn write(mapping: &Mapping, notes: &dyn Fn(Place<'_>) -> Vec<String>) -> String {
    let mut text = comments(&notes(Place::Mapping));
    if (mapping.unmapped, mapping.nul) != (Unmapped::default(), Nul::default()) {
        text.push_str("[mapping]\n");
        if mapping.unmapped != Unmapped::default() {
            entry(&mut text, "unmapped", quoted(mapping.unmapped));
        }
        if mapping.nul != Nul::default() {
            entry(&mut text, "nul", quoted(mapping.nul));
        }
    }
    for table in &mapping.tables {
        separate(&mut text);
        text.push_str(&comments(&notes(Place::Table(table))));
        let header = format!("tables.{}", key(&table.name));
        let _ = writeln!(text, "[{header}]");
        entry(&mut text, "from", quoted(&table.from));
        if table.of != Records::default() {
            entry(&mut text, "of", quoted(table.of));
        }
        if table.load != Load::default() {
            entry(&mut text, "load", quoted(table.load));
        }
        if !table.key.is_empty() {
            entry(&mut text, "key", list(table.key.iter().map(quoted)));
        }
        if table.nul != mapping.nul {
            entry(&mut text, "nul", quoted(table.nul));
        }
        if !table.drop.is_empty() {
            block(
                &mut text,
                "drop",
                &table.drop.iter().map(quoted).collect::<Vec<_>>(),
            );
        }
        indexes(&mut text, &table.indexes);
        if !table.foreign_keys.is_empty() {
            rows(
                &mut text,
                "foreign_keys",
                &table.foreign_keys.iter().map(foreign_key).collect::<Vec<_>>(),
            );
        }
        if let Some(partition) = &table.partition {
            entry(&mut text, "partition_by", quoted(&partition.by));
            if !partition.values.is_empty() {
                let values: Vec<String> = partition.values.iter().map(literal).collect();
                block(&mut text, "partitions", &values);
            }
        }
        if let Some(bytes) = table.toast_tuple_target {
            entry(&mut text, "toast_tuple_target", bytes);
        }
        columns(&mut text, &header, &table.columns, &|column| {
            notes(Place::Column(table, None, column))
        });
        for child in &table.children {
            separate(&mut text);
            text.push_str(&comments(&notes(Place::Child(table, child))));
            let header = format!("{header}.children.{}", key(&child.name));
            let _ = writeln!(text, "[{header}]");
            entry(&mut text, "from", quoted(&child.from));
            entry(&mut text, "of", quoted(child.of));
            indexes(&mut text, &child.indexes);
            columns(&mut text, &header, &child.columns, &|column| {
                notes(Place::Column(table, Some(child), column))
            });
        }
    }
    text
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
}

fn entry(text: &mut String, key: &str, value: impl Display) {
    let _ = writeln!(text, "{key} = {value}");
}

/// A list on one line, or an item a line if that would be too long.
fn block(text: &mut String, key: &str, items: &[String]) {
    let line = list(items.iter());
    match key.len() + 3 + line.chars().count() <= LONG_LINE {
        true => entry(text, key, line),
        false => entry(text, key, format_args!("[\n  {},\n]", items.join(",\n  "))),
    }
}

/// A list of inline tables, each on its line, below each other.
fn rows(text: &mut String, key: &str, items: &[String]) {
    let between = format!(",\n{:width$}", "", width = key.len() + " = [ ".len());
    entry(text, key, format_args!("[ {} ]", items.join(&between)));
}

fn columns(text: &mut String, header: &str, columns: &[Column], notes: &dyn Fn(&Column) -> Vec<String>) {
    if columns.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n[{header}.columns]");
    let names: Vec<String> = columns.iter().map(|column| key(&column.name)).collect();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default();
    let lines: Vec<(String, Vec<String>)> = columns
        .iter()
        .zip(names)
        .map(|(column, name)| {
            (
                format!("{name:width$} = {{ {} }}", entries(column).join(", ")),
                notes(column),
            )
        })
        .collect();
    let length = |line: &str| line.chars().count();
    let behind = |(line, notes): &&(String, Vec<String>)| notes.len() == 1 && length(line) <= SHORT_LINE;
    let edge = lines
        .iter()
        .filter(behind)
        .map(|(line, _)| length(line))
        .max()
        .unwrap_or_default();
    for noted in &lines {
        let (line, notes) = noted;
        let _ = match behind(&noted) {
            true => writeln!(text, "{line:edge$}  # {}", one_line(&notes[0], ' ')),
            false => writeln!(text, "{}{line}", comments(notes)),
        };
    }
}

/// What is said of a column beside its name.
fn entries(column: &Column) -> Vec<String> {
    let mut said: Vec<(&str, String)> = Vec::new();
    match &column.from {
        Source::Field(path) if *path == FieldPath::top(&column.name) => {}
        Source::Field(path) => said.push(("from", quoted(path))),
        Source::Document(document) => said.push(("from", quoted(document))),
        Source::Constant(value) => said.push(("value", literal(value))),
        Source::Template(template) => said.push(("template", quoted(template))),
        Source::Generated(expression) => said.push(("generated", quoted(expression))),
        Source::Embedding(template) => said.push(("embed", quoted(template))),
    }
    said.push(("type", quoted(column.sql)));
    let mut unusual = |key, is: bool, value: String| {
        if is {
            said.push((key, value));
        }
    };
    let usual = Holds::usual(column.sql, &column.apply);
    unusual("holds", column.holds != usual, quoted(column.holds));
    unusual(
        "apply",
        !column.apply.is_empty(),
        list(column.apply.iter().map(quoted)),
    );
    unusual(
        "misfit",
        column.misfit != Default::default(),
        quoted(column.misfit),
    );
    unusual("zero", column.zero != Default::default(), quoted(column.zero));
    unusual("remap", column.remap, "true".to_owned());
    unusual("null", column.null != Default::default(), quoted(column.null));
    unusual(
        "default",
        column.default.is_some(),
        column.default.as_ref().map(literal).unwrap_or_default(),
    );
    unusual("fill", column.fill != Default::default(), quoted(column.fill));
    unusual("required", column.required, "true".to_owned());
    if let Some(references) = &column.references {
        said.push(("references", quoted(references)));
    }
    said.into_iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect()
}

fn indexes(text: &mut String, indexes: &[Index]) {
    if !indexes.is_empty() {
        rows(text, "indexes", &indexes.iter().map(index).collect::<Vec<_>>());
    }
}

fn index(index: &Index) -> String {
    let mut said = vec![format!(
        "on = {}",
        list(index.on.iter().map(|column: &IndexColumn| quoted(column)))
    )];
    if index.unique {
        said.push("unique = true".to_owned());
    }
    if let Some(filter) = &index.filter {
        said.push(format!("where = {}", quoted(filter)));
    }
    if index.method != Method::Btree {
        said.push(format!("using = {}", quoted(index.method)));
    }
    match index.method {
        Method::Btree | Method::Hash | Method::Gin | Method::Gist => {}
        Method::Hnsw {
            distance,
            m,
            ef_construction,
        } => {
            said.push(format!("distance = {}", quoted(distance)));
            if (m, ef_construction) != (Method::LINKS, Method::CANDIDATES) {
                said.push(format!("m = {m}, ef_construction = {ef_construction}"));
            }
        }
        Method::Ivfflat { distance, lists } => {
            said.push(format!("distance = {}", quoted(distance)));
            if lists != Method::LISTS {
                said.push(format!("lists = {lists}"));
            }
        }
    }
    format!("{{ {} }}", said.join(", "))
}

fn foreign_key(key: &ForeignKey) -> String {
    let columns = list(key.columns.iter().map(quoted));
    format!(
        "{{ columns = {columns}, references = {} }}",
        quoted(key.references())
    )
}

fn list(items: impl Iterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Boolean(yes) => yes.to_string(),
        Literal::Integer(number) => number.to_string(),
        Literal::Double(number) if number.is_nan() => "nan".to_owned(),
        Literal::Double(number) => format!("{number:?}"),
        Literal::Text(text) => quoted(text),
    }
}

/// A key of TOML: bare where it can be.
fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A string of TOML: in single quotes where that saves escapes.
fn quoted(value: impl Display) -> String {
    let text = value.to_string();
    if text.contains(['"', '\\']) && !text.contains('\'') && !text.contains(is_obeyed) {
        return format!("'{text}'");
    }
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if is_obeyed(letter) => {
                let _ = write!(out, "\\u{:04X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// Notes as comment lines.
fn comments(notes: &[String]) -> String {
    let lines = notes.iter().flat_map(|note| note.split('\n'));
    lines.fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", format!("# {}", one_line(line, '\u{fffd}')).trim_end());
        text
    })
}

/// A text without what comments cannot hold.
fn one_line(text: &str, instead: char) -> String {
    text.chars()
        .map(|letter| if is_obeyed(letter) { instead } else { letter })
        .collect()
}
