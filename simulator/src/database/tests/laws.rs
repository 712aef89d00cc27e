//! A database equals its model, at every moment there was, whatever is asked.

use super::model::{Change, Model, Wide, change, generated, holds, place, wide, within};
use super::{Place, ROOT, delete, int, set};
use crate::clock::Moment;
use crate::database::Stretch;
use crate::dataset::{Collection, Dataset, Sequence};
use crate::path::Path;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proptest::prelude::*;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};

/// A database and its model after these commits, and all moments worth asking for.
struct Both {
    place: Place,
    generated: Vec<Sequence>,
    model: Model,
    moments: Vec<Moment>,
}

impl Both {
    fn new(generated: Vec<Sequence>, commits: &[Vec<Change>]) -> Both {
        let mut both = Both {
            place: Place::new(generated.clone()),
            model: Model::new(&generated),
            generated,
            moments: Vec::new(),
        };
        both.moments.push(both.place.clock.now());
        commits.iter().for_each(|changes| both.commit(changes));
        both
    }

    fn commit(&mut self, changes: &[Change]) {
        let changes: Vec<(Path, Option<i64>)> = changes
            .iter()
            .map(|change| (change.at.path(&self.generated), change.n))
            .collect();
        let write = |(path, n): &(Path, Option<i64>)| match n {
            Some(n) => set(&path.to_string(), [("n", int(*n))]),
            None => delete(&path.to_string()),
        };
        let writes: Vec<proto::Write> = changes.iter().map(write).collect();
        let (moment, _) = self.place.database.commit(&writes, &self.place.clock).unwrap();
        self.model.apply(moment, &changes);
        self.moments.extend([Moment(moment.0 - 1), moment]);
    }
}

