//! A packed document can be read back from its tuple, and every value lies where the rules say.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use transforms::firestore::document;
use transforms::mapping::{Column, Source, Table};
use transforms::{Census, Document, Packer, Reason, Reject, Timestamp, Tuples, Value, below, infer, json};

use crate::arbitrary::{self, ROOT};
use crate::rules::{self, Kind, Place, holds_nul, place, rounds};
use crate::tuple;

fn kinds() -> impl Strategy<Value = Kind> {
    select(vec![
        Kind::Boolean,
        Kind::Integer,
        Kind::Double,
        Kind::Number,
        Kind::Timestamp,
        Kind::Text,
        Kind::Bytes,
        Kind::Reference,
        Kind::Point,
        Kind::Json,
        Kind::Vector(1),
        Kind::Vector(2),
        Kind::Vector(3),
    ])
}

/// A table for the document: a whim says for each field whether it has a column and whether a fitting one.
fn table(document: &Document<'_>, whims: &[(u8, Kind)]) -> Table {
    let mut columns = vec![Kind::Text.column("absent", "an absent field")];
    for ((field, value), (whim, kind)) in document.fields.iter().zip(whims) {
        let kind = if *whim < 7 {
            rules::fitting(value, *kind)
        } else {
            *kind
        };
        if *whim > 1 && !field.contains('\0') {
            columns.push(kind.column(&format!("c{}", columns.len()), field));
        }
    }
    if whims[0].0.is_multiple_of(2) {
        columns.sort_by(|a, b| field(a).cmp(field(b)));
    }
    rules::table("items", columns)
}

/// The field that a column takes.
fn field(column: &Column) -> &str {
    match &column.from {
        Source::Field(path) => &path.0[0],
        other => panic!("{other:?}"),
    }
}

/// What becomes of one document.
fn packed(table: &Table, document: &Document<'_>, exact_vectors: bool) -> Result<Vec<u8>, Reject> {
    let mut out = [Tuples::default()];
    let packed = Packer::new(std::slice::from_ref(table), ROOT, exact_vectors).pack(document, &[], &mut out);
    let [Tuples { bytes, starts }] = out;
    assert_eq!(starts.len(), usize::from(packed.is_ok()));
    assert!(packed.is_ok() || bytes.is_empty());
    packed.map(|_| bytes)
}

/// Every reason there is against the document.
fn obstacles(document: &Document<'_>, table: &Table, exact_vectors: bool) -> Vec<Reason> {
    let mut obstacles = Vec::new();
    if document.name.contains('\0') {
        obstacles.push(Reason::NulCharacter);
    }
    if document.created.unwrap().micros().is_none() || document.updated.unwrap().micros().is_none() {
        obstacles.push(Reason::TimestampPrecision);
    }
    for (field, value) in &document.fields {
        let column = table.columns.iter().find(|column| self::field(column) == *field);
        match column.map(|column| place(Kind::of(column), value, exact_vectors)) {
            Some(Place::Nowhere(reason)) => obstacles.push(reason),
            // A key of `_extra`.
            Some(Place::Extra | Place::Both) | None if field.contains('\0') || holds_nul(value) => {
                obstacles.push(Reason::NulCharacter);
            }
            _ => {}
        }
    }
    obstacles
}

