//! Embeddings: maps of the exact shape `{"__type__": "__vector__", "value": [doubles]}`.
//! A map of any other shape, or of a length no pgvector column takes, is no vector here and stays the map it is.
//! Real servers always write the same few bytes around each component, so those are read without a walk.

use crate::Value;

/// What a pgvector column can hold.
const LENGTHS: std::ops::RangeInclusive<usize> = 1..=16_000;

/// The components, if the fields of a map are those of a vector.
pub(super) fn shaped(fields: &[(&str, Value<'_>)]) -> Option<Vec<f64>> {
    let ([
        ("__type__", Value::Text("__vector__")),
        ("value", Value::Array(values)),
    ]
    | [
        ("value", Value::Array(values)),
        ("__type__", Value::Text("__vector__")),
    ]) = fields
    else {
        return None;
    };
    if !LENGTHS.contains(&values.len()) {
        return None;
    }
    let component = |value: &Value<'_>| {
        if let Value::Double(double) = value {
            Some(*double)
        } else {
            None
        }
    };
    values.iter().map(component).collect()
}

/// `fields { key: "__type__" value { string_value: "__vector__" } }`
const TYPE: &[u8] = b"\x0a\x19\x0a\x08__type__\x12\x0d\x8a\x01\x0a__vector__";
/// `values { double_value: … }` up to the eight bytes of the double.
const COMPONENT: &[u8] = b"\x0a\x09\x19";

/// The components, if the bytes of a map are exactly what an encoder without surprises writes for a vector.
pub(super) fn packed(map: &[u8]) -> Option<Vec<f64>> {
    let entry = map.strip_prefix(TYPE).or_else(|| map.strip_suffix(TYPE))?;
    let entry = length(entry.strip_prefix(b"\x0a")?)?;
    let value = length(entry.strip_prefix(b"\x0a\x05value\x12")?)?;
    let array = length(value.strip_prefix(b"\x4a")?)?;
    let (components, rest) = array.as_chunks::<11>();
    if !rest.is_empty() || !LENGTHS.contains(&components.len()) {
        return None;
    }
    components.iter().map(component).collect()
}

fn component(bytes: &[u8; 11]) -> Option<f64> {
    let double = bytes.strip_prefix(COMPONENT)?.try_into().ok()?;
    Some(f64::from_le_bytes(double))
}

/// The bytes after a length that covers them all.
fn length(bytes: &[u8]) -> Option<&[u8]> {
    let mut length = 0;
    for (index, &byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some(&bytes[index + 1..]).filter(|rest| rest.len() == length);
        }
    }
    None
}
