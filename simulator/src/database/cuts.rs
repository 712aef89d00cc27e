//! How many documents a stretch has, and where it may be cut into parts of about the same size.
//!
//! Generated documents are counted by their indexes, written ones one by one. For cuts, every sequence is looked at in
//! so many places that a part differs from its share by little.

use super::merge::range;
use super::stretch::Span;
use super::{Database, Stretch};
use crate::clock::Moment;
use crate::path::Path;

/// Looks at each sequence for each part.
const LOOKS: u64 = 16;

/// Where documents lie.
struct Mark {
    path: Path,
    /// Documents from here to the next mark of the same source; fewer than none where one was deleted.
    documents: i64,
}

impl Database {
    /// How many documents a stretch had.
    pub(crate) fn count(&self, stretch: &Stretch, at: Moment) -> u64 {
        let Some(span) = stretch.span() else { return 0 };
        let generated = self.generated.iter().map(|sequence| {
            let (from, to) = range(sequence, &span);
            to - from
        });
        let written = self.written_marks(&span, at);
        let written: i64 = written.iter().map(|mark| mark.documents).sum();
        generated.sum::<u64>().saturating_add_signed(written)
    }

    /// At most `points` paths that cut a stretch into parts of about the same size, in order. All of them come after
    /// the first document.
    pub(crate) fn cuts(&self, stretch: &Stretch, points: u64, at: Moment) -> Vec<Path> {
        let total = self.count(stretch, at);
        let points = points.min(total.saturating_sub(1));
        let (Some(span), 1..) = (stretch.span(), points) else {
            return Vec::new();
        };
        let mut marks = self.written_marks(&span, at);
        marks.extend(self.generated_marks(&span, points));
        marks.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        let share = |point: u64| i128::from(point) * i128::from(total) / i128::from(points + 1);
        let (mut before, mut point) = (0, 1);
        let mut cuts: Vec<Path> = Vec::new();
        let mut last = self.first(span, at);
        for mark in marks {
            let due = (point..=points)
                .take_while(|point| share(*point) <= before)
                .count() as u64;
            if due > 0 && last.as_ref().is_some_and(|last| mark.path > *last) {
                last = Some(mark.path.clone());
                cuts.push(mark.path);
                point += due;
            }
            before += i128::from(mark.documents);
        }
        cuts
    }

    fn generated_marks(&self, span: &Span, points: u64) -> Vec<Mark> {
        let mut marks = Vec::new();
        for sequence in &self.generated {
            let (from, to) = range(sequence, span);
            let looks = (to - from).min(LOOKS.saturating_mul(points + 1));
            // Wide enough for any length times any number of looks.
            let place = |look: u64| u128::from(to - from) * u128::from(look) / u128::from(looks);
            marks.extend((0..looks).map(|look| Mark {
                path: sequence.path(from + u64::try_from(place(look)).unwrap_or(0)),
                documents: i64::try_from(place(look + 1) - place(look)).unwrap_or(i64::MAX),
            }));
        }
        marks
    }

    /// What was written, as it changes the number of documents.
    fn written_marks(&self, span: &Span, at: Moment) -> Vec<Mark> {
        let mut marks = Vec::new();
        for (_, documents) in self.written().ranges(span) {
            for (path, history) in documents {
                let Some(stored) = history.at(at) else { continue };
                let documents = i64::from(stored.is_some()) - i64::from(history.hides);
                if documents != 0 {
                    marks.push(Mark {
                        path: Path::clone(path),
                        documents,
                    });
                }
            }
        }
        marks
    }
}
