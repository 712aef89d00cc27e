//! What a document holds, apart from how it is written down: whoever composes a document calls a [`Scribe`].
//!
//! There are two: [`Builder`], slow and obvious, makes the decoded message; `encode::Encoder` writes the same as bytes.

use super::wire::Key;
use crate::clock::Moment;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::r#type::LatLng;
use prost::Message;
use proto::value::ValueType;
use std::collections::HashMap;

/// A value without values in it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Moment(Moment),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Latitude and longitude.
    Point(f64, f64),
}

/// A value with values in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nest {
    Map,
    Array,
}

/// Where a value goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot<'a> {
    /// Into the array that is open.
    Element,
    /// Into the map that is open or into the document, under this name.
    Field(&'a str),
    /// Into the document, under a name that is prepared.
    Key(&'a Key),
}

impl Slot<'_> {
    /// The name of the field; none in an array.
    #[inline(always)]
    pub(super) fn name(&self) -> &str {
        match self {
            Slot::Element => "",
            Slot::Field(name) => name,
            Slot::Key(key) => key.name(),
        }
    }
}

/// Takes a document's values one after another. Fields come in the order of their names, as servers send them.
pub(super) trait Scribe {
    /// A value in what is open.
    fn put(&mut self, slot: Slot<'_>, value: Leaf<'_>);
    /// A reference to the document whose name `name` appends.
    fn refer(&mut self, slot: Slot<'_>, name: impl FnOnce(&mut Vec<u8>));
    /// Begins a map or an array in what is open.
    fn open(&mut self, slot: Slot<'_>, nest: Nest);
    /// Ends what was opened last.
    fn close(&mut self);
    /// How many bytes the encoded document has so far, while nothing is open.
    fn written(&self) -> usize;
}

/// Makes the message that prost knows.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) document: proto::Document,
    open: Vec<(String, Inside)>,
}

#[derive(Debug)]
enum Inside {
    Map(HashMap<String, proto::Value>),
    Array(Vec<proto::Value>),
}

impl Builder {
    /// A document of this name without fields.
    pub(super) fn new(name: String) -> Builder {
        let document = proto::Document {
            name,
            ..Default::default()
        };
        Builder {
            document,
            open: Vec::new(),
        }
    }

    fn keep(&mut self, name: String, value: ValueType) {
        let value = proto::Value {
            value_type: Some(value),
        };
        match self.open.last_mut() {
            Some((_, Inside::Array(values))) => values.push(value),
            Some((_, Inside::Map(fields))) => drop(fields.insert(name, value)),
            None => drop(self.document.fields.insert(name, value)),
        }
    }
}

impl Scribe for Builder {
    fn put(&mut self, slot: Slot<'_>, value: Leaf<'_>) {
        let value = match value {
            Leaf::Null => ValueType::NullValue(0),
            Leaf::Boolean(value) => ValueType::BooleanValue(value),
            Leaf::Integer(value) => ValueType::IntegerValue(value),
            Leaf::Double(value) => ValueType::DoubleValue(value),
            Leaf::Moment(moment) => ValueType::TimestampValue(moment.timestamp()),
            Leaf::Text(text) => ValueType::StringValue(text.to_owned()),
            Leaf::Bytes(bytes) => ValueType::BytesValue(bytes.to_vec()),
            Leaf::Point(latitude, longitude) => ValueType::GeoPointValue(LatLng { latitude, longitude }),
        };
        self.keep(slot.name().to_owned(), value);
    }

    fn refer(&mut self, slot: Slot<'_>, name: impl FnOnce(&mut Vec<u8>)) {
        let mut full = Vec::new();
        name(&mut full);
        let full = String::from_utf8_lossy(&full).into_owned();
        self.keep(slot.name().to_owned(), ValueType::ReferenceValue(full));
    }

    fn open(&mut self, slot: Slot<'_>, nest: Nest) {
        let inside = match nest {
            Nest::Map => Inside::Map(HashMap::new()),
            Nest::Array => Inside::Array(Vec::new()),
        };
        self.open.push((slot.name().to_owned(), inside));
    }

    fn close(&mut self) {
        let Some((name, inside)) = self.open.pop() else {
            return;
        };
        let value = match inside {
            Inside::Map(fields) => ValueType::MapValue(proto::MapValue { fields }),
            Inside::Array(values) => ValueType::ArrayValue(proto::ArrayValue { values }),
        };
        self.keep(name, value);
    }

    fn written(&self) -> usize {
        self.document.encoded_len()
    }
}
