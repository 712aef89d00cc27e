//! Documents as lines of JSON in which no two different values look alike; client.js spells them the same way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
use firestore::gcloud_sdk::google::firestore::v1::{Document, MapValue, Value};
use firestore::gcloud_sdk::prost_types::Timestamp;
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;

/// How references are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum References {
    /// By their whole names.
    Names,
    /// By their paths below the root: Node's client takes every reference for one into its own database.
    Paths,
}

/// `projects/P/databases/(default)/documents`
pub(crate) fn root(project: &str) -> String {
    format!("projects/{project}/databases/(default)/documents")
}

/// The path of a document below the root of whatever database it lies in.
pub(crate) fn path(name: &str) -> &str {
    name.splitn(6, '/').nth(5).unwrap_or_default()
}

impl References {
    /// A document.
    pub(crate) fn document(self, document: &Document) -> Json {
        json!({
            "path": path(&document.name),
            "created": document.create_time.as_ref().map(micros),
            "updated": document.update_time.as_ref().map(micros),
            "fields": self.fields(&document.fields),
        })
    }

    fn fields(self, fields: &HashMap<String, Value>) -> Json {
        let spelled = fields
            .iter()
            .map(|(name, value)| (name.clone(), self.value(value)));
        Json::Object(spelled.collect::<Map<String, Json>>())
    }

    fn value(self, value: &Value) -> Json {
        match value.value_type.as_ref() {
            None | Some(ValueType::NullValue(_)) => Json::Null,
            Some(ValueType::BooleanValue(truth)) => json!(truth),
            Some(ValueType::StringValue(text)) => json!(text),
            Some(ValueType::IntegerValue(number)) => json!({"integer": number.to_string()}),
            Some(ValueType::DoubleValue(number)) => json!({"double": bits(*number)}),
            Some(ValueType::TimestampValue(time)) => json!({"time": micros(time)}),
            Some(ValueType::BytesValue(bytes)) => json!({"bytes": STANDARD.encode(bytes)}),
            Some(ValueType::ReferenceValue(name)) => match self {
                References::Names => json!({"reference": name}),
                References::Paths => json!({"reference": path(name)}),
            },
            Some(ValueType::GeoPointValue(point)) => {
                json!({"point": [bits(point.latitude), bits(point.longitude)]})
            }
            Some(ValueType::ArrayValue(array)) => {
                array.values.iter().map(|value| self.value(value)).collect()
            }
            Some(ValueType::MapValue(map)) => match vector(map) {
                Some(numbers) => json!({"vector": numbers}),
                None => json!({"map": self.fields(&map.fields)}),
            },
            Some(other) => json!({"no value of a document": format!("{other:?}")}),
        }
    }
}

/// Microseconds since 1970: all that Firestore keeps.
fn micros(time: &Timestamp) -> String {
    (i128::from(time.seconds) * 1_000_000 + i128::from(time.nanos) / 1_000).to_string()
}

fn bits(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    format!("{:016x}", number.to_bits())
}

/// The numbers of a map that is marked as a vector.
fn vector(map: &MapValue) -> Option<Vec<String>> {
    let kind = map.fields.get("__type__")?.value_type.as_ref()?;
    if *kind != ValueType::StringValue("__vector__".to_owned()) {
        return None;
    }
    let Some(ValueType::ArrayValue(array)) = &map.fields.get("value")?.value_type else {
        return None;
    };
    let number = |value: &Value| match value.value_type {
        Some(ValueType::DoubleValue(number)) => Some(bits(number)),
        _ => None,
    };
    array.values.iter().map(number).collect()
}
