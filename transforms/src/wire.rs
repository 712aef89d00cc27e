//! Protobuf's wire format: tagged fields one after another.
//! A reader never leaves its message, whatever the bytes say; offsets in errors count from the outermost body.
//! Which fields a message has, and what they mean, is left to the modules of the sources.

mod varint;

use std::collections::HashSet;
use std::ops::Range;

use crate::Value;
pub(crate) use varint::short_varint;

/// Bytes that are not the message they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed message at byte {at}: {what}")]
pub struct Malformed {
    /// What stands there.
    pub what: &'static str,
    /// Where, counted from the start of the body given.
    pub at: usize,
}

/// Groups within groups that are skipped before giving up; the sources' messages have none at all.
const GROUPS: usize = 16;

/// Reads the fields of one message inside a body.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// What is left of the message.
    rest: &'a [u8],
    /// Where that begins, counted from the start of the body.
    at: usize,
}

/// One field of a message.
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    payload: Payload<'a>,
    /// Where the payload starts.
    at: usize,
}

enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32([u8; 4]),
    Length(Reader<'a>),
    /// A group, which no known field is: read over.
    Group,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Reader { rest: body, at: 0 }
    }

    pub(crate) fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at }
    }

    /// What is left of the message, as a range of the body.
    pub(crate) fn range(&self) -> Range<usize> {
        self.at..self.at + self.rest.len()
    }

    /// What was read since this reader was that one.
    pub(crate) fn since(&self, before: &Reader<'a>) -> &'a [u8] {
        &before.rest[..self.at - before.at]
    }

    /// What is left of the message.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field, or none at the message's end.
    ///
    /// Nearly all fields are texts or messages whose key and length have a byte each: those are read where they are
    /// asked for, the others behind a call. That saves two thirds of what reading a field costs.
    #[inline(always)]
    pub(crate) fn next_field(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        /// A key of a byte, of a field with a length.
        const MASK: u8 = 0x87;
        const WITH_LENGTH: u8 = 2;
        if let [key, length, rest @ ..] = self.rest
            && key & MASK == WITH_LENGTH
            && *key >= 8
            && *length < 0x80
            && let Some((inner, rest)) = rest.split_at_checked(usize::from(*length))
        {
            let message = Reader {
                rest: inner,
                at: self.at + 2,
            };
            let field = Field {
                number: u32::from(key >> 3),
                payload: Payload::Length(message),
                at: self.at + 1,
            };
            self.at += 2 + inner.len();
            self.rest = rest;
            return Ok(Some(field));
        }
        match self.rest {
            [] => Ok(None),
            _ => self.any_field().map(Some),
        }
    }

    /// The next field, whatever it is.
    fn any_field(&mut self) -> Result<Field<'a>, Malformed> {
        let (number, wire) = self.key()?;
        let at = self.at;
        let payload = self.payload(number, wire, GROUPS)?;
        Ok(Field { number, payload, at })
    }

    /// Goes on behind the next bytes.
    #[inline]
    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.rest = &self.rest[bytes..];
    }

    #[inline]
    fn key(&mut self) -> Result<(u32, u32), Malformed> {
        let at = self.at;
        match u32::try_from(self.varint()?) {
            Ok(key) if key >= 8 => Ok((key >> 3, key & 7)),
            _ => Err(Malformed {
                what: "a field number out of range",
                at,
            }),
        }
    }

    #[inline(always)]
    fn payload(&mut self, number: u32, wire: u32, groups: usize) -> Result<Payload<'a>, Malformed> {
        Ok(match wire {
            0 => Payload::Varint(self.varint()?),
            1 => {
                let bytes = self.bytes().first_chunk();
                let bytes = bytes.ok_or_else(|| self.malformed("a double cut off"))?;
                self.skip(bytes.len());
                Payload::Fixed64(u64::from_le_bytes(*bytes))
            }
            2 => {
                let length = self.varint()?;
                Payload::Length(self.take(length)?)
            }
            3 => {
                self.skip_group(number, groups)?;
                Payload::Group
            }
            5 => {
                let bytes = self.bytes().first_chunk();
                let bytes = bytes.ok_or_else(|| self.malformed("a float cut off"))?;
                self.skip(bytes.len());
                Payload::Fixed32(*bytes)
            }
            _ => return Err(self.malformed("an unknown wire type")),
        })
    }

    /// The following fields of this key (a number and wire type in one byte) that have four bytes each, taken
    /// together: each a key and its bytes.
    pub(crate) fn run(&mut self, key: u8) -> &'a [[u8; 5]] {
        let (fields, _) = self.bytes().as_chunks::<5>();
        let count = fields.iter().take_while(|field| field[0] == key).count();
        let (run, _) = fields.split_at(count);
        self.skip(run.as_flattened().len());
        run
    }

    /// Numbers one after another, without keys.
    pub(crate) fn packed(mut self) -> impl Iterator<Item = Result<u64, Malformed>> {
        std::iter::from_fn(move || {
            if self.rest.is_empty() {
                return None;
            }
            let number = self.varint();
            if number.is_err() {
                self.rest = &[];
            }
            Some(number)
        })
    }

    fn skip_group(&mut self, number: u32, groups: usize) -> Result<(), Malformed> {
        let left = groups
            .checked_sub(1)
            .ok_or_else(|| self.malformed("groups nested too deep"))?;
        loop {
            match self.key()? {
                (end, 4) if end == number => return Ok(()),
                (inner, wire) => self.payload(inner, wire, left)?,
            };
        }
    }

    /// The next `length` bytes as a message of their own.
    #[inline]
    fn take(&mut self, length: u64) -> Result<Reader<'a>, Malformed> {
        let length = usize::try_from(length).ok();
        let split = length.and_then(|length| self.rest.split_at_checked(length));
        let (inner, rest) = split.ok_or_else(|| self.malformed("a length beyond the message's end"))?;
        let taken = Reader {
            rest: inner,
            at: self.at,
        };
        self.at += inner.len();
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.at += 1;
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        if let Some(bytes) = self.rest.first_chunk()
            && let Some((value, length)) = short_varint(u64::from_le_bytes(*bytes))
        {
            self.skip(length);
            return Ok(value);
        }
        let mut value = 0;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                // The tenth byte holds the 64th bit and nothing else.
                if index == 9 && byte > 1 {
                    break;
                }
                self.skip(index + 1);
                return Ok(value);
            }
        }
        Err(self.malformed("a number cut off or longer than 64 bits"))
    }
}

