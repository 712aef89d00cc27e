//! A record as it came, read: which document it is, and what it holds.
//!
//! Sources hand out bytes; what those mean is one question with one answer for each kind of source, asked here.

use crate::plan::{Identity, Lane, Plan};
use bytes::Bytes;
use std::borrow::Cow;
use transforms::qdrant::{Digest, Digester, PointId};
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

/// What records of a span come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// All of them together.
    pub digest: Digest,
    /// Their ids, in order.
    pub ids: Vec<PointId>,
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
                let id = || qdrant::id(body).map(|id| id.to_string()).unwrap_or_default();
                let name = self.document(lane, body).map(|point| point.name.into_owned());
                // Also of a point that cannot be read otherwise: no two of a lane have the same path.
                let name = name.unwrap_or_else(|_| format!("{}/{}", self.collection_of(lane).id, id()));
                Cow::Owned(below(&name, &root).unwrap_or(&name).to_owned())
            }
        }
    }

    /// What makes digests of records, where there is no snapshot to read them at again. The run's number is the key:
    /// it was made by chance.
    pub(crate) fn digester(&self) -> Option<Digester> {
        match self.source {
            Identity::Firestore { .. } => None,
            Identity::Qdrant { .. } => Some(Digester::new(self.run.as_u128())),
        }
    }

    /// What records come to, and which they are.
    pub(crate) fn account(&self, records: &[Bytes]) -> Option<Account> {
        let digester = self.digester()?;
        let mut account = Account::default();
        for body in records {
            let (id, digest) = digester.point(body);
            account.digest += digest;
            account.ids.extend(id);
        }
        Some(account)
    }
}
