//! Whatever a proposal was drawn from, no document loses anything to it: neither the sampled nor the others.

use std::collections::{BTreeMap, HashMap};

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::prost_types;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use proto::value::ValueType;
use transforms::firestore::document;
use transforms::json::Owned;
use transforms::mapping::Table;
use transforms::{Census, Document, Packer, Reason, Row, Tuples, Unpacker, Value, below, propose, relations};

use crate::arbitrary::{self, ROOT, map, marked, of};
use crate::rebuilt::rows;

/// What a field mostly holds. One value in twenty is of no type in particular.
#[derive(Debug, Clone, Copy)]
enum Habit {
    Uuid,
    Day,
    Reference,
    Record,
    ById,
    Lines,
    Members,
    Tags,
    Flags,
    Vector,
    Embedding,
    Number,
    Any,
}

const HABITS: [Habit; 13] = [
    Habit::Uuid,
    Habit::Day,
    Habit::Reference,
    Habit::Record,
    Habit::ById,
    Habit::Lines,
    Habit::Members,
    Habit::Tags,
    Habit::Flags,
    Habit::Vector,
    Habit::Embedding,
    Habit::Number,
    Habit::Any,
];

fn array(values: Vec<proto::Value>) -> proto::Value {
    of(ValueType::ArrayValue(proto::ArrayValue { values }))
}

fn record(entries: Vec<(&str, proto::Value)>) -> proto::Value {
    let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value));
    of(map(entries.collect()))
}

fn text(text: impl Into<String>) -> proto::Value {
    of(ValueType::StringValue(text.into()))
}

/// A value of the habit, made of a number and of a value of no type in particular.
fn usual(habit: Habit, seed: i32, any: proto::Value) -> proto::Value {
    let user = || of(ValueType::ReferenceValue(format!("{ROOT}/users/u{}", seed % 5)));
    let integer = || of(ValueType::IntegerValue(seed.into()));
    let double = |double: f64| of(ValueType::DoubleValue(double));
    let some = (seed.unsigned_abs() % 4) as usize;
    match habit {
        Habit::Uuid => text(format!("123e4567-e89b-12d3-a456-{:012}", seed.unsigned_abs())),
        Habit::Day => of(ValueType::TimestampValue(prost_types::Timestamp {
            seconds: i64::from(seed % 30_000) * 86_400,
            nanos: 0,
        })),
        Habit::Reference => user(),
        Habit::Record => record(vec![("city", text("Oslo")), ("n", integer()), ("any", any)]),
        Habit::ById => record(vec![(
            ["4fT7sB1kQz09LmXy2WaR", "Rz09LmXy2WaR4fT7sB1k"][some % 2],
            integer(),
        )]),
        Habit::Lines => array(
            (0..some)
                .map(|_| record(vec![("sku", text("s")), ("n", integer())]))
                .collect(),
        ),
        Habit::Members => array((0..some).map(|_| user()).collect()),
        Habit::Tags => array((0..some).map(|_| text("t")).collect()),
        Habit::Flags => array((0..some).map(|_| of(ValueType::BooleanValue(seed > 0))).collect()),
        Habit::Vector => of(marked(vec![double(0.1), double(0.5), double(seed.into())])),
        Habit::Embedding => array(vec![double(0.5); 32]),
        Habit::Number if some == 0 => double(f64::from(seed) / 4.0),
        Habit::Number => integer(),
        Habit::Any => any,
    }
}

/// Documents of a few collections, of which each field has its habit.
fn documents() -> impl Strategy<Value = Vec<proto::Document>> {
    let habits = vec(select(HABITS.to_vec()), 6);
    let place = select(vec![
        "items",
        "users",
        "users/u1/items",
        "users/u2/items",
        "users/u1/orders/o/lines",
    ]);
    let field = (any::<i32>(), arbitrary::value(), 0..20u8);
    let document = (place, "[a-z]{1,4}", vec(field, 6), arbitrary::document());
    (habits, vec(document, 2..60)).prop_map(|(habits, documents)| {
        let made =
            |(place, id, fields, other): (&str, String, Vec<(i32, proto::Value, u8)>, proto::Document)| {
                let fields = fields
                    .into_iter()
                    .zip(&habits)
                    .zip(["id", "parent", "userId", "a b", "items", "_x"]);
                let fields: HashMap<String, proto::Value> = fields
                    .filter_map(|(((seed, any, chance), habit), name)| match chance {
                        0 => None,
                        1 => Some((name.to_owned(), any)),
                        _ => Some((name.to_owned(), usual(*habit, seed, any))),
                    })
                    .collect();
                proto::Document {
                    name: format!("{ROOT}/{place}/{id}"),
                    fields,
                    ..other
                }
            };
        documents.into_iter().map(made).collect()
    })
}

fn collection<'d>(document: &'d Document<'_>) -> &'d str {
    document.name.rsplit('/').nth(1).unwrap()
}

/// Packed and rebuilt by the tables of its collection; or the reason why not.
fn there_and_back(all: &[Table], tables: &[Table], document: &Document<'_>) -> Result<Owned, Reason> {
    let mut out = vec![Tuples::default(); relations(tables).len()];
    let packer = Packer::new(tables, ROOT, true).among(all);
    packer
        .pack(document, &[], &mut out)
        .map_err(|reject| reject.reason)?;
    let (own, children) = out.split_first().unwrap();
    let children: Vec<Vec<Row<'_>>> = children.iter().map(rows).collect();
    let unpacker = Unpacker::new(&tables[0], ROOT).among(all);
    let back = unpacker.document(&rows(own)[0], &children).unwrap();
    assert_eq!(format!("{ROOT}/{}", back.path), document.name);
    Ok(Owned::Map(back.fields))
}

/// Whether a document may be refused for this.
fn explains(reason: Reason, table: &Table, document: &Document<'_>) -> bool {
    let path = below(&document.name, ROOT).unwrap();
    match reason {
        Reason::NoTable => table.from.matches(path).is_none(),
        Reason::NulCharacter => table.nul == transforms::mapping::Nul::Quarantine,
        Reason::TimestampPrecision => {
            document.updated.unwrap().micros().is_none() || document.created.unwrap().micros().is_none()
        }
        Reason::VectorDimension | Reason::VectorNotFinite => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_document_loses_anything_to_a_proposal(documents in documents(), sampled in 1usize..60) {
        let bodies: Vec<Vec<u8>> = documents.iter().map(Message::encode_to_vec).collect();
        let mut censuses: BTreeMap<String, Census> = BTreeMap::new();
        for body in bodies.iter().take(sampled) {
            let document = document(body).unwrap();
            censuses.entry(collection(&document).into()).or_default().observe(&document);
        }
        let all = propose(&censuses, &BTreeMap::new()).mapping.tables;
        for body in &bodies {
            let document = document(body).unwrap();
            let Some(table) = all.iter().find(|table| table.from.collection() == collection(&document)) else {
                continue;
            };
            match there_and_back(&all, std::slice::from_ref(table), &document) {
                Ok(back) => {
                    let was = Value::Map(document.fields.clone());
                    prop_assert!(back.view().same(&was), "{:?}\nis not {:?}\nby {:?}", back, was, table);
                }
                Err(reason) => prop_assert!(explains(reason, table, &document), "{:?} of {:?}", reason, document),
            }
        }
    }
}
