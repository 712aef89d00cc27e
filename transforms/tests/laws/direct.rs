//! A document packed directly is packed alike: the same tuples and notes as of the decoded one, or nothing at all.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use prost::encoding::encode_varint;
use transforms::json::Owned;
use transforms::mapping::{Column, Holds, Nul, Scalar, Source, Table, Type};
use transforms::{Census, Packer, Timestamp, Tuples, firestore, infer, relations};

use crate::arbitrary::{self, ROOT};
use crate::mapped::{column, table};
use crate::mappings::documents::Sample;
use crate::mappings::{self, Choices, documents};

/// The bytes of a document as Firestore sends it, its fields and the keys of its maps in their order.
pub(crate) fn bytes(sample: &Sample) -> Vec<u8> {
    let mut out = Vec::new();
    delimited(&[0x0a], sample.name.as_bytes(), &mut out);
    for (name, value) in &sample.fields {
        delimited(&[0x12], &entry(name, value), &mut out);
    }
    for (key, moment) in [(0x1a, sample.created), (0x22, sample.updated)] {
        delimited(&[key], &self::moment(moment.unwrap()), &mut out);
    }
    out
}

pub(crate) fn delimited(key: &[u8], content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    encode_varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

fn entry(name: &str, value: &Owned) -> Vec<u8> {
    let mut out = Vec::new();
    delimited(&[0x0a], name.as_bytes(), &mut out);
    delimited(&[0x12], &self::value(value), &mut out);
    out
}

fn moment(moment: Timestamp) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, number) in [
        (0x08, moment.seconds.cast_unsigned()),
        (0x10, moment.nanos.into()),
    ] {
        if number != 0 {
            out.push(key);
            encode_varint(number, &mut out);
        }
    }
    out
}

fn value(value: &Owned) -> Vec<u8> {
    let mut out = Vec::new();
    let mut inside = Vec::new();
    let (key, content): (&[u8], &[u8]) = match value {
        Owned::Null | Owned::Boolean(_) | Owned::Integer(_) => {
            let (key, number) = match value {
                Owned::Boolean(boolean) => (0x08, u64::from(*boolean)),
                Owned::Integer(integer) => (0x10, integer.cast_unsigned()),
                _ => (0x58, 0),
            };
            out.push(key);
            encode_varint(number, &mut out);
            return out;
        }
        Owned::Double(double) => return [&[0x19][..], &double.to_le_bytes()].concat(),
        Owned::Text(text) => (&[0x8a, 0x01], text.as_bytes()),
        Owned::Bytes(bytes) => (&[0x92, 0x01], bytes),
        Owned::Reference(name) => (&[0x2a], name.as_bytes()),
        Owned::Timestamp(timestamp) => {
            inside = moment(*timestamp);
            (&[0x52], &inside)
        }
        Owned::GeoPoint { latitude, longitude } => {
            for (key, double) in [(0x09, latitude), (0x11, longitude)] {
                inside.push(key);
                inside.extend(double.to_le_bytes());
            }
            (&[0x42], &inside)
        }
        Owned::Array(values) => {
            values
                .iter()
                .for_each(|each| delimited(&[0x0a], &self::value(each), &mut inside));
            (&[0x4a], &inside)
        }
        Owned::Map(entries) => {
            entries
                .iter()
                .for_each(|(name, each)| delimited(&[0x0a], &entry(name, each), &mut inside));
            (&[0x32], &inside)
        }
        Owned::Vector(components) => {
            let components = components.iter().copied().map(Owned::Double).collect();
            let entries = [
                ("__type__", Owned::Text("__vector__".into())),
                ("value", Owned::Array(components)),
            ];
            let entries = entries.map(|(name, value)| (name.to_owned(), value));
            return self::value(&Owned::Map(entries.into()));
        }
        Owned::Floats(_) | Owned::Sparse(_) => panic!("documents of Firestore hold none"),
    };
    delimited(key, content, &mut out);
    out
}

/// Whether a document is packed directly; then as it is packed decoded.
fn directly(tables: &[Table], exact_vectors: bool, body: &[u8]) -> bool {
    let neighbours = mappings::neighbours();
    let packer = Packer::new(tables, ROOT, exact_vectors).among(tables.iter().chain(&neighbours));
    let before = Tuples {
        bytes: b"before".to_vec(),
        starts: vec![0],
    };
    let empty = vec![before; relations(tables).len()];
    let mut out = empty.clone();
    let Some(notes) = packer.direct().pack(body, &mut out) else {
        assert_eq!(out, empty, "something was left behind");
        return false;
    };
    let mut decoded = empty;
    let document = firestore::document(body).expect("what is packed directly can be decoded");
    let expected = packer.pack(&document, &[], &mut decoded);
    assert_eq!((Ok(notes), out), (expected, decoded), "{document:?}");
    true
}

