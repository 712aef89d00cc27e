//! What goes through JSON comes back as it was, and what is no JSON of Firestore's does not come in.

use super::read::Json;
use super::{change, query, scalar, time, value};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::r#type::LatLng;
use firestore::gcloud_sdk::prost_types::Timestamp;
use proptest::prelude::*;
use proto::value::ValueType;
use serde_json::json;

fn typed(value_type: ValueType) -> proto::Value {
    let value_type = Some(value_type);
    proto::Value { value_type }
}

fn doubles() -> impl Strategy<Value = f64> {
    let special = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        3.0,
    ];
    prop_oneof![
        prop::sample::select(special.to_vec()),
        any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter("NaN is tested by itself", |number| !number.is_nan()),
    ]
}

fn integers() -> impl Strategy<Value = i64> {
    prop_oneof![
        prop::sample::select(vec![i64::MIN, -1, 0, 1, i64::MAX]),
        any::<i64>()
    ]
}

fn moments() -> impl Strategy<Value = Timestamp> {
    let nanos = prop_oneof![
        Just(0),
        (0..1_000).prop_map(|n| n * 1_000_000),
        (0..1_000_000).prop_map(|n| n * 1_000),
        0..1_000_000_000
    ];
    (-62_135_596_800_i64..=253_402_300_799, nanos).prop_map(|(seconds, nanos)| Timestamp { seconds, nanos })
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        any::<String>(),
        Just("\0\u{2028}\u{1f600}\"\\".to_owned())
    ]
}

fn leaves() -> impl Strategy<Value = proto::Value> {
    let kinds = prop_oneof![
        Just(ValueType::NullValue(0)),
        any::<bool>().prop_map(ValueType::BooleanValue),
        integers().prop_map(ValueType::IntegerValue),
        doubles().prop_map(ValueType::DoubleValue),
        moments().prop_map(ValueType::TimestampValue),
        texts().prop_map(ValueType::StringValue),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(ValueType::BytesValue),
        texts().prop_map(ValueType::ReferenceValue),
        (doubles(), doubles())
            .prop_map(|(latitude, longitude)| ValueType::GeoPointValue(LatLng { latitude, longitude })),
    ];
    prop_oneof![9 => kinds.prop_map(typed), 1 => Just(proto::Value::default())]
}

fn values() -> impl Strategy<Value = proto::Value> {
    leaves().prop_recursive(8, 40, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        let map = prop::collection::hash_map(texts(), inner, 0..4);
        prop_oneof![
            list.prop_map(|values| typed(ValueType::ArrayValue(proto::ArrayValue { values }))),
            map.prop_map(|fields| typed(ValueType::MapValue(proto::MapValue { fields }))),
        ]
    })
}

/// As the wire has it: JSON as bytes, and read again.
fn over_the_wire(json: &Json) -> Json {
    serde_json::from_slice(json.to_string().as_bytes()).unwrap()
}

fn there_and_back(value: &proto::Value) -> proto::Value {
    value::read(over_the_wire(&value::write(value.clone()))).unwrap()
}

/// Equal to the last bit: `==` does not tell zero from negative zero.
fn same(one: &proto::Value, other: &proto::Value) -> bool {
    format!("{:?}", Sorted(one)) == format!("{:?}", Sorted(other))
}

/// A value whose debug text does not depend on the order a map was made in.
struct Sorted<'a>(&'a proto::Value);

impl std::fmt::Debug for Sorted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.value_type {
            Some(ValueType::MapValue(map)) => {
                let mut fields: Vec<_> = map
                    .fields
                    .iter()
                    .map(|(name, value)| (name, Sorted(value)))
                    .collect();
                fields.sort_by_key(|(name, _)| *name);
                write!(f, "map {fields:?}")
            }
            Some(ValueType::ArrayValue(array)) => {
                write!(
                    f,
                    "array {:?}",
                    array.values.iter().map(Sorted).collect::<Vec<_>>()
                )
            }
            other => write!(f, "{other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn every_value_survives(value in values()) {
        let back = there_and_back(&value);
        prop_assert!(same(&back, &value), "{value:?} became {back:?}");
    }

    #[test]
    fn every_document_survives(
        name in texts(), fields in prop::collection::hash_map(texts(), leaves(), 0..6), time in prop::option::of(moments()),
    ) {
        let document = proto::Document { name, fields, create_time: time, update_time: time };
        let back = value::read_document(over_the_wire(&value::write_document(document.clone()))).unwrap();
        prop_assert_eq!(back, document);
    }

    #[test]
    fn numbers_may_be_numbers_too(number in any::<i32>()) {
        for spelled in [json!(number), json!(f64::from(number)), json!(number.to_string()), json!(format!("{number}.0"))] {
            prop_assert_eq!(scalar::integer(spelled).unwrap(), i64::from(number));
        }
    }

    #[test]
    fn either_alphabet_is_read_padded_or_not(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        let padded = scalar::write_bytes(&bytes).as_str().unwrap().to_owned();
        let url = padded.replace('+', "-").replace('/', "_");
        for spelled in [padded.trim_end_matches('='), &padded, &url, url.trim_end_matches('=')] {
            prop_assert_eq!(&scalar::bytes(json!(spelled)).unwrap(), &bytes);
        }
    }

