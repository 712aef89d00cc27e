//! Lines to both ends that hang, break and are closed for a while, all at once, again and again until the run is through.

use super::trial::Trial;
use crate::support::server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::campaign::Case;
use rehearsal::proxy::{Proxy, Upstream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Silence that is taken for death, at both ends.
const SILENCE: [&str; 4] = ["--stream-timeout", "1s", "--transaction-timeout", "1s"];

pub(super) async fn case(case: &mut Case) {
    let trial = Trial::on(server().await, case, 2_000).await;
    let target = Proxy::start(Upstream::postgres(&trial.world.url).unwrap(), Vec::new())
        .await
        .unwrap();
    let source = Proxy::start(Upstream::tcp(trial.world.host.clone()), Vec::new())
        .await
        .unwrap();
    let url = target.url(&trial.world.url).unwrap();
    let host = source.address().to_string();
    let (troubles, dice) = (AtomicU64::new(0), StdRng::seed_from_u64(case.dice.random()));
    let most = case.scaled(20).max(1) as u64;
    let start = || {
        let run = trial.start(&SILENCE).env("DATABASE_URL", &url);
        run.env("FIRESTORE_EMULATOR_HOST", &host)
    };
    tokio::select! {
        () = trial.through(start) => {}
        () = nemesis([&target, &source], dice, &troubles, most) => {}
    }
    case.note(troubles.load(Ordering::Relaxed));
}

/// Disturbs one of the lines, or both, so often; then leaves them alone for good.
async fn nemesis(lines: [&Proxy; 2], mut dice: StdRng, troubles: &AtomicU64, most: u64) {
    while troubles.load(Ordering::Relaxed) < most {
        let millis =
            |dice: &mut StdRng, most: u64| Duration::from_millis(super::trial::spread(dice, 1, most));
        // A timer here waits for nothing: it is what makes the moment random.
        tokio::time::sleep(millis(&mut dice, 600)).await;
        let struck: Vec<&Proxy> = match dice.random_range(0..3) {
            0 => vec![lines[0]],
            1 => vec![lines[1]],
            _ => lines.to_vec(),
        };
        let (kind, long) = (dice.random_range(0..3), millis(&mut dice, 2_500));
        for line in &struck {
            match kind {
                0 => line.cut_now(),
                1 => line.hold(),
                _ => {
                    line.refuse();
                    line.cut_now();
                }
            }
        }
        tokio::time::sleep(long).await;
        lines.into_iter().for_each(Proxy::pass_through);
        troubles.fetch_add(1, Ordering::Relaxed);
    }
    std::future::pending().await
}
