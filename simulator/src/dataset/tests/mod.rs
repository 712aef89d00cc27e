//! Laws of generated documents: the fast way says what the slow one does, and names, indices and order agree.

mod bytes;
mod description;
mod legal;
mod shape;

use super::*;
use crate::path::Id;
use proptest::prelude::*;
use prost::Message;

const ROOT: &str = "projects/p/databases/(default)/documents";

fn any_ids() -> impl Strategy<Value = Ids> {
    prop_oneof![
        Just(Ids::Auto),
        Just(Ids::User),
        Just(Ids::Numbered("n ".to_owned())),
        Just(Ids::Imported),
        Just(Ids::Uuid),
        Just(Ids::Awkward),
    ]
}

fn any_mix() -> impl Strategy<Value = Mix> {
    prop_oneof![Just(Mix::Order), Just(Mix::User), Just(Mix::Event)]
}

/// A collection of this pattern, with every setting but oversized documents, which take their time.
fn any_collection(pattern: &'static str, most: u64) -> impl Strategy<Value = Collection> {
    let shares = prop_oneof![
        Just((0.0, 0.0)),
        Just((0.3, 0.0)),
        Just((0.7, 0.3)),
        Just((0.0, 0.5))
    ];
    let sizes = (0_usize..3_000, 0_usize..3_000);
    let vector = prop_oneof![Just(0_u32), 1_u32..40];
    let exist = prop::bool::weighted(0.8);
    (1..=most, any_ids(), any_mix(), shares, sizes, vector, exist).prop_map(
        move |(documents, ids, mix, (odd, nul), (least, more), vector, exist)| {
            let collection = Collection::new(pattern, documents)
                .ids(ids)
                .mix(mix)
                .odd(odd)
                .nul(nul)
                .bytes(least..=least + more)
                .vector(vector)
                .references("a");
            if exist { collection } else { collection.phantom() }
        },
    )
}

/// Up to five collections, of which some lie in others, up to three deep, under parents described or not.
fn any_dataset(most: u64) -> impl Strategy<Value = Dataset> {
    let collections = (
        prop::option::of(any_collection("a", most)),
        prop::option::of(any_collection("a/*/b", most)),
        prop::option::of(any_collection("a/*/b/*/a", most)),
        prop::option::of(any_collection("a b!/*/b", most)),
        prop::option::of(any_collection("z", most)),
    );
    (any::<u64>(), collections).prop_map(|(seed, (a, ab, aba, cb, z))| {
        Dataset::new(seed, [a, ab, aba, cb, z].into_iter().flatten()).unwrap()
    })
}

/// A sequence and an index in it.
fn any_place(most: u64) -> impl Strategy<Value = (Sequence, u64)> {
    let places = (any_dataset(most), any::<prop::sample::Index>(), any::<u64>());
    places.prop_filter_map("no documents", |(dataset, which, at)| {
        let sequences = dataset.sequences(ROOT);
        let sequence = (!sequences.is_empty()).then(|| which.get(&sequences).clone())?;
        let index = at % sequence.len();
        Some((sequence, index))
    })
}

/// Paths near a path: below it, above it, just after it, and with other segments.
fn neighbours(path: &Path) -> Vec<Path> {
    let mut all = vec![Path::default(), path.child(Id::Text("a".into()))];
    for segments in 1..=path.ids().len() {
        let part = path.first(segments);
        let above = path.first(segments - 1);
        let last = part.last().unwrap().to_string();
        let others = [
            format!("{last}\0"),
            "\u{1}".to_owned(),
            "b".to_owned(),
            "\u{10ffff}".to_owned(),
        ];
        all.extend(
            others
                .iter()
                .filter_map(|id| Some(above.child(Id::parse(id).ok()?))),
        );
        all.extend([-1, 0, i64::MAX].map(|number| above.child(Id::Number(number))));
        all.push(part);
    }
    all
}

