//! A Qdrant that is simulated, a fresh database, and a place for checkpoints.

use crate::support::server;
use rehearsal::postgres::connect;
use rehearsal::process::{Outcome, Program};
use serde_json::Value;
use simulator::qdrant::{Collection, Options, Qdrant};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_postgres::Client;

/// A source, a target, and a folder between them.
pub(super) struct World {
    pub(super) qdrant: Arc<Qdrant>,
    pub(super) url: String,
    dir: TempDir,
}

impl World {
    pub(super) async fn of(collections: impl IntoIterator<Item = Collection>) -> World {
        let options = collections.into_iter().fold(Options::default(), Options::with);
        World::with(options).await
    }

    pub(super) async fn with(options: Options) -> World {
        World {
            qdrant: Arc::new(Qdrant::start(options).unwrap()),
            url: server().await.database("run").await.unwrap(),
            dir: TempDir::new().unwrap(),
        }
    }

    /// The same source with a new, empty database and no checkpoints.
    pub(super) async fn again(&self) -> World {
        World {
            qdrant: self.qdrant.clone(),
            url: server().await.database("run").await.unwrap(),
            dir: TempDir::new().unwrap(),
        }
    }

    /// Takes every point out of the source but those with these ids.
    pub(super) fn keep_only(&self, collection: &str, ids: &BTreeSet<String>) {
        for (key, point) in self.qdrant.points(collection) {
            if !ids.contains(&point.id.to_string()) {
                self.qdrant.remove(collection, key.as_ref(), point.id);
            }
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Writes the settings file.
    pub(super) fn settle(&self, settings: &str) {
        std::fs::write(self.folder().join("etl.toml"), settings).unwrap();
    }

    /// `etl` with `arguments`, told of this world by its environment alone.
    pub(super) fn etl(&self, arguments: &[&str]) -> Program {
        Program::new(env!("CARGO_BIN_EXE_etl"))
            .args(arguments)
            .env("DATABASE_URL", &self.url)
            .env("QDRANT_URL", self.qdrant.url())
            .env("ETL_CHECKPOINT_DIR", self.folder().join("checkpoints"))
            .current_dir(self.folder())
    }

    /// `etl run` with small batches and several lanes.
    pub(super) fn run(&self, arguments: &[&str]) -> Program {
        let fixed = [
            "run",
            "--source",
            "qdrant",
            "--output",
            "json",
            "--metrics-listen",
            "off",
        ];
        let small = [
            "--lane-documents",
            "300",
            "--batch-rows",
            "100",
            "--retry-delay",
            "50ms",
        ];
        self.etl(&[&fixed[..], &small, arguments].concat())
    }

    pub(super) async fn client(&self) -> Client {
        connect(&self.url).await.unwrap()
    }
}

/// The summary of a run that must be complete.
pub(super) async fn complete(program: Program) -> Value {
    let outcome = program.run().await.unwrap();
    assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);
    summary(&outcome)
}

pub(super) fn summary(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}{}", outcome.stdout, outcome.stderr))
}