/// Checks every cell against the rules and reads the whole document back: `_extra` wins over the column.
fn assert_reads_back(document: &Document<'_>, table: &Table, exact_vectors: bool, bytes: &[u8]) {
    let cells = tuple::cells(bytes);
    assert_eq!(cells.len(), table.columns.len() + 4);
    assert_eq!(
        tuple::text(cells[0].unwrap()),
        below(&document.name, ROOT).unwrap()
    );
    assert_eq!(Some(tuple::timestamp(cells[1].unwrap())), document.created);
    assert_eq!(Some(tuple::timestamp(cells[2].unwrap())), document.updated);
    let extra = cells
        .last()
        .unwrap()
        .map(|cell| json::read_object(tuple::jsonb(cell), ROOT).unwrap());
    assert!(
        extra.as_ref().is_none_or(|extra| !extra.is_empty()),
        "an empty object instead of NULL"
    );
    let mut left: BTreeMap<_, _> = extra.unwrap_or_default().into_iter().collect();

    for (column, cell) in table.columns.iter().zip(&cells[3..]) {
        let Some((_, value)) = document
            .fields
            .iter()
            .find(|(field, _)| *field == self::field(column))
        else {
            assert!(cell.is_none() && !left.contains_key(self::field(column)));
            continue;
        };
        let kept = left.remove(self::field(column));
        let place = place(Kind::of(column), value, exact_vectors);
        assert_eq!(
            cell.is_some(),
            matches!(place, Place::Column | Place::Both),
            "{column:?} {value:?}"
        );
        assert_eq!(
            kept.is_some(),
            matches!(place, Place::Extra | Place::Both),
            "{column:?} {value:?}"
        );
        let inexact = kept.is_none() && rounds(value);
        let back = kept.unwrap_or_else(|| tuple::value(Kind::of(column), cell.unwrap()));
        assert!(
            inexact && !exact_vectors || back.view().same(value),
            "{column:?}: {value:?} came back as {back:?}"
        );
    }
    for (field, value) in &document.fields {
        if !table.columns.iter().any(|column| self::field(column) == *field) {
            assert!(left.remove(*field).unwrap().view().same(value));
        }
    }
    assert!(left.is_empty(), "{left:?} was never in the document");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_packed_document_is_read_back_and_a_rejected_one_leaves_no_trace(
        theirs in arbitrary::document(), whims in vec((0u8..10, kinds()), 8), exact_vectors: bool
    ) {
        let body = theirs.encode_to_vec();
        let document = document(&body).unwrap();
        let table = table(&document, &whims);
        let obstacles = obstacles(&document, &table, exact_vectors);

        let before = Tuples { bytes: b"before".to_vec(), starts: vec![0] };
        let mut all = [before.clone()];
        let tables = [table];
        let packed = Packer::new(&tables, ROOT, exact_vectors).pack(&document, &[], &mut all);
        let [table] = tables;
        let [Tuples { bytes: out, starts }] = all;
        match packed {
            Ok(notes) => {
                prop_assert_eq!(starts, [0, 6]);
                prop_assert_eq!(&obstacles, &[]);
                assert_reads_back(&document, &table, exact_vectors, &out[6..]);
                prop_assert_eq!(notes.overflowed, tuple::cells(&out[6..]).last().unwrap().is_some());
                let in_vector_column = |(field, value): &(&str, Value<'_>)| {
                    let column = table.columns.iter().find(|column| self::field(column) == *field);
                    column.is_some_and(|column| matches!(Kind::of(column), Kind::Vector(_))) && rounds(value)
                };
                prop_assert_eq!(notes.rounded, document.fields.iter().any(in_vector_column));
            }
            Err(reject) => {
                prop_assert!(obstacles.contains(&reject.reason), "{:?} but {:?}", obstacles, reject);
                prop_assert_eq!(Tuples { bytes: out, starts }, before);
                let said = format!("{:?} {}", reject.column, reject);
                prop_assert!(!said.contains('\0') && !said.contains("\\0"), "{}", said);
            }
        }
    }

    #[test]
    fn an_inferred_table_takes_the_documents_it_was_inferred_from(all in vec(arbitrary::document(), 1..6)) {
        let bodies: Vec<Vec<u8>> = all.iter().map(Message::encode_to_vec).collect();
        let mut census = Census::default();
        bodies.iter().for_each(|body| census.observe(&document(body).unwrap()));
        let shape = infer(&BTreeMap::from([("items".into(), census)]));
        let table = &shape.collections["items"][0];
        for body in &bodies {
            let document = document(body).unwrap();
            match packed(table, &document, true) {
                Ok(out) => assert_reads_back(&document, table, true, &out),
                Err(reject) => prop_assert!(obstacles(&document, table, true).contains(&reject.reason)),
            }
        }
    }
}

