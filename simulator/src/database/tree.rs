//! What lies below what: the collections of a document, and the documents of a collection, among them those that do
//! not exist but have something below them.
//!
//! Each step finds the first document from some name on, however deep it lies, and passes over its whole branch.

use super::merge::{Merge, Turn};
use super::stretch::{Span, end, key};
use super::{Database, Stretch};
use crate::clock::Moment;
use crate::path::Path;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

impl Database {
    /// The ids of the collections directly below a document or the root.
    pub(crate) fn collection_ids(&self, below: &Path, at: Moment) -> BTreeSet<String> {
        let branches = self.branches(below, Bound::Unbounded, at);
        branches
            .filter_map(|branch| Some(key(branch.last()?).into_owned()))
            .collect()
    }

    /// Up to `most` documents of one collection, from behind `after` on; with `missing` also those that do not exist
    /// but have something below them.
    pub(crate) fn list(
        &self,
        collection: &Path,
        at: Moment,
        after: Option<&Path>,
        most: usize,
        missing: bool,
    ) -> Vec<(Path, Option<proto::Document>)> {
        if missing {
            let from = after.map_or(Bound::Unbounded, |after| Bound::Included(end(after)));
            let branches = self.branches(collection, from, at).take(most);
            return branches.map(|path| (path.clone(), self.get(&path, at))).collect();
        }
        let stretch = Stretch {
            collection: collection.last().map(|id| key(id).into_owned()),
            below: collection.parent().unwrap_or_default(),
            all_descendants: false,
            from: after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone())),
            to: Bound::Unbounded,
        };
        self.documents(&stretch, at, most)
            .into_iter()
            .map(|(path, document)| (path, Some(document)))
            .collect()
    }

    /// The paths directly below `above` that are a document's, or have documents below them.
    fn branches(&self, above: &Path, from: Bound<Path>, at: Moment) -> impl Iterator<Item = Path> {
        let segments = above.ids().len() + 1;
        let mut next = from;
        std::iter::from_fn(move || {
            let span = Span::all_below(above, next.clone())?;
            let branch = self.first(span, at)?.first(segments);
            next = Bound::Included(end(&branch));
            Some(branch)
        })
    }

    /// The path of the first document of a span.
    pub(super) fn first(&self, span: Span, at: Moment) -> Option<Path> {
        let written = self.written();
        let mut first = None;
        Merge::new(self, &written, Some(span), at).go(self, &written, |turn| {
            first = match turn {
                Turn::Written(path, _) => Some(path.clone()),
                Turn::Generated(mut run) => run.take().map(|index| self.generated[run.sequence].path(index)),
            };
            ControlFlow::Break(())
        });
        first
    }
}
