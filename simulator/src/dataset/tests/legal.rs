//! What Firestore takes: its limits, which no generated document may pass.

use super::*;
use proto::value::ValueType;
use std::collections::HashMap;

/// The size that Firestore's storage rules give a document.
pub(super) fn stored(document: &proto::Document) -> usize {
    let path = Path::below(ROOT, &document.name).unwrap();
    let name: usize = path
        .ids()
        .iter()
        .map(|id| {
            if matches!(id, Id::Number(_)) {
                8
            } else {
                id.to_string().len() + 1
            }
        })
        .sum();
    name + 16 + stored_fields(&document.fields)
}

fn stored_fields(fields: &HashMap<String, proto::Value>) -> usize {
    32 + fields
        .iter()
        .map(|(name, value)| name.len() + 1 + stored_value(value))
        .sum::<usize>()
}

fn stored_value(value: &proto::Value) -> usize {
    match value.value_type.as_ref().unwrap() {
        ValueType::NullValue(_) | ValueType::BooleanValue(_) => 1,
        ValueType::IntegerValue(_) | ValueType::DoubleValue(_) | ValueType::TimestampValue(_) => 8,
        ValueType::GeoPointValue(_) => 16,
        ValueType::StringValue(text) => text.len() + 1,
        ValueType::BytesValue(bytes) => bytes.len(),
        ValueType::ReferenceValue(name) => name.len() + 16,
        ValueType::ArrayValue(array) => array.values.iter().map(stored_value).sum(),
        ValueType::MapValue(map) => stored_fields(&map.fields),
        other => panic!("{other:?}"),
    }
}

/// How deep maps and arrays lie in each other.
pub(super) fn depth(value: &proto::Value) -> usize {
    match value.value_type.as_ref().unwrap() {
        ValueType::ArrayValue(array) => 1 + array.values.iter().map(depth).max().unwrap_or(0),
        ValueType::MapValue(map) => 1 + map.fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Texts and names of fields, all the way down.
fn texts<'d>(fields: &'d HashMap<String, proto::Value>, found: &mut Vec<&'d str>) {
    for (name, value) in fields {
        found.push(name);
        texts_in(value, found);
    }
}

fn texts_in<'d>(value: &'d proto::Value, found: &mut Vec<&'d str>) {
    match value.value_type.as_ref().unwrap() {
        ValueType::StringValue(text) => found.push(text),
        ValueType::ArrayValue(array) => array.values.iter().for_each(|value| texts_in(value, found)),
        ValueType::MapValue(map) => texts(&map.fields, found),
        _ => {}
    }
}

pub(super) fn holds_nul(document: &proto::Document) -> bool {
    let mut found = Vec::new();
    texts(&document.fields, &mut found);
    found.iter().any(|text| text.contains('\0'))
}

/// What Firestore would refuse, below a path of so many bytes.
fn illegal(value: &proto::Value, path: usize) -> bool {
    let array = |value: &proto::Value| matches!(value.value_type, Some(ValueType::ArrayValue(_)));
    let reserved = |name: &str| name.len() > 3 && name.starts_with("__") && name.ends_with("__");
    match value.value_type.as_ref().unwrap() {
        ValueType::ArrayValue(values) => values
            .values
            .iter()
            .any(|value| array(value) || illegal(value, path)),
        ValueType::MapValue(map) if map.fields.contains_key("__type__") => map.fields.len() != 2,
        ValueType::MapValue(map) => map.fields.iter().any(|(name, value)| {
            let path = path + name.len() + 1;
            name.is_empty() || path > 1_501 || reserved(name) || illegal(value, path)
        }),
        ValueType::StringValue(text) => text.len() > 1_048_487,
        _ => false,
    }
}

pub(super) fn legal(document: &proto::Document) -> bool {
    let all = proto::Value {
        value_type: Some(ValueType::MapValue(proto::MapValue {
            fields: document.fields.clone(),
        })),
    };
    stored(document) <= 1_048_576 && depth(&all) <= 21 && !illegal(&all, 0)
}
