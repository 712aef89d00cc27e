//! What was read once never changes: no commit lands at or before a moment seen, and none is seen in part.

use super::{Place, delete, int, path, set};
use crate::clock::Moment;
use crate::database::Stretch;
use crate::path::Path;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;
use tonic::Code;

fn everything() -> Stretch {
    Stretch {
        collection: None,
        below: Path::default(),
        all_descendants: true,
        from: Bound::Unbounded,
        to: Bound::Unbounded,
    }
}

#[test]
fn a_commit_lands_after_every_moment_seen() {
    let place = Place::new(Vec::new());
    for ahead in [0, 1, 1_000_000_000] {
        let seen = place.clock.now().after(Duration::from_micros(ahead));
        place.clock.seen(seen);
        let (moment, _) = place
            .database
            .commit(&[set("c/a", [("n", int(1))])], &place.clock)
            .unwrap();
        assert!(moment > seen);
        assert_eq!(*place.database.commits().borrow(), moment);
    }
}

#[test]
fn readers_see_whole_commits_and_the_same_ones_again() {
    let place = Place::new(Vec::new());
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let place = &place;
            scope.spawn(move || {
                for n in 0..300 {
                    let writes = ["a", "b", "c"].map(|id| set(&format!("{id}/{writer}"), [("n", int(n))]));
                    place.commit(&writes).unwrap();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let at = place.clock.now();
                    let first = place.database.documents(&everything(), at, usize::MAX);
                    for writer in 0..2 {
                        let of = |id: &str| place.database.get(&path(&format!("{id}/{writer}")), at);
                        let fields = ["a", "b", "c"].map(|id| of(id).map(|document| document.fields));
                        assert!(fields[0] == fields[1] && fields[1] == fields[2], "{fields:?}");
                    }
                    assert_eq!(place.database.documents(&everything(), at, usize::MAX), first);
                }
            });
        }
    });
}

#[test]
fn a_commit_that_fails_leaves_nothing_behind() {
    let place = Place::new(Vec::new());
    place.commit(&[set("c/a", [("n", int(1))])]).unwrap();
    let before = place.clock.now();
    let mut last = set("c/none", []);
    last.current_document = Some(super::commit::exists(true));
    place.refused(&[set("c/b", []), delete("c/a"), last], Code::NotFound, "c/none");
    let documents = place
        .database
        .documents(&everything(), place.clock.now(), usize::MAX);
    assert_eq!(
        documents
            .iter()
            .map(|(path, _)| path.to_string())
            .collect::<Vec<_>>(),
        ["c/a"]
    );
    assert!(
        place
            .database
            .changes(&everything(), before, Moment(i64::MAX))
            .is_empty()
    );
}

#[test]
fn collections_are_told_as_they_were() {
    let place = Place::new(Vec::new());
    let none = place.clock.now();
    let (first, _) = place
        .database
        .commit(&[set("c/a/d/b", [])], &place.clock)
        .unwrap();
    let (second, _) = place.database.commit(&[delete("c/a/d/b")], &place.clock).unwrap();
    for (at, expected) in [(none, None), (first, Some("c")), (second, None)] {
        let expected: BTreeSet<String> = expected.map(str::to_owned).into_iter().collect();
        assert_eq!(place.database.collection_ids(&Path::default(), at), expected);
    }
}
