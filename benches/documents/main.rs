//! What a document costs the client: `make bench`.
//!
//! The same documents through each step, rounds of all steps interleaved, so that whatever else the machine does
//! hits all of them. Times depend on the machine; the ratios in the last column are what to compare: against
//! prost, the decoder that generated code would use, and against copying the bytes, which nothing can beat.

#![allow(clippy::unwrap_used, missing_docs)]

mod batches; // what a batch costs beside its documents

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::time::{Duration, Instant};
use transforms::mapping::{
    Column, Document, FieldPath, Holds, Pattern, Records, Scalar, Source, Table, Type,
};
use transforms::{Census, Packer, Tuples, infer};

const DOCUMENTS: usize = 20_000;
const ROUNDS: usize = 15;
const ROOT: &str = "projects/p/databases/(default)/documents";

fn main() {
    let bodies: Vec<Vec<u8>> = (0..DOCUMENTS).map(document).collect();
    let mut census = Census::default();
    for body in &bodies[..300] {
        census.observe(&transforms::firestore::document(body).unwrap());
    }
    let shape = infer(&BTreeMap::from([("orders".to_owned(), census)]));
    let packer = Packer::new(&shape.collections["orders"], ROOT, false);
    let (mut rows, mut direct_rows, mut direct) = ([Tuples::default()], [Tuples::default()], packer.direct());

    let mut steps: Vec<(&str, Step<'_>)> = vec![
        (
            "copy the bytes (nothing can beat this)",
            Box::new(|body: &[u8], out: &mut Vec<u8>| out.extend_from_slice(body)),
        ),
        (
            "find the name",
            Box::new(|body: &[u8], _: &mut Vec<u8>| {
                black_box(transforms::firestore::name(body).unwrap());
            }),
        ),
        (
            "decode",
            Box::new(|body: &[u8], _: &mut Vec<u8>| {
                black_box(transforms::firestore::document(body).unwrap());
            }),
        ),
        (
            "pack a COPY row from where it lies",
            Box::new(|body, out: &mut Vec<u8>| {
                if out.is_empty() {
                    direct_rows[0].truncate(0);
                    out.push(0);
                }
                direct.pack(body, &mut direct_rows).unwrap();
            }),
        ),
        (
            "decode and pack a COPY row",
            Box::new(|body: &[u8], out: &mut Vec<u8>| {
                // A round begins: the rows of the last one make room.
                if out.is_empty() {
                    rows[0].truncate(0);
                    out.push(0);
                }
                let document = transforms::firestore::document(body).unwrap();
                packer.pack(&document, &[], &mut rows).unwrap();
            }),
        ),
        (
            "prost: decode alone",
            Box::new(|body: &[u8], _: &mut Vec<u8>| {
                black_box(proto::Document::decode(body).unwrap());
            }),
        ),
    ];
    measure(&mut steps, &bodies, "× of prost");
    points();
    batches::compare(&shape.collections["orders"], ROOT);
}

/// The same for points of Qdrant: 384 components and five fields of payload.
fn points() {
    let bodies: Vec<Vec<u8>> = (0..DOCUMENTS).map(point).collect();
    let tables = [table_of_points()];
    let packer = Packer::new(&tables, transforms::qdrant::ROOT, false);
    let mut rows = [Tuples::default()];
    let mut steps: Vec<(&str, Step<'_>)> = vec![
        (
            "point: find the id",
            Box::new(|body: &[u8], _: &mut Vec<u8>| {
                black_box(transforms::qdrant::id(body).unwrap());
            }),
        ),
        (
            "point: decode",
            Box::new(|body: &[u8], _: &mut Vec<u8>| {
                black_box(transforms::qdrant::point(body, "memory").unwrap());
            }),
        ),
        (
            "point: decode and pack a COPY row",
            Box::new(|body: &[u8], out: &mut Vec<u8>| {
                if out.is_empty() {
                    rows[0].truncate(0);
                    out.push(0);
                }
                let document = transforms::qdrant::point(body, "memory").unwrap();
                packer.pack(&document, &[], &mut rows).unwrap();
            }),
        ),
        (
            "point: copy the bytes",
            Box::new(|body: &[u8], out: &mut Vec<u8>| out.extend_from_slice(body)),
        ),
    ];
    measure(&mut steps, &bodies, "× of copying");
}

/// `id bigint, embedding vector(384), payload jsonb`.
fn table_of_points() -> Table {
    let column = |name: &str, path: &str, sql, holds| Column::field(name, FieldPath::top(path), sql, holds);
    let mut table = Table::new("memory", Pattern::root("memory"), Records::Points);
    let mut id = column("id", "id", Type::Scalar(Scalar::BigInt), Holds::Integer);
    id.from = Source::Document(Document::Id);
    table.columns = vec![
        id,
        column("embedding", "vector", Type::Vector(384), Holds::Vector),
        column("payload", "payload", Type::Json, Holds::Any),
    ];
    table
}

/// Every step over all bodies, round after round.
fn measure<'a>(steps: &mut [(&str, Step<'a>)], bodies: &'a [Vec<u8>], against: &str) {
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let mut out = Vec::with_capacity(bytes * 2);
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); steps.len()];
    for _ in 0..ROUNDS {
        for ((_, step), times) in steps.iter_mut().zip(&mut times) {
            out.clear();
            let began = Instant::now();
            for body in bodies {
                step(body, &mut out);
            }
            times.push(began.elapsed());
            black_box(&out);
        }
    }
    report(steps, &mut times, bytes, against);
}

