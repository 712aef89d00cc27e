//! Which documents a pattern means, and when one hides another.

use config::mapping::{Pattern, Segment};
use proptest::prelude::*;
use proptest::sample::select;

fn pattern() -> impl Strategy<Value = Pattern> {
    let name = || select(vec!["a", "b"]).prop_map(|name| Segment::Named(name.to_owned()));
    let document = prop_oneof![name(), Just(Segment::Any)];
    (
        any::<bool>(),
        name(),
        prop::collection::vec((document, name()), 0..3),
    )
        .prop_map(|(anywhere, first, steps)| {
            let mut segments = vec![first];
            steps
                .into_iter()
                .for_each(|(document, collection)| segments.extend([document, collection]));
            Pattern { anywhere, segments }
        })
}

/// Documents of a pattern that no other matches by chance: what it leaves open is called as nothing else is.
fn strangers(pattern: &Pattern) -> Vec<String> {
    let names = pattern.segments.iter().map(|segment| match segment {
        Segment::Named(name) => name.as_str(),
        Segment::Any => "stranger",
    });
    let path = names.collect::<Vec<_>>().join("/") + "/stranger";
    let deeper = format!("stranger/stranger/{path}");
    if pattern.anywhere {
        vec![path, deeper]
    } else {
        vec![path]
    }
}

proptest! {
    #[test]
    fn a_pattern_covers_another_if_and_only_if_it_matches_all_its_documents(one in pattern(), other in pattern()) {
        for path in strangers(&other) {
            prop_assert!(other.matches(&path).is_some());
        }
        let matched = strangers(&other).iter().all(|path| one.matches(path).is_some());
        prop_assert_eq!(hides(&one, &other), matched, "{} and {}", one, other);
    }
}

/// Whether a table of the one, written first, is said to hide a table of the other.
fn hides(one: &Pattern, other: &Pattern) -> bool {
    let text = format!("[tables.one]\nfrom = '{one}'\n[tables.other]\nfrom = '{other}'\n");
    super::mapping(&text).is_err_and(|told| {
        told.iter()
            .any(|what| what.contains("already goes to table `one`"))
    })
}
