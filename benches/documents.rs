//! What a document costs the client: `make bench`.
//!
//! The same documents through each step, rounds of all steps interleaved, so that whatever else the machine does
//! hits all of them. Times depend on the machine; the ratios in the last column are what to compare: against
//! prost, the decoder that generated code would use, and against copying the bytes, which nothing can beat.

#![allow(clippy::unwrap_used, missing_docs)]

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
use prost::Message;
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::time::{Duration, Instant};
use transforms::{Census, Packer, Tuples, infer};

const DOCUMENTS: usize = 20_000;
const ROUNDS: usize = 15;
const ROOT: &str = "projects/p/databases/(default)/documents";

fn main() {
    let bodies: Vec<Vec<u8>> = (0..DOCUMENTS).map(document).collect();
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let mut census = Census::default();
    for body in &bodies[..300] {
        census.observe(&transforms::firestore::document(body).unwrap());
    }
    let shape = infer(&BTreeMap::from([("orders".to_owned(), census)]));
    let packer = Packer::new(&shape.collections["orders"], ROOT, false);
    let mut out = Vec::with_capacity(bytes * 2);
    let mut rows = [Tuples::default()];

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
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); steps.len()];
    for _ in 0..ROUNDS {
        for ((_, step), times) in steps.iter_mut().zip(&mut times) {
            out.clear();
            let began = Instant::now();
            for body in &bodies {
                step(body, &mut out);
            }
            times.push(began.elapsed());
            black_box(&out);
        }
    }
    report(&steps, &mut times, bytes);
}

type Step<'a> = Box<dyn FnMut(&[u8], &mut Vec<u8>) + 'a>;

fn report(steps: &[(&str, Step<'_>)], times: &mut [Vec<Duration>], bytes: usize) {
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e6 / DOCUMENTS as f64
        })
        .collect();
    let prost = medians[medians.len() - 1];
    println!(
        "{DOCUMENTS} documents of {} bytes; medians of {} rounds\n",
        bytes / DOCUMENTS,
        times[0].len()
    );
    println!("{:<42} {:>12} {:>12}", "step", "µs/document", "× of prost");
    for ((name, _), median) in steps.iter().zip(&medians) {
        println!("{name:<42} {median:>12.2} {:>12.2}", median / prost);
    }
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
