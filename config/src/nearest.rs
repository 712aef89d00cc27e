//! What somebody who mistyped a name probably meant.
//! It promises a name of the given list or nothing, never a far-fetched one.
//! Saying so to the operator is left to the caller.

/// Longer than any name there is, with as many slips as a person makes.
const LONGEST: usize = 200;

/// The candidate nearest to `word` by edit distance, if it is near enough to be a slip of the fingers.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let limit = (word.chars().count() / 3).max(2);
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance: insertions, deletions and replacements that lead from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn distance_is_a_metric(a in ".{0,8}", b in ".{0,8}", c in ".{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }
    }

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let known = ["run.batch_rows", "run.batch_bytes", "run.lanes"];
        assert_eq!(
            nearest("run.bach_rows", known.into_iter()),
            Some("run.batch_rows")
        );
        assert_eq!(nearest("run.lane", known.into_iter()), Some("run.lanes"));
        assert_eq!(nearest("colour", known.into_iter()), None);
        assert_eq!(nearest("", ["a"].into_iter()), None);
    }
}
