//! A written document as it is kept: encoded, so that sending it is copying it.
//!
//! Fields are encoded in the order of their names, so that the same content always has the same bytes: by these a write
//! that changes nothing is told from one that does.

use crate::clock::Moment;
use bytes::Bytes;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use prost::Message;
use prost::encoding::{WireType, double, encode_key, encode_varint, message, string};
use proto::Value;
use proto::value::ValueType;
use std::collections::HashMap;

/// The fields of a document, by name.
pub(super) type Fields = HashMap<String, Value>;

/// Numbers of fields in `google.firestore.v1`.
mod tag {
    pub(super) const NAME: u32 = 1;
    pub(super) const FIELDS: u32 = 2;
    pub(super) const CREATED: u32 = 3;
    pub(super) const UPDATED: u32 = 4;
    /// `MapValue.fields` and `ArrayValue.values` alike.
    pub(super) const MEMBER: u32 = 1;
    pub(super) const KEY: u32 = 1;
    pub(super) const VALUE: u32 = 2;
    pub(super) const MAP: u32 = 6;
    pub(super) const GEO_POINT: u32 = 8;
    pub(super) const LATITUDE: u32 = 1;
    pub(super) const LONGITUDE: u32 = 2;
    pub(super) const ARRAY: u32 = 9;
}

/// One version of a document.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    bytes: Bytes,
    /// So many of the bytes are name and fields; the times follow.
    body: usize,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

impl Stored {
    pub(super) fn new(name: &str, fields: &Fields, created: Moment, updated: Moment) -> Stored {
        let mut bytes = Vec::new();
        string::encode(tag::NAME, &name.to_owned(), &mut bytes);
        put_fields(tag::FIELDS, fields, &mut bytes);
        let body = bytes.len();
        message::encode(tag::CREATED, &created.timestamp(), &mut bytes);
        message::encode(tag::UPDATED, &updated.timestamp(), &mut bytes);
        bytes.shrink_to_fit();
        Stored {
            bytes: bytes.into(),
            body,
            created,
            updated,
        }
    }

    /// The encoded `google.firestore.v1.Document`.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn document(&self) -> proto::Document {
        // What was encoded here can be decoded.
        proto::Document::decode(self.bytes.clone()).unwrap_or_default()
    }

    /// Whether it is the same document with the same content, whenever it was last changed.
    pub(super) fn is_like(&self, other: &Stored) -> bool {
        self.created == other.created && self.bytes[..self.body] == other.bytes[..other.body]
    }
}

fn put_fields(number: u32, fields: &Fields, to: &mut Vec<u8>) {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in sorted {
        put_nested(number, to, |entry| {
            string::encode(tag::KEY, name, entry);
            put_nested(tag::VALUE, entry, |to| put_value(value, to));
        });
    }
}

fn put_value(value: &Value, to: &mut Vec<u8>) {
    match &value.value_type {
        Some(ValueType::MapValue(map)) => {
            put_nested(tag::MAP, to, |to| put_fields(tag::MEMBER, &map.fields, to))
        }
        Some(ValueType::ArrayValue(array)) => put_nested(tag::ARRAY, to, |to| {
            for member in &array.values {
                put_nested(tag::MEMBER, to, |to| put_value(member, to));
            }
        }),
        // The library leaves out every zero, and a negative one is another value.
        Some(ValueType::GeoPointValue(point)) => put_nested(tag::GEO_POINT, to, |to| {
            for (number, degrees) in [(tag::LATITUDE, point.latitude), (tag::LONGITUDE, point.longitude)] {
                if degrees.to_bits() != 0 {
                    double::encode(number, &degrees, to);
                }
            }
        }),
        _ => {
            // Writing into a vector that grows cannot fail.
            let _ = value.encode(to);
        }
    }
}

/// Appends a field that has fields of its own.
fn put_nested(number: u32, to: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    encode_key(number, WireType::LengthDelimited, to);
    let start = to.len();
    fill(to);
    let end = to.len();
    // The length is known now; it belongs in front of what it measures.
    encode_varint((end - start) as u64, to);
    let width = to.len() - end;
    to[start..].rotate_right(width);
}
