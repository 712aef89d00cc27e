//! The hand-written walker against the generated decoder.

use std::collections::HashMap;

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::prost_types;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use proto::run_query_response::ContinuationSelector;
use proto::value::ValueType;
use transforms::firestore::{answer, document, name};
use transforms::{Document, Value};

use crate::arbitrary::{self, marked, of};
use crate::reference::{expected, moment};

fn assert_agree(ours: &Document<'_>, theirs: &proto::Document) {
    assert_eq!(ours.name, theirs.name);
    assert_eq!(ours.created, Some(moment(theirs.create_time.as_ref().unwrap())));
    assert_eq!(ours.updated, Some(moment(theirs.update_time.as_ref().unwrap())));
    assert_eq!(ours.fields.len(), theirs.fields.len());
    for (name, value) in &ours.fields {
        let expected = expected(&theirs.fields[*name]);
        assert!(
            expected.view().same(value),
            "{name:?}: {value:?} is not {expected:?}"
        );
    }
}

/// What prost reads, which is not always what it was given to write: it leaves out a latitude of -0.0.
fn decoded(body: &[u8]) -> proto::Document {
    proto::Document::decode(body).unwrap()
}

fn holding(value: proto::Value) -> Vec<u8> {
    let time = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
    let fields = HashMap::from([("f".into(), value)]);
    proto::Document {
        name: "n".into(),
        fields,
        create_time: time,
        update_time: time,
    }
    .encode_to_vec()
}