proptest! {
    #[test]
    fn names_ascend((sequence, index) in any_place(1_000_000_000)) {
        let path = sequence.path(index);
        prop_assert!(path.is_document());
        prop_assert_eq!(path.collection_id().unwrap().to_string(), sequence.collection_id());
        prop_assert_eq!(&Path::parse(&path.to_string()).unwrap(), &path);
        if index + 1 < sequence.len() {
            prop_assert!(path < sequence.path(index + 1));
        }
    }

    #[test]
    fn every_document_of_few_ascends((sequence, _) in any_place(60)) {
        let paths: Vec<Path> = (0..sequence.len()).map(|index| sequence.path(index)).collect();
        prop_assert!(paths.is_sorted_by(|one, next| one < next), "{:?}", paths);
    }

    #[test]
    fn a_document_is_found_by_its_name((sequence, index) in any_place(1_000_000_000)) {
        let path = sequence.path(index);
        prop_assert_eq!(sequence.find(&path), Some(index));
        prop_assert_eq!(sequence.lower_bound(&path), index);
        prop_assert_eq!(sequence.find(&path.child(Id::Text("x".into())).child(Id::Text("y".into()))), None);
    }

    #[test]
    fn a_bound_parts_what_is_before_a_name_from_what_is_not((sequence, index) in any_place(1_000_000_000)) {
        for path in neighbours(&sequence.path(index)) {
            let bound = sequence.lower_bound(&path);
            prop_assert!(bound <= sequence.len());
            prop_assert!(bound == 0 || sequence.path(bound - 1) < path, "{} {}", path, bound);
            prop_assert!(bound == sequence.len() || sequence.path(bound) >= path, "{} {}", path, bound);
            if sequence.find(&path) != (bound < sequence.len() && sequence.path(bound) == path).then_some(bound) {
                prop_assert!(false, "{} is found elsewhere", path);
            }
        }
    }

    #[test]
    fn documents_are_shared_out_evenly_among_parents_that_are_there((parents, children) in (1_u64..40, 1_u64..200)) {
        let dataset = Dataset::new(3, [Collection::new("a", parents), Collection::new("a/*/b", children)]).unwrap();
        let [above, below] = &dataset.sequences(ROOT)[..] else { panic!() };
        let spread = Spread { parents, children };
        for parent in 0..parents {
            let path = above.path(parent);
            let first = below.lower_bound(&path);
            let after = below.lower_bound(&Path::parse(&format!("{path}\0")).unwrap());
            prop_assert_eq!(first..after, spread.of(parent));
            prop_assert!((first..after).all(|index| below.path(index).lies_in(&path)));
        }
    }

    #[test]
    fn an_oracle_knows_what_exists(dataset in any_dataset(1_000)) {
        let sequences = dataset.sequences(ROOT);
        prop_assert_eq!(dataset.count(), sequences.iter().map(Sequence::len).sum::<u64>());
        let ids: BTreeSet<String> = sequences.iter().map(|sequence| sequence.collection_id().to_owned()).collect();
        prop_assert_eq!(dataset.collection_ids(), ids);
        for sequence in &sequences {
            let index = sequence.len() / 2;
            let document = dataset.document(ROOT, &sequence.path(index)).unwrap();
            prop_assert!(bytes::same(&document, &sequence.document(index)));
        }
        prop_assert_eq!(dataset.document(ROOT, &Path::parse("a/nobody").unwrap()), None);
        prop_assert_eq!(dataset.document(ROOT, &Path::default()), None);
    }
}

#[test]
fn collections_below_parents_that_nobody_described_share_them() {
    let collections = [Collection::new("a/*/b", 60), Collection::new("a/*/c", 40)];
    let dataset = Dataset::new(3, collections).unwrap();
    let parents = |sequence: &Sequence| -> BTreeSet<Path> {
        (0..sequence.len())
            .map(|index| sequence.path(index).first(2))
            .collect()
    };
    let [one, other] = &dataset.sequences(ROOT)[..] else {
        panic!()
    };
    assert_eq!(parents(one), parents(other));
    assert_eq!(parents(one).len(), 10);
    assert_eq!(dataset.count(), 100);
}

#[test]
fn a_seed_makes_the_same_documents_again_and_another_seed_others() {
    let bytes = |seed: u64| {
        let mut bytes = Vec::new();
        for sequence in Dataset::shop(seed, 300).sequences(ROOT) {
            let mut walk = sequence.walk(0);
            while walk.append(&mut bytes) {}
        }
        bytes
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

/// What one version made, the next makes too: seeds in reports of failures stay good.
#[test]
fn a_known_document_stays_what_it_is() {
    let sequences = Dataset::flat(7, 1_000).sequences(ROOT);
    let path = sequences[0].path(500).to_string();
    let mut bytes = Vec::new();
    sequences[0].walk(500).append(&mut bytes);
    let sum = bytes.iter().fold(0, |sum, byte| dice::mix(sum, u64::from(*byte)));
    assert_eq!(
        (path.as_str(), bytes.len(), sum),
        ("orders/V0Ep4KrKG2qp5iL09YfB", 597, 15117049716349632578)
    );
}