/// All of a stretch, so many documents in each call.
fn scanned(place: &Place, stretch: &Stretch, at: Moment, piece: usize) -> Vec<proto::Document> {
    let mut scan = place.database.scan(stretch, at);
    let mut documents = Vec::new();
    loop {
        let mut taken = 0;
        let more = scan.next(|found| {
            let (path, decoded) = (found.path(), found.document());
            let mut bytes = Vec::new();
            found.append(&mut bytes);
            let document = proto::Document::decode(&bytes[..]).unwrap();
            assert_eq!(document.name, path.name(ROOT));
            assert_eq!(document, decoded);
            documents.push(document);
            taken += 1;
            if taken == piece {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if !more {
            return documents;
        }
    }
}

fn commits(most: usize) -> impl Strategy<Value = Vec<Vec<Change>>> {
    prop::collection::vec(prop::collection::vec(change(), 1..5), 0..most)
}

fn wides() -> impl Strategy<Value = Vec<Wide>> {
    prop::collection::vec(wide(), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn scans_and_counts_equal_the_model(
        generated in generated(),
        commits in commits(8),
        wides in wides(),
        piece in 1..9_usize,
        skipped in 0..9_u64,
    ) {
        let both = Both::new(generated, &commits);
        for at in &both.moments {
            for wide in &wides {
                let stretch = wide.stretch(&both.generated);
                let expected = within(both.model.at(*at), &stretch);
                prop_assert_eq!(both.place.database.count(&stretch, *at), expected.len() as u64, "{:?}", &stretch);
                let mut scan = both.place.database.scan(&stretch, *at);
                prop_assert_eq!(scan.skip(skipped), skipped.min(expected.len() as u64));
                let mut rest = Vec::new();
                scan.next(|found| {
                    rest.push(found.document());
                    ControlFlow::Continue(())
                });
                prop_assert_eq!(&rest[..], expected.get(skipped as usize..).unwrap_or_default());
                prop_assert_eq!(scanned(&both.place, &stretch, *at, piece), expected, "{:?}", &stretch);
            }
        }
    }

    #[test]
    fn documents_and_what_lies_below_equal_the_model(
        generated in generated(),
        commits in commits(8),
        asked in prop::collection::vec(place(), 1..12),
        most in 1..6_usize,
    ) {
        let both = Both::new(generated, &commits);
        for at in &both.moments {
            let state = both.model.at(*at);
            for path in asked.iter().map(|place| place.path(&both.generated)) {
                prop_assert_eq!(both.place.database.get(&path, *at), state.get(&path).cloned());
                for above in [Path::default(), path.clone()] {
                    prop_assert_eq!(both.place.database.collection_ids(&above, *at), collection_ids(state, &above));
                }
                let collection = path.parent().unwrap();
                for missing in [false, true] {
                    let all = listed(state, &collection, missing);
                    for after in [None, Some(&path)] {
                        let expected: Vec<_> = all.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded))
                            .take(most)
                            .map(|(path, document)| (path.clone(), document.clone()))
                            .collect();
                        let found = both.place.database.list(&collection, *at, after, most, missing);
                        prop_assert_eq!(found, expected);
                    }
                }
            }
        }
    }

    #[test]
    fn changes_equal_the_model(generated in generated(), commits in commits(8), wides in wides()) {
        let both = Both::new(generated, &commits);
        for (place, since) in both.moments.iter().enumerate() {
            for until in &both.moments[place..] {
                for wide in &wides {
                    let stretch = wide.stretch(&both.generated);
                    let found = both.place.database.changes(&stretch, *since, *until);
                    prop_assert!(found.is_sorted_by_key(|change| change.moment));
                    let mut told = BTreeMap::new();
                    for change in found {
                        prop_assert_eq!(change.document.as_ref(), both.model.at(*until).get(&change.path));
                        told.insert(change.path, (change.moment, change.existed));
                    }
                    prop_assert_eq!(told, both.model.changed(&stretch, *since, *until));
                }
            }
        }
    }

    #[test]
    fn cuts_lie_inside_in_order_and_none_before_the_second_document(
        generated in generated(),
        commits in commits(8),
        wides in wides(),
        points in 0..9_u64,
    ) {
        let both = Both::new(generated, &commits);
        let at = *both.moments.last().unwrap();
        for wide in &wides {
            let stretch = wide.stretch(&both.generated);
            let documents: Vec<Path> =
                both.model.at(at).keys().filter(|path| holds(&stretch, path)).cloned().collect();
            let cuts = both.place.database.cuts(&stretch, points, at);
            prop_assert!(cuts.len() as u64 <= points.min(documents.len().saturating_sub(1) as u64));
            prop_assert!(cuts.windows(2).all(|pair| pair[0] < pair[1]));
            for cut in &cuts {
                prop_assert!(holds(&stretch, cut) && *cut > documents[0]);
            }
        }
    }

    #[test]
    fn a_scan_goes_on_as_it_began_whatever_is_written_meanwhile(
        generated in generated(),
        before in commits(5),
        meanwhile in commits(8),
        wide in wide(),
    ) {
        let mut both = Both::new(generated, &before);
        let at = both.place.clock.now();
        let stretch = wide.stretch(&both.generated);
        let mut scan = both.place.database.scan(&stretch, at);
        let mut documents = Vec::new();
        let mut meanwhile = meanwhile.iter();
        loop {
            let more = scan.next(|found| {
                documents.push(found.document());
                ControlFlow::Break(())
            });
            if !more {
                break;
            }
            if let Some(changes) = meanwhile.next() {
                both.commit(changes);
            }
        }
        prop_assert_eq!(documents, within(both.model.at(at), &stretch));
    }
}

fn collection_ids(state: &BTreeMap<Path, proto::Document>, above: &Path) -> BTreeSet<String> {
    let below = state.keys().filter(|path| path.lies_in(above) && *path != above);
    below
        .map(|path| path.ids()[above.ids().len()].to_string())
        .collect()
}

fn listed(
    state: &BTreeMap<Path, proto::Document>,
    collection: &Path,
    missing: bool,
) -> BTreeMap<Path, Option<proto::Document>> {
    let segments = collection.ids().len() + 1;
    let below = state.keys().filter(|path| path.lies_in(collection));
    let listed = below
        .filter(|path| missing || path.ids().len() == segments)
        .map(|path| path.first(segments));
    listed
        .map(|path| (path.clone(), state.get(&path).cloned()))
        .collect()
}

#[test]
fn parts_are_about_even_whatever_was_written() {
    let collections = [("c", 20_000), ("c/*/c", 30_000), ("d/*/c", 5_000)];
    let collections =
        collections.map(|(pattern, documents)| Collection::new(pattern, documents).bytes(40..=60));
    let generated = Dataset::new(7, collections).unwrap().sequences(ROOT);
    let place = Place::new(generated.clone());
    let mut writes: Vec<proto::Write> = (0..8_000).map(|n| set(&format!("c/A{n}"), [])).collect();
    writes.extend((3_000..9_000).map(|index| delete(&generated[0].path(index).to_string())));
    place.commit(&writes).unwrap();
    let at = place.clock.now();
    let whole = |from, to| Stretch {
        collection: Some("c".to_owned()),
        below: Path::default(),
        all_descendants: true,
        from,
        to,
    };
    for points in [1, 2, 15, 99] {
        let cuts = place
            .database
            .cuts(&whole(Bound::Unbounded, Bound::Unbounded), points, at);
        assert_eq!(cuts.len() as u64, points);
        let ends = cuts
            .iter()
            .cloned()
            .map(Bound::Excluded)
            .chain([Bound::Unbounded]);
        let begins = [Bound::Unbounded]
            .into_iter()
            .chain(cuts.iter().cloned().map(Bound::Included));
        let share = 57_000 / (points + 1);
        let mut sum = 0;
        for (from, to) in begins.zip(ends) {
            let part = place.database.count(&whole(from, to), at);
            assert!(
                part.abs_diff(share) * 4 <= share,
                "{part} documents of {share} with {points} points"
            );
            sum += part;
        }
        assert_eq!(sum, 57_000);
    }
}
