//! A record as it came, read: which document it is, and what it holds.
//!
//! Sources hand out bytes; what those mean is one question with one answer for each kind of source, asked here.

use crate::plan::{Identity, Lane, Plan};
use std::borrow::Cow;
use transforms::{Document, Malformed, below, firestore};

/// The document that a record of `collection` is.
pub(crate) fn document<'b>(
    source: &Identity,
    _collection: &str,
    body: &'b [u8],
) -> Result<Document<'b>, Malformed> {
    match source {
        Identity::Firestore { .. } | Identity::Qdrant { .. } => firestore::document(body),
    }
}

impl Plan {
    /// The document that a record of `lane` is.
    pub(crate) fn document<'b>(&self, lane: &Lane, body: &'b [u8]) -> Result<Document<'b>, Malformed> {
        document(&self.source, &self.collection_of(lane).id, body)
    }

    /// The path of a record of `lane` below the root, as far as it can be made out.
    pub(crate) fn path<'b>(&self, _lane: &Lane, body: &'b [u8]) -> Cow<'b, str> {
        match &self.source {
            Identity::Firestore { .. } | Identity::Qdrant { .. } => {
                let name = firestore::name(body).unwrap_or_default();
                Cow::Borrowed(below(name, &self.source.root()).unwrap_or(name))
            }
        }
    }
}
