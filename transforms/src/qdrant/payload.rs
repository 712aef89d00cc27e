//! Values of a payload, walked out of their bytes.
//! Text stays where it is, and keys keep the order in which they were sent; of a key that comes twice the last value
//! counts, as protobuf has it. Values nest at most [`DEPTH`] deep, so no input exhausts the stack.

use crate::Value;
use crate::wire::{Malformed, Reader, settle};

/// As deep as Firestore's values may nest here; Qdrant itself sets no limit.
const DEPTH: usize = 100;

/// A key and its value: an entry of the payload, or of a struct in it.
pub(super) fn entry<'a>(mut reader: Reader<'a>, depth: usize) -> Result<(&'a str, Value<'a>), Malformed> {
    let (mut key, mut found) = ("", None);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => key = field.text()?,
            2 => found = Some(value(field.message()?, depth)?),
            _ => {}
        }
    }
    Ok((
        key,
        found.ok_or_else(|| reader.malformed("a key without a value"))?,
    ))
}

fn value<'a>(mut reader: Reader<'a>, depth: usize) -> Result<Value<'a>, Malformed> {
    if depth > DEPTH {
        return Err(reader.malformed("values nested more than 100 deep"));
    }
    let mut found = None;
    while let Some(field) = reader.next_field()? {
        found = Some(match field.number {
            1 => field.varint().map(|_| Value::Null)?,
            2 => Value::Double(field.double()?),
            3 => Value::Integer(field.varint()?.cast_signed()),
            4 => Value::Text(field.text()?),
            5 => Value::Boolean(field.varint()? != 0),
            6 => map(field.message()?, depth + 1)?,
            7 => Value::Array(list(field.message()?, depth + 1)?),
            _ => continue,
        });
    }
    // Also where a type this walker does not know would end: refused, because null would be a lie.
    found.ok_or_else(|| reader.malformed("a value of no type that payloads are known to hold"))
}

fn map<'a>(mut reader: Reader<'a>, depth: usize) -> Result<Value<'a>, Malformed> {
    let mut entries = Vec::new();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            entries.push(entry(field.message()?, depth)?);
        }
    }
    settle(&mut entries);
    Ok(Value::Map(entries))
}

fn list<'a>(mut reader: Reader<'a>, depth: usize) -> Result<Vec<Value<'a>>, Malformed> {
    let mut values = Vec::new();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            values.push(value(field.message()?, depth)?);
        }
    }
    Ok(values)
}
