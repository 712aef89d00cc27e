//! The pieces that documents are made of on the wire: tags, varints, small values, and the beginnings of fields.
//!
//! Small pieces are put together in registers and appended whole, with a few bytes too many that are cut off again:
//! that is several times faster than to append them byte by byte.

use crate::clock::Moment;

/// Tags of `google.firestore.v1`: the number of a field, and how its value is written.
pub(super) mod tag {
    pub(in super::super) const NAME: u8 = 0x0a;
    pub(in super::super) const FIELDS: u8 = 0x12;
    pub(in super::super) const CREATED: u8 = 0x1a;
    pub(in super::super) const UPDATED: u8 = 0x22;
    /// `MapValue.fields` and `ArrayValue.values` alike.
    pub(in super::super) const MEMBER: u8 = 0x0a;
    pub(in super::super) const KEY: u8 = 0x0a;
    pub(in super::super) const VALUE: u8 = 0x12;
    pub(in super::super) const NULL: u8 = 0x58;
    pub(in super::super) const BOOLEAN: u8 = 0x08;
    pub(in super::super) const INTEGER: u8 = 0x10;
    pub(in super::super) const DOUBLE: u8 = 0x19;
    pub(in super::super) const MOMENT: u8 = 0x52;
    pub(in super::super) const TEXT: [u8; 2] = [0x8a, 0x01];
    pub(in super::super) const BYTES: [u8; 2] = [0x92, 0x01];
    pub(in super::super) const REFERENCE: u8 = 0x2a;
    pub(in super::super) const POINT: u8 = 0x42;
    pub(in super::super) const ARRAY: u8 = 0x4a;
    pub(in super::super) const MAP: u8 = 0x32;
    pub(super) const SECONDS: u8 = 0x08;
    pub(super) const NANOS: u8 = 0x10;
    pub(super) const LATITUDE: u8 = 0x09;
    pub(super) const LONGITUDE: u8 = 0x11;
}

/// The longest name of a [`Key`].
pub(super) const LONGEST_KEY: usize = 18;

/// The name of a field of a document, and all that stands before its value: lengths are left open.
#[derive(Debug, Clone)]
pub(super) struct Key {
    name: &'static str,
    head: [u8; LONGEST_KEY + 6],
}

impl Key {
    /// `name` has at most [`LONGEST_KEY`] bytes.
    pub(super) fn new(name: &'static str) -> Key {
        let mut head = [0; LONGEST_KEY + 6];
        head[0] = tag::FIELDS;
        head[2] = tag::KEY;
        head[3] = name.len() as u8;
        head[4..4 + name.len()].copy_from_slice(name.as_bytes());
        head[4 + name.len()] = tag::VALUE;
        Key { name, head }
    }

    #[inline(always)]
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Appends what stands before a value of `length` bytes; field and value have less than 128.
    #[inline(always)]
    pub(super) fn write(&self, length: usize, to: &mut Vec<u8>) {
        let from = to.len();
        let end = from + 6 + self.name.len();
        to.extend_from_slice(&self.head);
        to.truncate(end);
        to[from + 1] = (4 + self.name.len() + length) as u8;
        to[end - 1] = length as u8;
    }
}

/// At most sixteen bytes that are appended together, the first one lowest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Short {
    low: u64,
    high: u64,
    pub(super) length: usize,
}

impl Short {
    #[inline(always)]
    pub(super) fn append(self, to: &mut Vec<u8>) {
        let end = to.len() + self.length;
        to.extend_from_slice(&self.low.to_le_bytes());
        to.extend_from_slice(&self.high.to_le_bytes());
        to.truncate(end);
    }
}

/// How many bytes a number takes as a varint.
#[inline(always)]
pub(crate) fn width(number: usize) -> usize {
    wide(number as u64)
}

#[inline(always)]
fn wide(number: u64) -> usize {
    ((number | 1).ilog2() as usize) / 7 + 1
}

/// The lower 56 bits of a number, seven to a byte; no byte says that more follow.
#[inline(always)]
fn sevens(number: u64) -> u64 {
    // Halves apart, then quarters, then eighths.
    let apart = (number & 0x0fff_ffff) | (number & 0x00ff_ffff_f000_0000) << 4;
    let apart = (apart & 0x0000_3fff_0000_3fff) | (apart & 0x0fff_c000_0fff_c000) << 2;
    (apart & 0x007f_007f_007f_007f) | (apart & 0x3f80_3f80_3f80_3f80) << 1
}

/// What all bytes of a varint but the last say: more follow. For at most eight of them.
#[inline(always)]
fn more(bytes: usize) -> u64 {
    0x8080_8080_8080_8080 & ((1 << (8 * (bytes - 1))) - 1)
}

/// Appends a number as a varint.
#[inline(always)]
pub(crate) fn varint(to: &mut Vec<u8>, number: usize) {
    if number < 128 {
        return to.push(number as u8);
    }
    long_varint(to, number as u64);
}

