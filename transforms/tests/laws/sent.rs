//! Documents as Firestore sends them: what prost would not write, keys in an order of one's own, is written here too.
//! Other test suites include this file by its path, as they do the mappings beside it.

use prost::encoding::encode_varint;
use transforms::Timestamp;
use transforms::json::Owned;

use crate::mappings::documents::Sample;

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
