//! Stopped at every step that lasts, on purpose and by its name: before it, after it, and half-way through it.
//!
//! A step is found by the words that it says to PostgreSQL, or by what it does to the checkpoint directory. The first of
//! its kind is struck in every way; then the second, the fourth and so on, each in one of them, until a run has no further
//! one. The campaign `stops` strikes all others.

use crate::kills::KILL;
use crate::support::shop::Shop;
use crate::support::{World, complete, test};
use rehearsal::process::Program;
use rehearsal::seam::{Of, Seam, Strike};
use std::os::unix::process::ExitStatusExt;

const DOCUMENTS: usize = 40;

/// What each says, and what it is; how often a run does it at the least.
const STEPS: [(Of, &str, &str, u64); 15] = [
    (
        Of::Target,
        "-- The ledger: what is loaded",
        "the ledger is made",
        1,
    ),
    (Of::Target, "CREATE TABLE \"public\"", "the tables are made", 1),
    (Of::Target, "insert into etl.run", "the plan is registered", 1),
    (
        Of::Target,
        "update etl.lane set fence",
        "the lanes are taken over",
        1,
    ),
    (
        Of::Target,
        "send Q....begin; set local",
        "a transaction begins",
        4,
    ),
    (Of::Target, "update etl.lane set state", "a lane is moved", 4),
    (Of::Target, "COPY \"public\"", "COPY is begun", 4),
    (Of::Target, "PGCOPY", "rows are sent", 4),
    (Of::Target, "send Q....commit.", "COMMIT is sent", 4),
    (Of::Target, "receive C....COMMIT.", "COMMIT is answered", 4),
    (Of::Target, "primary key", "an index is built", 2),
    (Of::Files, "{\"version\":", "the plan is written", 1),
    (Of::Files, "lane/", "a checkpoint is written", 4),
    (Of::Files, "sync ", "the log is synced", 4),
    (Of::Files, "rename", "a file gets its name", 1),
];

/// The run, with small batches, one after another, and keys afterwards: no row may be there twice.
fn run(world: &World) -> Program {
    world.run(&["--batch-rows", "8", "--lanes", "1", "--target-connections", "1"])
}

#[test]
fn a_run_may_end_at_any_step_that_lasts() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        for (of, words, what, least) in STEPS {
            let ways = [Strike::Before, Strike::After, Strike::Half].into_iter().cycle();
            let places = [1, 1].into_iter().chain((0..).map(|power| 1 << power));
            for (nth, strike) in places.zip(ways) {
                let seam = Seam::at(of, nth, strike).unwrap().saying(words);
                if !ends_at(&shop, seam, what).await {
                    assert!(nth > least, "{what}: it was done fewer than {least} times");
                    eprintln!("{what}: not {nth} times");
                    break;
                }
            }
        }
    });
}

/// Whether a run came to that step, and ended there. In any case everything is there once after one more.
async fn ends_at(shop: &Shop, seam: Seam, what: &str) -> bool {
    let target = shop.target().await;
    let start = seam.around(run(&target), &target.checkpoint_dir()).unwrap();
    let outcome = start.run().await.unwrap();
    let killed = outcome.status.signal() == Some(KILL);
    assert_eq!(killed, seam.struck().is_some(), "{what}: {}", outcome.stderr);
    let summary = complete(run(&target)).await;
    shop.assert_exact(&target, &summary, what).await;
    killed
}
