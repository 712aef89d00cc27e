//! How many bytes a value takes on the wire, without writing it.
//! The same as the reference encoder's answer for every value.

use crate::{Timestamp, Value};

/// The bytes of a `google.firestore.v1.Value`, without the key and length before it.
pub(crate) fn of(value: &Value<'_>) -> u64 {
    match value {
        Value::Null | Value::Boolean(_) => 2,
        Value::Integer(integer) => 1 + varint(integer.cast_unsigned()),
        Value::Double(_) => 9,
        Value::Timestamp(moment) => 1 + framed(timestamp(*moment)),
        // Fields 17 and 18 have keys of two bytes.
        Value::Text(text) => 2 + framed(text.len() as u64),
        Value::Bytes(bytes) => 2 + framed(bytes.len() as u64),
        Value::Reference(name) => 1 + framed(name.len() as u64),
        Value::GeoPoint { latitude, longitude } => 1 + framed(degrees(*latitude) + degrees(*longitude)),
        Value::Array(values) => 1 + framed(values.iter().map(|value| element(of(value))).sum()),
        Value::Map(entries) => 1 + framed(entries.iter().map(|(key, value)| entry(key, of(value))).sum()),
        Value::Vector(components) => {
            let values = 1 + framed(11 * components.len() as u64);
            // The mark: `"__type__": "__vector__"`.
            1 + framed(27 + entry("value", values))
        }
        // As Qdrant sends them; Firestore has none.
        Value::Floats(components) => 1 + framed(4 * components.len() as u64),
        Value::Sparse(sparse) => {
            let indices = sparse
                .indices()
                .iter()
                .map(|index| varint(u64::from(*index)))
                .sum();
            1 + framed(1 + framed(indices) + 1 + framed(4 * sparse.values().len() as u64))
        }
    }
}

/// An array with elements of these bytes.
pub(crate) fn element(bytes: u64) -> u64 {
    1 + framed(bytes)
}

/// An entry of a map or a document whose value takes these bytes.
pub(crate) fn entry(key: &str, bytes: u64) -> u64 {
    let key = key.len() as u64;
    // An empty text is left out like a zero.
    let key = if key == 0 { 0 } else { 1 + framed(key) };
    1 + framed(key + 1 + framed(bytes))
}

/// Bytes with their length before them.
pub(crate) fn framed(bytes: u64) -> u64 {
    varint(bytes) + bytes
}

/// How many bytes a text or bytes had, of the bytes that the value takes.
pub(crate) fn payload(size: u64) -> u64 {
    let framed = size.saturating_sub(2);
    (1..=10)
        .map(|length| framed.saturating_sub(length))
        .find(|bytes| self::framed(*bytes) <= framed)
        .unwrap_or(0)
}

fn timestamp(moment: Timestamp) -> u64 {
    // Zeros are left out.
    let part = |number: u64| if number == 0 { 0 } else { 1 + varint(number) };
    part(moment.seconds.cast_unsigned()) + part(u64::from(moment.nanos))
}

fn degrees(degrees: f64) -> u64 {
    if degrees == 0.0 { 0 } else { 9 }
}

fn varint(number: u64) -> u64 {
    u64::from((64 - (number | 1).leading_zeros()).div_ceil(7))
}
