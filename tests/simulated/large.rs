//! Runs of many documents, each from a simulator of its own, and the most memory that both processes held.

use crate::support::{Looking, World, completed};
use rehearsal::application::Application;
use rehearsal::process::{Program, Running, Stream};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What a process may take beside what `--memory` grants it, in KiB.
pub(super) const BESIDE: u64 = 64 << 10;

/// What a run took.
pub(super) struct Took {
    pub(super) world: World,
    /// The most memory either process ever held, in KiB.
    pub(super) etl: u64,
    pub(super) simulator: u64,
    pub(super) summary: Value,
    /// What the simulator billed.
    pub(super) bill: Value,
    /// Ends with this.
    _serving: Running,
}

/// The program, where cargo put it beside this one.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join("etl-simulator")
}

/// The most memory that a process held so far, in KiB; nothing once it has ended.
fn peak(running: &Running) -> Option<u64> {
    let status = Path::new("/proc")
        .join(running.pid().ok()?.to_string())
        .join("status");
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Moves what is `described`, with these flags.
pub(super) async fn run(described: &str, flags: &[&str]) -> Took {
    let folder = tempfile::TempDir::new().unwrap();
    let dataset = folder.path().join("described.toml");
    std::fs::write(&dataset, described).unwrap();
    let free = ["--port", "0", "--project", "large", "--dataset"];
    let serving = Program::new(program())
        .args(free)
        .args([&dataset])
        .start()
        .unwrap();
    let line = serving.line(Stream::Stdout, "listening on ").await.unwrap();
    let host = line.rsplit(' ').next().unwrap().trim().to_owned();
    let world = World::of(&host, "large", Application::small(0)).await;
    let quiet = [
        "run",
        "--source",
        "firestore",
        "--output",
        "json",
        "--metrics-listen",
        "off",
    ];
    let mut etl = world.etl(&[&quiet[..], flags].concat()).start().unwrap();
    let mut most = 0;
    while !etl.has_ended().unwrap() {
        most = peak(&etl).unwrap_or(most);
        Looking::again().await;
    }
    let summary = completed(&etl.wait().await.unwrap());
    let page = format!("http://{host}/simulator/v1/bill?database=projects/large/databases/(default)");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let bill = http.get(page).send().await.unwrap().text().await.unwrap();
    Took {
        world,
        etl: most,
        simulator: peak(&serving).unwrap(),
        summary,
        bill: serde_json::from_str(&bill).unwrap(),
        _serving: serving,
    }
}
