//! A lane held against its spans by ids and by a key that the application sets: what came and left shows in the ids,
//! what changed says so itself. As good as that key is.

use super::Sweeps;
use super::compare::Compared;
use crate::fault::Fault;
use crate::load::postgres::Known;
use crate::plan::Lane;
use crate::source::qdrant::Clock;
use transforms::qdrant::{Digest, Digester, PointId};

/// Clocks of applications may go wrong by so much: a minute, in microseconds.
const LEEWAY: i64 = 60_000_000;

/// The spans of a lane, what the ids of each come to, and whether one of them changed.
struct ByKey {
    spans: Vec<Known>,
    ids: Vec<Digest>,
    changed: Vec<bool>,
}

impl ByKey {
    fn of(spans: Vec<Known>) -> ByKey {
        ByKey {
            ids: vec![Digest::default(); spans.len()],
            changed: vec![false; spans.len()],
            spans,
        }
    }

    fn different(self) -> Vec<Known> {
        let same_ids = |known: &Known, ids: Digest| {
            known
                .digest
                .is_some_and(|known| (known.count, known.ids) == (ids.count, ids.ids))
        };
        let all = self.spans.into_iter().zip(self.ids).zip(self.changed);
        all.filter(|((known, ids), changed)| *changed || !same_ids(known, *ids))
            .map(|((known, _), _)| known)
            .collect()
    }
}

/// The span that an id lies in.
fn place(spans: &[Known], id: PointId) -> usize {
    spans.partition_point(|known| known.stretch.upto.is_some_and(|upto| upto < id))
}

impl Sweeps<'_> {
    /// The spans of `lane` with other ids, or with a point that says it changed since a minute before `since`.
    pub(super) async fn compare_by_key(
        &self,
        lane: &Lane,
        spans: Vec<Known>,
        digester: Digester,
        (clock, since): (&Clock, i64),
    ) -> Result<Compared, Fault> {
        let collection = &self.plan.collection_of(lane).id;
        let mut by_key = ByKey::of(spans);
        let ByKey {
            spans, ids, changed, ..
        } = &mut by_key;
        let mut read = 0;
        let all = |id| {
            let digest = Digest {
                count: 1,
                ids: digester.id(id),
                points: 0,
            };
            read += 1;
            ids.get_mut(place(spans, id))
                .into_iter()
                .for_each(|sum| *sum += digest);
        };
        let some = |id| {
            changed
                .get_mut(place(spans, id))
                .into_iter()
                .for_each(|changed| *changed = true);
        };
        let (all, some) = tokio::try_join!(
            self.source.ids(lane, collection, None, all),
            self.source
                .ids(lane, collection, Some((clock, since - LEEWAY)), some)
        )?;
        Ok(Compared {
            read,
            different: by_key.different(),
            ended: all && some,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::postgres::Stretch;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_lies_in_the_span_that_holds_it(
            cuts in proptest::collection::btree_set(any::<u8>(), 0..9), id: u8,
        ) {
            let number = |id: u8| PointId::Number(u64::from(id));
            let ends: Vec<Option<PointId>> = cuts.iter().map(|cut| Some(number(*cut))).chain([None]).collect();
            let begins = std::iter::once(None).chain(ends.iter().copied());
            let spans: Vec<Known> = begins
                .zip(&ends)
                .map(|(after, upto)| Known { stretch: Stretch { after, upto: *upto }, digest: None })
                .collect();
            let stretch = spans[place(&spans, number(id))].stretch;
            prop_assert!(stretch.after.is_none_or(|after| after < number(id)));
            prop_assert!(stretch.upto.is_none_or(|upto| number(id) <= upto));
        }
    }
}
