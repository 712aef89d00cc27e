//! The bytes of a point in an answer, written without the message: in each of the three ways that servers have had.

use super::id::PointId;
use super::point::{ShardKey, Vector};
use super::value::{Payload, Value};
use crate::dataset::wire::{settle, varint};

/// How vectors are written, which changed twice (read in the sources of each tag).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Up to 1.15: `data`, `indices` and `vectors_count`, rows one behind the other; floats packed.
    Packed,
    /// 1.16: the same, with a tag before every float.
    Unpacked,
    /// From 1.17 on: one of `dense`, `sparse` and `multi_dense`.
    Kinds,
}

/// Field numbers and wire types of `points.proto` and `json_with_int.proto`.
mod tag {
    pub(super) const ID: u8 = 0x0a;
    pub(super) const PAYLOAD: u8 = 0x12;
    pub(super) const SCORE: u8 = 0x1d;
    pub(super) const NUMBER: u8 = 0x08;
    pub(super) const UUID: u8 = 0x12;
    pub(super) const KEYWORD: u8 = 0x0a;
    pub(super) const KEY_NUMBER: u8 = 0x10;
    pub(super) const KEY: u8 = 0x0a;
    pub(super) const VALUE: u8 = 0x12;
    /// `Struct.fields`, `ListValue.values` and `NamedVectorsOutput.vectors` alike.
    pub(super) const MEMBER: u8 = 0x0a;
    pub(super) const NULL: u8 = 0x08;
    pub(super) const DOUBLE: u8 = 0x11;
    pub(super) const INTEGER: u8 = 0x18;
    pub(super) const TEXT: u8 = 0x22;
    pub(super) const BOOL: u8 = 0x28;
    pub(super) const STRUCT: u8 = 0x32;
    pub(super) const LIST: u8 = 0x3a;
    pub(super) const ONE_VECTOR: u8 = 0x0a;
    pub(super) const NAMED: u8 = 0x12;
    pub(super) const DATA: u8 = 0x0a;
    pub(super) const FLOAT: u8 = 0x0d;
    /// Both `VectorOutput.indices` and `SparseVector.indices`.
    pub(super) const INDICES: u8 = 0x12;
    pub(super) const ROWS: u8 = 0x18;
    /// 101, 102 and 103 take two bytes.
    pub(super) const DENSE: [u8; 2] = [0xaa, 0x06];
    pub(super) const SPARSE: [u8; 2] = [0xb2, 0x06];
    pub(super) const MULTI: [u8; 2] = [0xba, 0x06];
}

/// The vectors of a point that are sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) vectors: &'a [(String, Vector)],
    /// They have names even if there are none.
    pub(super) named: bool,
    pub(super) encoding: Encoding,
}

/// The messages that hold a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Frame {
    /// RetrievedPoint.
    Retrieved,
    /// ScoredPoint, and its score.
    Scored(f32),
}

/// Appends what the message holds. Vectors that were not asked for are none.
pub(super) fn point(
    frame: Frame,
    id: PointId,
    payload: &Payload,
    sent: Option<Sent<'_>>,
    key: Option<&ShardKey>,
    to: &mut Vec<u8>,
) {
    message(&[tag::ID], to, |to| point_id(id, to));
    fields(tag::PAYLOAD, payload, to);
    let (vectors_tag, key_tag) = match frame {
        Frame::Retrieved => (0x22, 0x2a),
        Frame::Scored(_) => (0x32, 0x3a),
    };
    if let Frame::Scored(score) = frame {
        to.push(tag::SCORE);
        to.extend_from_slice(&score.to_le_bytes());
    }
    if let Some(sent) = sent {
        message(&[vectors_tag], to, |to| vectors(sent, to));
    }
    if let Some(key) = key {
        message(&[key_tag], to, |to| match key {
            ShardKey::Number(number) => integer(tag::KEY_NUMBER, *number, to),
            ShardKey::Keyword(keyword) => text(tag::KEYWORD, keyword, to),
        });
    }
}

/// Appends what a PointId holds.
pub(super) fn point_id(id: PointId, to: &mut Vec<u8>) {
    match id {
        PointId::Number(number) => integer(tag::NUMBER, number, to),
        PointId::Uuid(_) => text(tag::UUID, &id.to_string(), to),
    }
}

/// Appends a field that is a message, whose content `fill` appends.
#[inline(always)]
pub(super) fn message(tag: &[u8], to: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    to.extend_from_slice(tag);
    let place = to.len();
    to.push(0);
    fill(to);
    settle(to, place);
}

fn integer(tag: u8, number: u64, to: &mut Vec<u8>) {
    to.push(tag);
    varint(to, number as usize);
}

