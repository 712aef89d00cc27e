//! Runs that end at any step that the outside can see: before it, after it, half-way through it.

use super::struck::Strikes;
use super::trial::{Trial, any_step};
use crate::kills::KILL;
use crate::support::{code, server};
use rand::RngExt;
use rehearsal::campaign::Case;
use rehearsal::seam::{Of, Seam, Strike};
use std::os::unix::process::ExitStatusExt;

/// Documents at the most: few, so that steps of every kind are as likely.
const DOCUMENTS: usize = 400;

pub(super) async fn case(case: &mut Case, strikes: &Strikes) {
    let server = server().await;
    let trial = Trial::on(server, case, DOCUMENTS).await;
    let of = [Of::Files, Of::Target, Of::Source][case.dice.random_range(0..3)];
    let steps = trial.steps(server, of).await;
    for _ in 0..case.dice.random_range(1..=12) {
        let strike = [Strike::Before, Strike::After, Strike::Half][case.dice.random_range(0..3)];
        let seam = Seam::at(of, any_step(&mut case.dice, steps), strike).unwrap();
        let outcome = trial.left_whole(trial.struck(&seam)).await;
        if outcome.status.signal() != Some(KILL) {
            // What was left to do took fewer steps.
            assert_eq!(code(&outcome), 0, "{}\n{}", outcome.stdout, outcome.stderr);
            return trial.judge(&outcome).await;
        }
        case.note(1);
        strikes.note(of, strike, &seam);
    }
    trial.through(|| trial.start(&[])).await;
}