fn long_varint(to: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest >= 128 {
        to.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    to.push(rest as u8);
}

/// A number as a varint under `tag`.
#[inline(always)]
pub(super) fn integer(tag: u8, number: u64) -> Short {
    let width = wide(number);
    if width < 8 {
        let low = u64::from(tag) | (sevens(number) | more(width)) << 8;
        let length = 1 + width;
        return Short { low, high: 0, length };
    }
    long_integer(tag, number)
}

fn long_integer(tag: u8, number: u64) -> Short {
    let mut bytes = Vec::with_capacity(16);
    bytes.push(tag);
    long_varint(&mut bytes, number);
    let word = |from: usize| {
        let mut word = [0; 8];
        let part = &bytes[from..bytes.len().min(from + 8)];
        word[..part.len()].copy_from_slice(part);
        u64::from_le_bytes(word)
    };
    Short {
        low: word(0),
        high: word(8),
        length: bytes.len(),
    }
}

/// A timestamp as a message under `tag`; only one from 1978 to 3058, whose seconds take five bytes.
#[inline(always)]
pub(super) fn timestamp(tag: u8, moment: Moment) -> Option<Short> {
    let (seconds, micros) = (moment.0.div_euclid(1_000_000), moment.0.rem_euclid(1_000_000));
    if !(1 << 28..1 << 35).contains(&seconds) {
        return None;
    }
    let nanos = micros as u64 * 1_000;
    // proto3 leaves out what is zero.
    let (high, part) = match nanos {
        0 => (0, 0),
        _ => (
            u64::from(tag::NANOS) | (sevens(nanos) | more(wide(nanos))) << 8,
            1 + wide(nanos),
        ),
    };
    let low = u64::from(tag)
        | (6 + part as u64) << 8
        | u64::from(tag::SECONDS) << 16
        | (sevens(seconds as u64) | more(5)) << 24;
    let length = 8 + part;
    Some(Short { low, high, length })
}

/// What a timestamp's message holds.
#[cold]
pub(super) fn rare_timestamp(moment: Moment) -> Vec<u8> {
    let (seconds, micros) = (moment.0.div_euclid(1_000_000), moment.0.rem_euclid(1_000_000));
    let mut message = Vec::new();
    for (tag, number) in [(tag::SECONDS, seconds), (tag::NANOS, micros * 1_000)] {
        if number != 0 {
            integer(tag, number as u64).append(&mut message);
        }
    }
    message
}

/// What a point's message holds, and how much of it; proto3 leaves out what is zero.
#[inline(always)]
pub(super) fn point(latitude: f64, longitude: f64) -> ([u8; 18], usize) {
    let (mut message, mut length) = ([0; 18], 0);
    for (tag, degrees) in [(tag::LATITUDE, latitude), (tag::LONGITUDE, longitude)] {
        if degrees != 0.0 {
            message[length] = tag;
            message[length + 1..length + 9].copy_from_slice(&degrees.to_le_bytes());
            length += 9;
        }
    }
    (message, length)
}

/// A double under its tag.
#[inline(always)]
pub(super) fn double(number: f64) -> [u8; 9] {
    let mut bytes = [tag::DOUBLE; 9];
    bytes[1..].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Puts the length of all that follows the byte at `place` there, and makes room where one byte is too short.
#[inline(always)]
pub(crate) fn settle(to: &mut Vec<u8>, place: usize) {
    let length = to.len() - place - 1;
    if length < 128 {
        to[place] = length as u8;
    } else {
        widen(to, place, length);
    }
}

fn widen(to: &mut Vec<u8>, place: usize, length: usize) {
    let (end, width) = (to.len(), width(length));
    to.resize(end + width - 1, 0);
    to.copy_within(place + 1..end, place + width);
    let bytes = (sevens(length as u64) | more(width)).to_le_bytes();
    to[place..place + width].copy_from_slice(&bytes[..width]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use prost::Message;

    proptest! {
        #[test]
        fn varints_are_those_of_prost(number: u64, shift in 0_u32..64) {
            let number = number >> shift;
            let mut obvious = Vec::new();
            prost::encoding::encode_varint(number, &mut obvious);
            let mut written = Vec::new();
            varint(&mut written, number as usize);
            prop_assert_eq!(&written, &obvious);
            prop_assert_eq!(width(number as usize), obvious.len());
            written.clear();
            integer(tag::INTEGER, number).append(&mut written);
            prop_assert_eq!(&written[1..], &obvious);
        }

        #[test]
        fn timestamps_are_those_of_prost(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000, round in 0_u32..8) {
            let moment = Moment(micros / 10_i64.pow(round) * 10_i64.pow(round));
            let mut obvious = vec![tag::CREATED];
            moment.timestamp().encode_length_delimited(&mut obvious).unwrap();
            let mut written = Vec::new();
            match timestamp(tag::CREATED, moment) {
                Some(short) => short.append(&mut written),
                None => {
                    let message = rare_timestamp(moment);
                    written.extend([tag::CREATED, message.len() as u8]);
                    written.extend(message);
                }
            }
            prop_assert_eq!(written, obvious);
        }

        #[test]
        fn a_length_moves_what_follows_it(before in 0_usize..9, after in 0_usize..40_000) {
            let content = vec![7; after];
            let mut bytes = vec![1; before];
            bytes.push(0);
            bytes.extend_from_slice(&content);
            settle(&mut bytes, before);
            let mut rest = &bytes[before..];
            prop_assert_eq!(prost::encoding::decode_varint(&mut rest).unwrap() as usize, after);
            prop_assert_eq!(rest, content);
        }
    }
}
