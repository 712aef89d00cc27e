//! A document as Firestore sends it, spelled byte by byte: not by anything that is under test, and not by the
//! generated types either, which leave out a latitude of -0.0 as if it were none.

use crate::mappings::documents::Sample;
use bytes::Bytes;
use transforms::Timestamp;
use transforms::json::Owned;

pub(crate) fn bytes(sample: &Sample) -> Bytes {
    let mut out = Vec::new();
    inside(1, sample.name.as_bytes(), &mut out);
    for (name, value) in &sample.fields {
        inside(2, &entry(name, value), &mut out);
    }
    inside(3, &moment(sample.created.unwrap()), &mut out);
    inside(4, &moment(sample.updated.unwrap()), &mut out);
    Bytes::from(out)
}

/// A field of so many bytes.
fn inside(field: u64, bytes: &[u8], out: &mut Vec<u8>) {
    varint(field << 3 | 2, out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn number(field: u64, number: u64, out: &mut Vec<u8>) {
    varint(field << 3, out);
    varint(number, out);
}

fn double(field: u64, double: f64, out: &mut Vec<u8>) {
    varint(field << 3 | 1, out);
    out.extend_from_slice(&double.to_le_bytes());
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn moment(moment: Timestamp) -> Vec<u8> {
    let mut out = Vec::new();
    number(1, moment.seconds as u64, &mut out);
    number(2, moment.nanos.into(), &mut out);
    out
}

fn entry(name: &str, value: &Owned) -> Vec<u8> {
    let mut out = Vec::new();
    inside(1, name.as_bytes(), &mut out);
    inside(2, &of(value), &mut out);
    out
}

fn of(value: &Owned) -> Vec<u8> {
    let mut out = Vec::new();
    match value {
        Owned::Null => number(11, 0, &mut out),
        Owned::Boolean(boolean) => number(1, u64::from(*boolean), &mut out),
        Owned::Integer(integer) => number(2, *integer as u64, &mut out),
        Owned::Double(of) => double(3, *of, &mut out),
        Owned::Timestamp(of) => inside(10, &moment(*of), &mut out),
        Owned::Text(text) => inside(17, text.as_bytes(), &mut out),
        Owned::Bytes(bytes) => inside(18, bytes, &mut out),
        Owned::Reference(name) => inside(5, name.as_bytes(), &mut out),
        Owned::GeoPoint { latitude, longitude } => {
            let mut point = Vec::new();
            double(1, *latitude, &mut point);
            double(2, *longitude, &mut point);
            inside(8, &point, &mut out);
        }
        Owned::Array(values) => inside(9, &array(values), &mut out),
        Owned::Map(entries) => inside(6, &map(entries), &mut out),
        Owned::Vector(components) => {
            let components = components.iter().copied().map(Owned::Double).collect();
            let marked = [
                ("__type__".to_owned(), Owned::Text("__vector__".to_owned())),
                ("value".to_owned(), Owned::Array(components)),
            ];
            inside(6, &map(&marked), &mut out);
        }
        Owned::Floats(_) | Owned::Sparse(_) => panic!("no document of Firestore holds {value:?}"),
    }
    out
}

fn array(values: &[Owned]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        inside(1, &of(value), &mut out);
    }
    out
}

fn map(entries: &[(String, Owned)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in entries {
        inside(1, &entry(key, value), &mut out);
    }
    out
}
