//! A PostgreSQL that is killed while a run loads into it, and comes back.

use super::trial::Trial;
use crate::kills::crash;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::campaign::Case;
use rehearsal::postgres::Server;

pub(super) async fn case(case: &mut Case) {
    let postgres = Server::start().await.unwrap();
    let trial = Trial::on(&postgres, case, 4_000).await;
    let (wanted, dice) = (
        case.dice.random_range(1..=8),
        StdRng::seed_from_u64(case.dice.random()),
    );
    let shape: Vec<&str> = trial.shape.iter().map(String::as_str).collect();
    case.note(crash(&postgres, &trial.world, &shape, wanted, dice).await as u64);
}
