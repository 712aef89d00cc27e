//! A record as it came, read: which document it is, and what it holds.
//!
//! Sources hand out bytes; what those mean is one question with one answer for each kind of source, asked here.

use crate::plan::{Identity, Lane, Plan};
use std::borrow::Cow;
use transforms::{Document, Malformed, below, firestore, qdrant};

/// The document that a record of `collection` is.
pub(crate) fn document<'b>(
    source: &Identity,
    collection: &str,
    body: &'b [u8],
) -> Result<Document<'b>, Malformed> {
    match source {
        Identity::Firestore { .. } => firestore::document(body),
        Identity::Qdrant { .. } => qdrant::point(body, collection),
    }
}

impl Plan {
    /// The document that a record of `lane` is.
    pub(crate) fn document<'b>(&self, lane: &Lane, body: &'b [u8]) -> Result<Document<'b>, Malformed> {
        document(&self.source, &self.collection_of(lane).id, body)
    }

    /// The path of a record of `lane` below the root, as far as it can be made out.
    pub(crate) fn path<'b>(&self, lane: &Lane, body: &'b [u8]) -> Cow<'b, str> {
        let root = self.source.root();
        match &self.source {
            Identity::Firestore { .. } => {
                let name = firestore::name(body).unwrap_or_default();
                Cow::Borrowed(below(name, &root).unwrap_or(name))
            }
            Identity::Qdrant { .. } => {
                let name = self.document(lane, body).map(|point| point.name.into_owned());
                let name = name.unwrap_or_default();
                Cow::Owned(below(&name, &root).unwrap_or(&name).to_owned())
            }
        }
    }
}
