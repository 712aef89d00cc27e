//! A document as Firestore's REST API writes it can be read back by what its documentation says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value as Json};
use transforms::json::{self, Owned};
use transforms::{Rebuilt, Timestamp};

use crate::mappings::documents::ROOT;
use crate::mappings::{Choices, noise};

/// Reads one value, such as `{"integerValue": "1"}`.
fn read(json: &Json) -> Owned {
    let members = json.as_object().unwrap();
    assert_eq!(members.len(), 1, "{json}");
    let (tag, content) = members.iter().next().unwrap();
    let text = || content.as_str().unwrap().to_owned();
    match tag.as_str() {
        "nullValue" => {
            assert!(content.is_null());
            Owned::Null
        }
        "booleanValue" => Owned::Boolean(content.as_bool().unwrap()),
        "integerValue" => Owned::Integer(text().parse().unwrap()),
        "doubleValue" => Owned::Double(double(content)),
        "timestampValue" => Owned::Timestamp(moment(&text())),
        "stringValue" => Owned::Text(text()),
        "bytesValue" => Owned::Bytes(STANDARD.decode(text()).unwrap()),
        "referenceValue" => Owned::Reference(text()),
        "geoPointValue" => Owned::GeoPoint {
            latitude: double(&content["latitude"]),
            longitude: double(&content["longitude"]),
        },
        "arrayValue" => Owned::Array(
            content["values"]
                .as_array()
                .into_iter()
                .flatten()
                .map(read)
                .collect(),
        ),
        "mapValue" => {
            let entries = fields(content.as_object().unwrap());
            match entries.as_slice() {
                [(tag, Owned::Text(kind)), (_, Owned::Array(values))]
                    if tag == "__type__" && kind == "__vector__" =>
                {
                    let component = |value: &Owned| match value {
                        Owned::Double(double) => *double,
                        other => panic!("{other:?} in a vector"),
                    };
                    Owned::Vector(values.iter().map(component).collect())
                }
                _ => Owned::Map(entries),
            }
        }
        other => panic!("{other} is no type"),
    }
}

fn fields(members: &Map<String, Json>) -> Vec<(String, Owned)> {
    let fields = members.get("fields").and_then(Json::as_object);
    fields
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), read(value)))
        .collect()
}

fn double(json: &Json) -> f64 {
    match json {
        Json::String(name) => name.parse().unwrap(),
        number => number.as_f64().unwrap(),
    }
}

/// By way of tagged JSON, whose reader takes the same texts for moments.
fn moment(text: &str) -> Timestamp {
    match json::read(&format!("{{\"$timestamp\":{text:?}}}"), "").unwrap() {
        Owned::Timestamp(timestamp) => timestamp,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn a_document_is_read_back_from_its_rest_form(filling in vec(any::<u16>(), 0..400), deep: bool) {
        let mut choices = Choices::new(filling);
        let names = ["a", "é.`\\", "", "n\0", "$x"];
        let fields: Vec<_> = names
            .into_iter()
            .map(|name| (name.to_owned(), noise(&mut choices, if deep { 20 } else { 3 })))
            .collect();
        let created = Timestamp::new(-62_135_596_800, 1000).unwrap();
        let document = Rebuilt { path: "c/d \"é".into(), created: Some(created), updated: Some(Timestamp::default()), fields };
        let written: Json = serde_json::from_str(&json::rest(&document, ROOT)).unwrap();
        let members = written.as_object().unwrap();
        prop_assert_eq!(&members["name"], &format!("{ROOT}/c/d \"é"));
        prop_assert_eq!(Some(moment(members["createTime"].as_str().unwrap())), document.created);
        prop_assert_eq!(Some(moment(members["updateTime"].as_str().unwrap())), document.updated);
        let back = self::fields(members);
        prop_assert!(Owned::Map(back.clone()).view().same(&Owned::Map(document.fields).view()), "{:?}", back);
    }
}

#[test]
fn every_type_is_written_as_the_api_writes_it() {
    let document = Rebuilt {
        path: "c/d".into(),
        created: Timestamp::new(0, 0),
        updated: Timestamp::new(1, 5000),
        fields: vec![
            (
                "array".into(),
                Owned::Array(vec![Owned::Integer(i64::MIN), Owned::Null]),
            ),
            ("bytes".into(), Owned::Bytes(vec![0, 0xff])),
            ("double".into(), Owned::Double(f64::NEG_INFINITY)),
            (
                "empty".into(),
                Owned::Map(vec![
                    ("list".into(), Owned::Array(vec![])),
                    ("map".into(), Owned::Map(vec![])),
                ]),
            ),
            (
                "point".into(),
                Owned::GeoPoint {
                    latitude: 1.5,
                    longitude: -2.0,
                },
            ),
            ("reference".into(), Owned::Reference("projects/x".into())),
            ("text".into(), Owned::Text("\0\"".into())),
            ("vector".into(), Owned::Vector(vec![0.5, f64::NAN])),
            ("yes".into(), Owned::Boolean(true)),
        ],
    };
    let expected = serde_json::json!({
        "name": "r/c/d",
        "createTime": "1970-01-01T00:00:00Z",
        "updateTime": "1970-01-01T00:00:01.000005Z",
        "fields": {
            "array": {"arrayValue": {"values": [{"integerValue": "-9223372036854775808"}, {"nullValue": null}]}},
            "bytes": {"bytesValue": "AP8="},
            "double": {"doubleValue": "-Infinity"},
            "empty": {"mapValue": {"fields": {"list": {"arrayValue": {}}, "map": {"mapValue": {}}}}},
            "point": {"geoPointValue": {"latitude": 1.5, "longitude": -2.0}},
            "reference": {"referenceValue": "projects/x"},
            "text": {"stringValue": "\0\""},
            "vector": {"mapValue": {"fields": {
                "__type__": {"stringValue": "__vector__"},
                "value": {"arrayValue": {"values": [{"doubleValue": 0.5}, {"doubleValue": "NaN"}]}},
            }}},
            "yes": {"booleanValue": true},
        },
    });
    assert_eq!(
        serde_json::from_str::<Json>(&json::rest(&document, "r")).unwrap(),
        expected
    );
}