#[inline(always)]
fn text(tag: u8, text: &str, to: &mut Vec<u8>) {
    to.push(tag);
    varint(to, text.len());
    to.extend_from_slice(text.as_bytes());
}

/// The entries of a map; proto3 leaves out a key that is empty.
fn fields(tag: u8, fields: &Payload, to: &mut Vec<u8>) {
    for (key, inner) in fields {
        message(&[tag], to, |to| {
            if !key.is_empty() {
                text(tag::KEY, key, to);
            }
            message(&[tag::VALUE], to, |to| value(inner, to));
        });
    }
}

fn value(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Null => integer(tag::NULL, 0, to),
        Value::Bool(truth) => integer(tag::BOOL, u64::from(*truth), to),
        Value::Integer(number) => integer(tag::INTEGER, number.cast_unsigned(), to),
        Value::Unsigned(number) => double(*number as f64, to),
        Value::Double(number) => double(*number, to),
        Value::Text(inner) => text(tag::TEXT, inner, to),
        Value::Struct(inner) => message(&[tag::STRUCT], to, |to| fields(tag::MEMBER, inner, to)),
        Value::List(inner) => message(&[tag::LIST], to, |to| {
            for item in inner {
                message(&[tag::MEMBER], to, |to| self::value(item, to));
            }
        }),
    }
}

fn double(number: f64, to: &mut Vec<u8>) {
    to.push(tag::DOUBLE);
    to.extend_from_slice(&number.to_le_bytes());
}

/// What a VectorsOutput holds: nothing where an unnamed vector is missing (observed on 1.18.3).
fn vectors(sent: Sent<'_>, to: &mut Vec<u8>) {
    match sent.vectors {
        [] if !sent.named => {}
        [(name, vector)] if name.is_empty() => {
            message(&[tag::ONE_VECTOR], to, |to| {
                vector_output(vector, sent.encoding, to)
            });
        }
        all => message(&[tag::NAMED], to, |to| {
            for (name, vector) in all {
                message(&[tag::MEMBER], to, |to| {
                    if !name.is_empty() {
                        text(tag::KEY, name, to);
                    }
                    message(&[tag::VALUE], to, |to| vector_output(vector, sent.encoding, to));
                });
            }
        }),
    }
}

fn vector_output(vector: &Vector, encoding: Encoding, to: &mut Vec<u8>) {
    match (encoding, vector) {
        (Encoding::Kinds, Vector::Dense(row)) => {
            let length = packed_length(row);
            to.extend_from_slice(&tag::DENSE);
            varint(to, length);
            packed(row, to);
        }
        (Encoding::Kinds, Vector::Sparse { indices, values }) => message(&tag::SPARSE, to, |to| {
            packed(values, to);
            numbers(tag::INDICES, indices, to);
        }),
        (Encoding::Kinds, Vector::Multi(rows)) => message(&tag::MULTI, to, |to| {
            for row in rows {
                message(&[tag::MEMBER], to, |to| packed(row, to));
            }
        }),
        (_, Vector::Dense(row)) => floats(row, encoding, to),
        (_, Vector::Sparse { indices, values }) => {
            floats(values, encoding, to);
            message(&[tag::INDICES], to, |to| numbers(tag::DATA, indices, to));
        }
        (_, Vector::Multi(rows)) => {
            floats(&rows.concat(), encoding, to);
            integer(tag::ROWS, rows.len() as u64, to);
        }
    }
}

fn floats(row: &[f32], encoding: Encoding, to: &mut Vec<u8>) {
    if encoding != Encoding::Unpacked {
        return packed(row, to);
    }
    for value in row {
        to.push(tag::FLOAT);
        to.extend_from_slice(&value.to_le_bytes());
    }
}

/// How many bytes [`packed`] appends.
fn packed_length(row: &[f32]) -> usize {
    match row.len() * 4 {
        0 => 0,
        length => 1 + crate::dataset::wire::width(length) + length,
    }
}

/// Floats under field 1, which all messages of vectors have; proto3 leaves out a list that is empty.
fn packed(row: &[f32], to: &mut Vec<u8>) {
    if row.is_empty() {
        return;
    }
    to.push(tag::DATA);
    varint(to, row.len() * 4);
    let start = to.len();
    to.resize(start + row.len() * 4, 0);
    let (places, _) = to[start..].as_chunks_mut::<4>();
    for (place, value) in places.iter_mut().zip(row) {
        *place = value.to_le_bytes();
    }
}

fn numbers(tag: u8, numbers: &[u32], to: &mut Vec<u8>) {
    if !numbers.is_empty() {
        message(&[tag], to, |to| {
            for number in numbers {
                varint(to, *number as usize);
            }
        });
    }
}