impl<'a> Field<'a> {
    fn expected(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at }
    }

    #[inline]
    pub(crate) fn varint(&self) -> Result<u64, Malformed> {
        match self.payload {
            Payload::Varint(value) => Ok(value),
            _ => Err(self.expected("another wire type where a varint belongs")),
        }
    }

    #[inline]
    pub(crate) fn double(&self) -> Result<f64, Malformed> {
        match self.payload {
            Payload::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.expected("another wire type where a double belongs")),
        }
    }

    /// The bytes of a float.
    pub(crate) fn float(&self) -> Option<[u8; 4]> {
        match self.payload {
            Payload::Fixed32(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether it is a number that stands alone.
    pub(crate) fn is_varint(&self) -> bool {
        matches!(self.payload, Payload::Varint(_))
    }

    #[inline]
    pub(crate) fn message(&self) -> Result<Reader<'a>, Malformed> {
        match self.payload {
            Payload::Length(message) => Ok(message),
            _ => Err(self.expected("another wire type where text, bytes or a message belong")),
        }
    }

    #[inline]
    pub(crate) fn text(&self) -> Result<&'a str, Malformed> {
        let message = self.message()?;
        std::str::from_utf8(message.bytes()).map_err(|_| message.malformed("text that is not UTF-8"))
    }
}

/// Leaves each name of a map once, with its last value, as protobuf has it.
pub(crate) fn settle(fields: &mut Vec<(&str, Value<'_>)>) {
    if fields.is_sorted_by(|a, b| a.0 < b.0) || !repeats(fields) {
        return;
    }
    let mut seen = HashSet::with_capacity(fields.len());
    fields.reverse();
    fields.retain(|(name, _)| seen.insert(*name));
    fields.reverse();
}

fn repeats(fields: &[(&str, Value<'_>)]) -> bool {
    // Up to here comparing each with each is cheaper than hashing.
    if fields.len() <= 16 {
        return fields
            .iter()
            .enumerate()
            .any(|(at, (name, _))| fields[..at].iter().any(|(other, _)| other == name));
    }
    let mut seen = HashSet::with_capacity(fields.len());
    !fields.iter().all(|(name, _)| seen.insert(*name))
}

#[cfg(test)]
mod tests;
