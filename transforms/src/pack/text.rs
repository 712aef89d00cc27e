//! Texts put together from fields, and what can be said about a document itself.
//! A text with a field that is missing, null or has no spelling is none at all.

use super::cast::spelled;
use super::layout::Part;
use super::row::Slot;
use super::subject::Subject;
use crate::mapping::Document;
use crate::{Timestamp, Value};

/// The text of a template.
pub(super) fn text(parts: &[Part<'_>], subject: &Subject<'_>, slots: &[Slot<'_>]) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Slot(slot) => text.push_str(&word(slots.get(*slot)?.value?)?),
            Part::Document(document) => text.push_str(&word(&about(*document, subject)?)?),
        }
    }
    Some(text)
}

/// Texts, numbers, booleans and moments have a spelling.
fn word(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Reference(_) => None,
        value => spelled(value, ""),
    }
}

/// What is known about the document, or about the element's place in it.
pub(super) fn about<'d>(document: Document, subject: &Subject<'d>) -> Option<Value<'d>> {
    let path = subject.path;
    let text = |text: &'d str| Some(Value::Text(text));
    let moment = |timestamp: Timestamp| Some(Value::Timestamp(timestamp));
    match document {
        Document::Id => text(subject.id()),
        Document::Path => text(path),
        Document::Parent => {
            let (collection, _) = path.rsplit_once('/')?;
            text(collection.rsplit_once('/')?.0)
        }
        Document::Wildcard(number) => text(subject.wildcards.get(usize::from(number).checked_sub(1)?)?),
        Document::Created => subject.document.created.and_then(moment),
        Document::Updated => subject.document.updated.and_then(moment),
        Document::Ordinal => Some(Value::Integer(i64::from(subject.ordinal?))),
        Document::Key => text(subject.key?),
        // Asked for by its slot.
        Document::Value => None,
    }
}
