//! What a run will read, cost, fill and last, said before it begins.
//!
//! What can be counted is counted, what depends on this machine and these documents is measured with them, and what is
//! left is estimated with a range. Nothing is changed: what is loaded to be measured is rolled back.

mod bench;
mod build;
mod duration;
mod index;
mod made;
mod origin;
mod price;
mod sample;
mod sizes;
mod speed;

pub use duration::{Bound, Expected};
pub use made::{IndexSize, TableSize};
pub use price::{Basis, Edition, Price};
pub use sample::{Altered, Kept};

use crate::budget::Budget;
use crate::fault::Fault;
use crate::load::postgres::{Postgres, ServerFacts};
use crate::plan::Plan;
use crate::store::Store;
use duration::{Machine, Parts};
use made::Made;
use sample::Sampled;
use serde::Serialize;
use speed::Habits;
use std::time::Duration;

/// What a run will be billed for.
#[derive(Debug, Clone, Serialize)]
pub struct Reads {
    /// Billed for this plan: finding, counting, cutting, sampling.
    pub plan: u64,
    /// Billed for measuring the source.
    pub probe: u64,
    /// What the run's own planning will be billed, when it plans anew.
    pub planning: u64,
    /// What its documents will be billed.
    pub documents: u64,
}

impl Reads {
    /// All that the run will be billed.
    pub fn run(&self) -> u64 {
        self.planning + self.documents
    }
}

/// What limits what the server can take.
#[derive(Debug, Clone, Serialize)]
pub struct Room {
    /// `maintenance_work_mem`, in bytes.
    pub maintenance_work_mem: u64,
    /// The largest graph that has to fit into it, in bytes; 0 without one.
    pub largest_graph: u64,
}

/// Everything that is said before a run.
#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    /// What is billed, where reads are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<Reads>,
    /// What a read costs, where reads are billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Bytes that all records have on the wire, each read once.
    pub wire: u64,
    /// The tables, in the plan's order.
    pub tables: Vec<TableSize>,
    /// Bytes of tables and indexes together.
    pub disk: u64,
    /// Bytes of write-ahead log that it will write, more or less.
    pub log: u64,
    /// Planning anew.
    pub planning: Expected,
    /// Reading, packing, loading.
    pub load: Expected,
    /// Reading everything again, where the source has no snapshots and the plan asks for it; at least once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passes: Option<Expected>,
    /// Keys, indexes, counts.
    pub finish: Expected,
    /// What sets the pace of the load.
    pub bound: Bound,
    /// Documents a second that the source was measured at; nothing when it was not.
    pub source_rate: Option<f64>,
    /// Documents a second that the target was measured at; nothing when it could not be.
    pub target_rate: Option<f64>,
    /// What the mapping does to documents, in the sample.
    pub altered: Altered,
    /// What the target offers.
    pub room: Option<Room>,
    /// What could not be measured, and why.
    pub unmeasured: Vec<String>,
}

impl Forecast {
    /// From the start to the end.
    pub fn duration(&self) -> Expected {
        let loaded = self.planning.and(self.load);
        let read = self.passes.map_or(loaded, |passes| loaded.and(passes));
        read.and(self.finish)
    }
}

/// What a forecast is made of.
#[derive(Debug)]
pub(crate) struct Forecaster<'a> {
    pub(crate) source: &'a Store,
    pub(crate) postgres: &'a Postgres,
    pub(crate) facts: &'a ServerFacts,
    pub(crate) plan: &'a Plan,
    pub(crate) budget: &'a Budget,
    /// What a read costs, where reads are billed.
    pub(crate) price: Option<Price>,
    /// What the operator said.
    pub(crate) settings: Settings<'a>,
    /// How long making the plan took.
    pub(crate) planned_in: Duration,
}

/// What the operator said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) source: &'a config::Source,
    pub(crate) target: &'a config::Target,
    pub(crate) run: &'a config::Run,
}

