//! Pieces of the pipeline as they are: everything before a target that keeps nothing, and everything behind a source
//! whose documents are in memory already.

use crate::case::{Case, PROJECT};
use crate::ends::{Ends, Figures};
use crate::lanes::{Nowhere, moved};
use crate::memory::InMemory;
use crate::process::{ourselves, own};
use config::{Config, Needs, Written};
use pipeline::load::postgres::{Ledger, Postgres, PostgresLoader};
use pipeline::plan::Plan;
use pipeline::planning::{self, Wish};
use pipeline::quota::ReadQuota;
use pipeline::retry::Policy;
use pipeline::room::Rooms;
use pipeline::source::firestore::{BatchLimits, Firestore};
use pipeline::stop::Stop;
use pipeline::store::Store;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// Which piece.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Reads, decodes and packs, and throws the rows away.
    WithoutTarget,
    /// Decodes, packs and loads documents that are in memory.
    FromMemory,
}

impl Piece {
    fn word(self) -> &'static str {
        match self {
            Piece::WithoutTarget => "read-and-pack",
            Piece::FromMemory => "pack-and-load",
        }
    }

    /// The piece that [`Piece::word`] names.
    pub(crate) fn of(word: &str) -> Option<Piece> {
        [Piece::WithoutTarget, Piece::FromMemory]
            .into_iter()
            .find(|piece| piece.word() == word)
    }

    /// Has all documents of `case` go through it, in lanes of a sixteenth.
    pub(crate) fn run(self, ends: &Ends, case: &Case) -> Figures {
        let url = ends.database();
        let mut command = ourselves(self.word());
        command.args(case.words()).args([&ends.place, &url]);
        let (figures, _) = ends.measure(&mut command);
        assert_eq!(figures.records, case.documents as f64);
        ends.gone(&url);
        figures
    }

    /// The client. Its clock starts when there is a plan, for planning is measured with the whole run.
    pub(crate) fn client(self, case: &Case, host: &str, url: &str) {
        let config = configuration(case, host, url);
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let (source, plan, rooms) = planned(&config).await;
            let lanes = config.run.lanes.get();
            let (read, began) = match self {
                Piece::WithoutTarget => {
                    let began = Clock::start();
                    (moved(&source, Nowhere, &plan, lanes).await, began)
                }
                Piece::FromMemory => {
                    let memory = InMemory::of(case, &plan, rooms, limits(&config));
                    let loader = loader(&config, &plan).await;
                    let began = Clock::start();
                    (moved(&memory, loader, &plan, lanes).await, began)
                }
            };
            let (seconds, cpu) = began.read();
            println!("{}", json!({ "loaded": read, "seconds": seconds, "cpu": cpu }));
        });
    }
}

/// Since when, and how much of CPU this process had had by then.
struct Clock(Instant, f64);

impl Clock {
    fn start() -> Clock {
        Clock(Instant::now(), own(std::process::id()))
    }

    /// Seconds, and seconds of CPU.
    fn read(&self) -> (f64, f64) {
        (self.0.elapsed().as_secs_f64(), own(std::process::id()) - self.1)
    }
}

/// What an operator would have said: nothing but where the two ends are, and sixteen lanes.
fn configuration(case: &Case, host: &str, url: &str) -> Config {
    let mut written = Written::new();
    written.environment(|name| match name {
        "GOOGLE_CLOUD_PROJECT" => Some(PROJECT.to_owned()),
        "FIRESTORE_EMULATOR_HOST" => Some(host.to_owned()),
        "DATABASE_URL" => Some(url.to_owned()),
        _ => None,
    });
    written.flag("run.lane_documents", (case.documents / 16).max(1).to_string());
    written.relied_on(Needs::BOTH).unwrap()
}

/// The source, a plan, and the memory that a run would take for documents in flight.
async fn planned(config: &Config) -> (Firestore, Arc<Plan>, Rooms) {
    let rooms = Rooms::new(config.run.memory / 2, config.run.batch_bytes);
    let quota = Arc::new(ReadQuota::new(None, 1.0, false));
    let source = Firestore::connect(
        config.firestore().unwrap(),
        quota,
        rooms.clone(),
        limits(config),
        Policy::of(&config.run),
        Stop::default(),
    );
    let source = source.await.unwrap();
    let (from, to) = (config.source.as_ref().unwrap(), config.target.as_ref().unwrap());
    let wish = Wish::asked(from, to, &config.mapping, &config.run);
    let progress = pipeline::progress::Progress::default();
    let store = Store::Firestore(source.clone());
    let plan = planning::make(&store, &wish, &progress).await.unwrap();
    (source, Arc::new(plan), rooms)
}

fn limits(config: &Config) -> BatchLimits {
    BatchLimits {
        rows: config.run.batch_rows.get(),
        bytes: config.run.batch_bytes,
    }
}

/// The loader, with the tables and the ledger there.
async fn loader(config: &Config, plan: &Arc<Plan>) -> PostgresLoader {
    let postgres = Postgres::new(config.target.as_ref().unwrap(), Policy::of(&config.run)).unwrap();
    let ledger = Ledger::new(postgres.clone());
    let create = ledger
        .creation(plan, &postgres.facts().await.unwrap())
        .await
        .unwrap();
    ledger.register(plan, &create, false).await.unwrap();
    let held = ledger.claim(plan.run, "the bench").await.unwrap();
    PostgresLoader::new(postgres, plan.clone(), held)
}
