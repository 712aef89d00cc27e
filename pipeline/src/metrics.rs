//! The only calls that record a metric. Recording never fails, and what is recorded is named in [`named`].

#![allow(clippy::disallowed_macros)] // the ban keeps everybody else out of here

mod arrivals;
mod named;
mod stage;

pub(crate) use arrivals::Arrivals;
pub(crate) use stage::{Stage, Wait, waiting_for};

use crate::fault::Fault;
use metrics::{counter, gauge, histogram};
use named::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bucket bounds, in seconds, of every latency histogram.
pub const LATENCY_BUCKETS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
];

/// Registers every help text. Call once, after a recorder is installed.
pub fn describe(version: &'static str, commit: &'static str) {
    ALWAYS.iter().for_each(Named::describe);
    gauge!(BUILD, "version" => version, "commit" => commit).set(1.0);
}

/// Describes the metrics of embedding and starts them at 0: a run that does not embed has none of them.
pub(crate) fn embedding_begins() {
    EMBEDDING.iter().for_each(Named::describe);
    for name in [
        EMBED_TEXTS,
        EMBED_HITS,
        EMBED_REQUESTS,
        EMBED_TOKENS,
        EMBED_REFUSED,
    ] {
        counter!(name).increment(0);
    }
}

/// Describes the metrics of a run that several processes share, and starts them at 0.
pub(crate) fn sharing_begins() {
    SHARED.iter().for_each(Named::describe);
    for name in [TAKEN_OVER, LOST, CUT] {
        counter!(name).increment(0);
    }
}

/// So many workers are alive.
pub(crate) fn workers(alive: u64) {
    gauge!(WORKERS).set(alive as f64);
}

/// A lane was taken over from a worker that is gone.
pub(crate) fn took_over() {
    counter!(TAKEN_OVER).increment(1);
}

/// A lane was cut in two.
pub(crate) fn cut() {
    counter!(CUT).increment(1);
}

/// A lane was taken over by another worker.
pub(crate) fn lost() {
    counter!(LOST).increment(1);
}

/// Describes the metrics of a run whose reads are billed.
pub(crate) fn billing_begins() {
    BILLED.iter().for_each(Named::describe);
}

/// Vectors are wanted for `texts` texts, and `hits` of them were known.
pub(crate) fn embedding_wanted(texts: usize, hits: usize) {
    counter!(EMBED_TEXTS).increment(texts as u64);
    counter!(EMBED_HITS).increment(hits as u64);
}

/// The endpoint is asked.
pub(crate) fn embedding_requested() {
    counter!(EMBED_REQUESTS).increment(1);
}

/// The endpoint answered with vectors.
pub(crate) fn embedding_answered(after: Duration, tokens: Option<u64>) {
    histogram!(EMBED_SECONDS).record(after.as_secs_f64());
    counter!(EMBED_TOKENS).increment(tokens.unwrap_or(0));
}

/// The endpoint refused so many texts for good.
pub(crate) fn embedding_refused(texts: u64) {
    counter!(EMBED_REFUSED).increment(texts);
}

/// Creates the series that alerts divide by or wait for, so that they are 0 and not absent before the first event.
pub fn start_at_zero(tables: impl Iterator<Item = String>) {
    for name in [
        DOCUMENTS_READ,
        BYTES_READ,
        READS_BILLED,
        BATCHES,
        ROUNDED,
        ZEROS,
        OVERFLOWED,
    ] {
        counter!(name).increment(0);
    }
    for table in tables {
        counter!(ROWS_LOADED, "table" => table.clone()).increment(0);
        counter!(BYTES_LOADED, "table" => table).increment(0);
    }
    for reason in transforms::Reason::ALL {
        counter!(QUARANTINED, "reason" => reason.as_str()).increment(0);
    }
}

/// The source bills `reads`.
pub(crate) fn billed(reads: u64) {
    READS.fetch_add(reads, Ordering::Relaxed);
    counter!(READS_BILLED).increment(reads);
}

/// The source gave its first answer.
pub(crate) fn source_answered(after: Duration) {
    histogram!(SOURCE_SECONDS).record(after.as_secs_f64());
}

/// A batch was packed.
pub(crate) fn packed(rounded: u64, zeros: u64, overflowed: u64) {
    counter!(ROUNDED).increment(rounded);
    counter!(ZEROS).increment(zeros);
    counter!(OVERFLOWED).increment(overflowed);
}

/// A batch is durable.
pub(crate) fn loaded(batch: Duration, commit: Duration) {
    counter!(BATCHES).increment(1);
    histogram!(BATCH_SECONDS).record(batch.as_secs_f64());
    histogram!(COMMIT_SECONDS).record(commit.as_secs_f64());
}

