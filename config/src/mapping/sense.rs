//! What a column makes of what it is given: which Firestore type it holds by its nature, what its functions make of
//! a value, and whether the outcome can meet its type at all.
//! How single values are converted is left to `transforms`.

use super::{Column, Document, Function, Holds, Scalar, Source, Type};

impl Holds {
    /// What a column of this type and these functions holds if nothing else is written.
    pub fn usual(sql: Type, apply: &[Function]) -> Holds {
        match apply.first() {
            Some(Function::Id) => Holds::Reference,
            Some(Function::Latitude | Function::Longitude) => Holds::Point,
            Some(Function::Lower | Function::Upper | Function::Trim | Function::Uuid5) => Holds::Text,
            Some(Function::EpochSeconds | Function::EpochMillis | Function::EpochMicros) => match sql {
                Type::Scalar(Scalar::Timestamp | Scalar::Date) => Holds::Integer,
                _ => Holds::Timestamp,
            },
            Some(Function::Sha256) | None => Holds::of(sql),
        }
    }

    fn of(sql: Type) -> Holds {
        match sql {
            Type::Scalar(scalar) => match scalar {
                Scalar::Text | Scalar::Uuid => Holds::Text,
                Scalar::Boolean => Holds::Boolean,
                Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => Holds::Integer,
                Scalar::Numeric(_) => Holds::Number,
                Scalar::Real | Scalar::Double => Holds::Double,
                Scalar::Timestamp | Scalar::Date => Holds::Timestamp,
                Scalar::Bytes => Holds::Bytes,
            },
            Type::Array(_) => Holds::Array,
            Type::Json => Holds::Any,
            Type::Point | Type::Geography => Holds::Point,
            Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_) => Holds::Vector,
            Type::Tsvector => Holds::Text,
        }
    }

    /// As a message names the values.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Holds::Boolean => "booleans",
            Holds::Integer => "integers",
            Holds::Double => "doubles",
            Holds::Number => "numbers",
            Holds::Timestamp => "timestamps",
            Holds::Text => "texts",
            Holds::Bytes => "bytes",
            Holds::Reference => "references",
            Holds::Point => "points",
            Holds::Vector => "vectors",
            Holds::Array => "arrays",
            Holds::Map => "maps",
            Holds::Any => "values of any type",
        }
    }
}

impl Column {
    /// Whether what it is given is a value of the document's (in a child table, of the element's) own data.
    pub(super) fn is_data(&self) -> bool {
        matches!(self.from, Source::Field(_) | Source::Document(Document::Value))
    }
}
