//! What may be stored, and what is refused, as the official emulator did; a document's size to the byte.

use super::{Place, array, double, fields, int, map, name, set, text, value};
use crate::database::{document_path, legal};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::r#type::LatLng;
use firestore::gcloud_sdk::prost_types::Timestamp;
use proptest::prelude::*;
use proto::Value;
use proto::value::ValueType;
use tonic::Code;

fn refused(member: &str, value: Value, words: &str) {
    Place::new(Vec::new()).refused(&[set("c/a", [(member, value)])], Code::InvalidArgument, words);
}

/// What comes back of a value.
fn stored(value: Value) -> Value {
    stored_at("x", value)
}

fn stored_at(name: &str, value: Value) -> Value {
    let place = Place::new(Vec::new());
    place.commit(&[set("c/a", [(name, value)])]).unwrap();
    place.fields("c/a").remove(name).unwrap()
}

fn time(seconds: i64, nanos: i32) -> Value {
    value(ValueType::TimestampValue(Timestamp { seconds, nanos }))
}

fn vector(numbers: impl IntoIterator<Item = Value>) -> Value {
    map([("__type__", text("__vector__")), ("value", array(numbers))])
}

fn reference(name: &str) -> Value {
    value(ValueType::ReferenceValue(name.to_owned()))
}

#[test]
fn names_of_fields() {
    refused("", int(1), "The property.name is the empty string.");
    refused("__x__", int(1), "field name __x__ is reserved");
    refused("____", int(1), "reserved");
    refused(&"f".repeat(1_501), int(1), "longer than 1500 bytes");
    refused("a", map([("__x__", int(1))]), "field name '__x__' is reserved.");
    refused(
        "a",
        map([("", int(1))]),
        "Property a contains an invalid nested entity.",
    );
    refused(
        "a",
        array([map([("f".repeat(1_501).as_str(), int(1))])]),
        "invalid nested entity",
    );
    let below = |name: &str| map([("b", array([map([(name, int(1))])]))]);
    assert_eq!(
        stored_at("a", below(&"f".repeat(1_496))),
        below(&"f".repeat(1_496))
    );
    refused("a", below(&"f".repeat(1_497)), "invalid nested entity");
    for good in ["___", "a.b", "\0", &"f".repeat(1_500)] {
        let place = Place::new(Vec::new());
        place.commit(&[set("c/a", [(good, int(1))])]).unwrap();
        assert_eq!(place.fields("c/a"), fields([(good, int(1))]));
    }
}

#[test]
fn names_of_documents() {
    let place = Place::new(Vec::new());
    let deep = |levels: usize| vec!["c/d"; levels].join("/");
    let long = format!("c/{}", "x".repeat(1_501));
    for bad in [
        "c",
        "c/__x__",
        "c/.",
        "c/..",
        "c//d/e",
        "__c__/x",
        "__id7__/x",
        "c/__id0__",
        "c/__id07__",
        &long,
        &deep(101),
    ] {
        place.refused(&[set(bad, [])], Code::InvalidArgument, "");
    }
    place
        .commit(&[set("c/__id-7__", []), set(&deep(100), [])])
        .unwrap();
    for bad in ["", "hello", super::ROOT, "projects/p/databases/e/documents/c/a"] {
        assert!(document_path(super::ROOT, bad).is_err(), "{bad}");
    }
}

#[test]
fn values_that_are_none() {
    refused("a", Value::default(), "type unset");
    refused(
        "a",
        array([array([])]),
        "Cannot convert an array value in an array value.",
    );
    refused(
        "a",
        reference("hello"),
        "Resource name \"hello\" lacks \"projects\" at index 0.",
    );
    refused("a", reference(&name("c")), "lacks \"/\" at index 34");
    refused(
        "a",
        reference(&name("c/__x__")),
        "Resource id \"__x__\" is invalid because it is reserved.",
    );
    let point = |latitude, longitude| value(ValueType::GeoPointValue(LatLng { latitude, longitude }));
    refused(
        "a",
        point(91.0, 0.0),
        "latitude '91.0' outside permitted range -90.0 to 90.0.",
    );
    refused("a", point(f64::NAN, 0.0), "latitude 'NaN'");
    refused("a", point(-90.0, 180.5), "longitude '180.5' outside");
    refused("a", time(253_402_300_800, 0), "Timestamp");
    refused("a", time(0, -1), "Timestamp");
    let other = "projects/q/databases/z/documents/c/x";
    assert_eq!(stored(reference(other)), reference(other));
    assert_eq!(
        stored(array([map([("y", array([int(1)]))])])),
        array([map([("y", array([int(1)]))])])
    );
}

#[test]
fn times_have_microseconds_and_there_is_one_nan() {
    assert_eq!(stored(time(-1, 123_456_789)), time(-1, 123_456_000));
    assert_eq!(
        stored(time(253_402_300_799, 999_999_999)),
        time(253_402_300_799, 999_999_000)
    );
    let odd = f64::from_bits(0xfff8_0000_0000_0001);
    let Some(ValueType::DoubleValue(nan)) = stored(double(odd)).value_type else {
        panic!("no double")
    };
    assert_eq!(nan.to_bits(), f64::NAN.to_bits());
}

