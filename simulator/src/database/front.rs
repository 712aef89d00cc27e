//! Whose turn it is: the sources of a merge, each with its next name.
//!
//! They are kept in order, so that after a turn only the source that had it looks for its place; in most documents in
//! documents that place is near the front again.

use super::Database;
use super::merge::{Feed, Lane, Run, Turn};
use super::stored::Stored;
use super::stretch::Span;
use super::written::{Visible, Written};
use crate::clock::Moment;
use crate::dataset::Sequence;
use crate::path::Path;
use std::ops::ControlFlow;
use std::sync::Arc;

/// All sources, the one with the smallest next name last.
pub(super) struct Front<'d, 'l> {
    at: Moment,
    sources: Vec<Source<'d, 'l>>,
}

enum Source<'d, 'l> {
    Written(Head<'d>),
    Generated(Open<'d, 'l>),
}

/// The next written document of one collection id.
pub(super) struct Head<'d> {
    collection: &'d String,
    path: &'d Arc<Path>,
    /// None: it was deleted, and so is a generated one at its path.
    stored: Option<&'d Stored>,
    rest: Visible<'d>,
}

/// A sequence, and the path of its next document.
struct Open<'d, 'l> {
    sequence: &'d Sequence,
    lane: &'l mut Lane,
    path: Path,
    /// Another index and its path, found on the way.
    known: Option<(u64, Path)>,
}

impl<'d, 'l> Front<'d, 'l> {
    pub(super) fn new(
        database: &'d Database,
        written: &'d Written,
        span: &'d Span,
        at: Moment,
        feeds: &[Feed],
        lanes: &'l mut [Lane],
    ) -> Front<'d, 'l> {
        let head = |feed: &Feed| {
            let (collection, documents) = written.range_from(&feed.collection, span, &feed.next)?;
            Head::of(collection, documents, at)
        };
        let heads = feeds.iter().filter_map(head).map(Source::Written);
        let open = lanes.iter_mut().filter_map(|lane| Open::of(database, lane));
        let mut sources: Vec<_> = heads.chain(open.map(Source::Generated)).collect();
        sources.sort_unstable_by(|one, other| other.key().cmp(&one.key()));
        Front { at, sources }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Where the written documents go on.
    pub(super) fn feeds(&self) -> Vec<Feed> {
        let kept = |source: &Source<'_, '_>| match source {
            Source::Written(head) => Some(head.kept()),
            Source::Generated(_) => None,
        };
        self.sources.iter().filter_map(kept).collect()
    }

    /// The smallest name has its turn; none when there are no more.
    pub(super) fn turn(
        &mut self,
        each: &mut impl FnMut(Turn<'_>) -> ControlFlow<()>,
    ) -> Option<ControlFlow<()>> {
        let (first, others) = self.sources.split_last_mut()?;
        let last = others.len();
        match first {
            Source::Written(head) => {
                let (path, stored) = (head.path, head.stored);
                self.advance(last);
                // What was written stands for the generated document of the same path.
                if let Some(Source::Generated(hidden)) = self.sources.last_mut()
                    && hidden.path == **path
                {
                    hidden.lane.next += 1;
                    self.advance(self.sources.len() - 1);
                }
                Some(stored.map_or(ControlFlow::Continue(()), |stored| {
                    each(Turn::Written(path, stored))
                }))
            }
            Source::Generated(open) => {
                let end = others
                    .last()
                    .map_or(open.lane.end, |other| open.index_of(other.path()));
                let flow = each(Turn::Generated(Run {
                    sequence: open.lane.sequence,
                    next: &mut open.lane.next,
                    end,
                }));
                self.advance(last);
                Some(flow)
            }
        }
    }

    /// Looks for the next document of a source, and gives it its place among the others.
    fn advance(&mut self, place: usize) {
        if !self.sources[place].advance(self.at) {
            self.sources.remove(place);
            return;
        }
        self.settle(place);
    }

    /// Moves a source to its place among those before it.
    fn settle(&mut self, place: usize) {
        let comes_first = |other: &Source<'_, '_>| other.key() < self.sources[place].key();
        let behind = self.sources[..place]
            .iter()
            .rev()
            .take_while(|other| comes_first(other))
            .count();
        self.sources[place - behind..=place].rotate_right(1);
    }
}

impl Source<'_, '_> {
    fn path(&self) -> &Path {
        match self {
            Source::Written(head) => head.path,
            Source::Generated(open) => &open.path,
        }
    }

    /// What was written comes before the generated document of the same path.
    fn key(&self) -> (&Path, bool) {
        (self.path(), matches!(self, Source::Generated(_)))
    }

    /// False when there are no more.
    fn advance(&mut self, at: Moment) -> bool {
        match self {
            Source::Written(head) => head.advance(at),
            Source::Generated(open) => open.advance(),
        }
    }
}

impl<'d> Head<'d> {
    /// The first document of a range that had been written by then.
    pub(super) fn of(collection: &'d String, mut rest: Visible<'d>, at: Moment) -> Option<Head<'d>> {
        let (path, stored) = next_at(&mut rest, at)?;
        Some(Head {
            collection,
            path,
            stored,
            rest,
        })
    }

    fn advance(&mut self, at: Moment) -> bool {
        let Some((path, stored)) = next_at(&mut self.rest, at) else {
            return false;
        };
        (self.path, self.stored) = (path, stored);
        true
    }

    pub(super) fn kept(&self) -> Feed {
        Feed {
            collection: self.collection.clone(),
            next: self.path.clone(),
        }
    }
}

fn next_at<'d>(documents: &mut Visible<'d>, at: Moment) -> Option<(&'d Arc<Path>, Option<&'d Stored>)> {
    documents.find_map(|(path, history)| Some((path, history.at(at)?)))
}

impl<'d, 'l> Open<'d, 'l> {
    fn of(database: &'d Database, lane: &'l mut Lane) -> Option<Open<'d, 'l>> {
        let sequence = &database.generated[lane.sequence];
        (lane.next < lane.end).then(|| Open {
            path: sequence.path(lane.next),
            known: None,
            sequence,
            lane,
        })
    }

    fn advance(&mut self) -> bool {
        let next = self.lane.next;
        if next == self.lane.end {
            return false;
        }
        let known = self.known.take().filter(|(index, _)| *index == next);
        self.path = known.map_or_else(|| self.sequence.path(next), |(_, path)| path);
        true
    }

    /// The index of the first document that is not before `other`, which comes after the next one.
    fn index_of(&mut self, other: &Path) -> u64 {
        let second = self.lane.next + 1;
        if second == self.lane.end {
            return second;
        }
        // Turns are often short.
        let path = self.sequence.path(second);
        if path >= *other {
            self.known = Some((second, path));
            return second;
        }
        self.sequence.lower_bound(other)
    }
}
