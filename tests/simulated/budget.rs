//! A budget of reads: never exceeded, whatever goes wrong and however often the run is started; and with enough of it,
//! everything arrives all the same. The simulator's meter is the judge.

use super::{PROJECT, Stage};
use crate::support::{code, completed, summary, test};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::process::{Outcome, Signal};
use serde_json::Value;
use simulator::dataset::Dataset;
use simulator::fault::{Fault, Method, Plan, Strike};

const DOCUMENTS: u64 = 3_000;
/// Reads that are enough for [`DOCUMENTS`] in fair weather, planning included.
const PLENTY: u64 = DOCUMENTS + 1_500;

impl Stage {
    async fn run_within(&self, reads: u64, arguments: &[&str]) -> Outcome {
        let reads = reads.to_string();
        self.run(&[&["--max-reads", &reads, "--sample", "40"], arguments].concat())
            .await
    }

    /// Reads billed so far.
    fn billed(&self) -> u64 {
        self.bill().reads()
    }
}

/// The start was stopped by its budget, said so, and knows what to do.
fn assert_reached(outcome: &Outcome, reads: u64) -> Value {
    let summary = summary(outcome);
    assert_eq!(code(outcome), 8, "{summary}\n{}", outcome.stderr);
    assert!(
        summary["next"].as_str().unwrap().contains("--max-reads"),
        "{summary}"
    );
    let used = summary["budget"]["used"].as_u64().unwrap();
    assert!(used <= reads, "{summary}");
    summary
}

#[test]
fn no_budget_is_exceeded_in_fair_weather_and_what_it_bought_is_there() {
    test(async {
        let mut dice = StdRng::seed_from_u64(7);
        let mut budgets: Vec<u64> = vec![1, 2, 3, 5, 8, 13, 30, 60, 100, 150, 250, 400, 800, 1_600, 3_000];
        budgets.extend((0..10).map(|_| dice.random_range(1..DOCUMENTS)));
        for reads in budgets {
            let stage = Stage::set(Dataset::shop(7, DOCUMENTS), Plan::default()).await;
            let outcome = stage.run_within(reads, &[]).await;
            let billed = stage.billed();
            assert!(
                billed <= reads,
                "{billed} were billed of {reads}\n{}",
                outcome.stderr
            );
            let summary = assert_reached(&outcome, reads);
            assert!(billed <= summary["budget"]["used"].as_u64().unwrap(), "{summary}");
            // What could be bought was bought: once there is a plan, only what lanes wait for together stays unspent.
            if summary["read"].as_u64().unwrap() > 0 {
                assert!(billed + 10 >= reads, "{billed} of {reads}\n{summary}");
            }
        }
    });
}

#[test]
fn a_budget_that_is_raised_again_and_again_is_never_exceeded_and_ends_complete() {
    test(async {
        let stage = Stage::set(Dataset::shop(7, DOCUMENTS), Plan::default()).await;
        let mut starts = 0;
        let mut reads = 1_800;
        let outcome = loop {
            let outcome = stage.run_within(reads, &[]).await;
            starts += 1;
            assert!(stage.billed() <= reads, "{} of {reads}", stage.billed());
            if code(&outcome) == 0 {
                break outcome;
            }
            assert_reached(&outcome, reads);
            reads += 450;
        };
        assert!(starts > 3 && reads < PLENTY, "{starts} starts, {reads} reads");
        stage.assert_exact(&outcome).await;
    });
}

#[test]
fn no_budget_is_exceeded_in_storms_whatever_lanes_and_pages() {
    test(async {
        let mut dice = StdRng::seed_from_u64(11);
        for round in 0..12u64 {
            let plan = Plan::everything(round, 0.05, DOCUMENTS);
            let stage = Stage::set(Dataset::shop(round, DOCUMENTS), plan).await;
            let lanes = dice.random_range(1..9u32).to_string();
            let rows = dice.random_range(20..2_000u32).to_string();
            let quota = dice.random_range(800..20_000u32).to_string();
            let mut arguments = vec!["--lanes", &lanes, "--batch-rows", &rows];
            if round % 2 == 0 {
                arguments.extend(["--reads-per-second", &quota]);
            }
            let mut reads = dice.random_range(1..PLENTY);
            for _ in 0..4 {
                let outcome = stage.run_within(reads, &arguments).await;
                let billed = stage.billed();
                assert!(
                    billed <= reads,
                    "round {round}: {billed} were billed of {reads}, {arguments:?}\n{}",
                    outcome.stderr
                );
                assert!([0, 3, 8].contains(&code(&outcome)), "{}", outcome.stderr);
                if code(&outcome) == 0 {
                    break;
                }
                reads += dice.random_range(1..2_000);
            }
            stage.simulator.set_plan(Plan::default());
            let outcome = stage.run_within(1_000_000, &arguments).await;
            stage.assert_exact(&outcome).await;
        }
    });
}

/// What a killed process had set apart stays spent, so that its successors cannot spend it again.
#[test]
fn kills_do_not_make_a_budget_larger() {
    test(async {
        let slow = Fault::new(Strike::Drip)
            .methods([Method::RunQuery])
            .bytes_per_second(400_000);
        let stage = Stage::set(Dataset::shop(7, DOCUMENTS), Plan::new(7).fault(slow)).await;
        let client = stage.world.client().await;
        let reads = 2_500;
        for kill in 1..=5i64 {
            let flags = ["--max-reads", "2500", "--sample", "40", "--retry-delay", "5ms"];
            let mut etl = stage.world.run(&flags).start().unwrap();
            // What was read and not loaded when it was killed is billed again: the budget may end first.
            let ended = tokio::select! {
                ended = etl.wait() => Some(ended.unwrap()),
                _ = crate::support::ledger::Ledger::until(&client, |now| now.read >= kill * 100) => None,
            };
            if let Some(outcome) = ended {
                assert_reached(&outcome, reads);
                break;
            }
            etl.signal(Signal::Kill).unwrap();
            etl.wait().await.unwrap();
            assert!(stage.billed() <= reads, "{} after {kill} kills", stage.billed());
        }
        stage.simulator.set_plan(Plan::default());
        let outcome = stage.run_within(reads, &[]).await;
        assert!(stage.billed() <= reads, "{}", stage.billed());
        assert_reached(&outcome, reads);
        let outcome = stage.run_within(1_000_000, &[]).await;
        stage.assert_exact(&outcome).await;
    });
}

#[test]
fn a_budget_of_money_is_one_of_reads_at_the_price_that_was_said() {
    test(async {
        let stage = Stage::set(Dataset::shop(7, DOCUMENTS), Plan::default()).await;
        // Five cents at six cents for every hundred are not enough for the 84th read.
        let money = ["--max-cost", "0.05", "--price-per-100k", "60", "--sample", "10"];
        let outcome = stage.run(&money).await;
        assert_reached(&outcome, 83);
        assert_eq!(summary(&outcome)["budget"]["reads"], 83);
        assert!(stage.billed() <= 83, "{}", stage.billed());
        let outcome = stage.run(&["--max-cost", "60", "--price-per-100k", "60"]).await;
        completed(&outcome);
        assert_eq!(stage.simulator.bill(PROJECT, "(default)").refused, 0);
    });
}
