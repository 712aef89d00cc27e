//! What lies in a database before anybody wrote to it: any number of documents, each made when it is asked for.
//!
//! Every document is a function of the seed, its collection's pattern and its index, and the ids of siblings ascend
//! with the index in Firestore's order. So nothing is kept: a hundred million documents take no memory, any of them can
//! be made again from its name, and a range of names is found by bisection.

mod awkward;
mod collection;
mod content;
pub(crate) mod corpus;
pub(crate) mod dice;
mod encode; // the bytes of a document
mod ids;
mod mix;
mod odd; // documents unlike the others
mod presets;
mod scribe; // what is common to bytes and messages
mod sequence;
mod spread; // children among parents
mod strange; // values unlike the others
#[cfg(test)]
mod tests;
mod walk;
pub(crate) mod wire; // the pieces of those bytes

pub use collection::Collection;
pub use ids::Ids;
pub use mix::Mix;
pub use sequence::Sequence;
pub use walk::Walk;

use crate::path::Path;
use content::{Content, Referees};
use dice::mix_text;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use ids::Siblings;
use sequence::{Inner, Level};
use serde::Deserialize;
use spread::Spread;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A description of documents: a seed, and collections.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    seed: u64,
    #[serde(default, rename = "collection")]
    collections: Vec<Collection>,
}

/// Why something describes no dataset.
#[derive(Debug, thiserror::Error)]
pub enum BadDataset {
    /// It is no TOML, or holds keys or values that mean nothing here.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A collection cannot be as it is described.
    #[error("collection {pattern:?}: {why}")]
    Collection {
        /// As it was described.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
}

/// References name so many documents of a collection that has none.
const UNKNOWN_REFEREES: u64 = 10_000;

impl Dataset {
    /// These collections, made from `seed`.
    pub fn new(seed: u64, collections: impl IntoIterator<Item = Collection>) -> Result<Dataset, BadDataset> {
        let collections = collections.into_iter().collect();
        Dataset { seed, collections }.checked()
    }

    /// Reads a description: `seed = 7`, then a table `[[collection]]` for each [`Collection`].
    pub fn parse(text: &str) -> Result<Dataset, BadDataset> {
        toml::from_str::<Dataset>(text)?.checked()
    }

    /// One more collection.
    pub fn with(mut self, collection: Collection) -> Result<Dataset, BadDataset> {
        self.collections.push(collection);
        self.checked()
    }

    fn checked(self) -> Result<Dataset, BadDataset> {
        let mut patterns = BTreeSet::new();
        for collection in &self.collections {
            let pattern = collection.pattern.as_str();
            let bad = |why: &str| BadDataset::Collection {
                pattern: pattern.to_owned(),
                why: why.to_owned(),
            };
            collection.check().map_err(|why| bad(&why))?;
            if !patterns.insert(pattern) {
                return Err(bad("it is described twice"));
            }
            let orphans = |level: &Level| level.spread.parents == 0 && level.spread.children > 0;
            if self.levels(pattern).iter().any(orphans) {
                return Err(bad("its documents have no parents"));
            }
        }
        Ok(self)
    }

    /// The documents in the database whose documents lie below `root` (`projects/P/databases/D/documents`).
    pub fn sequences(&self, root: &str) -> Vec<Sequence> {
        let existing = self
            .collections
            .iter()
            .filter(|collection| collection.exist && collection.documents > 0);
        existing
            .map(|collection| self.sequence(collection, root))
            .collect()
    }

    /// The document at `path` in the database of `root`.
    pub fn document(&self, root: &str, path: &Path) -> Option<proto::Document> {
        let segments: Vec<String> = path.ids().iter().step_by(2).map(|id| id.to_string()).collect();
        let pattern = segments.join("/*/");
        let fits = |collection: &&Collection| collection.exist && collection.pattern == pattern;
        let sequence = self.sequence(self.collections.iter().find(fits)?, root);
        sequence.find(path).map(|index| sequence.document(index))
    }

    /// How many documents exist.
    pub fn count(&self) -> u64 {
        let existing = self.collections.iter().filter(|collection| collection.exist);
        existing.map(|collection| collection.documents).sum()
    }

    /// The ids of all collections that hold documents, wherever they lie.
    pub fn collection_ids(&self) -> BTreeSet<String> {
        let existing = self
            .collections
            .iter()
            .filter(|collection| collection.exist && collection.documents > 0);
        existing
            .map(|collection| last(&collection.pattern).to_owned())
            .collect()
    }

    fn sequence(&self, of: &Collection, root: &str) -> Sequence {
        let seed = mix_text(self.seed, &of.pattern);
        let content = Content::new(of, seed, self.referees(&of.references, root));
        Sequence(Arc::new(Inner {
            root: root.to_owned(),
            levels: self.levels(&of.pattern),
            content,
        }))
    }

    /// The levels of a pattern, from the root on.
    fn levels(&self, pattern: &str) -> Vec<Level> {
        let mut levels = above(pattern).map(|above| self.levels(above)).unwrap_or_default();
        let parents = levels.last().map_or(1, |level| level.spread.children);
        let (children, ids) = self.population(pattern);
        levels.push(Level {
            collection: last(pattern).to_owned(),
            ids,
            seed: mix_text(self.seed, pattern),
            spread: Spread { parents, children },
        });
        levels
    }

    /// How many documents a pattern has, existing or not, and their ids; without a description a tenth of what is
    /// described below them.
    fn population(&self, pattern: &str) -> (u64, Ids) {
        let mut all = self.collections.iter();
        if let Some(collection) = all.find(|collection| collection.pattern == pattern) {
            return (collection.documents, collection.ids.clone());
        }
        let below = format!("{pattern}/*/");
        let lower = self
            .collections
            .iter()
            .filter(|collection| collection.pattern.starts_with(&below));
        let documents = lower.fold(0_u64, |sum, collection| sum.saturating_add(collection.documents));
        (documents.div_ceil(10), Ids::default())
    }

    fn referees(&self, collection: &str, root: &str) -> Referees {
        let (documents, ids) = match self.population(collection) {
            (0, ids) => (UNKNOWN_REFEREES, ids),
            known => known,
        };
        let seed = ids::family(mix_text(self.seed, collection), 0);
        Referees {
            prefix: format!("{root}/{collection}/").into_bytes(),
            ids: Siblings::new(ids, seed, documents),
        }
    }
}

/// The pattern of the documents above, if there are any.
fn above(pattern: &str) -> Option<&str> {
    pattern.rsplit_once("/*/").map(|(above, _)| above)
}

/// The collection id.
fn last(pattern: &str) -> &str {
    pattern.rsplit_once("/*/").map_or(pattern, |(_, last)| last)
}
