//! Everything ever written to a database: each document with all its versions, and the order of the writes.
//!
//! A version counts from its moment on until the next one's. Before its first version a document is whatever the
//! dataset has at its path.

use super::stored::Stored;
use super::stretch::{Span, key};
use crate::clock::Moment;
use crate::path::Path;
use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, Range};
use std::ops::Bound;
use std::sync::Arc;

/// Written documents by the id of their collection, then by path.
#[derive(Debug, Default)]
pub(super) struct Written {
    collections: BTreeMap<String, Documents>,
    /// Every version, in order of time.
    log: Vec<(Moment, Arc<Path>)>,
}

pub(super) type Documents = BTreeMap<Arc<Path>, History>;

/// The versions of one document.
#[derive(Debug)]
pub(super) struct History {
    /// Whether the dataset has a document at this path, which is hidden from the first version on.
    pub(super) hides: bool,
    /// Asked for most often, so it lies where the history lies.
    latest: Version,
    /// In order of time.
    older: Vec<Version>,
}

/// From when on, and what; no document after a deletion.
type Version = (Moment, Option<Stored>);

impl History {
    /// What was written last, as of a moment: nothing yet, a deletion, or a document.
    pub(super) fn at(&self, at: Moment) -> Option<Option<&Stored>> {
        let version = if self.latest.0 <= at {
            &self.latest
        } else {
            let place = self.older.partition_point(|(moment, _)| *moment <= at);
            self.older.get(place.checked_sub(1)?)?
        };
        Some(version.1.as_ref())
    }
}

impl Written {
    /// What was written last at `path`, as of a moment.
    pub(super) fn at(&self, path: &Path, at: Moment) -> Option<Option<&Stored>> {
        let documents = self.collections.get(&*key(path.collection_id()?))?;
        documents.get(path)?.at(at)
    }

    /// Adds a version; `hides` says whether the dataset has a document at this path.
    pub(super) fn put(&mut self, path: Path, moment: Moment, stored: Option<Stored>, hides: bool) {
        let Some(id) = path.collection_id() else { return };
        let version = (moment, stored);
        let documents = self.collections.entry(key(id).into_owned()).or_default();
        let path = match documents.entry(Arc::new(path)) {
            Entry::Occupied(mut known) => {
                let history = known.get_mut();
                history
                    .older
                    .push(std::mem::replace(&mut history.latest, version));
                known.key().clone()
            }
            Entry::Vacant(new) => {
                let path = new.key().clone();
                new.insert(History {
                    hides,
                    latest: version,
                    older: Vec::new(),
                });
                path
            }
        };
        self.log.push((moment, path));
    }

    /// The written documents a span touches, one range for each collection id.
    pub(super) fn ranges<'w>(&'w self, span: &'w Span) -> impl Iterator<Item = (&'w String, Visible<'w>)> {
        let ids = match &span.collection {
            Some(id) => (Bound::Included(id.as_str()), Bound::Included(id.as_str())),
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        let collections = self.collections.range::<str, _>(ids);
        collections.map(|(id, documents)| (id, range(documents, span, span.from.as_ref())))
    }

    /// The same range as in [`Written::ranges`], from a path on.
    pub(super) fn range_from<'w>(
        &'w self,
        id: &str,
        span: &'w Span,
        from: &Path,
    ) -> Option<(&'w String, Visible<'w>)> {
        let (id, documents) = self.collections.get_key_value(id)?;
        Some((id, range(documents, span, Bound::Included(from))))
    }

    /// What was written after `since` and not after `until`, in order of time.
    pub(super) fn between(&self, since: Moment, until: Moment) -> &[(Moment, Arc<Path>)] {
        let place = |at: Moment| self.log.partition_point(|(moment, _)| *moment <= at);
        self.log.get(place(since)..place(until)).unwrap_or_default()
    }
}

fn range<'w>(documents: &'w Documents, span: &'w Span, from: Bound<&Path>) -> Visible<'w> {
    Visible {
        span,
        documents: documents.range::<Path, _>((from, span.to.as_ref())),
    }
}

/// Histories of a span, in name order.
#[derive(Debug, Clone)]
pub(super) struct Visible<'w> {
    span: &'w Span,
    documents: Range<'w, Arc<Path>, History>,
}

impl<'w> Iterator for Visible<'w> {
    type Item = (&'w Arc<Path>, &'w History);

    fn next(&mut self) -> Option<Self::Item> {
        let span = self.span;
        self.documents.by_ref().find(|(path, _)| span.wants(path))
    }
}
