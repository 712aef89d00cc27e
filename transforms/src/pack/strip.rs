//! Documents without U+0000: for tables that ask for it to be taken out, before anything else is done.
//! Each of the document's own fields that is changed is recorded as it was.

use crate::json::{self, Owned};
use crate::mapping::{FieldPath, Source, Table};
use crate::{Amendment, Document, Policy, Value};

/// What is left of a document's fields, and what they were.
#[derive(Debug)]
pub(super) struct Stripped {
    /// Every field, in order.
    pub(super) fields: Vec<(String, Owned)>,
    pub(super) amendments: Vec<Amendment>,
}

/// The document without U+0000, if it has any.
pub(super) fn strip(document: &Document<'_>, table: &Table, relation: usize, root: &str) -> Option<Stripped> {
    let dirty = |(name, value): &(&str, Value<'_>)| has(name) || holds(value);
    if !document.fields.iter().any(dirty) {
        return None;
    }
    let mut fields = clean(&document.fields);
    // Fields that were called so from the beginning come first; of those that came to be called so the first stays.
    fields.sort_by_key(|(_, (was, _))| has(was));
    let mut kept: Vec<(String, Owned)> = Vec::with_capacity(fields.len());
    for (name, (_, value)) in &fields {
        if !kept.iter().any(|(before, _)| before == name) {
            kept.push((name.clone(), without(value)));
        }
    }
    let amendments = kept
        .iter()
        .filter_map(|(name, _)| {
            let of: Vec<(&str, &Value<'_>)> = fields
                .iter()
                .filter(|(now, _)| now == name)
                .map(|(_, before)| *before)
                .collect();
            let original = match of.as_slice() {
                [(was, value)] if was == name => holds(value).then(|| json::text(value, root))?,
                all => json::entries(all, root),
            };
            Some(Amendment {
                relation,
                column: column(table, name),
                field: FieldPath::top(name).to_string(),
                policy: Policy::Strip,
                original,
            })
        })
        .collect();
    Some(Stripped {
        fields: kept,
        amendments,
    })
}

/// The first column that the field, or something in it, goes to.
fn column(table: &Table, field: &str) -> String {
    let of = |from: &Source| matches!(from, Source::Field(path) if path.0.first().is_some_and(|name| name == field));
    let column = table.columns.iter().find(|column| of(&column.from));
    column.map_or("_extra", |column| &column.name).into()
}

/// What a field is called now, what it was called, its value.
type Renamed<'d> = (String, (&'d str, &'d Value<'d>));

fn clean<'d>(fields: &'d [(&'d str, Value<'d>)]) -> Vec<Renamed<'d>> {
    fields
        .iter()
        .map(|(name, value)| (name.replace('\0', ""), (*name, value)))
        .collect()
}

fn has(text: &str) -> bool {
    text.as_bytes().contains(&0)
}

fn holds(value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) | Value::Reference(text) => has(text),
        Value::Array(values) => values.iter().any(holds),
        Value::Map(entries) => entries.iter().any(|(key, value)| has(key) || holds(value)),
        _ => false,
    }
}

fn without(value: &Value<'_>) -> Owned {
    match value {
        Value::Null => Owned::Null,
        Value::Boolean(boolean) => Owned::Boolean(*boolean),
        Value::Integer(integer) => Owned::Integer(*integer),
        Value::Double(double) => Owned::Double(*double),
        Value::Timestamp(timestamp) => Owned::Timestamp(*timestamp),
        Value::Text(text) => Owned::Text(text.replace('\0', "")),
        Value::Bytes(bytes) => Owned::Bytes(bytes.to_vec()),
        Value::Reference(name) => Owned::Reference(name.replace('\0', "")),
        Value::GeoPoint { latitude, longitude } => Owned::GeoPoint {
            latitude: *latitude,
            longitude: *longitude,
        },
        Value::Array(values) => Owned::Array(values.iter().map(without).collect()),
        Value::Vector(components) => Owned::Vector(components.clone()),
        Value::Floats(floats) => Owned::Floats(floats.view().into_owned()),
        Value::Sparse(sparse) => Owned::Sparse(Box::new(sparse.view().into_owned())),
        Value::Map(entries) => {
            let mut kept: Vec<(String, Owned)> = Vec::with_capacity(entries.len());
            let (renamed, plain): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| has(key));
            kept.extend(
                plain
                    .iter()
                    .map(|(key, value)| (String::from(*key), without(value))),
            );
            for (key, value) in renamed {
                let key = key.replace('\0', "");
                if !kept.iter().any(|(before, _)| *before == key) {
                    kept.push((key, without(value)));
                }
            }
            Owned::Map(kept)
        }
    }
}
