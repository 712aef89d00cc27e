//! Values as they lie in the bytes of their document: told apart, and what they hold not looked into.
//! Understood is what an encoder without surprises writes; of anything else there is nothing, and the decoder next door
//! is asked, which takes every legal message and says what is wrong with the others.

use super::value;
use crate::wire::{Reader, short_varint};
use crate::{Timestamp, Value};

/// One value. Texts may be no UTF-8; arrays and maps may hold anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Lying<'b> {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Timestamp(Timestamp),
    Text(&'b [u8]),
    Bytes(&'b [u8]),
    Reference(&'b [u8]),
    GeoPoint(&'b [u8]),
    Array(&'b [u8]),
    Map(&'b [u8]),
}

impl<'b> Lying<'b> {
    /// The value that a message is.
    #[inline(always)]
    fn of(message: &'b [u8]) -> Option<Self> {
        let (key, rest) = message.split_first()?;
        Some(match key {
            0x8a => Lying::Text(all(rest.strip_prefix(b"\x01")?)?),
            0x92 => Lying::Bytes(all(rest.strip_prefix(b"\x01")?)?),
            0x08 => Lying::Boolean(number(rest)? != 0),
            0x10 => Lying::Integer(number(rest)?.cast_signed()),
            0x19 => Lying::Double(f64::from_le_bytes(rest.try_into().ok()?)),
            0x2a => Lying::Reference(all(rest)?),
            0x32 => Lying::Map(all(rest)?),
            0x42 => Lying::GeoPoint(all(rest)?),
            0x4a => Lying::Array(all(rest)?),
            0x52 => Lying::Timestamp(any_moment(all(rest)?)?),
            0x58 => number(rest).map(|_| Lying::Null)?,
            _ => return None,
        })
    }

    /// The value decoded, if it can be.
    pub(crate) fn value(self) -> Option<Value<'b>> {
        Some(match self {
            Lying::Null => Value::Null,
            Lying::Boolean(boolean) => Value::Boolean(boolean),
            Lying::Integer(integer) => Value::Integer(integer),
            Lying::Double(double) => Value::Double(double),
            Lying::Timestamp(timestamp) => Value::Timestamp(timestamp),
            Lying::Text(text) => Value::Text(std::str::from_utf8(text).ok()?),
            Lying::Bytes(bytes) => Value::Bytes(bytes),
            Lying::Reference(name) => Value::Reference(std::str::from_utf8(name).ok()?),
            Lying::GeoPoint(point) => geopoint(point)?,
            Lying::Array(array) => value::array(Reader::new(array), 2).map(Value::Array).ok()?,
            Lying::Map(map) => value::map(Reader::new(map), 2).ok()?,
        })
    }
}

/// What a document is made of.
pub(crate) enum Part<'b> {
    Field(&'b [u8], Lying<'b>),
    Created(Timestamp),
    Updated(Timestamp),
}

/// The name of a document, and what comes after it.
pub(crate) fn name(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = body;
    let name = inside(0x0a, &mut rest)?;
    Some((name, rest))
}

/// The next part of a document.
#[inline(always)]
pub(crate) fn part<'b>(rest: &mut &'b [u8]) -> Option<Part<'b>> {
    match rest.first()? {
        0x12 => {
            let (name, value) = entry(0x12, rest)?;
            Some(Part::Field(name, value))
        }
        0x1a => Some(Part::Created(any_moment(inside(0x1a, rest)?)?)),
        0x22 => Some(Part::Updated(any_moment(inside(0x22, rest)?)?)),
        _ => None,
    }
}

/// The next key of a map, and its value.
#[inline(always)]
pub(crate) fn member<'b>(rest: &mut &'b [u8]) -> Option<(&'b [u8], Lying<'b>)> {
    entry(0x0a, rest)
}

/// The next element of an array.
#[inline(always)]
pub(crate) fn element<'b>(rest: &mut &'b [u8]) -> Option<Lying<'b>> {
    Lying::of(inside(0x0a, rest)?)
}

/// The next entry of a map, which has to have this key: a name, and its value.
#[inline(always)]
fn entry<'b>(key: u8, rest: &mut &'b [u8]) -> Option<(&'b [u8], Lying<'b>)> {
    let (name, value) = match short_entry(key, rest) {
        Some(parts) => parts,
        None => long_entry(key, rest)?,
    };
    Some((name, Lying::of(value)?))
}