type Step<'a> = Box<dyn FnMut(&'a [u8], &mut Vec<u8>) + 'a>;

fn report(steps: &[(&str, Step<'_>)], times: &mut [Vec<Duration>], bytes: usize, against: &str) {
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e6 / DOCUMENTS as f64
        })
        .collect();
    let reference = medians[medians.len() - 1];
    println!(
        "{DOCUMENTS} documents of {} bytes; medians of {} rounds\n",
        bytes / DOCUMENTS,
        times[0].len()
    );
    println!("{:<42} {:>12} {:>12}", "step", "µs/document", against);
    for ((name, _), median) in steps.iter().zip(&medians) {
        println!("{name:<42} {median:>12.2} {:>12.2}", median / reference);
    }
    println!();
}

/// A point as servers since 1.17 send it.
fn point(number: usize) -> Vec<u8> {
    let inside = |number: u32, content: &[u8]| {
        let mut bytes = Vec::new();
        encode_key(number, WireType::LengthDelimited, &mut bytes);
        encode_varint(content.len() as u64, &mut bytes);
        bytes.extend_from_slice(content);
        bytes
    };
    let text = |key: &str, value: &str| {
        let value = inside(4, value.as_bytes());
        inside(2, &[inside(1, key.as_bytes()), inside(2, &value)].concat())
    };
    let component = |at: usize| ((number * 31 + at * 17) % 2001) as f32 / 1000.0 - 1.0;
    let floats: Vec<u8> = (0..384).flat_map(|at| component(at).to_le_bytes()).collect();
    let mut id = vec![0x08];
    encode_varint(number as u64, &mut id);
    [
        inside(1, &id),
        text("org_id", &format!("org-{}", number % 97)),
        text("kind", ["note", "mail", "task"][number % 3]),
        text("title", &format!("what was said about number {number}")),
        text("source", "https://example.com/a/b/c"),
        text("body", &"a sentence that says something. ".repeat(9)),
        inside(4, &inside(1, &inside(101, &inside(1, &floats)))),
    ]
    .concat()
}

/// An order as applications write them: thirteen fields, two of them nested.
fn document(number: usize) -> Vec<u8> {
    let text = |text: String| ValueType::StringValue(text);
    let fields = [
        (
            "customer",
            ValueType::ReferenceValue(format!("{ROOT}/users/u{}", number % 977)),
        ),
        ("createdAt", moment(number)),
        ("currency", text("EUR".to_owned())),
        ("discount", ValueType::DoubleValue(number as f64 / 7.0)),
        ("fulfilled", ValueType::BooleanValue(number.is_multiple_of(3))),
        ("items", list((0..3).map(|line| map(line, number)).collect())),
        ("note", text(format!("please ring twice, order {number}"))),
        ("number", ValueType::IntegerValue(number as i64)),
        (
            "place",
            ValueType::GeoPointValue(firestore::gcloud_sdk::google::r#type::LatLng {
                latitude: 48.1,
                longitude: 11.6,
            }),
        ),
        ("shipping", map(number, number)),
        ("signature", ValueType::BytesValue(number.to_be_bytes().repeat(4))),
        ("status", text(["open", "paid", "shipped"][number % 3].to_owned())),
        ("total", ValueType::DoubleValue(number as f64 * 1.19)),
    ];
    let time = firestore::gcloud_sdk::prost_types::Timestamp {
        seconds: 1_700_000_000,
        nanos: 1000,
    };
    let mut body = proto::Document {
        name: format!("{ROOT}/orders/order-{number:08}"),
        create_time: Some(time),
        update_time: Some(time),
        ..Default::default()
    }
    .encode_to_vec();
    // Messages one after another are one message: so the fields stay in the order of their names, which prost's own
    // maps would lose.
    for (name, value) in fields {
        let fields = HashMap::from([(name.to_owned(), value_of(value))]);
        body.extend(
            proto::Document {
                fields,
                ..Default::default()
            }
            .encode_to_vec(),
        );
    }
    body
}

fn value_of(value: ValueType) -> proto::Value {
    proto::Value {
        value_type: Some(value),
    }
}

fn moment(number: usize) -> ValueType {
    ValueType::TimestampValue(firestore::gcloud_sdk::prost_types::Timestamp {
        seconds: 1_700_000_000 + number as i64,
        nanos: 0,
    })
}

fn list(values: Vec<ValueType>) -> ValueType {
    ValueType::ArrayValue(proto::ArrayValue {
        values: values.into_iter().map(value_of).collect(),
    })
}

fn map(number: usize, of: usize) -> ValueType {
    let fields = HashMap::from([
        (
            "product".to_owned(),
            value_of(ValueType::StringValue(format!("sku-{of}-{number}"))),
        ),
        (
            "quantity".to_owned(),
            value_of(ValueType::IntegerValue(number as i64 % 5)),
        ),
        ("price".to_owned(), value_of(ValueType::DoubleValue(9.99))),
    ]);
    ValueType::MapValue(proto::MapValue { fields })
}
