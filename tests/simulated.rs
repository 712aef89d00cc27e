//! A Firestore that misbehaves: every fault there is, one at a time and all together.

mod budget; // reads are limited: never exceeded, and gone on with once there are more
mod endings; // faults that do not pass: the run ends, says what to do, and goes on later
mod evenly; // workers have equal parts of what there is to move
mod kinds; // faults that pass: the run goes on, exactly, and says so
mod large; // runs of many documents, and the memory they take
mod limits; // partitions, quotas, counts that take too long, snapshots that grow old, documents that are large
mod memory; // as much as is granted, whatever there is to move
mod million; // a million documents, each exactly once, at one read each
mod plan; // what a plan says of a run, against the run
mod storms; // kills, cuts and lost answers in bad weather
mod workers; // several processes share a run, and some of them die, stand still or leave

use crate::support::{World, completed};
use rehearsal::application::Application;
use rehearsal::process::Outcome;
use serde_json::Value;
use simulator::dataset::Dataset;
use simulator::fault::{Plan, Strike};
use simulator::{Bill, Options, Simulator};

const PROJECT: &str = "shop";

/// A simulator with generated documents in it, and a world whose source it is.
struct Stage {
    simulator: Simulator,
    world: World,
    documents: u64,
}

impl Stage {
    async fn set(dataset: Dataset, plan: Plan) -> Stage {
        let documents = dataset.count();
        let options = Options::default()
            .with_dataset(PROJECT, "(default)", dataset)
            .plan(plan);
        let simulator = Simulator::start(options).unwrap();
        let world = World::of(&simulator.host(), PROJECT, Application::small(0)).await;
        Stage {
            simulator,
            world,
            documents,
        }
    }

    /// What `etl run` with these flags ends like. It tries often and waits little.
    async fn run(&self, arguments: &[&str]) -> Outcome {
        self.world
            .run(&[&["--retry-delay", "5ms"], arguments].concat())
            .run()
            .await
            .unwrap()
    }

    /// Asserts that everything arrived exactly once, whatever the weather was.
    async fn assert_exact(&self, outcome: &Outcome) -> Value {
        let summary = completed(outcome);
        let verdict = self.world.verdict(&summary).await;
        assert!(verdict.is_exact(), "{verdict}\n{}", outcome.stderr);
        assert_eq!(verdict.documents as u64, self.documents, "{verdict}");
        summary
    }

    /// What the simulator billed.
    fn bill(&self) -> Bill {
        self.simulator.bill(PROJECT, "(default)")
    }

    /// How often `strike` really happened.
    fn struck(&self, strike: Strike) -> u64 {
        let rules = self.simulator.faults().struck();
        rules
            .iter()
            .filter(|rule| rule.strike == strike)
            .map(|rule| rule.times)
            .sum()
    }
}
