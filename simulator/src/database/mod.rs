//! Documents: generated ones below, written ones on top, as of any moment.
//!
//! A moment, once read at, never changes: a commit holds the lock from before it takes its moment until all of it can
//! be seen, so whoever reads at that moment or later waits for it.

mod commit; // all or nothing
mod cuts; // how many, and where to cut
mod front; // whose turn it is in a merge
mod legal; // what may be stored
pub(crate) mod mask; // parts of documents
mod merge; // generated and written documents in one order
mod order; // one write, understood
mod scan; // one after another
mod size; // how large a document is
mod stored; // one written document
mod stretch; // what a query ranges over
#[cfg(test)]
mod tests;
mod transform; // values the server works out
mod tree; // what lies below what
mod written; // everything ever written

pub(crate) use legal::document_path;
pub(crate) use order::Order;
pub(crate) use scan::{Found, Scan};
pub(crate) use stretch::{Stretch, earlier, later};

use crate::clock::Moment;
use crate::dataset::Sequence;
use crate::meter::Meter;
use crate::path::Path;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use stretch::key;
use tokio::sync::watch;
use written::Written;

/// One database.
#[derive(Debug)]
pub(crate) struct Database {
    root: String,
    generated: Vec<Sequence>,
    written: RwLock<Written>,
    commits: watch::Sender<Moment>,
    meter: Meter,
}

/// What became of one document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// Which document.
    pub(crate) path: Path,
    /// When it was last written.
    pub(crate) moment: Moment,
    /// Whether there was one before.
    pub(crate) existed: bool,
    /// What there is now.
    pub(crate) document: Option<proto::Document>,
}

impl Database {
    /// A database whose documents lie below `root`, `projects/P/databases/D/documents`.
    pub(crate) fn new(root: String, generated: Vec<Sequence>) -> Database {
        Database {
            root,
            generated,
            written: RwLock::default(),
            commits: watch::Sender::new(Moment::default()),
            meter: Meter::default(),
        }
    }

    /// What document names begin with.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// What it bills.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The document at `path` as it was.
    pub(crate) fn get(&self, path: &Path, at: Moment) -> Option<proto::Document> {
        if let Some(written) = self.written().at(path, at) {
            return written.map(|stored| stored.document());
        }
        let (sequence, index) = self.generated_at(path)?;
        Some(sequence.document(index))
    }

    /// Goes through a stretch in name order as of a moment.
    pub(crate) fn scan(self: &Arc<Self>, stretch: &Stretch, at: Moment) -> Scan {
        Scan::new(self, stretch, at)
    }

    /// What became of every document of a stretch that was written after `since` and not after `until`, in the order
    /// of the last writes.
    pub(crate) fn changes(&self, stretch: &Stretch, since: Moment, until: Moment) -> Vec<Change> {
        let Some(span) = stretch.span() else {
            return Vec::new();
        };
        let written = self.written();
        let (mut told, mut changes) = (BTreeSet::new(), Vec::new());
        // The last write of a document is the one that counts, so it is gone through backwards.
        for (moment, path) in written.between(since, until).iter().rev() {
            if !span.holds(path) || !told.insert(path) {
                continue;
            }
            let before = written.at(path, since).map(|stored| stored.is_some());
            changes.push(Change {
                path: Path::clone(path),
                moment: *moment,
                existed: before.unwrap_or_else(|| self.generated_at(path).is_some()),
                document: written.at(path, until).flatten().map(|stored| stored.document()),
            });
        }
        changes.reverse();
        changes
    }

    /// Signals each commit: the moment of the latest.
    pub(crate) fn commits(&self) -> watch::Receiver<Moment> {
        self.commits.subscribe()
    }

    /// The generated document at `path`, whatever was written over it.
    fn generated_at(&self, path: &Path) -> Option<(&Sequence, u64)> {
        let id = key(path.collection_id()?);
        let mut right = self
            .generated
            .iter()
            .filter(|sequence| sequence.collection_id() == id);
        right.find_map(|sequence| Some((sequence, sequence.find(path)?)))
    }

    fn written(&self) -> RwLockReadGuard<'_, Written> {
        self.written.read().unwrap_or_else(PoisonError::into_inner)
    }
}
