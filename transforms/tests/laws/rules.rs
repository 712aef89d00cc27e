//! The rules of the data model as a table, written from the model and not from the packer.

use transforms::{Kind, Reason, Value, below};

use crate::arbitrary::ROOT;

/// Where the rules put one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Column,
    Both,
    Extra,
    Nowhere(Reason),
}

const EXACT: u64 = 1 << 53;

/// Where a column of this kind leaves this value.
pub(crate) fn place(kind: Kind, value: &Value<'_>, exact_vectors: bool) -> Place {
    use Place::*;
    match (kind, value) {
        (_, value) if holds_nul(value) => Nowhere(Reason::NulCharacter),
        (Kind::Boolean, Value::Boolean(_)) => Column,
        (Kind::Integer, Value::Integer(_)) => Column,
        (Kind::Double, Value::Double(_)) => Column,
        (Kind::Double, Value::Integer(i)) if i.unsigned_abs() <= EXACT => Both,
        (Kind::Number, Value::Integer(i)) if i.unsigned_abs() <= EXACT => Column,
        (Kind::Number, Value::Double(d)) if d.abs() <= EXACT as f64 && d.trunc() == *d => Both,
        (Kind::Number, Value::Double(_)) => Column,
        (Kind::Timestamp, Value::Timestamp(t)) if t.nanos % 1000 == 0 => Column,
        (Kind::Text, Value::Text(_)) => Column,
        (Kind::Bytes, Value::Bytes(_)) => Column,
        (Kind::Reference, Value::Reference(name)) if below(name, ROOT).is_some() => Column,
        (Kind::Point, Value::GeoPoint { .. }) => Column,
        (Kind::Json, Value::Array(_) | Value::Map(_)) => Column,
        (Kind::Vector(n), Value::Vector(c)) if c.len() != usize::from(n) => Nowhere(Reason::VectorDimension),
        (Kind::Vector(_), Value::Vector(c)) if c.iter().any(|c| !(*c as f32).is_finite()) => {
            Nowhere(Reason::VectorNotFinite)
        }
        (Kind::Vector(_), Value::Vector(_)) if exact_vectors && rounds(value) => Both,
        (Kind::Vector(_), Value::Vector(_)) => Column,
        _ => Extra,
    }
}

/// Whether a vector has a component that `f32` would change.
pub(crate) fn rounds(value: &Value<'_>) -> bool {
    matches!(value, Value::Vector(components) if components.iter().any(|c| f64::from(*c as f32) != *c))
}

/// Whether U+0000 occurs where JSON would have to say it.
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
