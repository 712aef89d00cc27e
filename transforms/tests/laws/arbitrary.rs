//! Documents as Firestore might hold them, made with the generated protobuf types.

use std::collections::HashMap;

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::r#type::LatLng;
use firestore::gcloud_sdk::prost_types;
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proto::value::ValueType;

/// The database the documents live in.
pub(crate) const ROOT: &str = "projects/p/databases/(default)/documents";

pub(crate) fn document() -> impl Strategy<Value = proto::Document> {
    // No document id has a slash.
    let id = text().prop_map(|id| id.replace('/', "_"));
    (id, hash_map(text(), value(), 0..8), timestamp(), timestamp()).prop_map(
        |(path, fields, created, updated)| proto::Document {
            name: format!("{ROOT}/items/{path}"),
            fields,
            create_time: Some(created),
            update_time: Some(updated),
        },
    )
}

/// A value nested at most four deep.
pub(crate) fn value() -> impl Strategy<Value = proto::Value> {
    scalar()
        .prop_recursive(4, 24, 5, |inner| {
            let array = vec(inner.clone(), 0..5).prop_map(|values| {
                ValueType::ArrayValue(proto::ArrayValue {
                    values: values.into_iter().map(of).collect(),
                })
            });
            let map = hash_map(key(), inner, 0..5)
                .prop_map(|fields| map(fields.into_iter().map(|(key, value)| (key, of(value))).collect()));
            prop_oneof![array, map, vector()]
        })
        .prop_map(of)
}

fn scalar() -> impl Strategy<Value = ValueType> {
    prop_oneof![
        Just(ValueType::NullValue(0)),
        any::<bool>().prop_map(ValueType::BooleanValue),
        integer().prop_map(ValueType::IntegerValue),
        double().prop_map(ValueType::DoubleValue),
        timestamp().prop_map(ValueType::TimestampValue),
        text().prop_map(ValueType::StringValue),
        vec(any::<u8>(), 0..20).prop_map(ValueType::BytesValue),
        (
            select(vec![
                ROOT,
                "projects/p/databases/other/documents",
                "projects/p/databases/(default)/documentsX"
            ]),
            text()
        )
            .prop_map(|(root, path)| ValueType::ReferenceValue(format!("{root}/items/{path}"))),
        (double(), double())
            .prop_map(|(latitude, longitude)| ValueType::GeoPointValue(LatLng { latitude, longitude })),
        vector(),
    ]
}

pub(crate) fn of(value: ValueType) -> proto::Value {
    proto::Value {
        value_type: Some(value),
    }
}

pub(crate) fn map(fields: HashMap<String, proto::Value>) -> ValueType {
    ValueType::MapValue(proto::MapValue { fields })
}

/// A map marked as a vector, holding these values.
pub(crate) fn marked(values: Vec<proto::Value>) -> ValueType {
    map(HashMap::from([
        ("__type__".into(), of(ValueType::StringValue("__vector__".into()))),
        (
            "value".into(),
            of(ValueType::ArrayValue(proto::ArrayValue { values })),
        ),
    ]))
}

fn vector() -> impl Strategy<Value = ValueType> {
    let single = any::<f32>().prop_map(f64::from);
    let component = prop_oneof![8 => single, 2 => -1.0..1.0, 1 => double()];
    vec(component, 1..4).prop_map(|components| {
        marked(
            components
                .into_iter()
                .map(ValueType::DoubleValue)
                .map(of)
                .collect(),
        )
    })
}

fn integer() -> impl Strategy<Value = i64> {
    let edge = 1i64 << 53;
    prop_oneof![
        any::<i64>(),
        -1000..1000i64,
        edge - 2..edge + 3,
        -edge - 2..-edge + 3
    ]
}

fn double() -> impl Strategy<Value = f64> {
    let edge = (1i64 << 53) as f64;
    let special = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        edge,
        -edge,
        edge + 2.0,
        1e-6,
        9.999_999e-7,
        1e21,
        9.99e20,
        f32::MAX as f64,
        3.5e38,
    ];
    prop_oneof![
        any::<f64>(),
        any::<u64>().prop_map(f64::from_bits),
        select(special.to_vec()),
        (-1000..1000i64).prop_map(|integer| integer as f64),
        -1000.0..1000.0
    ]
}

fn timestamp() -> impl Strategy<Value = prost_types::Timestamp> {
    let nanos = prop_oneof![1 => 0..1_000_000_000i32, 8 => (0..1_000_000i32).prop_map(|micros| micros * 1000), 1 => Just(0)];
    (-62_135_596_800..=253_402_300_799i64, nanos)
        .prop_map(|(seconds, nanos)| prost_types::Timestamp { seconds, nanos })
}

/// Mostly ordinary text, now and then with U+0000, quotes and control characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![12 => "[a-zé😀 ]{1,12}", 2 => "[\"\\\\\n\r\t\u{1}\u{7f}/.$]{1,6}", 1 => "[a\0]{1,4}"]
}

/// Map keys, often such that a careless reader of JSON would take them for tags.
fn key() -> impl Strategy<Value = String> {
    let tags = [
        "$map", "$double", "$bytes", "$", "$vector", "__type__", "value", "name", "",
    ];
    prop_oneof![3 => text(), 1 => select(tags.to_vec()).prop_map(String::from)]
}
