//! What a request wants of a point, and the point written as far as it is wanted.

use super::collection::Collection;
use super::contents::Entry;
use super::encode::{self, Encoding, Frame, Sent};
use super::path::{Path, exclude, include};
use super::point::{ShardKey, Vector};
use super::value::Payload;
use ::qdrant_client::qdrant::{self as proto, with_payload_selector, with_vectors_selector};
use std::borrow::Cow;
use tonic::Status;

/// What is wanted of points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selection {
    pub(super) payload: Keys,
    pub(super) vectors: Names,
}

/// Which part of the payload.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Keys {
    All,
    None,
    Include(Vec<Path>),
    Exclude(Vec<Path>),
}

/// Which vectors.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Names {
    All,
    None,
    Some(Vec<String>),
}

impl Selection {
    /// What a request says; `payload` is what it means when it does not speak of payloads: a scroll sends them, other
    /// reads do not. Nobody sends vectors unasked.
    pub(super) fn read(
        collection: &Collection,
        with_payload: Option<proto::WithPayloadSelector>,
        payload: bool,
        with_vectors: Option<proto::WithVectorsSelector>,
    ) -> Result<Selection, Status> {
        use with_payload_selector::SelectorOptions as Some_;
        let paths = |fields: &[String]| fields.iter().map(|field| Path::read(field)).collect();
        let asked = with_payload.and_then(|asked| asked.selector_options);
        let payload = match asked.unwrap_or(Some_::Enable(payload)) {
            Some_::Enable(true) => Keys::All,
            Some_::Enable(false) => Keys::None,
            Some_::Include(some) => Keys::Include(paths(&some.fields)),
            Some_::Exclude(some) => Keys::Exclude(paths(&some.fields)),
        };
        let vectors = match with_vectors.and_then(|asked| asked.selector_options) {
            Some(with_vectors_selector::SelectorOptions::Enable(true)) => Names::All,
            Some(with_vectors_selector::SelectorOptions::Enable(false)) | None => Names::None,
            Some(with_vectors_selector::SelectorOptions::Include(some)) => Names::Some(some.names),
        };
        let selection = Selection { payload, vectors };
        selection.check(collection)?;
        Ok(selection)
    }

    /// Refuses the name of a vector that is not there.
    pub(super) fn check(&self, collection: &Collection) -> Result<(), Status> {
        let Names::Some(names) = &self.vectors else {
            return Ok(());
        };
        match names.iter().find(|name| !collection.has_vector(name)) {
            Some(name) => Err(no_vector(name)),
            None => Ok(()),
        }
    }

    /// The payload as far as it is wanted.
    pub(super) fn payload<'a>(&self, entry: Entry<'a>) -> Cow<'a, Payload> {
        match &self.payload {
            Keys::All => entry.payload(),
            Keys::None => Cow::Owned(Payload::new()),
            Keys::Include(paths) => Cow::Owned(include(&entry.payload(), paths)),
            Keys::Exclude(paths) => Cow::Owned(exclude(&entry.payload(), paths)),
        }
    }

    /// The vectors that are wanted; nothing if none were asked for, which is not the same as that there are none.
    pub(super) fn vectors(&self, entry: Entry<'_>) -> Option<Vec<(String, Vector)>> {
        match &self.vectors {
            Names::None => None,
            Names::All => Some(entry.vectors(&|_| true)),
            Names::Some(names) => Some(entry.vectors(&|name| names.iter().any(|wanted| wanted == name))),
        }
    }

    /// Appends what the message of that kind holds of a point.
    pub(super) fn write(
        &self,
        frame: Frame,
        entry: Entry<'_>,
        key: Option<&ShardKey>,
        how: (bool, Encoding),
        to: &mut Vec<u8>,
    ) {
        let vectors = self.vectors(entry);
        let (named, encoding) = how;
        let sent = vectors.as_deref().map(|vectors| Sent {
            vectors,
            named,
            encoding,
        });
        encode::point(frame, entry.id, &self.payload(entry), sent, key, to);
    }
}

/// Qdrant's words for a vector that a collection does not have.
pub(super) fn no_vector(name: &str) -> Status {
    Status::invalid_argument(format!("Wrong input: Not existing vector name error: {name}"))
}
