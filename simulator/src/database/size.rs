//! How large a document is by Firestore's rules, which are not those of the wire.
//!
//! The rules of the documentation, with what it leaves open as the official emulator measures it: an empty map or array
//! is one byte, a vector its numbers.

use super::legal::resource;
use super::stored::Fields;
use crate::path::{Id, Path};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::Value;
use proto::value::ValueType;

/// Bytes of a document.
pub(super) fn size_of_document(path: &Path, fields: &Fields) -> usize {
    32 + size_of_path(path) + size_of_fields(fields)
}

fn size_of_path(path: &Path) -> usize {
    let one = |id: &Id| match id {
        Id::Number(_) => 8,
        Id::Text(text) => text.len() + 1,
    };
    path.ids().iter().map(one).sum::<usize>() + 16
}

fn size_of_fields(fields: &Fields) -> usize {
    fields
        .iter()
        .map(|(name, value)| name.len() + 1 + size_of_value(value))
        .sum()
}

fn size_of_value(value: &Value) -> usize {
    match &value.value_type {
        None | Some(ValueType::NullValue(_) | ValueType::BooleanValue(_)) => 1,
        Some(ValueType::GeoPointValue(_)) => 16,
        Some(ValueType::StringValue(text)) => text.len() + 1,
        Some(ValueType::BytesValue(bytes)) => bytes.len(),
        Some(ValueType::ReferenceValue(name)) => {
            resource("Resource", name).map_or(0, |path| size_of_path(&path))
        }
        Some(ValueType::ArrayValue(array)) => array.values.iter().map(size_of_value).sum::<usize>().max(1),
        Some(ValueType::MapValue(map)) => match (map.fields.get("__type__"), map.fields.get("value")) {
            (Some(_), Some(vector)) => size_of_value(vector),
            _ => size_of_fields(&map.fields).max(1),
        },
        Some(_) => 8,
    }
}
