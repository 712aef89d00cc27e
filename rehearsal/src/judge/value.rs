//! A Firestore value the judge can compare, read from the REST form.
//! It promises exactness: two values are equal only if Firestore could not tell them apart. Doubles are
//! compared by their bits, so 0.0 is not -0.0; only one NaN is as good as another.
//! What Postgres makes of values is left to `rule` and `tagged`.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::moment;

/// One Firestore value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(Exact),
    /// Nanoseconds since 1970.
    Timestamp(i128),
    Text(String),
    Bytes(Vec<u8>),
    /// The full name of a document.
    Reference(String),
    /// Latitude, longitude.
    Point(Exact, Exact),
    Array(Vec<Value>),
    Map(BTreeMap<String, Value>),
    Vector(Vec<Exact>),
}

/// A double that equals another only bit for bit, all NaN being one.
#[derive(Clone, Copy)]
pub(super) struct Exact(pub(super) f64);

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || self.0.is_nan() && other.0.is_nan()
    }
}

impl Value {
    /// The value a REST answer holds, such as `{"integerValue":"7"}`.
    pub(super) fn from_rest(sent: &Json) -> Result<Self> {
        let object = sent.as_object().filter(|object| object.len() == 1);
        let (tag, inner) = object
            .and_then(|object| object.iter().next())
            .with_context(|| format!("{sent} is no REST value"))?;
        let string = || inner.as_str().with_context(|| format!("{sent} holds no string"));
        Ok(match tag.as_str() {
            "nullValue" => Self::Null,
            "booleanValue" => Self::Boolean(
                inner
                    .as_bool()
                    .with_context(|| format!("{sent} holds no boolean"))?,
            ),
            "integerValue" => Self::Integer(
                string()?
                    .parse()
                    .with_context(|| format!("{sent} holds no integer"))?,
            ),
            "doubleValue" => Self::Double(double(inner)?),
            "timestampValue" => Self::Timestamp(moment::nanoseconds(string()?)?),
            "stringValue" => Self::Text(string()?.to_owned()),
            "bytesValue" => Self::Bytes(
                STANDARD
                    .decode(string()?)
                    .with_context(|| format!("{sent} is no base64"))?,
            ),
            "referenceValue" => Self::Reference(string()?.to_owned()),
            "geoPointValue" => Self::Point(
                coordinate(inner.get("latitude"))?,
                coordinate(inner.get("longitude"))?,
            ),
            "arrayValue" => Self::Array(elements(inner)?),
            "mapValue" => Self::map(inner)?,
            _ => bail!("{sent} is of a type the judge does not know"),
        })
    }

    /// All fields of a document.
    pub(super) fn fields(sent: &Map<String, Json>) -> Result<BTreeMap<String, Self>> {
        let field = |(name, value): (&String, &Json)| {
            let value = Self::from_rest(value).with_context(|| format!("read field {name:?}"))?;
            Ok((name.clone(), value))
        };
        sent.iter().map(field).collect()
    }

    /// A map, or the vector that Firestore dresses as one.
    fn map(inner: &Json) -> Result<Self> {
        let empty = Map::new();
        let fields = Self::fields(inner.get("fields").and_then(Json::as_object).unwrap_or(&empty))?;
        match (fields.get("__type__"), fields.get("value")) {
            (Some(Self::Text(kind)), Some(Self::Array(values))) if kind == "__vector__" => {
                let component = |value: &Self| match value {
                    Self::Double(x) => Ok(*x),
                    other => bail!("a vector has the component {other}"),
                };
                Ok(Self::Vector(values.iter().map(component).collect::<Result<_>>()?))
            }
            _ => Ok(Self::Map(fields)),
        }
    }
}

fn elements(inner: &Json) -> Result<Vec<Value>> {
    inner
        .get("values")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .map(Value::from_rest)
        .collect()
}

/// A coordinate; the server leaves out one that is zero.
fn coordinate(sent: Option<&Json>) -> Result<Exact> {
    sent.map_or(Ok(Exact(0.0)), double)
}

