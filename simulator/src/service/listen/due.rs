//! What targets are due to be told: each document once, with all the targets it belongs to.

use crate::clock::Moment;
use crate::database::Change;
use crate::path::Path;
use std::collections::BTreeMap;

/// One document of what is due.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Due {
    pub(super) change: Change,
    /// The targets it belongs to, in order.
    pub(super) ids: Vec<i32>,
}

/// What became of the documents of several targets, in the order of the last writes. The changes of all targets are
/// between the same two moments, so a document has changed in the same way for each of its targets.
pub(super) fn merge(changes: impl IntoIterator<Item = (i32, Vec<Change>)>) -> Vec<Due> {
    let mut merged: BTreeMap<(Moment, Path), Due> = BTreeMap::new();
    for (id, changes) in changes {
        for change in changes {
            let place = (change.moment, change.path.clone());
            let due = merged.entry(place).or_insert_with(|| Due {
                change,
                ids: Vec::new(),
            });
            due.ids.push(id);
        }
    }
    merged.into_values().collect()
}

/// Whether a client that did not take its time would have got some of it much earlier: more than `bound` documents are
/// due besides those of the latest commit, which may be as large as it likes.
pub(super) fn is_too_far_behind(changes: &[Change], bound: usize) -> bool {
    let latest = changes.iter().map(|change| change.moment).max();
    let waited = changes
        .iter()
        .filter(|change| Some(change.moment) < latest)
        .count();
    waited > bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change(path: &str, moment: i64) -> Change {
        Change {
            path: Path::parse(path).unwrap(),
            moment: Moment(moment),
            existed: true,
            document: None,
        }
    }

    proptest! {
        #[test]
        fn each_document_comes_once_with_all_its_targets_in_the_order_of_writes(
            moments in prop::collection::btree_map("c/[a-f]", 1_i64..9, 0..6),
            targets in prop::collection::vec(prop::collection::btree_set("c/[a-f]", 0..6), 1..4),
        ) {
            let told = |target: &std::collections::BTreeSet<String>| {
                let mine = moments.iter().filter(|(path, _)| target.contains(*path));
                mine.map(|(path, moment)| change(path, *moment)).collect::<Vec<_>>()
            };
            let due = merge((1..).zip(targets.iter().map(told)));
            for (path, moment) in &moments {
                let ids: Vec<i32> = (1..).zip(&targets).filter(|(_, target)| target.contains(path)).map(|(id, _)| id).collect();
                let found: Vec<&Due> = due.iter().filter(|due| due.change == change(path, *moment)).collect();
                prop_assert_eq!(found.len(), usize::from(!ids.is_empty()));
                prop_assert!(found.iter().all(|due| due.ids == ids));
            }
            prop_assert!(due.is_sorted_by_key(|due| due.change.moment));
        }
    }

    #[test]
    fn one_commit_is_never_too_much_and_several_may_be() {
        let together: Vec<Change> = (0..9).map(|n| change(&format!("c/{n}"), 5)).collect();
        assert!(!is_too_far_behind(&together, 0));
        let apart: Vec<Change> = (0..4).map(|n| change(&format!("c/{n}"), n)).collect();
        assert!(!is_too_far_behind(&apart, 3));
        assert!(is_too_far_behind(&apart, 2));
        assert!(!is_too_far_behind(&[], 0));
    }
}
