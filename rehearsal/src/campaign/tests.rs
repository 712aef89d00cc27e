//! The runner itself: what fails is found, made smaller, kept, played first, and played again alike.
#![allow(clippy::unwrap_used)]

use super::*;
use rand::RngExt;
use std::cell::RefCell;
use std::fs;
use tempfile::TempDir;

fn campaign(folder: &TempDir, count: u64, seed: u64) -> Campaign {
    Campaign {
        name: "tried",
        count,
        seed,
        size: LARGEST,
        replay: false,
        kept: Kept::at(folder.path().join("tests/campaign"), "tried"),
    }
}

fn folder() -> TempDir {
    TempDir::new().unwrap()
}

#[test]
fn a_failing_case_is_made_as_small_as_it_fails() {
    for least in 1..=LARGEST {
        let mut law = |case: &mut Case| assert!(case.size < least, "too large by {}", case.size - least);
        let told = campaign(&folder(), 1, 7).play(&mut law);
        let [failure] = &told.failures[..] else {
            panic!("{told:?}")
        };
        assert_eq!((failure.seed, failure.size), (7, least));
        assert!(
            failure
                .message
                .starts_with("too large by 0 (rehearsal/src/campaign/tests.rs:")
        );
    }
}

#[test]
fn the_seed_of_a_failing_case_is_kept_once_and_played_first() {
    let folder = folder();
    let fails = |case: &mut Case| assert!(case.size < 30);
    let failed = |mut law: &mut dyn FnMut(&mut Case)| campaign(&folder, 3, 7).play(&mut law).failures;
    assert_eq!(failed(&mut { fails }).len(), 3);
    let kept: Vec<_> = (0..3).map(|case| (seed_of(7, case), 30)).collect();
    assert_eq!(campaign(&folder, 1, 9).kept.seeds(), kept);
    // Once more: three kept ones fail, two new ones make five, and what is known is not written again.
    assert_eq!(failed(&mut { fails }).len(), FAILURES);
    assert_eq!(campaign(&folder, 1, 9).kept.seeds(), kept);

    let sizes = RefCell::new(Vec::new());
    let told = campaign(&folder, 2, 7).play(&mut |case| sizes.borrow_mut().push(case.size));
    assert_eq!(sizes.into_inner(), [30, 30, 30, 100, 100]);
    assert_eq!((told.kept, told.cases, told.events), (3, 2, 2));
    let text = fs::read_to_string(folder.path().join("tests/campaign/tried.seeds")).unwrap();
    assert!(
        text.starts_with("# Seeds and sizes") && text.lines().count() == 4,
        "{text}"
    );
}

#[test]
#[should_panic(expected = "neither seed nor remark")]
fn a_kept_seed_that_cannot_be_read_is_not_passed_over() {
    let folder = folder();
    let campaign = campaign(&folder, 1, 7);
    campaign.kept.keep(1, 2);
    fs::write(folder.path().join("tests/campaign/tried.seeds"), "12 x\n").unwrap();
    campaign.play(&mut |_| ());
}

#[test]
fn where_the_tree_cannot_be_written_a_failure_is_told_all_the_same() {
    let folder = folder();
    fs::write(folder.path().join("tests"), "a file in the way").unwrap();
    let told = campaign(&folder, 1, 7).play(&mut |_| panic!("always"));
    assert_eq!(told.failures.len(), 1);
}

#[test]
fn the_command_plays_exactly_the_failing_case_again() {
    let rolled = RefCell::new(Vec::new());
    let mut law = |case: &mut Case| {
        let roll: [u64; 4] = case.dice.random();
        rolled.borrow_mut().push((case.size, roll));
        assert!(!roll[0].is_multiple_of(8), "an eighth of all");
    };
    let told = campaign(&folder(), 1000, 7).play(&mut law);
    let failure = &told.failures[0];
    let command = failure.told("tried");
    let command = command.lines().last().unwrap();
    let said = format!(
        "make campaign NAME=tried N=1 SEED={} SIZE={}",
        failure.seed, failure.size
    );
    assert!(command.ends_with(&said), "{command}");
    let first = |(size, roll): &(usize, [u64; 4])| *size == failure.size && roll[0].is_multiple_of(8);
    let smallest = rolled.take().into_iter().find(first).unwrap();

    let again = Campaign {
        size: failure.size,
        replay: true,
        ..campaign(&folder(), 1, failure.seed)
    };
    // Bare: what it panics with is seen as it is.
    assert!(quiet::caught(|| again.run(&mut law)).is_err());
    assert_eq!(rolled.into_inner()[0].1[0] % 8, 0);
    let mut dice = StdRng::seed_from_u64(failure.seed);
    assert_eq!(smallest, (1, dice.random()));
}

/// Published seeds are worth something only as long as they mean the same cases.
#[test]
fn a_seed_means_the_same_everywhere() {
    let first = |seed, case| Case::new(seed_of(seed, case), LARGEST).dice.random::<u64>();
    let met = [
        first(0, 0),
        first(0, 1),
        first(1, 0),
        first(1, 1),
        first(u64::MAX, 2),
    ];
    assert_eq!(met, MET);
}

const MET: [u64; 5] = [
    13_486_662_071_293_341_567,
    14_184_266_463_564_031_343,
    17_971_643_333_364_160_609,
    2_533_971_376_113_613_317,
    8_259_989_491_230_986_071,
];

#[test]
fn cases_of_a_campaign_and_of_its_neighbours_differ() {
    let seeds = (0..100u64).flat_map(|campaign| (0..100).map(move |case| seed_of(campaign, case)));
    let different: std::collections::BTreeSet<u64> = seeds.collect();
    assert_eq!(different.len(), 10_000);
}

#[test]
fn it_goes_on_until_so_many_events_were_seen() {
    let told = campaign(&folder(), 100, 7).play(&mut |case| {
        case.note(20);
        case.note(10);
    });
    assert_eq!((told.cases, told.events), (4, 120));
    let told = campaign(&folder(), 100, 7).play(&mut |_| ());
    assert_eq!((told.cases, told.events), (100, 100));
    // Some cases hold none.
    let told = campaign(&folder(), 10, 7).play(&mut |case| {
        let events = case.dice.random_range(0..2);
        case.note(events);
    });
    assert!(told.cases > 10 && told.events == 10, "{told:?}");
}

#[test]
#[should_panic(expected = "0 events in")]
fn cases_without_events_are_not_played_for_ever() {
    campaign(&folder(), 10, 7).play(&mut |case| case.note(0));
}

#[test]
fn the_last_line_tells_the_count_the_seed_and_the_bound() {
    let told = campaign(&folder(), 3000, 7).play(&mut |_| ()).to_string();
    assert!(
        told.starts_with("campaign tried: 3000 events in 3000 cases and 0 kept ones, "),
        "{told}"
    );
    assert!(told.contains(" s, seed 7, 0 failures; "), "{told}");
    assert!(told.contains("at most 9.981e-4 (95 %, Clopper-Pearson"), "{told}");
}

#[test]
fn a_campaign_keeps_its_seeds_in_its_own_crate() {
    let file = |source: &str| format!("{:?}", Kept::beside(Path::new(source), "tried"));
    assert!(file("transforms/tests/laws/campaign.rs").contains("/transforms/tests/campaign/tried.seeds"));
    let root = file("tests/campaign.rs");
    assert!(
        root.contains("/tests/campaign/tried.seeds") && !root.contains("rehearsal"),
        "{root}"
    );
    assert!(file("rehearsal/src/campaign/tests.rs").contains("/rehearsal/tests/campaign/"));
}
