//! What the tests share: one emulator and one PostgreSQL for all, a project and a database for each.

pub(crate) mod ledger;
pub(crate) mod shop;

use rehearsal::application::Application;
use rehearsal::emulator::Emulator;
use rehearsal::judge::{self, Verdict};
use rehearsal::postgres::{Server, connect};
use rehearsal::process::{Outcome, Program};
use rehearsal::rest::{Firestore, Write};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::Client;

/// The servers outlive any one test's runtime, so all tests share this one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static EMULATOR: OnceLock<Emulator> = OnceLock::new();
static SERVER: OnceLock<Server> = OnceLock::new();

/// Runs a test.
pub(crate) fn test(body: impl Future<Output = ()>) {
    RUNTIME.block_on(body);
}

async fn shared<T: Sync>(cell: &'static OnceLock<T>, start: impl Future<Output = T>) -> &'static T {
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = STARTING.lock().await;
    if cell.get().is_none() {
        let _ = cell.set(start.await);
    }
    cell.get().unwrap()
}

pub(crate) async fn emulator() -> &'static Emulator {
    shared(&EMULATOR, async { Emulator::start().await.unwrap() }).await
}

pub(crate) async fn server() -> &'static Server {
    shared(&SERVER, async { Server::start().await.unwrap() }).await
}

/// A source with an application in it, a target, and a place for checkpoints.
pub(crate) struct World {
    pub(crate) firestore: Firestore,
    pub(crate) application: Application,
    pub(crate) project: String,
    pub(crate) url: String,
    pub(crate) host: String,
    dir: TempDir,
}

impl World {
    /// `documents` of an application in a fresh project, and a fresh database on the shared server.
    pub(crate) async fn with(documents: usize) -> World {
        World::on(server().await, documents).await
    }

    /// The same on a server of its own.
    pub(crate) async fn on(server: &Server, documents: usize) -> World {
        let emulator = emulator().await;
        let project = emulator.fresh_project();
        let application = Application::sized(7, documents).in_database(&project, "(default)");
        let firestore = Firestore::new(emulator.host(), &project, "(default)").unwrap();
        firestore
            .commit(application.documents().map(Write::from))
            .await
            .unwrap();
        World {
            firestore,
            application,
            url: server.database("run").await.unwrap(),
            host: emulator.host().to_owned(),
            project,
            dir: TempDir::new().unwrap(),
        }
    }

    /// A source that is there already, and a fresh database on the shared server.
    pub(crate) async fn of(host: &str, project: &str, application: Application) -> World {
        World {
            firestore: Firestore::new(host, project, "(default)").unwrap(),
            application,
            project: project.to_owned(),
            url: server().await.database("run").await.unwrap(),
            host: host.to_owned(),
            dir: TempDir::new().unwrap(),
        }
    }

    /// The same source with a new, empty database on `server` and no checkpoints.
    pub(crate) async fn again(&self, server: &Server) -> World {
        World {
            firestore: self.firestore.clone(),
            application: self.application.clone(),
            project: self.project.clone(),
            url: server.database("run").await.unwrap(),
            host: self.host.clone(),
            dir: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn checkpoint_dir(&self) -> PathBuf {
        self.dir.path().join("checkpoints")
    }

    /// `etl` with `arguments`, told of this world by its environment alone.
    pub(crate) fn etl(&self, arguments: &[&str]) -> Program {
        Program::new(env!("CARGO_BIN_EXE_etl"))
            .args(arguments)
            .env("DATABASE_URL", &self.url)
            .env("FIRESTORE_EMULATOR_HOST", &self.host)
            .env("GOOGLE_CLOUD_PROJECT", &self.project)
            .env("ETL_CHECKPOINT_DIR", self.checkpoint_dir())
            .current_dir(self.dir.path())
    }

    /// `etl run` with small batches and many lanes, so that there is much to be interrupted.
    pub(crate) fn run(&self, arguments: &[&str]) -> Program {
        let fixed: [&str; 7] = [
            "run",
            "--source",
            "firestore",
            "--output",
            "json",
            "--metrics-listen",
            "off",
        ];
        let small = [
            "--lane-documents",
            "400",
            "--batch-rows",
            "100",
            "--retry-delay",
            "50ms",
        ];
        self.etl(&[&fixed[..], &small, arguments].concat())
    }

    /// What `etl status --output json` says of this run.
    pub(crate) async fn status(&self) -> Value {
        let outcome = self.etl(&["status", "--output", "json"]).run().await.unwrap();
        assert_eq!(code(&outcome), 0, "{}", outcome.stderr);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    pub(crate) async fn client(&self) -> Client {
        connect(&self.url).await.unwrap()
    }

    /// What the independent reader finds, at the run's snapshot time.
    pub(crate) async fn verdict(&self, summary: &Value) -> Verdict {
        let at = summary["snapshot_time"].as_str().unwrap();
        judge::compare(&self.firestore, Some(at), &self.client().await, "public")
            .await
            .unwrap()
    }

    /// Asserts that everything arrived exactly once, and that the quarantine holds what belongs there.
    pub(crate) async fn assert_exact(&self, summary: &Value) {
        let verdict = self.verdict(summary).await;
        assert!(verdict.is_exact(), "{verdict}");
        assert_eq!(verdict.documents, self.application.count(), "{verdict}");
        let belongs: Vec<_> = self.application.quarantined().into_keys().collect();
        let found: Vec<_> = verdict.quarantined.keys().cloned().collect();
        assert_eq!(found, belongs);
    }

    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }
}

/// The exit code of a program that ended by itself.
pub(crate) fn code(outcome: &Outcome) -> i32 {
    outcome
        .status
        .code()
        .unwrap_or_else(|| panic!("{:?}\n{}", outcome.status, outcome.stderr))
}

/// The summary on standard output.
pub(crate) fn summary(outcome: &Outcome) -> Value {
    serde_json::from_str(outcome.stdout.trim()).unwrap_or_else(|error| {
        panic!(
            "no summary ({error}): {:?}\n{}\n{}",
            outcome.status, outcome.stdout, outcome.stderr
        )
    })
}

/// The summary of a run that must have come to its end.
pub(crate) fn completed(outcome: &Outcome) -> Value {
    assert_eq!(code(outcome), 0, "{}\n{}", outcome.stdout, outcome.stderr);
    let summary = summary(outcome);
    assert_eq!(summary["complete"], true);
    summary
}

/// Runs to completion and returns the summary.
pub(crate) async fn complete(program: Program) -> Value {
    completed(&program.run().await.unwrap())
}

/// Looking at something outside that tells nobody when it changes: another process's files, a server's tables.
pub(crate) struct Looking;

impl Looking {
    /// Returns when it is time for the next look.
    pub(crate) async fn again() {
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
}
