//! A simulator with generated documents, a client, and the oracle for what the client should say.

use crate::errand::{Answers, Client, Errand};
use crate::oracle::Oracle;
use anyhow::{Context, bail, ensure};
use serde_json::Value as Json;
use simulator::dataset::Dataset;
use simulator::fault::Plan;
use simulator::{Options, Simulator};

const PROJECT: &str = "clients";

/// A client in front of a simulator.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) oracle: Oracle,
    pub(crate) client: Client,
}

impl Stage {
    /// Fair weather.
    pub(crate) fn new(client: Client, dataset: Dataset) -> anyhow::Result<Stage> {
        let oracle = Oracle::new(&dataset, PROJECT, client);
        let options = Options::default().with_dataset(PROJECT, "(default)", dataset);
        let simulator = Simulator::start(options).context("start the simulator")?;
        Ok(Stage {
            simulator,
            oracle,
            client,
        })
    }

    /// A shop of 4,000 documents: every kind of id, value and nesting.
    pub(crate) fn shop(client: Client) -> anyhow::Result<Stage> {
        Stage::new(client, Dataset::shop(11, 4_000))
    }

    /// 3,000 documents in one collection, `orders`.
    pub(crate) fn flat(client: Client) -> anyhow::Result<Stage> {
        Stage::new(client, Dataset::flat(7, 3_000))
    }

    /// From now on this goes wrong.
    pub(crate) fn set_plan(&self, plan: Plan) {
        self.simulator.set_plan(plan);
    }

    /// Has a client run errands until one fails.
    pub(crate) async fn try_run(&self, client: Client, errands: &[Errand]) -> anyhow::Result<Answers> {
        client.run(&self.simulator.host(), PROJECT, errands).await
    }

    /// Starts a client on an errand.
    pub(crate) fn start(
        &self,
        client: Client,
        errand: Errand,
    ) -> anyhow::Result<rehearsal::process::Running> {
        client.start(&self.simulator.host(), PROJECT, &[errand])
    }

    /// Has the client run errands, none of which may fail: what it said, for each.
    pub(crate) async fn run(&self, errands: &[Errand]) -> anyhow::Result<Vec<Vec<Json>>> {
        self.run_as(self.client, errands).await
    }

    /// The same with any client.
    pub(crate) async fn run_as(&self, client: Client, errands: &[Errand]) -> anyhow::Result<Vec<Vec<Json>>> {
        let answers = self.try_run(client, errands).await?;
        match answers.gave_up {
            None => {
                ensure!(answers.said.len() == errands.len(), "{client:?} left errands out");
                Ok(answers.said)
            }
            Some(words) => {
                let failed = answers
                    .said
                    .len()
                    .checked_sub(1)
                    .and_then(|last| errands.get(last));
                bail!("{client:?} failed at {failed:?}:\n{words}")
            }
        }
    }
}

/// Holds what a client said against what it should have said, and shows the first line that differs.
pub(crate) fn same(about: &str, said: &[Json], expected: &[Json]) -> anyhow::Result<()> {
    for (number, (said, expected)) in said.iter().zip(expected).enumerate() {
        ensure!(
            said == expected,
            "{about}, line {number}:\n     said {said}\nexpected {expected}"
        );
    }
    let (lines, should) = (said.len(), expected.len());
    ensure!(lines == should, "{about}: {lines} lines instead of {should}");
    Ok(())
}

/// Lines in the order of the paths in them, for what comes in no order.
pub(crate) fn by_path(mut lines: Vec<Json>) -> Vec<Json> {
    lines.sort_by(|one, other| one["path"].as_str().cmp(&other["path"].as_str()));
    lines
}
