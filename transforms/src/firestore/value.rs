//! One value of a document, walked out of its bytes.
//! Text and bytes stay where they are; of a name that comes twice the last value counts, as protobuf has it.
//! Values nest at most [`DEPTH`] deep, so no input exhausts the stack.

use super::{lying, vector};
use crate::wire::{Malformed, Reader, settle};
use crate::{Timestamp, Value};

/// Five times what Firestore itself allows.
const DEPTH: usize = 100;

/// A field's name and its value: an entry of a document's or a map's fields.
pub(super) fn entry<'a>(mut reader: Reader<'a>, depth: usize) -> Result<(&'a str, Value<'a>), Malformed> {
    let (mut name, mut found) = ("", None);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => name = field.text()?,
            2 => found = Some(value(field.message()?, depth)?),
            _ => {}
        }
    }
    Ok((
        name,
        found.ok_or_else(|| reader.malformed("a field without a value"))?,
    ))
}

fn value<'a>(mut reader: Reader<'a>, depth: usize) -> Result<Value<'a>, Malformed> {
    if depth > DEPTH {
        return Err(reader.malformed("values nested more than 100 deep"));
    }
    let mut found = None;
    while let Some(field) = reader.next_field()? {
        found = Some(match field.number {
            1 => Value::Boolean(field.varint()? != 0),
            2 => Value::Integer(field.varint()?.cast_signed()),
            3 => Value::Double(field.double()?),
            5 => Value::Reference(field.text()?),
            6 => map(field.message()?, depth + 1)?,
            8 => point(field.message()?)?,
            9 => Value::Array(array(field.message()?, depth + 1)?),
            10 => Value::Timestamp(timestamp(field.message()?)?),
            11 => field.varint().map(|_| Value::Null)?,
            17 => Value::Text(field.text()?),
            18 => Value::Bytes(field.message()?.bytes()),
            _ => continue,
        });
    }
    // Also where a type this walker does not know would end: refused, because null would be a lie.
    found.ok_or_else(|| reader.malformed("a value of no type that documents are known to hold"))
}

pub(super) fn map<'a>(mut reader: Reader<'a>, depth: usize) -> Result<Value<'a>, Malformed> {
    if let Some(components) = vector::packed(reader.bytes()) {
        return Ok(Value::Vector(components));
    }
    let mut fields = Vec::new();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            fields.push(entry(field.message()?, depth)?);
        }
    }
    settle(&mut fields);
    Ok(vector::shaped(&fields).map_or_else(|| Value::Map(fields), Value::Vector))
}

pub(super) fn array<'a>(mut reader: Reader<'a>, depth: usize) -> Result<Vec<Value<'a>>, Malformed> {
    let mut values = Vec::new();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            values.push(value(field.message()?, depth)?);
        }
    }
    Ok(values)
}

pub(super) fn point<'a>(mut reader: Reader<'_>) -> Result<Value<'a>, Malformed> {
    let (mut latitude, mut longitude) = (0.0, 0.0);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => latitude = field.double()?,
            2 => longitude = field.double()?,
            _ => {}
        }
    }
    Ok(Value::GeoPoint { latitude, longitude })
}

/// A `google.protobuf.Timestamp`; one that is no moment between the years 1 and 9999 is refused.
pub(super) fn timestamp(mut reader: Reader<'_>) -> Result<Timestamp, Malformed> {
    if let Some(moment) = lying::moment(reader.bytes()) {
        return Ok(moment);
    }
    let (mut seconds, mut nanos) = (0, 0);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => seconds = field.varint()?.cast_signed(),
            2 => nanos = field.varint()? as u32,
            _ => {}
        }
    }
    Timestamp::new(seconds, nanos).ok_or_else(|| reader.malformed("a timestamp outside the years 1 to 9999"))
}
