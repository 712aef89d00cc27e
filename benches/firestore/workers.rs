//! Whether eight workers move eight times as much as one: `make workers`.
//!
//! Each has a line of its own to a source that is fifty milliseconds away, as each has that runs on a machine of its own;
//! so narrow that all of them together leave this machine, which plays all the machines, something to spare. What is
//! compared is how long lanes were moved: from the run's registration to the last batch, as PostgreSQL noted it. What
//! comes before and after is told beside it.

use crate::case::{COLLECTION, Case, PROJECT, SIZES};
use crate::ends::Ends;
use crate::link::Line;
use crate::process::{self, beside, number};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LINE: Line = Line {
    round_trip: Duration::from_millis(50),
    // 32 Mbit/s.
    carries: 4e6,
};
const MANY: usize = 8;
/// Of what one moves, at least.
const TIMES: f64 = 7.5;

pub(crate) fn compare() {
    let case = Case {
        documents: number("ETL_DOCUMENTS", 600_000),
        size: SIZES[1],
    };
    let (ends, rounds) = (case.ends(), number("ETL_ROUNDS", 3));
    println!(
        "{}; {}\n{} documents of {:.0} bytes, a round trip of {} ms to the source, a line of {:.0} Mbit/s for each worker\n",
        process::machine(),
        ends.told(),
        case.documents,
        case.bytes(),
        LINE.round_trip.as_millis(),
        LINE.carries * 8.0 / 1e6,
    );
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let [one, many] = [1, MANY].map(|workers| moved(&ends, &case, workers));
        ratios.push(many / one);
        println!("  {:.2} times as fast\n", many / one);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    let met = if median >= TIMES { "met" } else { "NOT MET" };
    println!("{median:.2} times as fast, at least {TIMES} is wanted: {met}");
}

/// Documents a second of so many workers, while lanes are moved.
fn moved(ends: &Ends, case: &Case, workers: usize) -> f64 {
    let (url, folder) = (ends.database(), tempfile::TempDir::new().unwrap());
    let began = Instant::now();
    let crew: Vec<Child> = (1..=workers)
        .map(|number| {
            let place = LINE.to(&ends.runtime, &ends.place);
            let mut command = Command::new(beside("etl"));
            command
                .args(["run", "--join", "--source", "firestore", "--project", PROJECT])
                .args([
                    "--worker",
                    &format!("w{number}"),
                    "--checkpoint-dir",
                    &format!("w{number}"),
                ])
                .args([
                    "--primary-key",
                    "none",
                    "--output",
                    "json",
                    "--metrics-listen",
                    "off",
                ])
                .current_dir(folder.path())
                .env("DATABASE_URL", &url)
                .env("FIRESTORE_EMULATOR_HOST", place)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut cuts = 0;
    for worker in crew {
        let ended = worker.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(
            ended.status.success(),
            "{}{told}",
            String::from_utf8_lossy(&ended.stdout)
        );
        cuts += told.matches("cut a lane of another worker in two").count();
    }
    let whole = began.elapsed().as_secs_f64();
    assert_eq!(
        ends.asked(&url, &format!("select count(*) from {COLLECTION}")),
        case.documents.to_string()
    );
    let took = "select extract(epoch from max(moved_at) - (select started_at from etl.run)) from etl.lane";
    let seconds: f64 = ends.asked(&url, took).parse().unwrap();
    let lanes = ends.asked(&url, "select count(*) from etl.lane");
    ends.gone(&url);
    let rate = case.documents as f64 / seconds;
    println!(
        "{workers} {:<8} {rate:>8.0} documents/s, {seconds:.1} s of {whole:.1} s moving; {lanes} lanes, {cuts} of them cut off",
        if workers == 1 { "worker:" } else { "workers:" },
    );
    rate
}
