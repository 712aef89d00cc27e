//! Protobuf's wire format: tagged fields one after another.
//! A reader never leaves its message, whatever the bytes say; offsets in errors count from the outermost body.
//! Which fields a message has, and what they mean, is left to the callers.

use std::ops::Range;

/// Bytes that are not the message they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed Firestore message at byte {at}: {what}")]
pub struct Malformed {
    /// What stands there.
    pub what: &'static str,
    /// Where, counted from the start of the body given.
    pub at: usize,
}

/// Groups within groups that are skipped before giving up; Firestore's messages have none at all.
const GROUPS: usize = 16;

/// Reads the fields of one message inside a body.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    end: usize,
}

/// One field of a message.
pub(super) struct Field<'a> {
    pub(super) number: u32,
    payload: Payload<'a>,
    /// Where the payload starts.
    at: usize,
}

enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Length(Reader<'a>),
    /// Wire types that no known field has: read over.
    Other,
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Reader {
            body,
            at: 0,
            end: body.len(),
        }
    }

    pub(super) fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at }
    }

    /// What is left of the message, as a range of the body.
    pub(super) fn range(&self) -> Range<usize> {
        self.at..self.end
    }

    /// What is left of the message.
    pub(super) fn bytes(&self) -> &'a [u8] {
        &self.body[self.at..self.end]
    }

    /// The next field, or none at the message's end.
    #[inline]
    pub(super) fn next_field(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.at == self.end {
            return Ok(None);
        }
        let (number, wire) = self.key()?;
        let at = self.at;
        let payload = self.payload(number, wire, GROUPS)?;
        Ok(Some(Field { number, payload, at }))
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

    #[inline]
    fn payload(&mut self, number: u32, wire: u32, groups: usize) -> Result<Payload<'a>, Malformed> {
        Ok(match wire {
            0 => Payload::Varint(self.varint()?),
            1 => {
                let bytes = self.bytes().first_chunk();
                let bytes = bytes.ok_or_else(|| self.malformed("a double cut off"))?;
                self.at += bytes.len();
                Payload::Fixed64(u64::from_le_bytes(*bytes))
            }
            2 => {
                let length = self.varint()?;
                Payload::Length(self.take(length)?)
            }
            3 => {
                self.skip_group(number, groups)?;
                Payload::Other
            }
            5 => {
                self.take(4)?;
                Payload::Other
            }
            _ => return Err(self.malformed("an unknown wire type")),
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
        if length > (self.end - self.at) as u64 {
            return Err(self.malformed("a length beyond the message's end"));
        }
        let taken = Reader {
            body: self.body,
            at: self.at,
            end: self.at + length as usize,
        };
        self.at = taken.end;
        Ok(taken)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        match self.bytes().first() {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (index, &byte) in self.bytes().iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                // The tenth byte holds the 64th bit and nothing else.
                if index == 9 && byte > 1 {
                    break;
                }
                self.at += index + 1;
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
    pub(super) fn varint(&self) -> Result<u64, Malformed> {
        match self.payload {
            Payload::Varint(value) => Ok(value),
            _ => Err(self.expected("another wire type where a varint belongs")),
        }
    }

    #[inline]
    pub(super) fn double(&self) -> Result<f64, Malformed> {
        match self.payload {
            Payload::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.expected("another wire type where a double belongs")),
        }
    }

    #[inline]
    pub(super) fn message(&self) -> Result<Reader<'a>, Malformed> {
        match self.payload {
            Payload::Length(message) => Ok(message),
            _ => Err(self.expected("another wire type where text, bytes or a message belong")),
        }
    }

    #[inline]
    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        let message = self.message()?;
        std::str::from_utf8(message.bytes()).map_err(|_| message.malformed("text that is not UTF-8"))
    }
}
