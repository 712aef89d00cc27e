//! What a dataset says about one collection, in TOML or in code.

use super::ids::Ids;
use super::mix::Mix;
use crate::path::Id;
use serde::Deserialize;
use std::ops::RangeInclusive;

/// A collection, or many of the same pattern.
///
/// ```toml
/// [[collection]]
/// pattern = "users/*/orders"  # a collection below each document of `users`
/// documents = 1000            # in all of them together
/// ids = "auto"                # auto, user, imported, uuid, awkward, or { numbered = "order-" }
/// mix = "order"               # order, user, event
/// bytes = [400, 2000]         # the size of an encoded document: one number, or fewest and most
/// vector = 0                  # the dimensions of the vector that each document holds besides
/// odd = 0.01                  # the share of documents that are unlike the others
/// nul = 0.0                   # the share with U+0000 in a text, which PostgreSQL cannot store
/// oversized = 0               # so many are legal, but more than 4 MiB on the wire
/// references = "users"        # the collection at the root that references point into
/// exist = true                # false: only what lies below the documents exists
/// ```
///
/// All but the first two may be left out. A parent that is not described is there as if by `exist = false`, with a
/// tenth as many documents as all that are described below it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    pub(super) pattern: String,
    pub(super) documents: u64,
    #[serde(default)]
    pub(super) ids: Ids,
    #[serde(default)]
    pub(super) mix: Mix,
    #[serde(default)]
    pub(super) bytes: Bytes,
    #[serde(default)]
    pub(super) vector: u32,
    #[serde(default)]
    pub(super) odd: f64,
    #[serde(default)]
    pub(super) nul: f64,
    #[serde(default)]
    pub(super) oversized: u64,
    #[serde(default = "users")]
    pub(super) references: String,
    #[serde(default = "yes")]
    pub(super) exist: bool,
}

/// The size of an encoded document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "bytes are one number, or the fewest and the most as [400, 2000]"
)]
pub(super) enum Bytes {
    Fixed(usize),
    Between(usize, usize),
}

impl Default for Bytes {
    fn default() -> Self {
        Bytes::Fixed(600)
    }
}

impl Bytes {
    pub(super) fn range(self) -> RangeInclusive<usize> {
        match self {
            Bytes::Fixed(bytes) => bytes..=bytes,
            Bytes::Between(least, most) => least..=most,
        }
    }
}

fn users() -> String {
    "users".to_owned()
}

fn yes() -> bool {
    true
}

/// More would not fit into the parts of ids that carry their order.
const MOST_DOCUMENTS: u64 = 1_000_000_000_000;
/// Leaves some of the 1 MiB that a document may have to its name and its other fields.
const MOST_BYTES: usize = 1_000_000;
/// Firestore's own limits.
const MOST_DIMENSIONS: u32 = 2_048;
const DEEPEST: usize = 100;

impl Collection {
    /// The collections of `pattern`, such as `users/*/orders`, with so many documents together.
    pub fn new(pattern: impl Into<String>, documents: u64) -> Collection {
        Collection {
            pattern: pattern.into(),
            documents,
            ids: Ids::default(),
            mix: Mix::default(),
            bytes: Bytes::default(),
            vector: 0,
            odd: 0.0,
            nul: 0.0,
            oversized: 0,
            references: users(),
            exist: true,
        }
    }

    /// What the ids look like.
    pub fn ids(self, ids: Ids) -> Self {
        Collection { ids, ..self }
    }

    /// Which fields the documents have.
    pub fn mix(self, mix: Mix) -> Self {
        Collection { mix, ..self }
    }

    /// How large the encoded documents are, in bytes. None is smaller than its fields need.
    pub fn bytes(self, bytes: RangeInclusive<usize>) -> Self {
        let bytes = Bytes::Between(*bytes.start(), *bytes.end());
        Collection { bytes, ..self }
    }

    /// How many dimensions the vector has that each document holds; none without dimensions.
    pub fn vector(self, dimensions: u32) -> Self {
        Collection {
            vector: dimensions,
            ..self
        }
    }

    /// Which share of the documents is unlike the others: from 0 to 1.
    pub fn odd(self, share: f64) -> Self {
        Collection { odd: share, ..self }
    }

    /// Which share of the documents holds U+0000 in a text, which PostgreSQL cannot store: from 0 to 1.
    pub fn nul(self, share: f64) -> Self {
        Collection { nul: share, ..self }
    }

    /// How many documents are legal, but larger than 4 MiB on the wire.
    pub fn oversized(self, documents: u64) -> Self {
        Collection {
            oversized: documents,
            ..self
        }
    }

    /// Into which collection at the root references point; its documents need not exist.
    pub fn references(self, collection: impl Into<String>) -> Self {
        Collection {
            references: collection.into(),
            ..self
        }
    }

    /// The documents do not exist; only what lies below them does.
    pub fn phantom(self) -> Self {
        Collection { exist: false, ..self }
    }

    /// Why this describes no collection that could be.
    pub(super) fn check(&self) -> Result<(), String> {
        check_pattern(&self.pattern)?;
        let (least, most) = (*self.bytes.range().start(), *self.bytes.range().end());
        let shares = [self.odd, self.nul, self.odd + self.nul];
        let problems = [
            (
                self.documents > MOST_DOCUMENTS,
                "more than 10^12 documents cannot be told apart",
            ),
            (least > most, "bytes are the fewest first, then the most"),
            (most > MOST_BYTES, "bytes must not be more than 1,000,000"),
            (
                self.vector > MOST_DIMENSIONS,
                "a vector has at most 2,048 dimensions",
            ),
            (
                !shares.iter().all(|share| (0.0..=1.0).contains(share)),
                "odd and nul are shares from 0 to 1, also together",
            ),
            (
                self.oversized > self.documents,
                "there cannot be more oversized documents than documents",
            ),
            (
                !is_id(&self.references),
                "references point into a collection at the root",
            ),
            (
                matches!(&self.ids, Ids::Numbered(prefix) if prefix.len() > 1_000 || !is_id(&format!("{prefix}0"))),
                "numbered ids begin with at most 1,000 bytes without a slash",
            ),
        ];
        match problems.iter().find(|(is_so, _)| *is_so) {
            Some((_, why)) => Err((*why).to_owned()),
            None => Ok(()),
        }
    }
}

/// Text that is an id other than a number.
fn is_id(text: &str) -> bool {
    !text.contains('/') && matches!(Id::parse(text), Ok(Id::Text(_)))
}

fn check_pattern(pattern: &str) -> Result<(), String> {
    let segments: Vec<&str> = pattern.split('/').collect();
    if segments.len().is_multiple_of(2) || segments.len() / 2 >= DEEPEST {
        return Err("a pattern is collection ids with /*/ between them, at most 100".to_owned());
    }
    for pair in segments.chunks(2) {
        if !is_id(pair[0]) || pair[0] == "*" {
            return Err(format!("{:?} is no id for a collection", pair[0]));
        }
        if pair.get(1).is_some_and(|document| *document != "*") {
            return Err(format!(
                "{:?} stands where every document is meant: write *",
                pair[1]
            ));
        }
    }
    Ok(())
}
