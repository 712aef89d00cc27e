//! Runs that are killed at any moment, with their directory kept, lost or older.

use super::trial::Trial;
use crate::kills::{Directory, Interrupted, Shape};
use crate::support::server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::campaign::Case;

pub(super) async fn case(case: &mut Case) {
    let trial = Trial::on(server().await, case, 4_000).await;
    let dice = &mut case.dice;
    let directory = [
        Directory::Kept,
        Directory::Kept,
        Directory::Deleted,
        Directory::Older,
    ][dice.random_range(0..4)];
    let (kills, dice) = (dice.random_range(1..=20), StdRng::seed_from_u64(dice.random()));
    let shape = Shape {
        rows: trial.rows,
        lanes: trial.lanes,
        flags: trial.shape.clone(),
    };
    let made = Interrupted::shaped(trial.world, trial.stormy, kills, directory, shape, dice)
        .await
        .run()
        .await;
    case.note(made as u64);
}
