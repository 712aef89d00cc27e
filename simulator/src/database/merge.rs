//! Goes through a span in name order: generated documents in runs, written ones between them or in their place.
//!
//! Between two written documents, and between two sequences' turns, a run of generated documents passes without a name
//! being looked at. A span of one sequence in which nothing was written is one run.

use super::Database;
use super::front::{Front, Head};
use super::stored::Stored;
use super::stretch::Span;
use super::written::Written;
use crate::clock::Moment;
use crate::dataset::Sequence;
use crate::path::Path;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

/// A place in a span, as of a moment. It holds no lock and borrows nothing.
#[derive(Debug)]
pub(super) struct Merge {
    at: Moment,
    /// None: no name can lie in it.
    span: Option<Span>,
    lanes: Vec<Lane>,
    feeds: Vec<Feed>,
}

/// What is left of a sequence.
#[derive(Debug)]
pub(super) struct Lane {
    /// Its place among the database's.
    pub(super) sequence: usize,
    pub(super) next: u64,
    pub(super) end: u64,
}

/// What is left of the written documents of one collection id.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) collection: String,
    /// The next one. What is written from now on cannot be seen at the merge's moment, so nothing comes before it.
    pub(super) next: Arc<Path>,
}

/// What comes next.
pub(super) enum Turn<'t> {
    /// A written document.
    Written(&'t Path, &'t Stored),
    /// Generated documents.
    Generated(Run<'t>),
}

/// Consecutive documents of a sequence. Those that are not taken come again.
pub(super) struct Run<'t> {
    /// The sequence's place among the database's.
    pub(super) sequence: usize,
    pub(super) next: &'t mut u64,
    pub(super) end: u64,
}

impl Run<'_> {
    /// The index of the next document.
    pub(super) fn take(&mut self) -> Option<u64> {
        let index = *self.next;
        if index == self.end {
            return None;
        }
        *self.next += 1;
        Some(index)
    }
}

impl Merge {
    pub(super) fn new(database: &Database, written: &Written, span: Option<Span>, at: Moment) -> Merge {
        let (mut lanes, mut feeds) = (Vec::new(), Vec::new());
        if let Some(span) = &span {
            for (sequence, generated) in database.generated.iter().enumerate() {
                let (next, end) = range(generated, span);
                if next < end {
                    lanes.push(Lane { sequence, next, end });
                }
            }
            for (collection, documents) in written.ranges(span) {
                feeds.extend(Head::of(collection, documents, at).map(|head| head.kept()));
            }
        }
        Merge {
            at,
            span,
            lanes,
            feeds,
        }
    }

    /// Hands on one turn after another until `each` says Break or there are no more; true when there may be more.
    pub(super) fn go(
        &mut self,
        database: &Database,
        written: &Written,
        mut each: impl FnMut(Turn<'_>) -> ControlFlow<()>,
    ) -> bool {
        let Some(span) = &self.span else { return false };
        if let ([lane], []) = (&mut self.lanes[..], &self.feeds[..]) {
            while lane.next < lane.end {
                let run = Run {
                    sequence: lane.sequence,
                    next: &mut lane.next,
                    end: lane.end,
                };
                if each(Turn::Generated(run)).is_break() {
                    break;
                }
            }
            return lane.next < lane.end;
        }
        let mut front = Front::new(database, written, span, self.at, &self.feeds, &mut self.lanes);
        while front.turn(&mut each) == Some(ControlFlow::Continue(())) {}
        let more = !front.is_empty();
        self.feeds = front.feeds();
        more
    }
}

/// The indexes of a sequence's documents that lie in a span.
pub(super) fn range(sequence: &Sequence, span: &Span) -> (u64, u64) {
    let right_collection = span
        .collection
        .as_ref()
        .is_none_or(|id| id == sequence.collection_id());
    // One pattern makes paths of one length.
    if !right_collection || sequence.is_empty() || !span.wants(&sequence.path(0)) {
        return (0, 0);
    }
    let behind = |path: &Path| {
        sequence
            .find(path)
            .map_or_else(|| sequence.lower_bound(path), |index| index + 1)
    };
    let from = match &span.from {
        Bound::Unbounded => 0,
        Bound::Included(path) => sequence.lower_bound(path),
        Bound::Excluded(path) => behind(path),
    };
    let to = match &span.to {
        Bound::Unbounded => sequence.len(),
        Bound::Included(path) => behind(path),
        Bound::Excluded(path) => sequence.lower_bound(path),
    };
    (from, to.max(from))
}
