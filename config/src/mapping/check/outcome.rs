//! Whether what comes out of a column's functions can meet its type.

use crate::mapping::{Column, Document, Function, Holds, Misfit, Scalar, Source, Type};

/// What a value is on its way to the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// A value as Firestore has it.
    Of(Holds),
    /// 32 bytes of SHA-256.
    Digest,
    /// A UUID.
    Uuid,
}

impl Value {
    fn plural(self) -> &'static str {
        match self {
            Value::Of(holds) => holds.plural(),
            Value::Digest => "digests",
            Value::Uuid => "UUIDs",
        }
    }
}

/// What keeps a column from ever holding anything, and the key that says so.
pub(super) fn trouble(column: &Column) -> Option<(&'static str, String)> {
    let sql = column.sql;
    let start = match &column.from {
        Source::Generated(_) => return None,
        _ if sql == Type::Tsvector => {
            return Some((
                "type",
                "tsvector goes with `generated` only; write generated = \"to_tsvector(…)\"".to_owned(),
            ));
        }
        Source::Constant(value) => {
            let what = value.reads_as(sql).err()?;
            return Some(("value", format!("`value` {what}")));
        }
        Source::Embedding(_) => {
            let fits = matches!(sql, Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_));
            let what = || {
                format!(
                    "an embedding does not go into {sql}; write type = \"vector(384)\", with its dimensions"
                )
            };
            return (!fits).then(|| ("type", what()));
        }
        Source::Field(_) | Source::Document(Document::Value) => column.holds,
        Source::Document(Document::Created | Document::Updated) => Holds::Timestamp,
        Source::Document(Document::Ordinal) => Holds::Integer,
        Source::Document(_) | Source::Template(_) => Holds::Text,
    };
    if sql == Type::Json && !column.apply.is_empty() {
        return Some((
            "apply",
            "jsonb holds values as they are; leave `apply` out, or choose another type".to_owned(),
        ));
    }
    let mut value = Value::Of(start);
    for function in &column.apply {
        match applied(*function, value) {
            Some(next) => value = next,
            None => {
                let what = format!(
                    "`{function}` takes {}, and gets {}; take it out of `apply`{}",
                    takes(*function),
                    value.plural(),
                    if column.is_data() {
                        ", or write another `holds`"
                    } else {
                        ""
                    }
                );
                return Some(("apply", what));
            }
        }
    }
    // What is made for the column is converted without being asked; a document's own value is not.
    let casts = column.misfit == Misfit::Cast || !column.is_data();
    let held = fits(value, sql) || casts && is_cast(value, sql);
    (!held).then(|| misfit(column, value))
}

fn misfit(column: &Column, value: Value) -> (&'static str, String) {
    let sql = column.sql;
    let fitting: Vec<String> = ALL
        .into_iter()
        .filter(|holds| fits(Value::Of(*holds), sql))
        .map(|holds| holds.to_string())
        .collect();
    let key = match column.is_data() && column.apply.is_empty() {
        true => "holds",
        false => "type",
    };
    let advice = match key {
        "holds" => format!("write another type, or as `holds` one of: {}", fitting.join(", ")),
        _ => "write another type".to_owned(),
    };
    (key, format!("{} never fit into {sql}; {advice}", value.plural()))
}

const ALL: [Holds; 13] = [
    Holds::Boolean,
    Holds::Integer,
    Holds::Double,
    Holds::Number,
    Holds::Timestamp,
    Holds::Text,
    Holds::Bytes,
    Holds::Reference,
    Holds::Point,
    Holds::Vector,
    Holds::Array,
    Holds::Map,
    Holds::Any,
];

fn applied(function: Function, value: Value) -> Option<Value> {
    let Value::Of(holds) = value else {
        return None;
    };
    let next = match (function, holds) {
        (Function::Lower | Function::Upper | Function::Trim, Holds::Text) => Value::Of(Holds::Text),
        (Function::Sha256, Holds::Text | Holds::Bytes) => Value::Digest,
        (Function::Uuid5, Holds::Text) => Value::Uuid,
        (Function::EpochSeconds | Function::EpochMillis | Function::EpochMicros, holds) => match holds {
            Holds::Integer | Holds::Double | Holds::Number => Value::Of(Holds::Timestamp),
            Holds::Timestamp => Value::Of(Holds::Number),
            _ => return None,
        },
        (Function::Latitude | Function::Longitude, Holds::Point) => Value::Of(Holds::Double),
        (Function::Id, Holds::Reference | Holds::Text) => Value::Of(Holds::Text),
        _ => return None,
    };
    Some(next)
}

fn takes(function: Function) -> &'static str {
    match function {
        Function::Lower | Function::Upper | Function::Trim | Function::Uuid5 => "texts",
        Function::Sha256 => "texts or bytes",
        Function::EpochSeconds | Function::EpochMillis | Function::EpochMicros => "numbers or timestamps",
        Function::Latitude | Function::Longitude => "points",
        Function::Id => "references or texts",
    }
}

/// Whether a column of the type takes such values as they are. A column said to hold texts reads them.
fn fits(value: Value, sql: Type) -> bool {
    let holds = match (value, sql) {
        (Value::Digest, sql) => return matches!(sql, Type::Scalar(Scalar::Text | Scalar::Bytes)),
        (Value::Uuid, sql) => return matches!(sql, Type::Scalar(Scalar::Text | Scalar::Uuid)),
        (Value::Of(_), Type::Json) => return true,
        (Value::Of(holds), _) => holds,
    };
    let is_number = matches!(holds, Holds::Integer | Holds::Double | Holds::Number);
    match sql {
        Type::Scalar(scalar) => match (scalar, holds) {
            (Scalar::Bytes, holds) => holds == Holds::Bytes,
            (_, Holds::Text) => true,
            (Scalar::Text, holds) => holds == Holds::Reference,
            (Scalar::Uuid, holds) => holds == Holds::Bytes,
            (Scalar::Boolean, holds) => holds == Holds::Boolean,
            (Scalar::Timestamp | Scalar::Date, holds) => holds == Holds::Timestamp,
            _ => is_number,
        },
        Type::Array(Scalar::Real) => matches!(holds, Holds::Array | Holds::Vector),
        Type::Array(_) => holds == Holds::Array,
        Type::Point | Type::Geography => holds == Holds::Point,
        Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_) => {
            matches!(holds, Holds::Vector | Holds::Array)
        }
        Type::Json | Type::Tsvector => false,
    }
}

/// Whether `cast` can make a value of the type from such values.
fn is_cast(value: Value, sql: Type) -> bool {
    let Value::Of(holds) = value else {
        return false;
    };
    match sql {
        Type::Scalar(Scalar::Text) => !matches!(
            holds,
            Holds::Bytes | Holds::Point | Holds::Vector | Holds::Array | Holds::Map
        ),
        Type::Scalar(
            Scalar::SmallInt
            | Scalar::Integer
            | Scalar::BigInt
            | Scalar::Numeric(_)
            | Scalar::Real
            | Scalar::Double,
        ) => holds == Holds::Boolean,
        _ => false,
    }
}

/// Whether `cast` knows any conversion to the type.
pub(super) fn is_cast_to(sql: Type) -> bool {
    match sql {
        Type::Scalar(scalar) | Type::Array(scalar) => !matches!(scalar, Scalar::Bytes | Scalar::Uuid),
        Type::Json => true,
        _ => false,
    }
}
