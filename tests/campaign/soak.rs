//! One run in constant trouble, for as long as somebody has patience: an event is a second of it. Its memory, its open
//! files and its directory do not grow, and in the end every document is there once.

use super::trial::Trial;
use crate::support::server;
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::campaign::Case;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Documents a second.
const RATE: u64 = 200;
/// Seconds from which on a slope of memory is more than noise.
const TELLING: u64 = 3_600;
/// Files that may be open beside those of the first half: a connection that is being replaced, a log that is.
const FILES: usize = 8;
/// The most that the directory may take, in bytes: RocksDB's logs, allocated before they are written.
const DIRECTORY: u64 = 64 << 20;

/// What the process takes at some time.
struct Sample {
    /// Hours since it was started.
    at: f64,
    /// Megabytes.
    resident: f64,
    files: usize,
    directory: u64,
}

pub(super) async fn case(case: &mut Case, seconds: u64) {
    let documents = usize::try_from(RATE * seconds).unwrap();
    let trial = Trial::on(server().await, case, documents).await;
    let client = trial.world.client().await;
    let rate = RATE.to_string();
    let start = trial.start(&["--reads-per-second", &rate, "--quota-safety", "1"]);
    let mut etl = start.start().unwrap();
    let (process, dir) = (etl.pid().unwrap(), trial.world.checkpoint_dir());
    let (began, mut samples) = (Instant::now(), Vec::new());
    let outcome = loop {
        // What is looked at tells nobody that it has changed.
        let second = tokio::time::sleep(Duration::from_secs(1));
        tokio::select! {
            ended = etl.wait() => break ended.unwrap(),
            () = second => {}
        }
        samples.extend(sample(process, &dir, began.elapsed()));
        trouble(&client, &mut case.dice).await;
    };
    drop(client);
    case.note(samples.len() as u64);
    trial.judge(&outcome).await;
    judge(&samples, seconds);
}

/// Ends a connection to PostgreSQL now and then, or all of them.
async fn trouble(client: &Client, dice: &mut StdRng) {
    let most = match dice.random_range(0..20) {
        0 => 100,
        1..4 => 1,
        _ => return,
    };
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() \
               and backend_type = 'client backend' and pid <> pg_backend_pid() limit $1";
    client.query(end, &[&i64::from(most)]).await.unwrap();
}

/// Nothing where the process is ending.
fn sample(process: u32, dir: &Path, since: Duration) -> Option<Sample> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(Sample {
        at: since.as_secs_f64() / 3_600.0,
        resident: kib / 1_024.0,
        files: std::fs::read_dir(format!("/proc/{process}/fd")).ok()?.count(),
        directory: size(dir),
    })
}

fn size(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(file) if file.is_dir() => size(&entry.path()),
        Ok(file) => file.len(),
        // Gone meanwhile.
        Err(_) => 0,
    });
    sizes.sum()
}

fn judge(samples: &[Sample], seconds: u64) {
    let (first, second) = samples.split_at(samples.len() / 2);
    let files = |samples: &[Sample]| samples.iter().map(|sample| sample.files).max().unwrap_or(0);
    let directory = samples.iter().map(|sample| sample.directory).max().unwrap_or(0);
    let resident = samples.iter().fold(0.0, |most, sample| sample.resident.max(most));
    let slope = slope(second);
    eprintln!(
        "{} seconds: at most {resident:.0} MiB, {slope:+.2} MiB an hour in the second half; {} files open, then {}; \
         directory at most {directory} bytes",
        samples.len(),
        files(first),
        files(second),
    );
    assert!(files(second) <= files(first) + FILES);
    assert!(directory <= DIRECTORY);
    assert!(seconds < TELLING || slope < 1.0, "memory grows");
}

/// Of the line through all samples (least squares), in MiB an hour.
fn slope(samples: &[Sample]) -> f64 {
    let count = samples.len().max(1) as f64;
    let mean = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (at, resident) = (mean(|sample| sample.at), mean(|sample| sample.resident));
    let [mut both, mut square] = [0.0, f64::MIN_POSITIVE];
    for sample in samples {
        both += (sample.at - at) * (sample.resident - resident);
        square += (sample.at - at).powi(2);
    }
    both / square
}