fn double(sent: &Json) -> Result<Exact> {
    let read = match sent {
        Json::Number(number) => number.as_f64(),
        Json::String(name) => name.parse().ok(),
        _ => None,
    };
    read.map(Exact).with_context(|| format!("{sent} is no double"))
}

/// For people: the type, and as much of the value as fits on a line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => format!("boolean {value}"),
            Self::Integer(value) => format!("integer {value}"),
            Self::Double(value) => format!("double {:?}", value.0),
            Self::Timestamp(value) => format!("timestamp {value} ns"),
            Self::Text(value) => format!("text {value:?}"),
            Self::Bytes(value) => format!("{} bytes {value:x?}", value.len()),
            Self::Reference(value) => format!("reference {value:?}"),
            Self::Point(latitude, longitude) => format!("point {:?}, {:?}", latitude.0, longitude.0),
            Self::Array(values) => format!("array of {}: {values:?}", values.len()),
            Self::Map(fields) => format!("map of {}: {fields:?}", fields.len()),
            Self::Vector(values) => format!("vector of {}: {values:?}", values.len()),
        };
        match whole.char_indices().nth(160) {
            Some((end, _)) => write!(f, "{}…", &whole[..end]),
            None => f.write_str(&whole),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn read(sent: &str) -> Value {
        Value::from_rest(&serde_json::from_str(sent).unwrap()).unwrap()
    }

    #[test]
    fn doubles_are_told_apart_to_the_last_bit() {
        assert_ne!(read(r#"{"doubleValue":0.0}"#), read(r#"{"doubleValue":-0.0}"#));
        assert_ne!(read(r#"{"doubleValue":3.0}"#), read(r#"{"integerValue":"3"}"#));
        assert_eq!(read(r#"{"doubleValue":"NaN"}"#), Value::Double(Exact(-f64::NAN)));
        assert_eq!(read(r#"{"doubleValue":4.9E-324}"#), Value::Double(Exact(5e-324)));
        assert_eq!(
            read(r#"{"doubleValue":1.7976931348623157E308}"#),
            Value::Double(Exact(f64::MAX))
        );
        assert_eq!(
            read(r#"{"doubleValue":"-Infinity"}"#),
            Value::Double(Exact(f64::NEG_INFINITY))
        );
        assert_eq!(read(r#"{"doubleValue":"-0.0"}"#), Value::Double(Exact(-0.0)));
    }

    #[test]
    fn integers_keep_all_their_digits() {
        assert_eq!(
            read(r#"{"integerValue":"-9223372036854775808"}"#),
            Value::Integer(i64::MIN)
        );
        assert_ne!(
            read(r#"{"integerValue":"9007199254740993"}"#),
            read(r#"{"integerValue":"9007199254740992"}"#)
        );
    }

    #[test]
    fn what_the_server_leaves_out_is_empty_or_zero() {
        assert_eq!(read(r#"{"arrayValue":{}}"#), Value::Array(vec![]));
        assert_eq!(read(r#"{"mapValue":{}}"#), Value::Map(BTreeMap::new()));
        assert_eq!(
            read(r#"{"geoPointValue":{}}"#),
            Value::Point(Exact(0.0), Exact(0.0))
        );
    }

    #[test]
    fn a_vector_is_not_the_map_it_is_dressed_as() {
        let vector = json!({"__type__": {"stringValue": "__vector__"}, "value": {"arrayValue": {"values": [{"doubleValue": 0.5}]}}});
        assert_eq!(
            Value::from_rest(&json!({"mapValue": {"fields": vector}})).unwrap(),
            Value::Vector(vec![Exact(0.5)])
        );
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for sent in [
            json!({}),
            json!({"newValue": 1}),
            json!({"integerValue": 1.5}),
            json!({"doubleValue": "x"}),
            json!(1),
        ] {
            assert!(Value::from_rest(&sent).is_err(), "{sent}");
        }
    }
}
