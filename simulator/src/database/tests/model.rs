//! The naive model: all documents of every moment, each moment with a map of its own.

use super::{ROOT, int};
use crate::clock::Moment;
use crate::database::Stretch;
use crate::dataset::{Collection, Dataset, Sequence};
use crate::path::{Id, Path};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, RangeBounds};

pub(super) type State = BTreeMap<Path, proto::Document>;

/// A write of a document with one field, or without a number a deletion.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) at: Place,
    pub(super) n: Option<i64>,
}

/// A name, among the generated ones or not.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Free(Path),
    Generated(prop::sample::Index),
    /// Below a generated document.
    Below(prop::sample::Index, Path),
}

/// A stretch whose names are places.
#[derive(Debug, Clone)]
pub(super) struct Wide {
    collection: Option<String>,
    below: Option<Place>,
    all_descendants: bool,
    from: Bound<Place>,
    to: Bound<Place>,
}

fn free(segments: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Path> {
    let id = prop_oneof!["[ab]", "[cd]", Just("a!".to_owned()), Just("__id7__".to_owned())];
    let pair = ("[cd]", id);
    prop::collection::vec(pair, segments).prop_map(|pairs| {
        let ids = pairs.into_iter().flat_map(|(collection, id)| [collection, id]);
        Path::of(ids.map(|id| Id::parse(&id).unwrap()))
    })
}

pub(super) fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        2 => free(1..=3).prop_map(Place::Free),
        2 => any::<prop::sample::Index>().prop_map(Place::Generated),
        1 => (any::<prop::sample::Index>(), free(1..=1)).prop_map(|(index, path)| Place::Below(index, path)),
    ]
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    (place(), prop::option::weighted(0.6, 0..2_i64)).prop_map(|(at, n)| Change { at, n })
}

fn bound() -> impl Strategy<Value = Bound<Place>> {
    prop_oneof![
        2 => Just(Bound::Unbounded),
        1 => place().prop_map(Bound::Included),
        1 => place().prop_map(Bound::Excluded),
    ]
}

pub(super) fn wide() -> impl Strategy<Value = Wide> {
    let collection = prop_oneof![2 => Just(None), 3 => "[cd]".prop_map(Some)];
    let below = prop::option::weighted(0.4, place());
    (collection, below, any::<bool>(), bound(), bound()).prop_map(
        |(collection, below, all_descendants, from, to)| Wide {
            collection,
            below,
            all_descendants,
            from,
            to,
        },
    )
}

/// Small generated collections, in and beside each other.
pub(super) fn generated() -> impl Strategy<Value = Vec<Sequence>> {
    (any::<u64>(), 0..12_u64, 0..12_u64, 0..6_u64).prop_map(|(seed, first, second, third)| {
        let collections = [("c", first), ("c/*/d", second), ("d/*/c/*/d", third)];
        let collections = collections.into_iter().filter(|(_, documents)| *documents > 0);
        let nobody_above = first == 0;
        let collections = collections.filter(|(pattern, _)| !(nobody_above && *pattern == "c/*/d"));
        let dataset = Dataset::new(
            seed,
            collections.map(|(pattern, n)| Collection::new(pattern, n).bytes(40..=60)),
        );
        dataset.unwrap().sequences(ROOT)
    })
}

impl Place {
    pub(super) fn path(&self, generated: &[Sequence]) -> Path {
        let chosen = |index: &prop::sample::Index| {
            let all: u64 = generated.iter().map(Sequence::len).sum();
            let mut left = index.index(usize::try_from(all).unwrap().max(1)) as u64;
            for sequence in generated {
                if left < sequence.len() {
                    return sequence.path(left);
                }
                left -= sequence.len();
            }
            super::path("c/a")
        };
        match self {
            Place::Free(path) => path.clone(),
            Place::Generated(index) => chosen(index),
            Place::Below(index, path) => Path::of(chosen(index).ids().iter().chain(path.ids()).cloned()),
        }
    }
}

impl Wide {
    pub(super) fn stretch(&self, generated: &[Sequence]) -> Stretch {
        let bound = |bound: &Bound<Place>| bound.as_ref().map(|place| place.path(generated));
        Stretch {
            collection: self.collection.clone(),
            below: self
                .below
                .as_ref()
                .map(|place| place.path(generated))
                .unwrap_or_default(),
            all_descendants: self.all_descendants,
            from: bound(&self.from),
            to: bound(&self.to),
        }
    }
}

/// Every state there was, and from when on.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) states: Vec<(Moment, State)>,
}

impl Model {
    pub(super) fn new(generated: &[Sequence]) -> Model {
        let documents = |sequence| {
            (0..Sequence::len(sequence)).map(|index| (sequence.path(index), sequence.document(index)))
        };
        Model {
            states: vec![(Moment(1), generated.iter().flat_map(documents).collect())],
        }
    }

    pub(super) fn apply(&mut self, moment: Moment, changes: &[(Path, Option<i64>)]) {
        let (_, before) = self.states.last().unwrap();
        let mut state = before.clone();
        for (path, n) in changes {
            let Some(n) = n else {
                state.remove(path);
                continue;
            };
            let document = state.entry(path.clone()).or_insert_with(|| proto::Document {
                name: path.name(ROOT),
                create_time: Some(moment.timestamp()),
                ..Default::default()
            });
            document.fields = super::fields([("n", int(*n))]);
            document.update_time = Some(moment.timestamp());
        }
        for (path, document) in &mut state {
            if let Some(old) = before.get(path)
                && (&old.fields, &old.create_time) == (&document.fields, &document.create_time)
            {
                document.update_time = old.update_time;
            }
        }
        self.states.push((moment, state));
    }

    pub(super) fn at(&self, at: Moment) -> &State {
        let then = self.states.iter().rev().find(|(moment, _)| *moment <= at);
        &then.unwrap().1
    }

    /// What became of the documents that were written, in order of the last writes.
    pub(super) fn changed(
        &self,
        stretch: &Stretch,
        since: Moment,
        until: Moment,
    ) -> BTreeMap<Path, (Moment, bool)> {
        let mut changed = BTreeMap::new();
        for pair in self.states.windows(2) {
            let ((_, before), (moment, after)) = (&pair[0], &pair[1]);
            if *moment <= since || *moment > until {
                continue;
            }
            let paths: BTreeSet<&Path> = before
                .keys()
                .chain(after.keys())
                .filter(|path| holds(stretch, path))
                .collect();
            for path in paths {
                if before.get(path) != after.get(path) {
                    changed.insert(path.clone(), (*moment, self.at(since).contains_key(path)));
                }
            }
        }
        changed
    }
}

/// The documents of a stretch.
pub(super) fn within(state: &State, stretch: &Stretch) -> Vec<proto::Document> {
    let all = state.iter().filter(|(path, _)| holds(stretch, path));
    all.map(|(_, document)| document.clone()).collect()
}

/// What a stretch says it holds.
pub(super) fn holds(stretch: &Stretch, path: &Path) -> bool {
    let depth = path.ids().len() - stretch.below.ids().len().min(path.ids().len());
    let right_collection = |wanted: &String| path.collection_id().unwrap().to_string() == *wanted;
    path.lies_in(&stretch.below)
        && (if stretch.all_descendants {
            depth > 0
        } else {
            depth == 2
        })
        && stretch.collection.as_ref().is_none_or(right_collection)
        && (stretch.from.as_ref(), stretch.to.as_ref()).contains(path)
}
