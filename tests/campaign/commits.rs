//! COMMITs that do not arrive, and such that do and are not answered: whether they happened is found out, not guessed.

use super::trial::Trial;
use crate::support::server;
use rand::RngExt;
use rehearsal::campaign::Case;
use rehearsal::proxy::{Direction, Proxy, Rule, Upstream};

pub(super) async fn case(case: &mut Case) {
    let trial = Trial::on(server().await, case, 1_500).await;
    let faults = case.scaled(36).max(1);
    let rules = std::iter::repeat_with(|| {
        let nth = case.dice.random_range(1..90);
        let sql = "commit".to_owned();
        match case.dice.random_range(0..8) {
            0..4 => Rule::LoseAnswer { sql, nth },
            4..6 => Rule::CutBefore { sql, nth },
            // Somewhere in the middle of whatever is said then.
            6 => Rule::cut_after_bytes(Direction::ToServer, case.dice.random_range(1..800_000)),
            _ => Rule::cut_after_bytes(Direction::ToClient, case.dice.random_range(1..80_000)),
        }
    });
    let rules = rules.take(faults).collect();
    let upstream = Upstream::postgres(&trial.world.url).unwrap();
    let proxy = Proxy::start(upstream, rules).await.unwrap();
    let url = proxy.url(&trial.world.url).unwrap();
    trial.through(|| trial.start(&[]).env("DATABASE_URL", &url)).await;
    case.note(proxy.cuts());
}