#[test]
fn vectors() {
    let good = vector([double(1.0), double(2.0)]);
    assert_eq!(stored(good.clone()), good);
    assert!(matches!(
        stored(vector(vec![double(1.0); 2_048])).value_type,
        Some(ValueType::MapValue(_))
    ));
    refused("a", vector([]), "zero length");
    refused("a", vector([int(1)]), "type 'double'");
    refused("a", vector(vec![double(1.0); 2_049]), "at most 2048 dimensions");
    refused(
        "a",
        array([good]),
        "Cannot convert a vector value in an array value.",
    );
    let kind = || ("__type__", text("__vector__"));
    refused(
        "a",
        map([kind(), ("value", array([double(1.0)])), ("x", int(1))]),
        "extraneous",
    );
    refused("a", map([kind()]), "missing key 'value'");
    refused("a", map([kind(), ("value", int(1))]), "must be an array");
    refused("a", map([("__type__", text("foo"))]), "invalid nested entity");
    refused(
        "a",
        map([("__type__", int(1))]),
        "Field __type__ is not a string.",
    );
}

#[test]
fn nesting_ends_at_twenty() {
    let maps = |levels: usize| (0..levels).fold(int(1), |inner, _| map([("m", inner)]));
    let mixed = |levels: usize| {
        (0..levels).fold(int(1), |inner, level| match level % 2 {
            0 => map([("m", inner)]),
            _ => array([inner]),
        })
    };
    assert_eq!(stored(maps(20)), maps(20));
    assert_eq!(stored(mixed(20)), mixed(20));
    refused("a", maps(21), "Property a contains an invalid nested entity.");
    refused("a", mixed(21), "invalid nested entity");
    let place = Place::new(Vec::new());
    place.commit(&[set("c/a", [("x", maps(20))])]).unwrap();
    let mut deeper = set("c/a", [("x", maps(20))]);
    deeper.update_transforms = vec![proto::document_transform::FieldTransform {
        field_path: ["x"].into_iter().chain(["m"; 20]).collect::<Vec<_>>().join("."),
        transform_type: Some(
            proto::document_transform::field_transform::TransformType::AppendMissingElements(
                Default::default(),
            ),
        ),
    }];
    place.refused(&[deeper], Code::InvalidArgument, "invalid nested entity");
}

/// The longest second text that a document may have beside a first of 600,000 bytes, found on the emulator.
#[test]
fn a_document_is_measured_as_the_emulator_does() {
    let bytes = |bytes: Vec<u8>| value(ValueType::BytesValue(bytes));
    let point = value(ValueType::GeoPointValue(LatLng::default()));
    let vector = vector([double(1.0), double(2.0)]);
    let in_our_database = "projects/p1/databases/(default)/documents/cc/ddd";
    for (path, extra, longest) in [
        ("v/a", None, 448_518),
        ("v/aaaaaaaaaaa", None, 448_508),
        ("v/a/w/b", None, 448_514),
        ("v/__id7__", None, 448_512),
        ("v/a", Some(int(1)), 448_508),
        ("v/a", Some(value(ValueType::NullValue(0))), 448_515),
        ("v/a", Some(value(ValueType::BooleanValue(true))), 448_515),
        ("v/a", Some(time(0, 0)), 448_508),
        ("v/a", Some(point), 448_500),
        ("v/a", Some(map([])), 448_515),
        ("v/a", Some(map([("d", int(1))])), 448_506),
        ("v/a", Some(array([])), 448_515),
        ("v/a", Some(array([int(1), int(2)])), 448_500),
        ("v/a", Some(reference(in_our_database)), 448_493),
        ("v/a", Some(bytes(vec![0; 3])), 448_513),
        ("v/a", Some(vector), 448_500),
    ] {
        let with = |length: usize| {
            let texts = [("a", text("x".repeat(600_000))), ("b", text("x".repeat(length)))];
            fields(texts.into_iter().chain(extra.clone().map(|extra| ("c", extra))))
        };
        let path = super::path(path);
        assert!(legal::document(&path, &with(longest)).is_ok(), "{path} {extra:?}");
        let status = legal::document(&path, &with(longest + 1)).unwrap_err();
        assert_eq!(status.message(), "maximum entity size is 1048576 bytes");
    }
    refused(
        "a",
        text("x".repeat(1_048_488)),
        "The value of property \"a\" is longer than 1048487 bytes.",
    );
    refused(
        "a",
        array([bytes(vec![0; 1_048_488])]),
        "longer than 1048487 bytes",
    );
    refused(
        "a",
        map([("b", text("x".repeat(1_048_488)))]),
        "invalid nested entity",
    );
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(value(ValueType::NullValue(0))),
        any::<bool>().prop_map(|is| value(ValueType::BooleanValue(is))),
        any::<i64>().prop_map(int),
        prop::num::f64::ANY
            .prop_filter("one NaN", |number| !number.is_nan())
            .prop_map(double),
        ".{0,40}".prop_map(text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| value(ValueType::BytesValue(bytes))),
        (-62_135_596_800..253_402_300_799_i64, 0..1_000_000)
            .prop_map(|(at, micros)| time(at, micros * 1_000)),
    ];
    leaf.prop_recursive(4, 30, 6, |inner| {
        let map_of = prop::collection::hash_map("[a-z.]{1,5}", inner, 0..6)
            .prop_map(|fields| value(ValueType::MapValue(proto::MapValue { fields })));
        prop_oneof![
            3 => map_of.clone(),
            1 => prop::collection::vec(map_of, 0..4).prop_map(array),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_stored_comes_back(
        fields in prop::collection::hash_map(".{1,8}", anything(), 0..6),
    ) {
        let place = Place::new(Vec::new());
        let members = || fields.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let first = place.commit(&[set("c/a", members())]).unwrap();
        prop_assert_eq!(place.fields("c/a"), fields.clone());
        // The same content has the same bytes, in whatever order a map has its fields.
        prop_assert_eq!(place.commit(&[set("c/a", members())]).unwrap(), first);
    }
}