/// A field of wire type "length".
fn delimited(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// A document whose only field holds the `Value` message given.
fn around(value: &[u8]) -> Vec<u8> {
    let entry = [delimited(1, b"f"), delimited(2, value)].concat();
    [
        delimited(1, b"n"),
        delimited(2, &entry),
        delimited(3, b""),
        delimited(4, b""),
    ]
    .concat()
}

/// Arrays within arrays, `depth` values in all.
fn nested(depth: usize) -> Vec<u8> {
    let innermost = vec![0x58, 0];
    let value = (1..depth).fold(innermost, |inner, _| delimited(9, &delimited(1, &inner)));
    around(&value)
}

proptest! {
    #[test]
    fn our_walker_and_prost_agree_on_every_document(theirs in arbitrary::document()) {
        let body = theirs.encode_to_vec();
        assert_agree(&document(&body).unwrap(), &decoded(&body));
        prop_assert_eq!(name(&body).unwrap(), theirs.name);
    }

    #[test]
    fn of_what_comes_twice_the_last_counts(first in arbitrary::document(), mut last in arbitrary::document()) {
        let again: Vec<_> = first.fields.keys().take(3).cloned().collect();
        last.fields = last.fields.into_values().zip(again).map(|(value, name)| (name, value)).collect();
        let mut first = first;
        first.name.clear();
        // Prost merges the two halves of a timestamp one by one; ours takes the last timestamp as a whole.
        (first.create_time, first.update_time) = (None, None);
        let body = [first.encode_to_vec(), last.encode_to_vec()].concat();
        assert_agree(&document(&body).unwrap(), &decoded(&body));
    }

    #[test]
    fn answers_are_read_as_prost_reads_them(
        theirs in proptest::option::of(arbitrary::document()), skipped: i32, done: bool, at in 0i64..1 << 33, transaction in vec(any::<u8>(), 0..9)
    ) {
        let read_time = (at % 3 > 0).then_some(prost_types::Timestamp { seconds: at, nanos: 5000 });
        let response = proto::RunQueryResponse {
            transaction,
            document: theirs.clone(),
            read_time,
            skipped_results: skipped,
            explain_metrics: None,
            continuation_selector: done.then_some(ContinuationSelector::Done(true)),
        };
        let body = response.encode_to_vec();
        let ours = answer(&body).unwrap();
        prop_assert_eq!(ours.done, done);
        prop_assert_eq!(ours.skipped, skipped);
        prop_assert_eq!(ours.read_time, read_time.as_ref().map(moment));
        prop_assert_eq!(ours.document.is_some(), theirs.is_some());
        if let Some(range) = ours.document {
            let theirs = proto::RunQueryResponse::decode(body.as_slice()).unwrap().document.unwrap();
            assert_agree(&document(&body[range]).unwrap(), &theirs);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in vec(any::<u8>(), 0..200)) {
        let _ = (document(&body), name(&body), answer(&body));
    }

    #[test]
    fn damaged_documents_are_refused_or_read_as_prost_reads_them(
        theirs in arbitrary::document(), damage in vec((any::<usize>(), any::<u8>()), 1..4), cut in 0usize..10, bit: bool
    ) {
        let mut body = theirs.encode_to_vec();
        for (at, byte) in damage {
            let at = at % body.len();
            body[at] = if bit { body[at] ^ 1 << (byte % 8) } else { byte };
        }
        body.truncate(body.len() - if cut < 3 { cut } else { 0 });
        let _ = (name(&body), answer(&body));
        if let Ok(ours) = document(&body) {
            let theirs = decoded(&body);
            // Shorter means that prost merged or dropped something, which is not damage but another document.
            if theirs.encoded_len() == body.len() {
                assert_agree(&ours, &theirs);
            }
        }
    }

    #[test]
    fn fields_of_later_versions_are_skipped(theirs in arbitrary::document(), front: bool, number in 100u8..104) {
        let key = |wire: u8| vec![(number & 15) << 3 & 0x7f | 0x80 | wire, number >> 4];
        let unknown = [
            [key(0), vec![0xff, 1]].concat(),
            [key(1), vec![1; 8]].concat(),
            [key(2), vec![2, 7, 7]].concat(),
            [key(3), key(0), vec![9], key(3), key(4), key(4)].concat(),
            [key(5), vec![1; 4]].concat(),
        ]
        .concat();
        let body = theirs.encode_to_vec();
        let body = if front { [unknown, body].concat() } else { [body, unknown].concat() };
        assert_agree(&document(&body).unwrap(), &decoded(&body));
    }

    #[test]
    fn one_vector_comes_in_many_encodings(components in vec(any::<f64>(), 1..6), strange in 0usize..4) {
        let component = |double: &f64| {
            let plain = [&[0x19], double.to_le_bytes().as_slice()].concat();
            delimited(1, &if strange == 1 { [&plain, [0xa8, 6, 1].as_slice()].concat() } else { plain })
        };
        let array: Vec<u8> = components.iter().flat_map(component).collect();
        let kind = delimited(1, &[delimited(1, b"__type__"), delimited(2, b"\x8a\x01\x0a__vector__")].concat());
        let list = delimited(1, &[delimited(1, b"value"), delimited(2, &delimited(9, &array))].concat());
        let map = match strange { 2 => [list, kind].concat(), 3 => [kind.clone(), list, kind].concat(), _ => [kind, list].concat() };
        let body = around(&delimited(6, &map));
        let decoded = document(&body).unwrap();
        prop_assert!(decoded.fields[0].1.same(&Value::Vector(components)), "{:?}", decoded);
    }
}

#[test]
fn maps_that_only_look_like_vectors_stay_maps() {
    let double = |double| of(ValueType::DoubleValue(double));
    let with_key = match marked(vec![double(1.0)]) {
        ValueType::MapValue(mut map) => {
            map.fields.insert("more".into(), double(1.0));
            ValueType::MapValue(map)
        }
        other => other,
    };
    for value in [
        marked(vec![]),
        marked(vec![double(1.0), of(ValueType::IntegerValue(1))]),
        marked(vec![double(1.0); 16_001]),
        with_key,
    ] {
        let body = holding(of(value));
        assert!(matches!(document(&body).unwrap().fields[0].1, Value::Map(_)));
    }
    let body = holding(of(marked(vec![double(1.0); 16_000])));
    assert!(matches!(document(&body).unwrap().fields[0].1, Value::Vector(_)));
}

#[test]
fn values_nest_a_hundred_deep_and_no_deeper() {
    assert!(document(&nested(100)).is_ok());
    let refused = document(&nested(101)).unwrap_err();
    assert!(refused.to_string().contains("nested"), "{refused}");
    assert!(document(&nested(3_000)).is_err());
}

#[test]
fn groups_within_groups_do_not_exhaust_the_stack() {
    assert!(document(&[0xa3; 200_000]).is_err());
    assert!(document(&[0x4b; 200_000]).is_err());
}

#[test]
fn values_of_no_known_type_are_refused_not_dropped() {
    for value in [
        b"".as_slice(),
        b"\x9a\x01\x01a", // a field reference
        b"\xf8\x07\x01",  // a type not invented yet
    ] {
        let refused = document(&around(value)).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("no type that documents are known to hold"),
            "{refused}"
        );
    }
}

#[test]
fn a_document_without_name_or_times_is_refused() {
    let whole = [delimited(1, b"n"), delimited(3, b""), delimited(4, b"")];
    assert!(document(&whole.concat()).is_ok());
    for missing in 0..3 {
        let mut parts = whole.to_vec();
        parts.remove(missing);
        assert!(document(&parts.concat()).is_err());
    }
    assert!(name(&whole[1]).is_err());
}

#[test]
fn a_document_with_two_names_is_refused() {
    let body = [
        delimited(3, b""),
        delimited(1, b"n"),
        delimited(4, b""),
        delimited(1, b"m"),
    ]
    .concat();
    assert_eq!(name(&body), Ok("n"));
    assert!(document(&body).unwrap_err().to_string().contains("two names"));
}

#[test]
fn moments_outside_the_calendar_are_refused() {
    for (seconds, nanos) in [
        (-62_135_596_801, 0),
        (253_402_300_800, 0),
        (0, -1),
        (0, 1_000_000_000),
    ] {
        let body = holding(of(ValueType::TimestampValue(prost_types::Timestamp {
            seconds,
            nanos,
        })));
        assert!(
            document(&body)
                .unwrap_err()
                .to_string()
                .contains("years 1 to 9999")
        );
    }
}

#[test]
fn many_fields_that_come_twice_are_each_kept_once() {
    let value = |name: &str, n: u8| {
        delimited(
            2,
            &[delimited(1, name.as_bytes()), delimited(2, &[0x10, n])].concat(),
        )
    };
    for count in [3, 16, 17, 500] {
        let names: Vec<String> = (0..count).map(|n| format!("f{n}")).collect();
        let fields: Vec<u8> = (1..=2)
            .flat_map(|n| names.iter().flat_map(move |name| value(name, n)))
            .collect();
        let body = [delimited(1, b"n"), fields, delimited(3, b""), delimited(4, b"")].concat();
        let decoded = document(&body).unwrap();
        assert_eq!(decoded.fields.len(), count);
        assert!(
            decoded
                .fields
                .iter()
                .all(|(_, value)| *value == Value::Integer(2))
        );
    }
}
