//! A lane's records, read once more and held against what is known of its spans.
//!
//! Nothing is kept of a record but its part of a sum: memory does not grow with the lane.

use crate::fault::{Fault, Part};
use crate::load::postgres::Known;
use crate::metrics;
use crate::source::Batch;
use tokio::sync::mpsc;
use transforms::qdrant::{Digest, Digester, PointId};

/// What holding a lane against its spans came to.
#[derive(Debug)]
pub(super) struct Compared {
    /// Records that came.
    pub(super) read: u64,
    /// The spans that come to something else, or of which nothing is known.
    pub(super) different: Vec<Known>,
    /// Whether the lane was read to its end: not once draining was asked for.
    pub(super) ended: bool,
}

/// The comparison of one lane, as far as it has come.
#[derive(Debug)]
pub(super) struct Comparison {
    digester: Digester,
    /// The spans that are not passed yet; the next one last.
    ahead: Vec<Known>,
    /// What the records of the next one come to so far.
    sum: Digest,
    compared: Compared,
}

impl Comparison {
    /// Of spans that go from one end of the lane to the other.
    pub(super) fn of(mut spans: Vec<Known>, digester: Digester) -> Comparison {
        spans.reverse();
        Comparison {
            digester,
            ahead: spans,
            sum: Digest::default(),
            compared: Compared {
                read: 0,
                different: Vec::new(),
                ended: false,
            },
        }
    }

    /// Takes batches until there are no more. Blocks: hashing is pure computation.
    pub(super) fn take_all(mut self, mut batches: mpsc::Receiver<Batch>) -> Result<Compared, Fault> {
        while let Some(batch) = batches.blocking_recv() {
            metrics::waiting("transform", -1.0);
            for body in &batch.documents {
                let (id, digest) = self.digester.point(body);
                let id = id.ok_or_else(|| {
                    Fault::permanent(
                        Part::Source,
                        "compare records with their rows",
                        "a point without an id",
                    )
                })?;
                self.take(id, digest);
            }
            if batch.span.to.is_end() {
                self.end();
            }
        }
        Ok(self.compared)
    }

    fn take(&mut self, id: PointId, digest: Digest) {
        while self
            .ahead
            .last()
            .and_then(|next| next.stretch.upto)
            .is_some_and(|upto| id > upto)
        {
            self.pass();
        }
        self.sum += digest;
        self.compared.read += 1;
    }

    fn end(&mut self) {
        while !self.ahead.is_empty() {
            self.pass();
        }
        self.compared.ended = true;
    }

    /// All records of the next span have come.
    fn pass(&mut self) {
        let sum = std::mem::take(&mut self.sum);
        let passed = self.ahead.pop();
        let differs = passed.filter(|known| known.digest != Some(sum));
        self.compared.different.extend(differs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::postgres::Stretch;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// A record of this id that holds a number.
    fn record(id: u64, holds: u8) -> (PointId, Digest) {
        let digester = Digester::new(7);
        let id = PointId::Number(id);
        let digest = Digest {
            count: 1,
            ids: digester.id(id),
            points: digester.id(id).wrapping_mul(u128::from(holds) + 1),
        };
        (id, digest)
    }

    fn spans(cuts: &BTreeSet<u64>, records: &BTreeMap<u64, u8>) -> Vec<Known> {
        let bounds = cuts.iter().copied().map(Some).chain(std::iter::once(None));
        let mut after = None;
        bounds
            .map(|upto| {
                let mut digest = Digest::default();
                let inside =
                    |id: &u64| after.is_none_or(|after| *id > after) && upto.is_none_or(|upto| *id <= upto);
                for (id, holds) in records.iter().filter(|(id, _)| inside(id)) {
                    digest += record(*id, *holds).1;
                }
                let stretch = Stretch {
                    after: after.map(PointId::Number),
                    upto: upto.map(PointId::Number),
                };
                after = upto;
                Known {
                    stretch,
                    digest: Some(digest),
                }
            })
            .collect()
    }

    proptest! {
        /// Whatever came, left or changed, wherever spans end: those that differ are found, and no others.
        #[test]
        fn spans_differ_exactly_where_their_records_do(
            cuts in proptest::collection::btree_set(0..40u64, 0..8),
            before in proptest::collection::btree_map(0..45u64, 0..3u8, 0..30),
            changes in proptest::collection::vec((0..45u64, proptest::option::of(0..3u8)), 0..4),
        ) {
            let mut now = before.clone();
            for (id, holds) in changes {
                match holds {
                    Some(holds) => drop(now.insert(id, holds)),
                    None => drop(now.remove(&id)),
                }
            }
            let known = spans(&cuts, &before);
            let mut comparison = Comparison::of(known.clone(), Digester::new(7));
            for (id, holds) in &now {
                let (id, digest) = record(*id, *holds);
                comparison.take(id, digest);
            }
            comparison.end();
            let expected = known.iter().zip(spans(&cuts, &now)).filter(|(was, is)| **was != *is);
            let expected: Vec<Known> = expected.map(|(was, _)| *was).collect();
            prop_assert_eq!(comparison.compared.different, expected);
            prop_assert_eq!(comparison.compared.read, now.len() as u64);
        }
    }
}