    #[test]
    fn nothing_makes_a_reader_panic(text in "[-+0-9TZ:.a-f\\PC]{0,40}") {
        let _ = time::parse(&text);
        let _ = scalar::bytes(json!(text));
        let _ = scalar::integer(json!(text));
        let _ = scalar::double(json!(text));
    }
}

#[test]
fn there_is_one_nan_and_it_stays_one() {
    let back = there_and_back(&typed(ValueType::DoubleValue(f64::NAN)));
    assert!(matches!(back.value_type, Some(ValueType::DoubleValue(number)) if number.is_nan()));
    assert_eq!(value::write(back), json!({"doubleValue": "NaN"}));
}

#[test]
fn maps_as_deep_as_firestore_takes_them_survive() {
    let mut deep = typed(ValueType::DoubleValue(-0.0));
    for _ in 0..20 {
        let fields = [("a".to_owned(), deep)].into();
        deep = typed(ValueType::MapValue(proto::MapValue { fields }));
    }
    assert!(same(&there_and_back(&deep), &deep));
}

#[test]
fn a_vector_is_a_map() {
    let vector = json!({"mapValue": {"fields": {
        "__type__": {"stringValue": "__vector__"},
        "value": {"arrayValue": {"values": [{"doubleValue": 1.0}, {"doubleValue": "NaN"}]}},
    }}});
    assert_eq!(value::write(value::read(vector.clone()).unwrap()), vector);
}

#[test]
fn times_have_as_many_digits_as_they_need_and_may_come_with_an_offset() {
    let written = |text: &str| time::parse(text).map(|time| time::write(&time));
    for (read, wrote) in [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.100Z", "2024-01-02T03:04:05.100Z"),
        ("2024-01-02T03:04:05.0001Z", "2024-01-02T03:04:05.000100Z"),
        (
            "2024-01-02T03:04:05.1234567899Z",
            "2024-01-02T03:04:05.123456789Z",
        ),
        ("2024-01-02T03:04:05+01:00", "2024-01-02T02:04:05Z"),
        ("2024-01-02T03:04:05-23:59", "2024-01-03T03:03:05Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
    ] {
        assert_eq!(written(read), Some(json!(wrote)), "{read}");
    }
    for bad in [
        "",
        "T",
        "TZ",
        "2024-01-02",
        "2024-01-02T03:04:05",
        "2024-01-02t03:04:05z",
        "2024-01-02 03:04:05Z",
        "2024-1-2T03:04:05Z",
        "2024-01-02T03:04:05+0100",
        "2024-13-02T03:04:05Z",
        "2024-02-30T03:04:05Z",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "2024-01-02T03:04:05.1a2Z",
        "2024-01-02T03:04:05ä€00",
    ] {
        assert_eq!(time::parse(bad), None, "{bad}");
    }
}

#[test]
fn what_is_no_value_is_refused() {
    for bad in [
        json!(null),
        json!(5),
        json!({"integerValue": "x"}),
        json!({"integerValue": 1.5}),
        json!({"integerValue": "9223372036854775808"}),
        json!({"integerValue": " 8"}),
        json!({"doubleValue": "inf"}),
        json!({"doubleValue": "nan"}),
        json!({"doubleValue": true}),
        json!({"booleanValue": 1}),
        json!({"nullValue": "x"}),
        json!({"bytesValue": "*"}),
        json!({"arrayValue": []}),
        json!({"arrayValue": {"values": [null]}}),
        json!({"mapValue": {"fields": {"x": null}}}),
        json!({"integerValue": 1, "stringValue": "x"}),
        json!({"integerValue": 1, "stringValue": null}),
        json!({"noSuchValue": 1}),
        json!({"geoPointValue": {"latitude": 1, "altitude": 1}}),
    ] {
        assert!(value::read(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn members_may_be_spelled_in_snake_case_or_be_null_but_not_be_unknown_or_there_twice() {
    let asked = query::read(json!({
        "from": [{"collection_id": "c", "allDescendants": null}],
        "order_by": [{"field": {"field_path": "__name__"}, "direction": 2}],
        "limit": "7",
        "where": null,
    }));
    let asked = asked.unwrap();
    assert_eq!(
        (asked.from[0].collection_id.as_str(), asked.limit),
        ("c", Some(7))
    );
    assert_eq!(asked.order_by[0].direction, 2);
    let spelled_out = query::read(json!({"limit": {"value": 7}})).unwrap();
    assert_eq!(spelled_out.limit, Some(7));
    for bad in [
        json!({"form": []}),
        json!({"from": {}}),
        json!({"orderBy": [], "order_by": []}),
        json!({"orderBy": [{"direction": "UP"}]}),
        json!({"where": {"fieldFilter": {}, "unaryFilter": {}}}),
    ] {
        assert!(query::read(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn a_write_is_one_write() {
    let name = "projects/p/databases/d/documents/c/1";
    assert!(change::read(json!({"delete": name, "update": {"name": name}})).is_err());
    let write = change::read(json!({
        "update": {"name": name},
        "updateTransforms": [{"fieldPath": "t", "setToServerValue": "REQUEST_TIME"}],
        "currentDocument": {"exists": false},
    }));
    let write = write.unwrap();
    assert_eq!(write.update_transforms.len(), 1);
    assert!(write.current_document.is_some());
}