/// So many rows of `table`, of so many bytes, are durable.
pub(crate) fn rows_loaded(table: &str, rows: u64, bytes: u64) {
    counter!(ROWS_LOADED, "table" => table.to_owned()).increment(rows);
    counter!(BYTES_LOADED, "table" => table.to_owned()).increment(bytes);
}

/// The checkpoint directory remembers a receipt.
pub(crate) fn remembered(after: Duration) {
    histogram!(CHECKPOINT_SECONDS).record(after.as_secs_f64());
}

/// A document is in quarantine.
pub(crate) fn quarantined(reason: &'static str) {
    counter!(QUARANTINED, "reason" => reason).increment(1);
}

/// Attempts repeated by this process, for its summary: a recorder cannot be read back.
static REPEATED: AtomicU64 = AtomicU64::new(0);

/// Reads billed to this process, likewise.
static READS: AtomicU64 = AtomicU64::new(0);

/// Reads billed to this process so far.
pub fn reads_billed() -> u64 {
    READS.load(Ordering::Relaxed)
}

/// Attempts repeated by this process so far.
pub fn retries() -> u64 {
    REPEATED.load(Ordering::Relaxed)
}

/// An attempt failed and will be repeated.
pub(crate) fn retried(fault: &Fault) {
    REPEATED.fetch_add(1, Ordering::Relaxed);
    counter!(RETRIES, "part" => fault.part.label(), "cause" => fault.cause.clone()).increment(1);
}

/// A batch began (+1) or stopped (-1) waiting for a stage.
pub(crate) fn waiting(stage: &'static str, change: f64) {
    gauge!(CHANNEL_DEPTH, "stage" => stage).increment(change);
}

/// What the gauges show, taken at one moment.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The run. What is told of all of it bears its name: several processes may tell of the same one.
    pub run: String,
    /// Memory taken by batches.
    pub in_flight: usize,
    /// Most memory they may take.
    pub in_flight_limit: usize,
    /// Reads per second allowed at most; `None` without a quota.
    pub rate_limit: Option<f64>,
    /// Reads per second allowed at present; `None` without a limit.
    pub rate_allowed: Option<f64>,
    /// Lanes in all.
    pub lanes: u64,
    /// Lanes at their end.
    pub lanes_done: u64,
    /// Lanes that failed for good.
    pub lanes_failed: u64,
    /// Lanes that are being moved.
    pub lanes_active: u64,
    /// The longest that one of them has not moved.
    pub lane_quiet: Duration,
    /// Documents counted at the snapshot time.
    pub planned: u64,
    /// Documents accounted for.
    pub done: u64,
    /// Those of them that are in quarantine.
    pub quarantined: u64,
    /// Time to the end, when it can be told.
    pub eta: Option<Duration>,
    /// What reads come to so far and will have come to, in millionths of a US dollar, where they are billed.
    pub cost: Option<(u64, u64)>,
    /// Bytes that the checkpoint directory holds.
    pub checkpoints: u64,
}

/// Shows `moment`.
pub(crate) fn show(moment: &Moment) {
    let of_run = |name| gauge!(name, "run" => moment.run.clone());
    gauge!(IN_FLIGHT).set(moment.in_flight as f64);
    gauge!(IN_FLIGHT_LIMIT).set(moment.in_flight_limit as f64);
    of_run(RATE_LIMIT).set(moment.rate_limit.unwrap_or(0.0));
    of_run(RATE_CURRENT).set(moment.rate_allowed.unwrap_or(0.0));
    of_run(LANES).set(moment.lanes as f64);
    of_run(LANES_DONE).set(moment.lanes_done as f64);
    gauge!(LANES_FAILED).set(moment.lanes_failed as f64);
    gauge!(LANES_ACTIVE).set(moment.lanes_active as f64);
    gauge!(LANE_QUIET).set(moment.lane_quiet.as_secs_f64());
    gauge!(CHECKPOINT_BYTES).set(moment.checkpoints as f64);
    of_run(DOCUMENTS_PLANNED).set(moment.planned as f64);
    of_run(DOCUMENTS_DONE).set(moment.done as f64);
    of_run(IN_QUARANTINE).set(moment.quarantined as f64);
    if let Some(eta) = moment.eta {
        of_run(ETA).set(eta.as_secs_f64());
    }
    if let Some((so_far, at_the_end)) = moment.cost {
        let dollars = |millionths: u64| millionths as f64 / 1e6;
        of_run(COST).set(dollars(so_far));
        of_run(COST_FORECAST).set(dollars(at_the_end));
    }
}
