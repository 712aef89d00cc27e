//! Payloads: what JSON can say, with whole numbers and others kept apart, as Qdrant keeps them.

use ::qdrant_client::qdrant::{self as proto, value::Kind};
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;

/// Keys and values in the order in which they are sent. Dots in a key are part of it.
pub type Payload = Vec<(Cow<'static, str>, Value)>;

/// A value of a payload.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number of 64 bits with a sign.
    Integer(i64),
    /// A whole number above `i64::MAX`. REST has it exactly; gRPC turns it into a double (observed on 1.18.3).
    Unsigned(u64),
    /// A number that was written with a fraction or an exponent; `1.0` stays one, `-0.0` keeps its sign.
    Double(f64),
    /// A text; U+0000 is legal.
    Text(Cow<'static, str>),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Struct(Payload),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Value {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(Cow::Owned(text))
    }
}

impl Value {
    /// As messages have it.
    pub fn proto(&self) -> proto::Value {
        let kind = match self {
            Value::Null => Kind::NullValue(0),
            Value::Bool(value) => Kind::BoolValue(*value),
            Value::Integer(number) => Kind::IntegerValue(*number),
            Value::Unsigned(number) => Kind::DoubleValue(*number as f64),
            Value::Double(number) => Kind::DoubleValue(*number),
            Value::Text(text) => Kind::StringValue(text.to_string()),
            Value::List(values) => Kind::ListValue(proto::ListValue {
                values: values.iter().map(Value::proto).collect(),
            }),
            Value::Struct(fields) => Kind::StructValue(proto::Struct {
                fields: fields
                    .iter()
                    .map(|(key, value)| (key.to_string(), value.proto()))
                    .collect(),
            }),
        };
        proto::Value { kind: Some(kind) }
    }

    /// What a message says; what it leaves open is null.
    pub(super) fn read(value: proto::Value) -> Value {
        match value.kind {
            None | Some(Kind::NullValue(_)) => Value::Null,
            Some(Kind::BoolValue(value)) => Value::Bool(value),
            Some(Kind::IntegerValue(number)) => Value::Integer(number),
            Some(Kind::DoubleValue(number)) => Value::Double(number),
            Some(Kind::StringValue(text)) => Value::from(text),
            Some(Kind::ListValue(list)) => Value::List(list.values.into_iter().map(Value::read).collect()),
            Some(Kind::StructValue(inner)) => Value::Struct(payload(inner.fields)),
        }
    }

    /// As JSON has it. NaN and the infinities, which JSON cannot say, are null.
    pub(super) fn json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(value) => json!(value),
            Value::Integer(number) => json!(number),
            Value::Unsigned(number) => json!(number),
            Value::Double(number) => json!(number),
            Value::Text(text) => json!(text),
            Value::List(values) => values.iter().map(Value::json).collect(),
            Value::Struct(fields) => Json::Object(object(fields)),
        }
    }
}

/// The payload of a message, by the order of its keys: a message's own order is chance.
pub(super) fn payload(fields: impl IntoIterator<Item = (String, proto::Value)>) -> Payload {
    let read = |(key, value)| (Cow::Owned(key), Value::read(value));
    let mut payload: Payload = fields.into_iter().map(read).collect();
    payload.sort_by(|(one, _), (other, _)| one.cmp(other));
    payload
}

/// A payload as a JSON object.
pub(super) fn object(fields: &Payload) -> Map<String, Json> {
    let member = |(key, value): &(Cow<'static, str>, Value)| (key.to_string(), value.json());
    fields.iter().map(member).collect()
}
