//! The rules of the data model as a table, written from the model and not from the packer.

use transforms::mapping::{Column, FieldPath, Holds, Nul, Pattern, Scalar, Table, Type};
use transforms::{Reason, Value, below};

use crate::arbitrary::ROOT;

/// What the columns hold that are drawn without a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Integer,
    Double,
    Number,
    Timestamp,
    Text,
    Bytes,
    Reference,
    Point,
    Json,
    Vector(u16),
}

impl Kind {
    pub(crate) fn column(self, name: &str, field: &str) -> Column {
        let scalar = Type::Scalar;
        let (sql, holds) = match self {
            Kind::Boolean => (scalar(Scalar::Boolean), Holds::Boolean),
            Kind::Integer => (scalar(Scalar::BigInt), Holds::Integer),
            Kind::Double => (scalar(Scalar::Double), Holds::Double),
            Kind::Number => (scalar(Scalar::Double), Holds::Number),
            Kind::Timestamp => (scalar(Scalar::Timestamp), Holds::Timestamp),
            Kind::Text => (scalar(Scalar::Text), Holds::Text),
            Kind::Bytes => (scalar(Scalar::Bytes), Holds::Bytes),
            Kind::Reference => (scalar(Scalar::Text), Holds::Reference),
            Kind::Point => (Type::Point, Holds::Point),
            Kind::Json => (Type::Json, Holds::Any),
            Kind::Vector(dimension) => (Type::Vector(dimension), Holds::Vector),
        };
        Column::field(name, FieldPath::top(field), sql, holds)
    }

    pub(crate) fn of(column: &Column) -> Kind {
        let all = [
            Kind::Boolean,
            Kind::Integer,
            Kind::Double,
            Kind::Number,
            Kind::Timestamp,
            Kind::Text,
            Kind::Bytes,
            Kind::Reference,
            Kind::Point,
            Kind::Json,
        ];
        let same = |kind: &Kind| {
            let other = kind.column("", "");
            (other.sql, other.holds) == (column.sql, column.holds)
        };
        match column.sql {
            Type::Vector(dimension) => Kind::Vector(dimension),
            _ => all.into_iter().find(same).unwrap(),
        }
    }
}

/// The kind a value would like best; numbers have a choice.
pub(crate) fn fitting(value: &Value<'_>, whim: Kind) -> Kind {
    match value {
        Value::Null => whim,
        Value::Boolean(_) => Kind::Boolean,
        Value::Integer(_) | Value::Double(_) => match whim {
            Kind::Integer | Kind::Double | Kind::Number => whim,
            _ => Kind::Number,
        },
        Value::Timestamp(_) => Kind::Timestamp,
        Value::Text(_) => Kind::Text,
        Value::Bytes(_) => Kind::Bytes,
        Value::Reference(_) => Kind::Reference,
        Value::GeoPoint { .. } => Kind::Point,
        Value::Array(_) | Value::Map(_) => Kind::Json,
        Value::Vector(components) => Kind::Vector(components.len() as u16),
        Value::Floats(_) | Value::Sparse(_) => panic!("no document of Firestore holds {value:?}"),
    }
}

/// The table of a collection group, with every policy at its default.
pub(crate) fn table(collection: &str, columns: Vec<Column>) -> Table {
    Table {
        name: collection.into(),
        from: Pattern::group(collection),
        key: Vec::new(),
        nul: Nul::default(),
        columns,
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    }
}

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
        (Kind::Json, Value::Null) => Extra,
        (Kind::Json, _) => Column,
        (Kind::Vector(n), Value::Vector(c)) if c.len() != usize::from(n) => Nowhere(Reason::VectorDimension),
        (Kind::Vector(_), Value::Vector(c)) if c.iter().any(|c| !(*c as f32).is_finite()) => {
            Nowhere(Reason::VectorNotFinite)
        }
        (Kind::Vector(_), Value::Vector(_)) if exact_vectors && rounds(value) => Both,
        (Kind::Vector(_), Value::Vector(_)) => Column,
        // Plain arrays of as many numbers fit as well.
        (Kind::Vector(n), Value::Array(values)) => {
            let fits = |value: &Value<'_>| match value {
                Value::Integer(_) => true,
                Value::Double(double) => (*double as f32).is_finite(),
                _ => false,
            };
            if values.len() == usize::from(n) && values.iter().all(fits) {
                Both
            } else {
                Extra
            }
        }
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