/// The same where each length takes a byte, as nearly all do: half the instructions, for the keys and lengths stand
/// where they are looked for.
#[inline(always)]
fn short_entry<'b>(key: u8, rest: &mut &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
    let [first, length @ 0..0x80, 0x0a, name @ 0..0x80, ..] = **rest else {
        return None;
    };
    let (entry, after) = rest.split_at_checked(2 + usize::from(length))?;
    let (name, value) = entry.get(4..)?.split_at_checked(usize::from(name))?;
    match value {
        // No longer than the entry, so that the length's high bit cannot be set.
        [0x12, length, value @ ..] if first == key && usize::from(*length) == value.len() => {
            *rest = after;
            Some((name, value))
        }
        _ => None,
    }
}

fn long_entry<'b>(key: u8, rest: &mut &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
    let mut entry = inside(key, rest)?;
    let name = inside(0x0a, &mut entry)?;
    let value = inside(0x12, &mut entry)?;
    entry.is_empty().then_some((name, value))
}

/// A moment: seconds, then nanoseconds, neither of them left out and none before 1970.
pub(super) fn moment(message: &[u8]) -> Option<Timestamp> {
    let [0x08, seconds @ ..] = message else {
        return None;
    };
    let (seconds, digits) = short_varint(u64::from_le_bytes(*seconds.first_chunk()?))?;
    let [0x10, nanos @ ..] = message.get(1 + digits..)? else {
        return None;
    };
    // The last eight bytes of the message end with them.
    let before = 8usize.checked_sub(nanos.len())?;
    let bytes = u64::from_le_bytes(*message.last_chunk()?);
    let (nanos, digits) = short_varint(bytes.checked_shr(8 * before as u32)?)?;
    if digits + before != 8 {
        return None;
    }
    Timestamp::new(seconds.cast_signed(), u32::try_from(nanos).ok()?)
}

/// A moment, or what the decoder says of it.
#[inline(always)]
fn any_moment(message: &[u8]) -> Option<Timestamp> {
    value::timestamp(Reader::new(message)).ok()
}

/// Degrees north, then east, neither of them left out.
fn geopoint(message: &[u8]) -> Option<Value<'_>> {
    if let Ok([0x09, latitude @ .., 0x11, _, _, _, _, _, _, _, _]) = <&[u8; 18]>::try_from(message)
        && let Some(longitude) = message.last_chunk()
    {
        return Some(Value::GeoPoint {
            latitude: f64::from_le_bytes(*latitude),
            longitude: f64::from_le_bytes(*longitude),
        });
    }
    value::point(Reader::new(message)).ok()
}

/// How many bytes the number takes that these begin with.
fn digits(bytes: &[u8]) -> Option<usize> {
    Some(bytes.iter().take(10).position(|byte| *byte < 0x80)? + 1)
}

/// What the next field holds, which has to have this key.
#[inline(always)]
fn inside<'b>(key: u8, rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (first, after) = rest.split_first()?;
    if *first != key {
        return None;
    }
    let (length, after) = length(after)?;
    let (inside, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(inside)
}

/// What a length covers, if that is all there is.
#[inline(always)]
fn all(bytes: &[u8]) -> Option<&[u8]> {
    length(bytes).and_then(|(length, rest)| (rest.len() == length).then_some(rest))
}

/// A length, and what comes after it.
#[inline(always)]
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [low @ 0..0x80, rest @ ..] => Some((usize::from(*low), rest)),
        [low, high @ 0..0x80, rest @ ..] => Some((usize::from(low & 0x7f) | usize::from(*high) << 7, rest)),
        _ => {
            let (length, rest) = bytes.split_at_checked(digits(bytes)?)?;
            Some((usize::try_from(number(length)?).ok()?, rest))
        }
    }
}

/// The number that all these bytes are.
#[inline]
fn number(bytes: &[u8]) -> Option<u64> {
    let (last, before) = bytes.split_last()?;
    // The tenth byte holds the 64th bit and nothing else.
    if *last >= 0x80 || before.len() > 9 || before.len() == 9 && *last > 1 {
        return None;
    }
    let mut number = u64::from(*last);
    for byte in before.iter().rev() {
        if *byte < 0x80 {
            return None;
        }
        number = number << 7 | u64::from(byte & 0x7f);
    }
    Some(number)
}
