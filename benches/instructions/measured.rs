//! What is counted: records read by the pipeline's own readers, and packed by its own lanes.

use crate::lanes::{Nowhere, moved, standing};
use config::{Config, Needs, Written};
use pipeline::plan::Plan;
use pipeline::planning::{self, Wish};
use pipeline::quota::ReadQuota;
use pipeline::retry::Policy;
use pipeline::room::Rooms;
use pipeline::source::firestore::{BatchLimits, Firestore};
use pipeline::source::qdrant::Qdrant;
use pipeline::source::{Reader, Source};
use pipeline::stop::Stop;
use pipeline::store::Store;
use simulator::dataset::Dataset;
use std::sync::Arc;

/// A source of so many records made from a seed, until it is dropped.
pub(crate) enum Served {
    Documents(simulator::Simulator),
    Points(simulator::qdrant::Qdrant),
}

/// How far records go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// From the socket to a batch: frames, messages, names, order.
    Read,
    /// From there to rows as COPY takes them.
    Packed,
}

impl Served {
    /// Documents of thirteen fields and about 600 bytes.
    pub(crate) fn documents(number: u64) -> Served {
        let options =
            simulator::Options::default().with_dataset("bench", "(default)", Dataset::flat(7, number));
        Served::Documents(simulator::Simulator::start(options).unwrap())
    }

    /// Points of 384 components with a plain payload.
    pub(crate) fn points(number: u64) -> Served {
        let collection = simulator::qdrant::Collection::items(number);
        let options = simulator::qdrant::Options::default().with(collection);
        Served::Points(simulator::qdrant::Qdrant::start(options).unwrap())
    }

    /// What a client is told about it: the variable, and where it answers.
    pub(crate) fn words(&self) -> [String; 2] {
        match self {
            Served::Documents(simulator) => ["FIRESTORE_EMULATOR_HOST".to_owned(), simulator.host()],
            Served::Points(qdrant) => ["QDRANT_URL".to_owned(), qdrant.url()],
        }
    }
}

impl Stage {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Stage::Read => "read",
            Stage::Packed => "packed",
        }
    }

    /// The client that is counted: on one thread, but for packing, which waits for nobody.
    pub(crate) fn client(self, variable: &str, place: &str) -> u64 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let config = configuration(variable, place);
            let store = reached(&config).await;
            let plan = planned(&config, &store).await;
            match &store {
                Store::Firestore(source) => self.go(source, &plan).await,
                Store::Qdrant(source) => self.go(source, &plan).await,
            }
        })
    }

    async fn go<S: Source>(self, source: &S, plan: &Arc<Plan>) -> u64 {
        match self {
            Stage::Packed => moved(source, Nowhere, plan, 1).await,
            Stage::Read => {
                let mut read = 0;
                for lane in &plan.lanes {
                    let collection = &plan.collection_of(lane).id;
                    let mut reader = source.reader(lane, collection, standing(plan, lane));
                    while let Some(batch) = reader.next().await.unwrap() {
                        read += batch.documents.len() as u64;
                    }
                }
                read
            }
        }
    }
}

/// What an operator would have said: nothing but where the source is. The target is never reached.
fn configuration(variable: &str, place: &str) -> Config {
    let mut written = Written::new();
    written.environment(|name| match name {
        "GOOGLE_CLOUD_PROJECT" => Some("bench".to_owned()),
        "DATABASE_URL" => Some("postgres://nobody@localhost/nowhere".to_owned()),
        name if name == variable => Some(place.to_owned()),
        _ => None,
    });
    if variable == "QDRANT_URL" {
        written.flag("source.kind", "qdrant".to_owned());
    }
    written.relied_on(Needs::BOTH).unwrap()
}

/// The source that is configured.
async fn reached(config: &Config) -> Store {
    let rooms = Rooms::new(config.run.memory / 2, config.run.batch_bytes);
    let limits = BatchLimits {
        rows: config.run.batch_rows.get(),
        bytes: config.run.batch_bytes,
    };
    let (policy, stop) = (Policy::of(&config.run), Stop::default());
    match config.source.as_ref().unwrap() {
        config::Source::Firestore(source) => {
            let quota = Arc::new(ReadQuota::new(None, 1.0, false));
            let connecting = Firestore::connect(source, quota, rooms, limits, policy, stop);
            Store::Firestore(connecting.await.unwrap())
        }
        config::Source::Qdrant(source) => Store::Qdrant(
            Qdrant::connect(source, rooms, limits, policy, stop)
                .await
                .unwrap(),
        ),
    }
}

async fn planned(config: &Config, store: &Store) -> Arc<Plan> {
    let (from, to) = (config.source.as_ref().unwrap(), config.target.as_ref().unwrap());
    let wish = Wish::asked(from, to, &config.mapping, &config.run);
    let progress = pipeline::progress::Progress::default();
    Arc::new(planning::make(store, &wish, &progress).await.unwrap())
}
