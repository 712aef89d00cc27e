//! Every mutant that is listed is in exactly one class, and what is wrong is told.

use super::*;
use crate::list::Genre;

fn mutants(count: u32) -> Vec<Mutant> {
    let mutant = |number| Mutant {
        number,
        file: ["a/src/x.rs", "a/src/y.rs"][number as usize % 2].to_owned(),
        function: "f".to_owned(),
        genre: Genre::FnValue,
        at: (number as usize, 1),
        replacement: "()".to_owned(),
        change: format!("change {number}"),
        key: format!("key {number}"),
    };
    (1..=count).map(mutant).collect()
}

fn outcome(number: u32, end: End) -> (u32, Outcome) {
    let outcome = Outcome {
        number,
        end,
        spent: 1.0,
        budget: 9.0,
        ran: 2,
        of: 3,
    };
    (number, outcome)
}

/// One of each class, and facts that contradict each other about some.
fn facts() -> Facts {
    Facts {
        unplaced: BTreeMap::from([(1, "const".to_owned())]),
        unviable: BTreeMap::from([(1, "no".to_owned()), (2, "no".to_owned())]),
        reached: (2..=8)
            .filter(|number| *number != 3)
            .map(|number| (number, 3))
            .collect(),
        outcomes: BTreeMap::from([
            outcome(2, End::Lived),
            outcome(4, End::Caught("t".to_owned())),
            outcome(5, End::Hung("t".to_owned())),
            outcome(6, End::Lived),
            outcome(7, End::Undecided),
        ]),
        explained: BTreeMap::new(),
    }
}

#[test]
fn each_is_in_one_class_and_the_files_add_up() {
    let (mutants, facts) = (mutants(8), facts());
    let classes: Vec<Class> = mutants.iter().map(|mutant| facts.class(mutant)).collect();
    use Class::*;
    assert_eq!(
        classes,
        [
            Unplaced, Unviable, Unreached, Caught, Hung, Lived, Undecided, Open
        ]
    );
    let all = Sums::of(&facts, &mutants);
    assert_eq!((all.all(), all.caught(), all.decided()), (8, 2, 4));
    let row = "| all | 8 | 1 | 1 | 6 | 5 | 2 | 1 | 1 | 1 | 50.0 % |";
    assert!(
        table(&mutants, &facts).contains(row),
        "{}",
        table(&mutants, &facts)
    );
}

#[test]
fn what_lives_has_to_be_explained_and_the_share_kept() {
    let mutants = mutants(100);
    let mut facts = Facts {
        reached: (1..=100).map(|number| (number, 1)).collect(),
        outcomes: (1..=100)
            .map(|number| outcome(number, End::Caught("t".to_owned())))
            .collect(),
        ..Facts::default()
    };
    assert!(report(&mutants, &facts).1);
    facts.outcomes.extend([outcome(7, End::Lived)]);
    let (text, is_good) = report(&mutants, &facts);
    assert!(!is_good && text.contains("nobody said why (1)"), "{text}");
    facts
        .explained
        .insert("key 7".to_owned(), "It is the same.".to_owned());
    let (text, is_good) = report(&mutants, &facts);
    assert!(is_good && text.contains("It is the same."), "{text}");
    facts.explained.insert("key 8".to_owned(), "Gone.".to_owned());
    assert!(report(&mutants, &facts).0.contains("does not live: key 8"));
    for number in 20..26 {
        facts.outcomes.extend([outcome(number, End::Lived)]);
        facts.explained.insert(format!("key {number}"), "So.".to_owned());
    }
    assert!(!report(&mutants, &facts).1, "93 of 100 are too few");
}

#[test]
fn what_is_not_known_yet_is_not_good() {
    let mutants = mutants(1);
    let facts = Facts {
        reached: BTreeMap::from([(1, 1)]),
        ..Facts::default()
    };
    assert!(!report(&mutants, &facts).1);
}
