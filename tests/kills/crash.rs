//! PostgreSQL killed again and again while a run loads into it.

use super::{DOCUMENTS, told_dice};
use crate::support::ledger::{Ledger, assert_whole_batches};
use crate::support::{World, complete, completed, test};
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::postgres::Server;
use rehearsal::process::Stream;

/// Crashes the server of `target` again and again while a run loads into it.
pub(crate) async fn crash_again_and_again(postgres: &Server, target: &World) {
    let shape = ["--primary-key", "none", "--batch-rows", "20"];
    let crashes = crash(postgres, target, &shape, 15, told_dice()).await;
    assert!(
        crashes > 0,
        "the run was through before PostgreSQL could be crashed once"
    );
}

/// Crashes the server up to `wanted` times while a run of that shape loads into `target`; how often it could.
pub(crate) async fn crash(
    postgres: &Server,
    target: &World,
    shape: &[&str],
    wanted: usize,
    mut dice: StdRng,
) -> usize {
    let patient = ["--max-retries", "1000", "--retry-budget", "10m"];
    let mut etl = target.run(&[shape, &patient].concat()).start().unwrap();
    let (mut read, mut crashes) = (0, 0usize);
    let documents = target.application.count() as i64;
    // On a busy machine the run may be through before every crash was made; then it was crashed less often.
    while crashes < wanted && !etl.has_ended().unwrap() {
        let client = target.client().await;
        let more = dice.random_range(1..2.max(documents / wanted as i64));
        let enough = |now: &Ledger| now.runs > 0 && (now.read >= read + more || now.all_ended());
        let found = Ledger::written(&client, &mut etl, enough).await;
        if found.all_ended() {
            break;
        }
        read = found.read;
        let heard = retries(&etl.said(Stream::Stderr));
        postgres.stop_immediate().await.unwrap();
        while retries(&etl.said(Stream::Stderr)) == heard && !etl.has_ended().unwrap() {
            crate::support::Looking::again().await;
        }
        postgres.start_again().await.unwrap();
        crashes += 1;
        eprintln!("crash {crashes}: {read} documents were committed");
    }
    let summary = completed(&etl.wait().await.unwrap());
    assert!(summary["retries"].as_u64().unwrap() >= crashes as u64);
    assert_whole_batches(&target.client().await).await;
    target.assert_exact(&summary).await;
    complete(target.run(shape)).await;
    crashes
}

#[test]
fn a_postgres_that_crashes_again_and_again_costs_retries_and_nothing_else() {
    test(async {
        let postgres = Server::start().await.unwrap();
        let target = World::on(&postgres, DOCUMENTS).await;
        crash_again_and_again(&postgres, &target).await;
    });
}

fn retries(said: &str) -> usize {
    said.matches("trying again").count()
}
