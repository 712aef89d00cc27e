//! The wire format of Firestore's messages, as much of it as a migration reads.
//! Every function answers with the decoded message or [`Malformed`]; none panics, and none recurses without bound.
//! A value of a type unknown here is refused, never dropped; what to do with refused documents is the caller's.

pub(crate) mod lying;
mod value;
mod vector;

use std::ops::Range;

use crate::wire::{Malformed, Reader, settle};
use crate::{Document, Timestamp};

/// Decodes the bytes of a `google.firestore.v1.Document`.
pub fn document(body: &[u8]) -> Result<Document<'_>, Malformed> {
    let mut reader = Reader::new(body);
    let (mut name, mut created, mut updated) = (None, None, None);
    let mut fields = Vec::with_capacity(16);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 if name.is_some() => return Err(reader.malformed("a document with two names")),
            1 => name = Some(field.text()?),
            2 => fields.push(value::entry(field.message()?, 1)?),
            3 => created = Some(value::timestamp(field.message()?)?),
            4 => updated = Some(value::timestamp(field.message()?)?),
            _ => {}
        }
    }
    settle(&mut fields);
    let missing = |what| reader.malformed(what);
    Ok(Document {
        name: name
            .map(Into::into)
            .ok_or_else(|| missing("a document without a name"))?,
        created: Some(created.ok_or_else(|| missing("a document without a create time"))?),
        updated: Some(updated.ok_or_else(|| missing("a document without an update time"))?),
        fields,
    })
}

/// Only the name of a document: what comes before it is skipped, what comes after it not looked at. [`document`]
/// refuses one that has two.
pub fn name(body: &[u8]) -> Result<&str, Malformed> {
    let mut reader = Reader::new(body);
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            return field.text();
        }
    }
    Err(reader.malformed("a document without a name"))
}

/// What a migration needs of a `RunQueryResponse`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Where in the body the document's own bytes lie, so that a shared buffer can be sliced without copying.
    pub document: Option<Range<usize>>,
    /// The time the query read at.
    pub read_time: Option<Timestamp>,
    /// Results skipped because of an offset; billed, and never asked for.
    pub skipped: i32,
    /// The server is finished with the query.
    pub done: bool,
}

/// Decodes the outer message of a query's answer.
pub fn answer(body: &[u8]) -> Result<Answer, Malformed> {
    let mut reader = Reader::new(body);
    let mut answer = Answer::default();
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => answer.document = Some(field.message()?.range()),
            3 => answer.read_time = Some(value::timestamp(field.message()?)?),
            // An int32 travels as a 64-bit varint, of which readers keep the low half.
            4 => answer.skipped = field.varint()? as i32,
            6 => answer.done = field.varint()? != 0,
            _ => {}
        }
    }
    Ok(answer)
}
