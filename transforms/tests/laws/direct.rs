//! A document packed directly is packed alike: the same tuples and notes as of the decoded one, or nothing at all.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use transforms::json::Owned;
use transforms::mapping::{Holds, Scalar, Table, Type};
use transforms::{Census, Packer, Timestamp, Tuples, firestore, infer, relations};

use crate::arbitrary::{self, ROOT};
use crate::mapped::{column, table};
use crate::mappings::documents::Sample;
use crate::mappings::{self, Choices, documents, often_plain};
use crate::sent::bytes;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_document_packed_directly_is_packed_alike(
        shape in vec(any::<u16>(), 0..300), filling in vec(any::<u16>(), 0..900), exact_vectors: bool,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), cut: prop::sample::Index,
    ) {
        let tables = often_plain(&mut Choices::new(shape));
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

/// A law about nothing would hold as well.
#[test]
fn many_documents_of_strange_tables_are_packed_directly() {
    let direct = |seed: &u64| {
        let tables = often_plain(&mut Choices::scattered(*seed, 300));
        let document = documents::document(&tables, &mut Choices::scattered(seed + 1, 900));
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