impl Forecaster<'_> {
    /// Measures and reckons. What cannot be measured is said, and is no fault.
    pub(crate) async fn forecast(&self, mut kept: Kept) -> Result<Forecast, Fault> {
        let before = crate::metrics::reads_billed();
        let mut unmeasured = Vec::new();
        let pace = self.pace(&mut kept, &mut unmeasured).await?;
        let probe = crate::metrics::reads_billed() - before;
        let sampled = sample::pack(self.plan, &kept, self.budget);
        let made = match Box::pin(Made::measure(self.postgres, self.facts, &sampled)).await {
            Ok(made) => made,
            Err(fault) => {
                unmeasured.push(format!("disk and target: {}", fault.message));
                Made::default()
            }
        };
        unmeasured.extend(made.unmeasured.iter().cloned());
        let habits = self.habits();
        let target = self.target(&sampled, habits, &mut unmeasured).await;
        let parts = self.parts(&sampled, pace, target);
        let (load, bound) = duration::load(parts, self.machine());
        let documents = self.plan.documents() as f64;
        let finish = made.finish(self.settings.target.primary_key != config::PrimaryKey::None);
        let disk = made.tables.iter().map(TableSize::bytes).sum();
        Ok(Forecast {
            reads: self.price.is_some().then(|| Reads {
                plan: self.plan.planning_reads,
                probe,
                planning: self.plan.planning_reads,
                documents: sampled.iter().map(|one| one.scaled(one.reads) as u64).sum(),
            }),
            price: self.price.clone(),
            wire: sampled.iter().map(|one| one.scaled(one.wire) as u64).sum(),
            disk,
            // Rows and keys are written once more, with a little around them.
            log: disk + disk / 20,
            planning: duration::planning(self.planned_in),
            load,
            passes: self.passes(parts),
            finish: Expected::of(finish),
            bound,
            source_rate: pace.map(|seconds| 1.0 / seconds.max(1e-9)),
            target_rate: target.map(|seconds| documents / seconds.max(1e-9)),
            altered: altered(&sampled),
            room: made.room,
            tables: made.tables,
            unmeasured,
        })
    }

    /// Lanes worked at a time, and connections that they load over.
    fn habits(&self) -> Habits {
        let (run, target) = (self.settings.run, self.settings.target);
        let lanes = run.lanes.get().min(self.plan.lanes.len()).max(1);
        Habits {
            connections: target.connections.get().min(lanes),
            rows: run.batch_rows.get(),
            bytes: run.batch_bytes,
        }
    }

    /// Seconds that all documents take to load.
    async fn target(
        &self,
        sampled: &[Sampled<'_>],
        habits: Habits,
        unmeasured: &mut Vec<String>,
    ) -> Option<f64> {
        // The largest are measured, and what is left is taken to be like them, byte for byte.
        let mut by_size: Vec<&Sampled<'_>> = sampled.iter().filter(|one| one.looked_at > 0).collect();
        by_size.sort_by(|left, right| right.scaled(right.wire).total_cmp(&left.scaled(left.wire)));
        let (mut seconds, mut bytes, mut left) = (0.0, 0.0, 0.0);
        for (place, one) in by_size.into_iter().enumerate() {
            let size = one.scaled(one.packed_bytes() as u64);
            if place >= MEASURED {
                left += size;
                continue;
            }
            match Box::pin(speed::measure(self.postgres, self.facts, one, habits)).await {
                Ok(each) => {
                    seconds += each * one.documents as f64;
                    bytes += size;
                }
                Err(fault) => {
                    unmeasured.push(format!("the target's speed: {}", fault.message));
                    return None;
                }
            }
        }
        (bytes > 0.0).then(|| seconds * (bytes + left) / bytes)
    }

    /// What all records take in each part alone.
    fn parts(&self, sampled: &[Sampled<'_>], pace: Option<f64>, target: Option<f64>) -> Parts {
        let (run, Machine { cores, lanes, .. }) = (self.settings.run, self.machine());
        let all: f64 = sampled.iter().map(|one| one.scaled(one.wire)).sum();
        let documents = self.plan.documents() as f64;
        let packing: f64 = sampled
            .iter()
            .map(|one| one.packing.as_secs_f64() * one.documents as f64)
            .sum();
        // Half of what reading takes goes with the documents, half with their bytes.
        let largest = sampled.iter().max_by_key(|one| one.documents);
        let mean = largest.map_or(1.0, |one| one.wire as f64 / one.looked_at.max(1) as f64);
        let reading = |pace: f64| pace * (0.5 * documents + 0.5 * all / mean.max(1.0));
        Parts {
            source: pace.map(reading),
            packing: packing / lanes.min(cores),
            target: target.unwrap_or(0.0),
            quota: self.quota(sampled),
            batches: (documents / run.batch_rows.get() as f64).max(all / run.batch_bytes as f64) / lanes,
        }
    }

    fn machine(&self) -> Machine {
        let lanes = self.settings.run.lanes.get().min(self.plan.lanes.len());
        let hosts = &self.settings.target.connection.hosts;
        Machine {
            source_here: self.source_here(),
            target_here: hosts.iter().all(|host| is_here(host)),
            cores: std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64),
            lanes: lanes.max(1) as f64,
        }
    }
}

/// Collections whose loading is measured.
const MEASURED: usize = 4;

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    host.starts_with('/') || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&host)
}

fn altered(sampled: &[Sampled<'_>]) -> Altered {
    sampled.iter().fold(Altered::default(), |sum, one| Altered {
        looked_at: sum.looked_at + one.altered.looked_at,
        quarantined: sum.quarantined + one.altered.quarantined,
        cast: sum.cast + one.altered.cast,
        nulled: sum.nulled + one.altered.nulled,
        stripped: sum.stripped + one.altered.stripped,
        dropped: sum.dropped + one.altered.dropped,
    })
}
