//! Kills, cuts and lost answers, from a source that has partitions and every kind of trouble all the time.

use crate::faults::{self, Behind, commit, sweep_of};
use crate::kills::{self, Directory, Interrupted, crash_again_and_again, dice, kills};
use crate::support::ledger::{Ledger, assert_whole_batches};
use crate::support::shop::Shop;
use crate::support::{World, code, completed, summary, test};
use rehearsal::application::Application;
use rehearsal::postgres::Server;
use rehearsal::process::Signal;
use rehearsal::proxy::Rule;
use rehearsal::rest::Write;
use simulator::fault::Plan;
use simulator::{Options, Simulator};
use std::collections::BTreeMap;

/// The share of calls that each kind of fault befalls.
const SHARE: f64 = 0.01;
/// Within so many documents of a call: hardly a lane has more.
const LANE: u64 = 100;

/// Every fault there is, all the time, and the seed that repeats it.
fn storm() -> Simulator {
    let (seed, _) = dice();
    eprintln!("ETL_SEED={seed}: every fault befalls {SHARE} of all calls");
    Simulator::start(Options::default().plan(Plan::everything(seed, SHARE, LANE))).unwrap()
}

/// What happened, and that enough did: which of them strike is up to the dice, that many of them do is not.
fn assert_it_stormed(simulator: &Simulator, least: usize) {
    let struck = simulator.faults().struck();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for rule in &struck {
        *kinds.entry(rule.strike.word()).or_default() += rule.times;
    }
    eprintln!("struck: {kinds:?}");
    let met = kinds.values().filter(|times| **times > 0).count();
    assert!(met >= least, "the storm was a breeze: {kinds:?}");
}

async fn shop(simulator: &Simulator) -> World {
    let project = simulator.fresh_project();
    let application = Application::sized(7, kills::DOCUMENTS).in_database(&project, "(default)");
    let world = World::of(&simulator.host(), &project, application.clone()).await;
    world
        .firestore
        .commit(application.documents().map(Write::from))
        .await
        .unwrap();
    world
}

#[test]
fn fifty_kills_in_storms_lose_double_and_alter_nothing() {
    test(async {
        let simulator = storm();
        let source = shop(&simulator).await;
        Interrupted::in_storms(source, kills(50), Directory::Kept)
            .await
            .run()
            .await;
        assert_it_stormed(&simulator, 5);
    });
}

#[test]
fn kills_in_storms_with_the_directory_deleted_in_between_lose_double_and_alter_nothing() {
    test(async {
        let simulator = storm();
        let source = shop(&simulator).await;
        Interrupted::in_storms(source, 15, Directory::Deleted)
            .await
            .run()
            .await;
        assert_it_stormed(&simulator, 5);
    });
}

#[test]
fn kills_in_storms_with_an_older_directory_put_back_lose_double_and_alter_nothing() {
    test(async {
        let simulator = storm();
        let source = shop(&simulator).await;
        Interrupted::in_storms(source, 15, Directory::Older)
            .await
            .run()
            .await;
        assert_it_stormed(&simulator, 5);
    });
}

#[test]
fn a_postgres_that_crashes_again_and_again_in_storms_costs_retries_and_nothing_else() {
    test(async {
        let simulator = storm();
        let postgres = Server::start().await.unwrap();
        let target = shop(&simulator).await.again(&postgres).await;
        crash_again_and_again(&postgres, &target).await;
    });
}

/// Stopped in the middle, and started again with the same command, until it is through.
#[test]
fn a_run_that_is_stopped_again_and_again_in_storms_drains_and_goes_on() {
    test(async {
        let simulator = storm();
        let target = shop(&simulator).await;
        let client = target.client().await;
        let (mut stops, mut read) = (0, -1);
        loop {
            let mut etl = target.run(&["--batch-rows", "20"]).start().unwrap();
            tokio::select! {
                ended = etl.wait() => drop(ended.unwrap()),
                _ = Ledger::until(&client, |now| now.read >= read + 400) => {}
            }
            let _ = etl.signal(Signal::Terminate);
            let outcome = etl.wait().await.unwrap();
            if code(&outcome) == 0 {
                target.assert_exact(&completed(&outcome)).await;
                break;
            }
            // 3: the source could not even be greeted; a storm may do that.
            assert!([3, 4].contains(&code(&outcome)), "{}", outcome.stderr);
            let now = assert_whole_batches(&client).await;
            let summary = summary(&outcome);
            assert!(
                code(&outcome) == 3 || summary["read"].as_i64() == Some(now.read),
                "{summary}"
            );
            (stops, read) = (stops + 1, now.read);
        }
        eprintln!("stopped {stops} times");
        assert!(stops > 2);
    });
}

#[test]
fn the_answer_to_any_commit_may_be_lost_in_storms() {
    test(async {
        let simulator = storm();
        let shop = Shop::open_at(&simulator.host(), simulator.fresh_project(), faults::DOCUMENTS)
            .await
            .in_storms();
        let lost = |nth| vec![commit(nth, |sql, nth| Rule::LoseAnswer { sql, nth })];
        let sweep = sweep_of(&shop, Behind::Postgres, lost).await;
        assert!(sweep.struck > 15, "{sweep:?}");
        assert_it_stormed(&simulator, 5);
    });
}
