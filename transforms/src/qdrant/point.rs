//! A point as a document: the fields of Qdrant's REST API, below a name made of its collection, its id and, where
//! sharding is custom, its shard key.
//! No two points of a server have the same name: what would blur it in a shard key is written as `%` and two digits.

use std::fmt::Write;

use super::{PointId, payload, vector};
use crate::wire::{Malformed, Reader, settle};
use crate::{Document, Value};

/// What the names of points begin with: `points/<collection>/<id>`.
pub const ROOT: &str = "points";

/// Decodes the bytes of a `RetrievedPoint` of this collection.
pub fn point<'a>(body: &'a [u8], collection: &str) -> Result<Document<'a>, Malformed> {
    let mut reader = Reader::new(body);
    let (mut id, mut vectors, mut shard) = (None, None, None);
    let mut entries = Vec::with_capacity(8);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => id = Some(PointId::read(field.message()?)?),
            2 => entries.push(payload::entry(field.message()?, 1)?),
            4 => vectors = vector::vectors(field.message()?)?,
            5 => shard = Some(self::shard(field.message()?)?),
            _ => {}
        }
    }
    settle(&mut entries);
    let id = id.ok_or_else(|| reader.malformed("a point without an id"))?;
    let payload = (!entries.is_empty()).then_some(("payload", Value::Map(entries)));
    Ok(Document {
        name: name(collection, id, shard.as_ref()).into(),
        created: None,
        updated: None,
        fields: payload
            .into_iter()
            .chain(vectors.map(|vectors| ("vector", vectors)))
            .chain(shard.map(|shard| ("shard_key", shard)))
            .collect(),
    })
}

/// Only the id of a point: the rest is skipped, not looked into.
pub fn id(body: &[u8]) -> Result<PointId, Malformed> {
    let mut reader = Reader::new(body);
    let mut id = None;
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            id = Some(PointId::read(field.message()?)?);
        }
    }
    id.ok_or_else(|| reader.malformed("a point without an id"))
}

fn shard<'a>(mut reader: Reader<'a>) -> Result<Value<'a>, Malformed> {
    let mut found = None;
    while let Some(field) = reader.next_field()? {
        found = match field.number {
            1 => Some(Value::Text(field.text()?)),
            2 => {
                let number = i64::try_from(field.varint()?);
                Some(Value::Integer(number.map_err(|_| {
                    reader.malformed("a shard key beyond 63 bits, which no column of integers holds")
                })?))
            }
            _ => found,
        };
    }
    found.ok_or_else(|| reader.malformed("a shard key that is neither a text nor a number"))
}

fn name(collection: &str, id: PointId, shard: Option<&Value<'_>>) -> String {
    let mut name = String::with_capacity(ROOT.len() + collection.len() + 40);
    // A String takes everything that is written to it.
    let _ = write!(name, "{ROOT}/{collection}/{id}");
    match shard {
        Some(Value::Integer(number)) => drop(write!(name, "@{number}")),
        Some(Value::Text(key)) => {
            name.push('@');
            escaped(key, &mut name);
        }
        _ => {}
    }
    name
}

/// A text that is a shard key, as names of points have it behind the `@`.
pub fn in_name(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    escaped(key, &mut name);
    name
}

/// A shard key without slashes, without U+0000, and never like one that is a number.
fn escaped(key: &str, name: &mut String) {
    let like_a_number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    for (at, letter) in key.chars().enumerate() {
        match letter {
            '/' | '%' | '\0' => drop(write!(name, "%{:02X}", u32::from(letter))),
            letter if at == 0 && like_a_number => drop(write!(name, "%{:02X}", u32::from(letter))),
            letter => name.push(letter),
        }
    }
}
