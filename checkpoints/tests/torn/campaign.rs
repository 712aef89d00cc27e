//! A directory damaged in any way is refused with what to do about it, or each lane stands where it once stood.

use crate::damage::{cp, damage};
use crate::history::History;
use crate::judge::{Found, Refused};
use rand::RngExt;
use rehearsal::campaign::Campaign;
use std::collections::BTreeMap;
use std::fs;

/// How often the directory of one history is damaged.
const DAMAGES: usize = 10;

#[test]
fn torn() {
    let mut ends: BTreeMap<_, BTreeMap<_, u64>> = BTreeMap::new();
    Campaign::named("torn", 200).run(|case| {
        let steps = case.scaled(80);
        let history = History::of(steps, &mut case.dice);
        for number in 0..DAMAGES.min(case.size) {
            let dir = history.place(&format!("damaged-{number}"));
            cp(history.copies.last().unwrap(), &dir);
            let mut done = Vec::new();
            for _ in 0..case.dice.random_range(1..3) {
                done.extend(damage(&dir, &history.copies, &mut case.dice));
            }
            let end = match history.assert_true(&dir, &done, &mut case.dice) {
                Ok(found) => {
                    assert!(
                        !done.is_empty() || found == Found::AsItWas,
                        "nothing was done, but {found:?}"
                    );
                    format!("{found:?}")
                }
                Err(Refused(said)) => {
                    assert!(!done.is_empty(), "nothing was done, but {said}");
                    "refused".to_owned()
                }
            };
            for kind in done {
                *ends.entry(kind).or_default().entry(end.clone()).or_default() += 1;
            }
            fs::remove_dir_all(dir).unwrap();
            case.note(1);
        }
    });
    eprintln!("{ends:#?}");
}
