//! What a document rebuilt from its rows has to be, and which rejects a mapping explains: read off the mapping and the
//! document alone, without looking at rows.

use transforms::json::Owned;
use transforms::mapping::{Column, Document, Misfit, Nul, Null, Source, Table, Type};
use transforms::{Amendment, Reason, Reject, Value};

use crate::mappings::documents::{ROOT, Sample};

pub(crate) fn table_of<'t>(tables: &'t [Table], document: &Sample) -> Option<&'t Table> {
    let path = document.name.strip_prefix(ROOT)?.strip_prefix('/')?;
    tables.iter().find(|table| table.from.matches(path).is_some())
}

/// Shows every value that a column of the mapping is made of, in the document and in its elements, and takes away
/// those for which that is asked.
fn visit_columns(
    table: &Table,
    document: &mut Owned,
    wanted: fn(&Column) -> bool,
    see: &mut dyn FnMut(&mut Owned) -> bool,
) {
    for column in table.columns.iter().filter(|column| wanted(column)) {
        if let Source::Field(path) = &column.from {
            visit(document, &path.0, see);
        }
    }
    for child in &table.children {
        visit(document, &child.from.0, &mut |value| {
            let elements: Vec<&mut Owned> = match value {
                Owned::Array(elements) => elements.iter_mut().collect(),
                Owned::Map(entries) => entries.iter_mut().map(|(_, element)| element).collect(),
                _ => vec![],
            };
            for element in elements {
                for column in child.columns.iter().filter(|column| wanted(column)) {
                    match &column.from {
                        Source::Field(path) => visit(element, &path.0, see),
                        // An element is never taken away, whatever it is.
                        Source::Document(Document::Value) => drop(see(element)),
                        _ => {}
                    }
                }
            }
            false
        });
    }
}

/// Shows the value at a path, and takes it away if asked to.
pub(crate) fn visit(at: &mut Owned, path: &[String], see: &mut dyn FnMut(&mut Owned) -> bool) {
    let (Owned::Map(entries), [name, rest @ ..]) = (at, path) else {
        return;
    };
    entries.retain_mut(|(key, value)| {
        if key != name {
            return true;
        }
        if rest.is_empty() {
            return !see(value);
        }
        visit(value, rest, see);
        true
    });
}

/// Takes away the nulls that the mapping forgets. Missing and null are one there.
pub(crate) fn forget(table: &Table, document: &mut Owned) {
    let forgets = |column: &Column| column.null == Null::Forget;
    visit_columns(table, document, forgets, &mut |value| *value == Owned::Null);
}

/// Takes away vectors, which pgvector's floats may have changed.
pub(crate) fn leave_vectors_out(table: &Table, document: &mut Owned) {
    visit_columns(table, document, is_vector, &mut |value| {
        if matches!(value, Owned::Vector(_) | Owned::Floats(_) | Owned::Array(_)) {
            *value = Owned::Null;
        }
        false
    });
}

fn is_vector(column: &Column) -> bool {
    matches!(
        column.sql,
        Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_)
    )
}

/// Takes away what the mapping drops, but for what an amendment brings back with the whole it was a part of.
pub(crate) fn leave_behind(table: &Table, document: &mut Owned, amendments: &[Amendment]) {
    for dropped in &table.drop {
        let shown = dropped.to_string();
        let brought = |amendment: &Amendment| shown.starts_with(&amendment.field);
        if !amendments.iter().any(brought) {
            visit(document, &dropped.0, &mut |_| true);
        }
    }
}

pub(crate) fn columns(table: &Table) -> impl Iterator<Item = &Column> {
    let children = table.children.iter().flat_map(|child| &child.columns);
    table.columns.iter().chain(children)
}

/// Whether mapping and document give cause for such a reject.
pub(crate) fn explains(tables: &[Table], document: &Sample, reject: &Reject) -> bool {
    let Some(table) = table_of(tables, document) else {
        return reject.reason == Reason::NoTable;
    };
    match reject.reason {
        Reason::NulCharacter => {
            document.name.contains('\0') || table.nul == Nul::Quarantine && holds_nul(&document.value())
        }
        Reason::TimestampPrecision => [document.created, document.updated]
            .into_iter()
            .flatten()
            .any(|moment| moment.micros().is_none()),
        Reason::Misfit => columns(table).any(|column| column.misfit == Misfit::Quarantine),
        Reason::Required => columns(table).any(|column| column.required),
        Reason::VectorDimension | Reason::VectorNotFinite => columns(table).any(|column| {
            matches!(
                column.sql,
                Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_)
            )
        }),
        _ => false,
    }
}

pub(crate) fn holds_nul(value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) | Value::Reference(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Map(entries) => entries
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}
