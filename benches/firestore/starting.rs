//! What it takes to start: to print a page, to say where a run stands, and to go on with one that has ten thousand lanes.

use crate::case::{PROJECT, ends_of};
use crate::ends::Ends;
use crate::process::{beside, children, own};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A collection has a thousand lanes at the most: ten of them have ten thousand.
const COLLECTIONS: u64 = 10;
/// Documents of each, lanes of so many (a Firestore offers no cut points closer to each other), and reads that are enough
/// for the plan and about half of all documents.
const DOCUMENTS: u64 = 130_000;
const LANE: u64 = 128;
const ENOUGH: u64 = 700_000;
/// The exit code of a run that its budget stopped.
const BUDGET_REACHED: i32 = 8;
/// A run asks for the time before it goes on, which is billed as a read.
const GREETING: f64 = 1.0;
/// Times that a short command is run, to measure CPU that the system counts in hundredths of a second.
const TIMES: u32 = 20;

/// Measures and tells.
pub(crate) fn compare() {
    let described = (0..COLLECTIONS).map(|number| {
        format!(
            "[[collection]]\npattern = \"events{number}\"\ndocuments = {DOCUMENTS}\nmix = \"event\"\nbytes = 200\n"
        )
    });
    let described = described.collect::<String>();
    let ends = ends_of(&format!("seed = 7\n{described}"), &[]);
    let folder = tempfile::TempDir::new().unwrap();
    let (url, folder) = (ends.database(), folder.path());
    println!("starting:");
    told("etl --help", || short(&["--help"], folder));
    let began = Instant::now();
    let mut half = running(&ends, &url, folder, &["--max-reads", &ENOUGH.to_string()]);
    let ended = half.wait().unwrap();
    assert_eq!(ended.code(), Some(BUDGET_REACHED), "a run that its budget stops");
    let lanes = ends.asked(
        &url,
        "select count(*) || ', ' || count(*) filter (where state = 'end') || ' done' from etl.lane",
    );
    println!(
        "  a run of {} documents in lanes of {LANE} ({lanes}), stopped half-way after {:.1} s",
        COLLECTIONS * DOCUMENTS,
        began.elapsed().as_secs_f64()
    );
    told("etl status of it", || {
        short(&["status", "--checkpoint-dir", "checkpoints"], folder)
    });
    resumed(&ends, &url, folder);
}

fn told(what: &str, run: impl Fn()) {
    let (cpu, began) = (children(), Instant::now());
    (0..TIMES).for_each(|_| run());
    let each = |seconds: f64| seconds * 1e3 / f64::from(TIMES);
    println!(
        "  {what}: {:.1} ms of CPU, {:.1} ms",
        each(children() - cpu),
        each(began.elapsed().as_secs_f64())
    );
}

fn short(arguments: &[&str], folder: &Path) {
    let mut command = Command::new(beside("etl"));
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn running(ends: &Ends, url: &str, folder: &Path, more: &[&str]) -> Child {
    Command::new(beside("etl"))
        .args(["run", "--source", "firestore", "--project", PROJECT])
        .args([
            "--checkpoint-dir",
            "checkpoints",
            "--metrics-listen",
            "off",
            "--output",
            "json",
        ])
        .args(["--primary-key", "none", "--lane-documents", &LANE.to_string()])
        .args(more)
        .current_dir(folder)
        .env("DATABASE_URL", url)
        .env("FIRESTORE_EMULATOR_HOST", &ends.place)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How long it takes from the start of the command to the first document that is read.
fn resumed(ends: &Ends, url: &str, folder: &Path) {
    let (before, began) = (ends.reads(), Instant::now());
    let mut rest = running(ends, url, folder, &[]);
    while ends.reads() <= before + GREETING {
        assert!(rest.try_wait().unwrap().is_none(), "it ended without reading");
    }
    println!(
        "  going on with it: the first document is read after {:.0} ms and {:.0} ms of CPU",
        began.elapsed().as_secs_f64() * 1e3,
        own(rest.id()) * 1e3
    );
    // Loading the rest is what the table is about.
    rest.kill().unwrap();
    rest.wait().unwrap();
}
