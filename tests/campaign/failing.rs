//! Runs in which any one step fails: a write, a sync, a rename, what is said to or heard from an end.

use super::struck::Strikes;
use super::trial::{Trial, any_step};
use crate::support::{code, server, summary};
use rand::RngExt;
use rehearsal::campaign::Case;
use rehearsal::process::Outcome;
use rehearsal::seam::{Of, Seam, Strike};

const DOCUMENTS: usize = 400;

/// What Linux says of a disk that is broken, full, read-only, over its quota; of a process with too many files open; of
/// what is forbidden. By number, as the system's headers have them.
const OF_FILES: [i32; 6] = [5, 28, 30, 122, 24, 13];
/// Of a connection that is reset, closed, too late; of a network that is away; of no memory for it.
const OF_SOCKETS: [i32; 5] = [104, 32, 110, 101, 105];

pub(super) async fn case(case: &mut Case, strikes: &Strikes) {
    let server = server().await;
    let trial = Trial::on(server, case, DOCUMENTS).await;
    let of = [Of::Files, Of::Target, Of::Source][case.dice.random_range(0..3)];
    let errors = if of == Of::Files {
        &OF_FILES[..]
    } else {
        &OF_SOCKETS
    };
    let steps = trial.steps(server, of).await;
    for _ in 0..case.dice.random_range(1..=12) {
        let strike = Strike::Fails(errors[case.dice.random_range(0..errors.len())]);
        let seam = Seam::at(of, any_step(&mut case.dice, steps), strike).unwrap();
        let outcome = trial.left_whole(trial.struck(&seam)).await;
        if let Some(struck) = seam.struck() {
            case.note(1);
            strikes.note(of, strike, &seam);
            assert_told(&outcome, &format!("{of:?} {strike:?} at {struck}"));
        }
        if code(&outcome) == 0 {
            return trial.judge(&outcome).await;
        }
    }
    trial.through(|| trial.start(&[])).await;
}

/// It went on by itself, or says what happened and what to do.
pub(super) fn assert_told(outcome: &Outcome, what: &str) {
    let said = format!("{what}: {}\n{}", outcome.stdout, outcome.stderr);
    assert!(!outcome.stderr.contains("panicked"), "{said}");
    match code(outcome) {
        0 => {}
        3 => {
            let summary = summary(outcome);
            for word in ["error", "next"] {
                let told = summary[word].as_str().unwrap_or_default();
                assert!(!told.is_empty(), "no {word}: {said}");
            }
        }
        _ => panic!("{said}"),
    }
}
