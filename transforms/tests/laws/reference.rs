//! What the generated decoder reads, as our values.
//! Other test suites include this file by its path.

use std::collections::HashMap;

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::prost_types;
use proto::value::ValueType;
use transforms::Timestamp;
use transforms::json::Owned;

/// What the generated decoder's value should be to us.
pub(crate) fn expected(value: &proto::Value) -> Owned {
    match value.value_type.as_ref().unwrap() {
        ValueType::NullValue(_) => Owned::Null,
        ValueType::BooleanValue(boolean) => Owned::Boolean(*boolean),
        ValueType::IntegerValue(integer) => Owned::Integer(*integer),
        ValueType::DoubleValue(double) => Owned::Double(*double),
        ValueType::TimestampValue(timestamp) => Owned::Timestamp(moment(timestamp)),
        ValueType::StringValue(text) => Owned::Text(text.clone()),
        ValueType::BytesValue(bytes) => Owned::Bytes(bytes.clone()),
        ValueType::ReferenceValue(name) => Owned::Reference(name.clone()),
        ValueType::GeoPointValue(point) => Owned::GeoPoint {
            latitude: point.latitude,
            longitude: point.longitude,
        },
        ValueType::ArrayValue(array) => Owned::Array(array.values.iter().map(expected).collect()),
        ValueType::MapValue(map) => components(&map.fields).map_or_else(
            || {
                Owned::Map(
                    map.fields
                        .iter()
                        .map(|(key, value)| (key.clone(), expected(value)))
                        .collect(),
                )
            },
            Owned::Vector,
        ),
        other => panic!("never made here: {other:?}"),
    }
}

fn components(fields: &HashMap<String, proto::Value>) -> Option<Vec<f64>> {
    let marked = proto::Value {
        value_type: Some(ValueType::StringValue("__vector__".into())),
    };
    let array = match fields.get("value")?.value_type.as_ref()? {
        ValueType::ArrayValue(array) if fields.len() == 2 && fields.get("__type__") == Some(&marked) => array,
        _ => return None,
    };
    let component = |value: &proto::Value| match value.value_type {
        Some(ValueType::DoubleValue(double)) => Some(double),
        _ => None,
    };
    array
        .values
        .iter()
        .map(component)
        .collect::<Option<Vec<f64>>>()
        .filter(|all| (1..=16_000).contains(&all.len()))
}

pub(crate) fn moment(timestamp: &prost_types::Timestamp) -> Timestamp {
    Timestamp {
        seconds: timestamp.seconds,
        nanos: timestamp.nanos as u32,
    }
}
