//! The documents of one pattern in name order: from index to path and back without a list of either.

use super::content::Content;
use super::ids::{Ids, Siblings, family};
use super::scribe::Builder;
use super::spread::Spread;
use super::walk::Walk;
use crate::clock::Moment;
use crate::path::{Id, Path};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use std::cmp::Ordering;
use std::sync::Arc;

/// The generated documents of one collection pattern, such as `users/*/orders`, in name order.
#[derive(Debug, Clone)]
pub struct Sequence(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    /// `projects/P/databases/D/documents`
    pub(super) root: String,
    /// From the collection at the root to the one that the documents lie in.
    pub(super) levels: Vec<Level>,
    pub(super) content: Content,
}

/// The collections with one collection id, one below each document of the level above.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) collection: String,
    pub(super) ids: Ids,
    pub(super) seed: u64,
    /// Its documents among those of the level above; the root is the one parent of the first level.
    pub(super) spread: Spread,
}

impl Level {
    /// The ids below document `parent` of the level above.
    pub(super) fn siblings(&self, parent: u64) -> Siblings<&Ids> {
        let children = self.spread.of(parent);
        Siblings::new(
            &self.ids,
            family(self.seed, parent),
            children.end - children.start,
        )
    }
}

impl Inner {
    pub(super) fn len(&self) -> u64 {
        self.levels.last().map_or(0, |level| level.spread.children)
    }

    /// Which document of each level document `index` lies below, or is, from the outermost on.
    pub(super) fn line(&self, index: u64, line: &mut Vec<u64>) {
        line.clear();
        let mut number = index;
        for level in self.levels.iter().rev() {
            line.push(number);
            number = level.spread.parent(number);
        }
        line.reverse();
    }

    /// The first of all documents that lie below document `number` of `level`, or are it, and so the number of
    /// documents before it.
    fn first(&self, level: usize, number: u64) -> u64 {
        let deeper = self.levels.iter().skip(level + 1);
        deeper.fold(number, |number, level| level.spread.start(number))
    }
}

impl Sequence {
    /// The id of the collections the documents lie in.
    pub fn collection_id(&self) -> &str {
        self.0.levels.last().map_or("", |level| &level.collection)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The path of document `index`.
    pub fn path(&self, index: u64) -> Path {
        let mut line = Vec::new();
        self.0.line(index, &mut line);
        let mut parent = 0;
        let mut ids = Vec::with_capacity(2 * line.len());
        for (level, number) in self.0.levels.iter().zip(line) {
            let place = number.saturating_sub(level.spread.start(parent));
            ids.push(Id::Text(level.collection.as_str().into()));
            ids.push(level.siblings(parent).id(place));
            parent = number;
        }
        Path::of(ids)
    }

    /// The first index whose path is not before `path`; [`Sequence::len`] when all are.
    pub fn lower_bound(&self, path: &Path) -> u64 {
        let mut parent = 0;
        let mut segments = path.ids().iter();
        for (depth, level) in self.0.levels.iter().enumerate() {
            let above = |number| match depth.checked_sub(1) {
                Some(above) => self.0.first(above, number),
                None => self.len() * number,
            };
            // What is shorter comes before all that lies below it.
            let Some(collection) = segments.next() else {
                return above(parent);
            };
            match Id::Text(level.collection.as_str().into()).cmp(collection) {
                Ordering::Less => return above(parent + 1),
                Ordering::Greater => return above(parent),
                Ordering::Equal => {}
            }
            let Some(id) = segments.next() else {
                return above(parent);
            };
            let (place, found) = level.siblings(parent).lower_bound(id);
            let number = level.spread.start(parent) + place;
            if !found {
                return self.0.first(depth, number);
            }
            parent = number;
        }
        // All segments agree; what lies below a document comes after it.
        if segments.next().is_some() {
            parent + 1
        } else {
            parent
        }
    }

    /// The index of the document at `path`.
    pub fn find(&self, path: &Path) -> Option<u64> {
        if path.ids().len() != 2 * self.0.levels.len() {
            return None;
        }
        let index = self.lower_bound(path);
        (index < self.len() && self.path(index) == *path).then_some(index)
    }

    /// When document `index` was created and last updated. Both lie years back.
    pub fn times(&self, index: u64) -> (Moment, Moment) {
        self.0.content.times(index)
    }

    /// Document `index`, decoded: what [`Walk::append`] encodes.
    pub fn document(&self, index: u64) -> proto::Document {
        let mut builder = Builder::new(self.path(index).name(&self.0.root));
        let (created, updated) = self.0.content.compose(index, &mut String::new(), &mut builder);
        proto::Document {
            create_time: Some(created.timestamp()),
            update_time: Some(updated.timestamp()),
            ..builder.document
        }
    }

    /// Goes through the documents from `index` on.
    pub fn walk(&self, index: u64) -> Walk<'_> {
        Walk::new(self, index)
    }
}
