//! Names in Firestore's order, and points between them.

use super::*;
use proptest::prelude::*;

#[test]
fn numeric_ids_come_first_and_by_number() {
    let ordered = [
        "a/__id-3__",
        "a/__id7__",
        "a/__id10__",
        "a/__id9223372036854775807__",
        "a/\0",
        "a/ ",
        "a/A",
        "a/__id07__",
        "a/a",
        "a/a/b/c",
        "a/a\0",
        "a/aa",
        "a/\u{e9}",
        "a/\u{10000}",
    ];
    for (i, left) in ordered.iter().enumerate() {
        for (j, right) in ordered.iter().enumerate() {
            assert_eq!(compare(left, right), i.cmp(&j), "{left:?} against {right:?}");
            assert_eq!(
                compare_by_segments(left, right),
                i.cmp(&j),
                "{left:?} against {right:?}"
            );
        }
    }
}

/// Names as long as they may be: a point between them is refused by the source if it is longer.
#[test]
fn a_point_is_never_longer_than_a_name_may_be() {
    let mut found = 0;
    for (same, letters) in [("x", 1_470..=1_499), ("é", 735..=749), ("\u{10000}", 367..=374)] {
        for letters in letters {
            for (one, other) in [("a", "b"), ("a", "c"), (" ", "~"), ("", "!"), ("0", "z")] {
                let id = |end| format!("{}{end}", same.repeat(letters));
                for parent in ["", &format!("{}/", ["a"; 1_500].concat()).repeat(2)] {
                    let [low, high] = [id(one), id(other)].map(|id| format!("{parent}c/{id}"));
                    let Some(point) = between(&low, Some(&high)) else {
                        continue;
                    };
                    found += 1;
                    assert!(compare(&low, &point).is_lt() && compare(&point, &high).is_lt());
                    assert!(point.len() <= LONGEST_PATH);
                    assert!(
                        point.split('/').all(|segment| segment.len() <= LONGEST_ID),
                        "{point}"
                    );
                }
            }
        }
    }
    assert!(found > 100, "{found}");
    // At the very end there may be none, which is as good as a point far away.
    let last = |end| format!("c/{}{end}", "x".repeat(1_499));
    assert_eq!(between(&last("a"), Some(&last("b"))), None);
    let low = format!("{}c/xx", "c/x/".repeat(1_504));
    assert_eq!(low.len(), LONGEST_PATH);
    assert_eq!(between(&low, Some(&format!("{low}y"))), None);
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9A-Za-z]{20}",
        "[a-z]{1,3}",
        any::<i64>().prop_map(|n| format!("__id{n}__")),
        "[^/]{1,4}",
    ]
}

fn path_of_pairs() -> impl Strategy<Value = String> {
    proptest::collection::vec(segment(), 1..3).prop_map(|ids| {
        ids.iter()
            .map(|id| format!("c/{id}"))
            .collect::<Vec<_>>()
            .join("/")
    })
}

proptest! {
    #[test]
    fn paths_compare_as_their_segments_do(
        same in proptest::collection::vec(segment(), 0..3),
        left in proptest::collection::vec(segment(), 0..3),
        right in proptest::collection::vec(segment(), 0..3),
    ) {
        let path = |own: &[String]| [&same, own].concat().join("/");
        let (left, right) = (path(&left), path(&right));
        prop_assert_eq!(compare(&left, &right), compare_by_segments(&left, &right));
    }

    #[test]
    fn a_point_between_lies_between_and_names_a_document(a in path_of_pairs(), b in path_of_pairs()) {
        let (low, high) = if compare(&a, &b).is_le() { (a, b) } else { (b, a) };
        for high in [Some(high.as_str()), None] {
            if let Some(point) = between(&low, high) {
                prop_assert!(compare(&low, &point).is_lt());
                prop_assert!(high.is_none_or(|high| compare(&point, high).is_lt()));
                prop_assert_eq!(point.split('/').count() % 2, 0);
                prop_assert!(point.split('/').all(|segment| !segment.is_empty()));
            }
        }
    }

    /// What `inventory::split` does, with a set in the place of a database.
    #[test]
    fn names_of_one_collection_can_always_be_split(
        ids in prop_oneof![
            proptest::collection::btree_set("[0-9A-Za-z]{20}", 2..40),
            proptest::collection::btree_set("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}", 2..40),
            proptest::collection::btree_set("item-[0-9]{6}", 2..40),
            proptest::collection::btree_set("__id[1-9][0-9]{0,9}__", 2..40),
        ],
        parent in prop_oneof![Just(""), Just("users/ada/"), Just("users/__id7__/")],
        bounded: bool,
    ) {
        let mut paths: Vec<String> = ids.iter().map(|id| format!("{parent}events/{id}")).collect();
        paths.sort_by(|left, right| compare(left, right));
        let first = |from: &str, to: Option<&str>| {
            let within = |path: &&String| compare(from, path).is_le() && to.is_none_or(|to| compare(path, to).is_lt());
            paths.iter().find(within)
        };
        let (mut low, mut high) = (paths[0].clone(), bounded.then(|| "zebras/x".to_owned()));
        let mut steps = 0;
        let cut = loop {
            let point = between(&low, high.as_deref());
            prop_assert!(point.is_some(), "nothing between {low:?} and {high:?}");
            let point = point.unwrap();
            match first(&point, high.as_deref()) {
                Some(cut) if *cut != paths[0] => break cut,
                Some(_) => low = point,
                None => high = Some(point),
            }
            steps += 1;
            prop_assert!(steps < 400, "{low:?} {high:?}");
        };
        prop_assert!(compare(&paths[0], cut).is_lt());
    }

    #[test]
    fn random_ids_are_split_about_evenly(mut ids in proptest::collection::vec("[0-9A-Za-z]{20}", 64..65)) {
        ids.sort();
        ids.dedup();
        let paths: Vec<String> = ids.iter().map(|id| format!("c/{id}")).collect();
        let point = between(&paths[0], paths.last().map(String::as_str));
        let below = paths.iter().filter(|path| compare(path, point.as_deref().unwrap_or("")).is_lt()).count();
        prop_assert!((8..=56).contains(&below), "{} of {} below {:?}", below, paths.len(), point);
    }
}
