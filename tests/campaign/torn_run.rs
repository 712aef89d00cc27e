//! A run that was stopped, its checkpoint directory damaged, and started again: it ends exact, or refuses and says what to
//! do, and then ends exact.

use crate::damage::{cp, damage};
use crate::support::ledger::{Ledger, released};
use crate::support::{World, code, completed, server};
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::campaign::Case;
use rehearsal::process::{Outcome, Program, Signal};
use std::path::PathBuf;
use tokio::sync::OnceCell;

const DOCUMENTS: usize = 900;

/// Where the documents of all cases are.
static SOURCE: OnceCell<World> = OnceCell::const_new();

pub(super) async fn case(case: &mut Case) {
    let source = SOURCE.get_or_init(|| World::with(DOCUMENTS)).await;
    start_again(source, case).await;
}

/// One run; what it said if it refused to go on.
async fn start_again(source: &World, case: &mut Case) -> Option<String> {
    let target = source.again(server().await).await;
    let mut copies = Vec::new();
    for _ in 0..case.dice.random_range(1..3) {
        stop_half_way(&target, &mut case.dice).await;
        let copy = target.folder().join(format!("copy-{}", copies.len()));
        cp(&target.checkpoint_dir(), &copy);
        copies.push(copy);
    }
    let mut done = Vec::new();
    for _ in 0..case.dice.random_range(1..3) {
        done.extend(damage(&target.checkpoint_dir(), &copies, &mut case.dice));
    }
    let outcome = etl(&target).run().await.unwrap();
    let said = match code(&outcome) {
        0 => None,
        // Unreachable or refusing.
        3 => Some(move_away(&target, &outcome)),
        other => panic!(
            "after {done:?} exit {other}: {}\n{}",
            outcome.stderr, outcome.stdout
        ),
    };
    let outcome = if said.is_some() {
        etl(&target).run().await.unwrap()
    } else {
        outcome
    };
    target.assert_exact(&completed(&outcome)).await;
    said
}

/// Does what the message says.
pub(super) fn move_away(target: &World, outcome: &Outcome) -> String {
    // The fault is in the summary, which was asked for as JSON.
    let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
    assert!(
        said.contains("move it away") || said.contains("move the directory away"),
        "{said}"
    );
    let away: PathBuf = target.folder().join("away");
    std::fs::rename(target.checkpoint_dir(), away).unwrap();
    said
}

/// Kills a run as soon as so many more documents are committed, or all.
async fn stop_half_way(target: &World, dice: &mut StdRng) {
    let client = target.client().await;
    let found = Ledger::of(&client).await;
    let more = dice.random_range(0..DOCUMENTS as i64 / 2);
    let mut run = etl(target).start().unwrap();
    let enough = |now: &Ledger| now.runs > 0 && (now.read >= found.read + more || now.all_ended());
    tokio::select! {
        _ = Ledger::until(&client, enough) => {}
        ended = run.wait() => drop(ended.unwrap()),
    }
    // It may have ended by itself in between.
    let _ = run.signal(Signal::Kill);
    run.wait().await.unwrap();
    released(&client).await;
}

fn etl(target: &World) -> Program {
    target.run(&["--primary-key", "none", "--batch-rows", "20"])
}
