//! Runs that are asked to stop, at any moment, and go on: how long that takes them.

use super::trial::Trial;
use crate::kills::Moment;
use crate::support::ledger::{Ledger, assert_whole_batches, released};
use crate::support::{code, server, summary};
use rand::RngExt;
use rehearsal::campaign::Case;
use rehearsal::process::Signal;
use std::time::{Duration, Instant};

const DOCUMENTS: usize = 4_000;

/// How long each took from the signal to its end; it adds what this case's starts took.
pub(super) async fn case(case: &mut Case, took: &mut Vec<Duration>) {
    let trial = Trial::on(server().await, case, DOCUMENTS).await;
    let documents = trial.world.application.count() as i64;
    let client = trial.world.client().await;
    for _ in 0..case.dice.random_range(1..=10) {
        let found = Ledger::of(&client).await;
        let Some(moment) = Moment::random(&mut case.dice, &found, documents) else {
            break;
        };
        let mut etl = trial.start(&[]).start().unwrap();
        tokio::select! {
            ended = etl.wait() => drop(ended.unwrap()),
            () = moment.comes(&client, &found) => {}
        }
        let asked = Instant::now();
        let _ = etl.signal(Signal::Terminate);
        let outcome = etl.wait().await.unwrap();
        released(&client).await;
        let now = assert_whole_batches(&client).await;
        assert!(
            now.runs <= 1 && now.read >= found.read,
            "{found:?} became {now:?}"
        );
        match outcome.status.code() {
            // It heeds no signal before it has begun to; nothing is begun then either.
            None if now == found => {}
            Some(0) => break,
            _ => {
                assert_eq!(code(&outcome), 4, "{}\n{}", outcome.stdout, outcome.stderr);
                assert_eq!(summary(&outcome)["complete"], false);
                took.push(asked.elapsed());
                case.note(1);
            }
        }
    }
    drop(client);
    trial.through(|| trial.start(&[])).await;
}

/// What they took, as a line.
pub(super) fn told(took: &mut [Duration]) -> String {
    took.sort();
    let at = |share: usize| took.get((took.len() * share / 100).min(took.len().saturating_sub(1)));
    format!(
        "from the signal to the end: half of them {:?}, 99 % {:?}, the longest {:?}",
        at(50),
        at(99),
        took.last()
    )
}
