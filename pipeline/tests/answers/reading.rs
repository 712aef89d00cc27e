//! A database planned and read as a run does it, but for what comes after: lanes side by side, each now and then let go of
//! and taken up where its last batch ended.

use bytes::Bytes;
use checkpoints::{Progress, Tally};
use config::{Config, Needs, Written};
use futures::{StreamExt, TryStreamExt, stream};
use pipeline::fault::Fault;
use pipeline::plan::{Lane, Plan};
use pipeline::planning::{self, Wish};
use pipeline::quota::ReadQuota;
use pipeline::retry::Policy;
use pipeline::room::Rooms;
use pipeline::source::firestore::{BatchLimits, Firestore};
use pipeline::source::{Reader, Source, Standing};
use pipeline::stop::Stop;
use pipeline::store::Store;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use std::time::Duration;

/// How a database is read.
pub(crate) struct Reading {
    config: Config,
    limits: BatchLimits,
    at_once: usize,
    /// Of so many batches one is the last of its reader.
    let_go: u32,
    policy: Policy,
}

impl Reading {
    pub(crate) fn of(dice: &mut StdRng, host: &str, project: &str, is_hopeless: bool) -> Reading {
        let host = host.to_owned();
        let project = project.to_owned();
        let mut written = Written::new();
        written.environment(|name| match name {
            "GOOGLE_CLOUD_PROJECT" => Some(project.clone()),
            "FIRESTORE_EMULATOR_HOST" => Some(host.clone()),
            "DATABASE_URL" => Some("postgres://nobody@localhost/nowhere".to_owned()),
            _ => None,
        });
        written.flag("source.connections", dice.random_range(1..4).to_string());
        written.flag("source.sample", dice.random_range(1..50).to_string());
        // Silence is what a cut line sounds like.
        written.flag("source.stream_timeout", "15ms".to_owned());
        written.flag("run.lane_documents", dice.random_range(3..200).to_string());
        Reading {
            config: written.relied_on(Needs::BOTH).unwrap(),
            limits: BatchLimits {
                rows: dice.random_range(1..60),
                bytes: 1 << dice.random_range(10..20),
            },
            at_once: dice.random_range(2..12),
            let_go: dice.random_range(2..20),
            policy: Policy {
                attempts: if is_hopeless {
                    dice.random_range(0..6)
                } else {
                    10_000
                },
                delay: Duration::from_micros(1),
                longest: Duration::from_micros(100),
                budget: Duration::from_secs(600),
            },
        }
    }

    /// The store, which answered once.
    pub(crate) async fn reach(&self) -> Store {
        let rooms = Rooms::new(64 << 20, self.limits.bytes);
        let quota = Arc::new(ReadQuota::new(None, 1.0, false));
        let Some(config::Source::Firestore(source)) = &self.config.source else {
            panic!("another source was asked for")
        };
        let connecting = Firestore::connect(source, quota, rooms, self.limits, self.policy, Stop::default());
        let firestore = connecting.await.unwrap();
        firestore.greet().await.unwrap();
        Store::Firestore(firestore)
    }

    pub(crate) async fn plan(&self, store: &Store) -> Result<Plan, Fault> {
        let (from, to) = (
            self.config.source.as_ref().unwrap(),
            self.config.target.as_ref().unwrap(),
        );
        let wish = Wish::asked(from, to, &self.config.mapping, &self.config.run);
        Box::pin(planning::make(
            store,
            &wish,
            &pipeline::progress::Progress::default(),
        ))
        .await
    }

    /// The documents of each of the plan's lanes.
    pub(crate) async fn read(&self, store: &Store, plan: &Plan, seed: u64) -> Result<Vec<Vec<Bytes>>, Fault> {
        let Store::Firestore(source) = store else {
            panic!("another store was reached")
        };
        let lanes = plan.lanes.iter().map(|lane| self.lane(source, plan, lane, seed));
        stream::iter(lanes).buffered(self.at_once).try_collect().await
    }

    async fn lane(
        &self,
        source: &Firestore,
        plan: &Plan,
        lane: &Lane,
        seed: u64,
    ) -> Result<Vec<Bytes>, Fault> {
        let mut dice = StdRng::seed_from_u64(seed ^ u64::from(lane.id));
        let collection = &plan.collections[lane.collection].id;
        let mut standing = Standing {
            progress: Progress::default(),
            read_at: plan.snapshot,
            expected: lane.documents,
            rows: Vec::new(),
        };
        let mut documents = Vec::new();
        while !standing.progress.position.is_end() {
            let mut reader = source.reader(lane, collection, standing.clone());
            while let Some(batch) = reader.next().await? {
                assert_eq!(
                    batch.span.from, standing.progress.position,
                    "batches follow one another"
                );
                let read = batch.documents.len() as u64;
                standing.progress.position = batch.span.to;
                standing.progress.tally += Tally {
                    read,
                    ..Tally::default()
                };
                (standing.read_at, standing.expected) = (batch.read_at, batch.expected);
                documents.extend(batch.documents);
                if dice.random_range(0..self.let_go) == 0 {
                    break;
                }
            }
        }
        assert_eq!(standing.expected, documents.len() as u64, "lane {}", lane.id);
        Ok(documents)
    }
}
