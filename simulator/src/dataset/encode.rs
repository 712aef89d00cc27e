//! Writes documents as the wire has them, straight into a buffer: this is what the simulator's speed rests on.
//!
//! The bytes are those prost would write, with fields in the order they come in. Lengths stand before what they
//! measure, so a map or an array gets one byte for each of its lengths, and its content moves when one is too short.

use super::scribe::{Leaf, Nest, Scribe, Slot};
use super::wire::{double, integer, point, rare_timestamp, settle, tag, timestamp, varint, width};
use crate::clock::Moment;

/// What is not finished: where the length of its field stands, if it is one, and where its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    field: Option<usize>,
    content: usize,
}

/// Writes one document.
#[derive(Debug)]
pub(super) struct Encoder<'a> {
    to: &'a mut Vec<u8>,
    from: usize,
    open: &'a mut Vec<Mark>,
}

impl<'a> Encoder<'a> {
    /// Begins a document; `name` appends its name. `open` is room that is used again.
    #[inline(always)]
    pub(super) fn new(
        to: &'a mut Vec<u8>,
        open: &'a mut Vec<Mark>,
        name: impl FnOnce(&mut Vec<u8>),
    ) -> Encoder<'a> {
        let from = to.len();
        open.clear();
        to.extend_from_slice(&[tag::NAME, 0]);
        name(to);
        settle(to, from + 1);
        Encoder { to, from, open }
    }

    /// Ends the document with its times, which lie between 1978 and 3058.
    #[inline(always)]
    pub(super) fn finish(self, created: Moment, updated: Moment) {
        for (tag, moment) in [(tag::CREATED, created), (tag::UPDATED, updated)] {
            timestamp(tag, moment)
                .into_iter()
                .for_each(|time| time.append(self.to));
        }
    }

    /// A value of any length.
    #[inline(always)]
    fn large<const N: usize>(&mut self, slot: Slot<'_>, tag: [u8; N], content: &[u8]) {
        let length = content.len();
        self.head(slot, N + width(length) + length);
        self.to.extend_from_slice(&tag);
        varint(self.to, length);
        self.to.extend_from_slice(content);
    }

    /// All that stands before a value of `length` bytes.
    #[inline(always)]
    fn head(&mut self, slot: Slot<'_>, length: usize) {
        let name = match slot {
            Slot::Element => {
                self.to.push(tag::MEMBER);
                return varint(self.to, length);
            }
            Slot::Key(key) if 4 + key.name().len() + length < 128 => return key.write(length, self.to),
            Slot::Key(key) => key.name(),
            Slot::Field(name) => name,
        };
        let all = 4 + name.len() + length;
        if all < 128 {
            self.to
                .extend_from_slice(&[self.member(), all as u8, tag::KEY, name.len() as u8]);
            self.to.extend_from_slice(name.as_bytes());
            self.to.extend_from_slice(&[tag::VALUE, length as u8]);
        } else {
            self.wide_head(name, length);
        }
    }

    fn wide_head(&mut self, name: &str, length: usize) {
        self.to.push(self.member());
        varint(
            self.to,
            2 + width(name.len()) + name.len() + width(length) + length,
        );
        self.to.push(tag::KEY);
        varint(self.to, name.len());
        self.to.extend_from_slice(name.as_bytes());
        self.to.push(tag::VALUE);
        varint(self.to, length);
    }

    /// All that stands before a value whose length is not known yet.
    #[inline(always)]
    fn begin(&mut self, slot: Slot<'_>, tag: u8) -> Mark {
        let from = self.to.len();
        match slot {
            Slot::Element => self.to.extend_from_slice(&[tag::MEMBER, 0]),
            Slot::Key(key) => key.write(0, self.to),
            Slot::Field(name) => {
                self.to.extend_from_slice(&[self.member(), 0, tag::KEY]);
                varint(self.to, name.len());
                self.to.extend_from_slice(name.as_bytes());
                self.to.extend_from_slice(&[tag::VALUE, 0]);
            }
        }
        self.to.extend_from_slice(&[tag, 0]);
        Mark {
            field: (!matches!(slot, Slot::Element)).then_some(from + 1),
            content: self.to.len() - 1,
        }
    }

    /// The lengths that [`Encoder::begin`] did not know, the inmost first.
    #[inline(always)]
    fn end(&mut self, mark: Mark) {
        settle(self.to, mark.content);
        settle(self.to, mark.content - 2);
        if let Some(field) = mark.field {
            settle(self.to, field);
        }
    }

    /// The tag of a field here: the document's have another than a map's.
    #[inline(always)]
    fn member(&self) -> u8 {
        if self.open.is_empty() {
            tag::FIELDS
        } else {
            tag::MEMBER
        }
    }
}

impl Scribe for Encoder<'_> {
    #[inline(always)]
    fn put(&mut self, slot: Slot<'_>, value: Leaf<'_>) {
        let short = match value {
            Leaf::Null => {
                self.head(slot, 2);
                return self.to.extend_from_slice(&[tag::NULL, 0]);
            }
            Leaf::Boolean(value) => {
                self.head(slot, 2);
                return self.to.extend_from_slice(&[tag::BOOLEAN, u8::from(value)]);
            }
            Leaf::Double(value) => {
                self.head(slot, 9);
                return self.to.extend_from_slice(&double(value));
            }
            Leaf::Text(text) => return self.large(slot, tag::TEXT, text.as_bytes()),
            Leaf::Bytes(bytes) => return self.large(slot, tag::BYTES, bytes),
            Leaf::Integer(value) => integer(tag::INTEGER, value as u64),
            Leaf::Moment(moment) => match timestamp(tag::MOMENT, moment) {
                Some(short) => short,
                None => return self.large(slot, [tag::MOMENT], &rare_timestamp(moment)),
            },
            Leaf::Point(latitude, longitude) => {
                let (message, length) = point(latitude, longitude);
                return self.large(slot, [tag::POINT], &message[..length]);
            }
        };
        self.head(slot, short.length);
        short.append(self.to);
    }

    #[inline(always)]
    fn refer(&mut self, slot: Slot<'_>, name: impl FnOnce(&mut Vec<u8>)) {
        let mark = self.begin(slot, tag::REFERENCE);
        name(self.to);
        self.end(mark);
    }

    #[inline(always)]
    fn open(&mut self, slot: Slot<'_>, nest: Nest) {
        let tag = if nest == Nest::Map { tag::MAP } else { tag::ARRAY };
        let mark = self.begin(slot, tag);
        self.open.push(mark);
    }

    #[inline(always)]
    fn close(&mut self) {
        if let Some(mark) = self.open.pop() {
            self.end(mark);
        }
    }

    #[inline(always)]
    fn written(&self) -> usize {
        self.to.len() - self.from
    }
}