/// Tables without what is never packed directly, half of the time.
pub(crate) fn tables(choices: &mut Choices) -> Vec<Table> {
    let mut tables = mappings::tables(choices);
    if choices.once_in(2) {
        for table in &mut tables {
            table.children.clear();
            table.nul = Nul::Escape;
            let plain = |column: &Column| !matches!(column.from, Source::Template(_) | Source::Embedding(_));
            table.columns.retain(plain);
        }
    }
    tables
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_document_packed_directly_is_packed_alike(
        shape in vec(any::<u16>(), 0..300), filling in vec(any::<u16>(), 0..900), exact_vectors: bool,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), cut: prop::sample::Index,
    ) {
        let tables = tables(&mut Choices::new(shape));
        let mut body = bytes(&documents::document(&tables, &mut Choices::new(filling)));
        directly(&tables, exact_vectors, &body);
        directly(&tables, exact_vectors, &body[..cut.index(body.len())]);
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
            directly(&tables, exact_vectors, &body);
        }
    }

    #[test]
    fn documents_of_inferred_tables_too(all in vec(arbitrary::document(), 1..6)) {
        let bodies: Vec<Vec<u8>> = all.iter().map(Message::encode_to_vec).collect();
        let mut census = Census::default();
        bodies.iter().for_each(|body| census.observe(&firestore::document(body).unwrap()));
        let shape = infer(&BTreeMap::from([("items".into(), census)]));
        for body in &bodies {
            directly(&shape.collections["items"], true, body);
        }
    }
}

/// Choices that look like chance, the same every time.
fn scattered(seed: u64, count: usize) -> Vec<u16> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u16
    };
    std::iter::repeat_with(&mut next).take(count).collect()
}

/// A law about nothing would hold as well.
#[test]
fn many_documents_of_strange_tables_are_packed_directly() {
    let direct = |seed: &u64| {
        let tables = tables(&mut Choices::new(scattered(*seed, 300)));
        let document = documents::document(&tables, &mut Choices::new(scattered(seed + 1, 900)));
        directly(&tables, false, &bytes(&document))
    };
    let count = (0..2000).filter(direct).count();
    assert!(count > 100, "{count} of 2000");
}

#[test]
fn an_ordinary_document_is_packed_directly_whatever_it_leaves() {
    let column = |name: &str, path: &str, sql, holds| column(name, path, sql, holds);
    let scalar = Type::Scalar;
    let table = table(vec![
        column("name", "name", scalar(Scalar::Text), Holds::Text),
        column("at", "at", scalar(Scalar::Timestamp), Holds::Timestamp),
        column("count", "count", scalar(Scalar::BigInt), Holds::Integer),
        column("whole", "whole", Type::Json, Holds::Map),
        column("city", "address.city", scalar(Scalar::Text), Holds::Text),
        column("place", "place", Type::Point, Holds::Point),
        column("tags", "tags", Type::Array(Scalar::Text), Holds::Array),
        column("embedding", "embedding", Type::Vector(2), Holds::Vector),
        column("absent", "absent", scalar(Scalar::Text), Holds::Text),
    ]);
    let text = |text: &str| Owned::Text(text.into());
    let map = |entries: Vec<(&str, Owned)>| {
        let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value));
        Owned::Map(entries.collect())
    };
    let ordinary = vec![
        ("name", text("Zoë \"the\" O'Neil\n")),
        ("at", Owned::Timestamp(Timestamp::default())),
        ("count", Owned::Integer(-1)),
        (
            "whole",
            map(vec![
                ("b", Owned::Array(vec![Owned::Null, text("x")])),
                ("a", Owned::Double(0.1)),
            ]),
        ),
        ("address", map(vec![("city", text("Zürich"))])),
        (
            "place",
            Owned::GeoPoint {
                latitude: 1.0,
                longitude: 0.0,
            },
        ),
        ("tags", Owned::Array(vec![text("a"), text("b")])),
        ("embedding", Owned::Vector(vec![0.1, 1.0])),
    ];
    let others = [
        (
            "nobody asks for it",
            map(vec![("deep", map(vec![("er", Owned::Boolean(true))]))]),
        ),
        ("count", text("a text where numbers belong")),
        ("name", Owned::Null),
        ("address", Owned::Null),
        ("at", Owned::Integer(7)),
    ];
    for other in std::iter::once(None).chain(others.map(Some)) {
        let mut fields = ordinary.clone();
        if let Some((name, value)) = &other {
            fields.retain(|(own, _)| own != name);
            fields.push((name, value.clone()));
        }
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let sample = Sample {
            name: format!("{ROOT}/items/1"),
            created: Some(Timestamp::default()),
            updated: Timestamp::new(1_704_164_645, 123_456_000),
            fields,
        };
        assert!(
            directly(std::slice::from_ref(&table), false, &bytes(&sample)),
            "{other:?}"
        );
    }
}
