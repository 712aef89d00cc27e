//! Documents of a stretch, one after another in name order, as they were at a moment.
//!
//! Generated documents go from the dataset into the caller's buffer, written ones are copied there; neither is decoded
//! unless it is asked for.

use super::merge::{Merge, Turn};
use super::stored::Stored;
use super::written::Written;
use super::{Database, Stretch};
use crate::clock::Moment;
use crate::dataset::{Sequence, Walk};
use crate::path::Path;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A scan in progress.
#[derive(Debug)]
pub(crate) struct Scan {
    database: Arc<Database>,
    merge: Merge,
}

/// A document that a scan came to.
pub(crate) struct Found<'a>(Kind<'a>);

enum Kind<'a> {
    Written(&'a Path, &'a Stored),
    Generated {
        sequence: &'a Sequence,
        index: u64,
        pen: &'a mut dyn Append,
    },
}

impl Scan {
    pub(super) fn new(database: &Arc<Database>, stretch: &Stretch, at: Moment) -> Scan {
        let merge = Merge::new(database, &database.written(), stretch.span(), at);
        Scan {
            database: database.clone(),
            merge,
        }
    }

    /// Hands on the next documents in name order until `each` says Break or there are no more; true when there may be
    /// more. Commits wait while it runs.
    pub(crate) fn next(&mut self, each: impl FnMut(Found<'_>) -> ControlFlow<()>) -> bool {
        self.database
            .find(&mut self.merge, &self.database.written(), each)
    }

    /// Reads up to `most` documents that nobody is given, and says how many there were. Firestore retrieves what an
    /// offset skips, so that it takes time as well as money (Google's page "Query Cursors" says so of both).
    pub(crate) fn skip(&mut self, most: u64) -> u64 {
        let (mut skipped, mut document) = (0, Vec::new());
        if most > 0 {
            self.next(|found| {
                document.clear();
                found.append(&mut document);
                skipped += 1;
                stop_if(skipped == most)
            });
        }
        skipped
    }
}

impl Database {
    /// Up to `most` documents of a stretch.
    pub(crate) fn documents(
        &self,
        stretch: &Stretch,
        at: Moment,
        most: usize,
    ) -> Vec<(Path, proto::Document)> {
        let written = self.written();
        let mut documents = Vec::new();
        let mut merge = Merge::new(self, &written, stretch.span(), at);
        let take = |found: Found<'_>| {
            documents.push((found.path(), found.document()));
            stop_if(documents.len() == most)
        };
        if most > 0 {
            self.find(&mut merge, &written, take);
        }
        documents
    }

    fn find(
        &self,
        merge: &mut Merge,
        written: &Written,
        mut each: impl FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> bool {
        let pen = |sequence| Pen { sequence, walk: None };
        let mut pens: Vec<Pen<'_>> = self.generated.iter().map(pen).collect();
        merge.go(self, written, |turn| {
            let mut run = match turn {
                Turn::Written(path, stored) => return each(Found(Kind::Written(path, stored))),
                Turn::Generated(run) => run,
            };
            let (sequence, pen) = (&self.generated[run.sequence], &mut pens[run.sequence]);
            while let Some(index) = run.take() {
                let found = Kind::Generated { sequence, index, pen };
                each(Found(found))?;
            }
            ControlFlow::Continue(())
        })
    }
}

pub(super) fn stop_if(enough: bool) -> ControlFlow<()> {
    if enough {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// Writes documents of one sequence.
trait Append {
    fn append(&mut self, index: u64, to: &mut Vec<u8>);
}

/// A walk through a sequence that begins again whenever documents were left out.
struct Pen<'s> {
    sequence: &'s Sequence,
    walk: Option<Walk<'s>>,
}

impl Append for Pen<'_> {
    fn append(&mut self, index: u64, to: &mut Vec<u8>) {
        let sequence = self.sequence;
        let walk = match &mut self.walk {
            Some(walk) if walk.index() == index => walk,
            walk => walk.insert(sequence.walk(index)),
        };
        walk.append(to);
    }
}

impl Found<'_> {
    /// Appends the encoded document.
    pub(crate) fn append(self, to: &mut Vec<u8>) {
        match self.0 {
            Kind::Written(_, stored) => to.extend_from_slice(stored.bytes()),
            Kind::Generated { index, pen, .. } => pen.append(index, to),
        }
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> Path {
        match &self.0 {
            Kind::Written(path, _) => Path::clone(path),
            Kind::Generated { sequence, index, .. } => sequence.path(*index),
        }
    }

    /// The document.
    pub(crate) fn document(&self) -> proto::Document {
        match &self.0 {
            Kind::Written(_, stored) => stored.document(),
            Kind::Generated { sequence, index, .. } => sequence.document(*index),
        }
    }
}
