//! Losses of power: what the checkpoint directory had not synced is gone when the run is started again.
//!
//! The strictest reading of what a file system promises: of a file, what it was when it was last synced; of its name,
//! what its folder had when that was. PostgreSQL is a machine of its own and keeps its power.

use super::struck::Strikes;
use super::torn_run::move_away;
use super::trial::{Trial, any_step};
use crate::support::{code, server};
use rand::RngExt;
use rehearsal::campaign::Case;
use rehearsal::seam::{Of, Seam, Strike};

const DOCUMENTS: usize = 400;

pub(super) async fn case(case: &mut Case, strikes: &Strikes) {
    let server = server().await;
    let trial = Trial::on(server, case, DOCUMENTS).await;
    let dir = trial.world.checkpoint_dir();
    let of = [Of::Files, Of::Files, Of::Target][case.dice.random_range(0..3)];
    let steps = trial.steps(server, of).await;
    for _ in 0..case.dice.random_range(1..=12) {
        let strike = [Strike::Before, Strike::After, Strike::Half][case.dice.random_range(0..3)];
        let seam = Seam::at(of, any_step(&mut case.dice, steps), strike)
            .unwrap()
            .keeping();
        let outcome = trial.left_whole(trial.struck(&seam)).await;
        seam.lose_power(&dir).unwrap();
        case.note(1);
        match outcome.status.code() {
            None => strikes.note(of, strike, &seam),
            // What was left to do took fewer steps.
            Some(0) => break,
            Some(3) => drop(move_away(&trial.world, &outcome)),
            Some(_) => panic!("{}\n{}", outcome.stdout, outcome.stderr),
        }
    }
    let outcome = trial.left_whole(trial.start(&[])).await;
    if code(&outcome) == 3 {
        move_away(&trial.world, &outcome);
    }
    trial.through(|| trial.start(&[])).await;
}