#[test]
fn numbers_at_the_edge_of_what_a_double_can_say_are_read_back() {
    let edge = 1i64 << 53;
    let integers = [0, 1, edge - 1, edge, edge + 1, i64::MAX]
        .into_iter()
        .flat_map(|i| [i, -i])
        .chain([i64::MIN]);
    let special = [
        0.0,
        0.5,
        1.0,
        edge as f64 - 1.0,
        edge as f64,
        edge as f64 + 2.0,
        f64::INFINITY,
        f64::NAN,
    ];
    let doubles = special.into_iter().flat_map(|double| [double, -double]);
    for value in integers.map(Value::Integer).chain(doubles.map(Value::Double)) {
        for kind in [Kind::Integer, Kind::Double, Kind::Number, Kind::Text] {
            let table = rules::table("items", vec![kind.column("n", "n")]);
            let (created, updated) = (Timestamp::default(), Timestamp::default());
            let name = format!("{ROOT}/items/1");
            let document = Document {
                name: name.as_str().into(),
                created: Some(created),
                updated: Some(updated),
                fields: vec![("n", value.clone())],
            };
            let out = packed(&table, &document, false).unwrap();
            assert_reads_back(&document, &table, false, &out);
        }
    }
}

fn rejected(fields: Vec<(&str, Value<'_>)>, name: &str, updated: Timestamp) -> Reject {
    let column = |name: &str, kind: Kind| kind.column(&name.to_lowercase(), name);
    let columns = vec![column("Text", Kind::Text), column("Vec", Kind::Vector(2))];
    let table = rules::table("items", columns);
    let document = Document {
        name: name.into(),
        created: Some(Timestamp::default()),
        updated: Some(updated),
        fields,
    };
    packed(&table, &document, false).unwrap_err()
}

#[test]
fn a_reject_names_the_field_and_the_reason() {
    let name = format!("{ROOT}/items/1");
    let now = Timestamp::default();
    let far = Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    let nested = Value::Map(vec![("a\0", Value::Null)]);
    for (reject, reason, column) in [
        (
            rejected(vec![("Text", Value::Text("a\0b"))], &name, now),
            Reason::NulCharacter,
            Some("Text"),
        ),
        (
            rejected(vec![("ok", Value::Null), ("other", nested)], &name, now),
            Reason::NulCharacter,
            Some("other"),
        ),
        (
            rejected(vec![("a\0b", Value::Null)], &name, now),
            Reason::NulCharacter,
            Some("a␀b"),
        ),
        (
            rejected(vec![("Vec", Value::Vector(vec![1.0]))], &name, now),
            Reason::VectorDimension,
            Some("Vec"),
        ),
        (
            rejected(vec![("Vec", Value::Vector(vec![1.0, 1e39]))], &name, now),
            Reason::VectorNotFinite,
            Some("Vec"),
        ),
        (
            rejected(vec![], &name, Timestamp { seconds: 0, nanos: 1 }),
            Reason::TimestampPrecision,
            Some("_updated_at"),
        ),
        (
            rejected(vec![], &name, far),
            Reason::TimestampPrecision,
            Some("_updated_at"),
        ),
        (
            rejected(vec![], &format!("{name}\0"), now),
            Reason::NulCharacter,
            Some("_path"),
        ),
        (
            rejected(vec![], "projects/q/databases/d/documents/a/b", now),
            Reason::Malformed,
            Some("_path"),
        ),
        (rejected(vec![], ROOT, now), Reason::Malformed, Some("_path")),
    ] {
        assert_eq!(
            (reject.reason, reject.column.as_deref()),
            (reason, column),
            "{reject}"
        );
    }
    let reject = rejected(vec![("Vec", Value::Vector(vec![1.0]))], &name, now);
    assert_eq!(
        reject.to_string(),
        "vector_dimension in \"Vec\": a vector of 1 components in a column of 2"
    );
}

#[test]
fn header_and_trailer_are_those_of_the_binary_format() {
    assert_eq!(transforms::COPY_HEADER, *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    assert_eq!(transforms::COPY_TRAILER, [0xff, 0xff]);
}
