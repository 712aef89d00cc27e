//! Every metric's name, unit and help text, and the only calls that record one.
//!
//! Names follow the Prometheus conventions. Labels are bounded: tables are those of the plan. Recording never fails.

#![allow(clippy::disallowed_macros)] // the ban keeps everybody else out of here

mod arrivals;

pub(crate) use arrivals::Arrivals;

use crate::fault::Fault;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bucket bounds, in seconds, of every latency histogram.
pub const LATENCY_BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

const DOCUMENTS_READ: &str = "etl_documents_read_total";
const BYTES_READ: &str = "etl_bytes_read_total";
const READS_BILLED: &str = "etl_reads_billed_total";
const ROWS_LOADED: &str = "etl_rows_loaded_total";
const QUARANTINED: &str = "etl_documents_quarantined_total";
const ROUNDED: &str = "etl_documents_vector_rounded_total";
const ZEROS: &str = "etl_vectors_zero_total";
const OVERFLOWED: &str = "etl_documents_overflowed_total";
const RETRIES: &str = "etl_retries_total";
const BATCHES: &str = "etl_batches_loaded_total";
const BATCH_SECONDS: &str = "etl_batch_seconds";
const COMMIT_SECONDS: &str = "etl_commit_seconds";
const SOURCE_SECONDS: &str = "etl_source_first_answer_seconds";
const CHANNEL_DEPTH: &str = "etl_channel_batches";
const IN_FLIGHT: &str = "etl_in_flight_bytes";
const IN_FLIGHT_LIMIT: &str = "etl_in_flight_limit_bytes";
const RATE_LIMIT: &str = "etl_reads_per_second_limit";
const RATE_CURRENT: &str = "etl_reads_per_second_allowed";
const LANES: &str = "etl_lanes";
const LANES_DONE: &str = "etl_lanes_done";
const LANES_FAILED: &str = "etl_lanes_failed";
const DOCUMENTS_PLANNED: &str = "etl_documents_planned";
const DOCUMENTS_DONE: &str = "etl_documents_done";
const ETA: &str = "etl_eta_seconds";
const EMBED_TEXTS: &str = "etl_embed_texts_total";
const EMBED_HITS: &str = "etl_embed_cache_hits_total";
const EMBED_REQUESTS: &str = "etl_embed_requests_total";
const EMBED_TOKENS: &str = "etl_embed_tokens_total";
const EMBED_REFUSED: &str = "etl_embed_refused_total";
const EMBED_SECONDS: &str = "etl_embed_seconds";
const BUILD: &str = "etl_build_info";

/// Registers every help text. Call once, after a recorder is installed.
pub fn describe(version: &'static str) {
    describe_counter!(
        DOCUMENTS_READ,
        Unit::Count,
        "Documents read from the source by this process."
    );
    describe_counter!(
        BYTES_READ,
        Unit::Bytes,
        "Bytes of documents read from the source by this process."
    );
    describe_counter!(
        READS_BILLED,
        Unit::Count,
        "Reads the source bills for what this process asked, planning included."
    );
    describe_counter!(
        ROWS_LOADED,
        Unit::Count,
        "Rows committed to Postgres by this process, by table."
    );
    describe_counter!(
        QUARANTINED,
        Unit::Count,
        "Documents committed to quarantine by this process, by reason."
    );
    for (name, help) in [
        (
            ROUNDED,
            "Documents with a vector component that 32 bits cannot hold exactly.",
        ),
        (
            ZEROS,
            "Vectors of nothing but zeros, which no index for cosine distance holds.",
        ),
        (OVERFLOWED, "Documents with at least one value in _extra."),
    ] {
        describe_counter!(name, Unit::Count, help);
    }
    describe_counter!(
        RETRIES,
        Unit::Count,
        "Attempts repeated, by part (source, target or embedding) and cause."
    );
    describe_counter!(BATCHES, Unit::Count, "Batches committed by this process.");
    describe_histogram!(
        BATCH_SECONDS,
        Unit::Seconds,
        "Time from a batch's first document to its receipt."
    );
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "Time of one load transaction, COMMIT included."
    );
    describe_histogram!(
        SOURCE_SECONDS,
        Unit::Seconds,
        "Time from asking the source to its first answer."
    );
    describe_gauge!(
        CHANNEL_DEPTH,
        Unit::Count,
        "Batches waiting between two stages, over all lanes, by stage that waits for them."
    );
    describe_gauge!(IN_FLIGHT, Unit::Bytes, "Memory taken for batches in flight.");
    describe_gauge!(
        IN_FLIGHT_LIMIT,
        Unit::Bytes,
        "Most memory batches in flight may take."
    );
    describe_gauge!(
        RATE_LIMIT,
        Unit::Count,
        "Reads per second allowed at most: quota times safety factor; 0 means no quota was given."
    );
    describe_gauge!(
        RATE_CURRENT,
        Unit::Count,
        "Reads per second allowed at present; 0 means no limit."
    );
    describe_gauge!(LANES, Unit::Count, "Lanes of the run.");
    describe_gauge!(LANES_DONE, Unit::Count, "Lanes that reached their end.");
    describe_gauge!(LANES_FAILED, Unit::Count, "Lanes that failed for good here.");
    describe_gauge!(
        DOCUMENTS_PLANNED,
        Unit::Count,
        "Documents counted at the snapshot time."
    );
    describe_gauge!(
        DOCUMENTS_DONE,
        Unit::Count,
        "Documents of the run that are loaded, quarantined or skipped."
    );
    describe_gauge!(
        ETA,
        Unit::Seconds,
        "Expected time to the end of the load at the present rate."
    );
    describe_gauge!(
        BUILD,
        Unit::Count,
        "Always 1; the labels say which build this is."
    );
    gauge!(BUILD, "version" => version).set(1.0);
}

/// Describes the metrics of embedding and starts them at 0: a run that does not embed has none of them.
pub(crate) fn embedding_begins() {
    for (name, help) in [
        (
            EMBED_TEXTS,
            "Different texts that vectors were wanted for, batch by batch.",
        ),
        (EMBED_HITS, "Texts among them whose vector was in the cache."),
        (
            EMBED_REQUESTS,
            "Requests to the endpoint that embeds, repeated ones included.",
        ),
        (EMBED_TOKENS, "Tokens the endpoint says it used for this process."),
        (EMBED_REFUSED, "Texts the endpoint refused for good."),
    ] {
        describe_counter!(name, Unit::Count, help);
        counter!(name).increment(0);
    }
    describe_histogram!(
        EMBED_SECONDS,
        Unit::Seconds,
        "Time of one answered request to the endpoint that embeds."
    );
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
        counter!(ROWS_LOADED, "table" => table).increment(0);
    }
    for reason in transforms::Reason::ALL {
        counter!(QUARANTINED, "reason" => reason.as_str()).increment(0);
    }
}

/// The source bills `reads`.
pub(crate) fn billed(reads: u64) {
    BILLED.fetch_add(reads, Ordering::Relaxed);
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

/// So many rows of `table` are durable.
pub(crate) fn rows_loaded(table: &str, rows: u64) {
    counter!(ROWS_LOADED, "table" => table.to_owned()).increment(rows);
}

/// A document is in quarantine.
pub(crate) fn quarantined(reason: &'static str) {
    counter!(QUARANTINED, "reason" => reason).increment(1);
}

/// Attempts repeated by this process, for its summary: a recorder cannot be read back.
static REPEATED: AtomicU64 = AtomicU64::new(0);

/// Reads billed to this process, likewise.
static BILLED: AtomicU64 = AtomicU64::new(0);

/// Reads billed to this process so far.
pub fn reads_billed() -> u64 {
    BILLED.load(Ordering::Relaxed)
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
#[derive(Debug, Clone, Copy)]
pub struct Moment {
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
    /// Documents counted at the snapshot time.
    pub planned: u64,
    /// Documents accounted for.
    pub done: u64,
    /// Time to the end, when it can be told.
    pub eta: Option<Duration>,
}

/// Shows `moment`.
pub(crate) fn show(moment: &Moment) {
    gauge!(IN_FLIGHT).set(moment.in_flight as f64);
    gauge!(IN_FLIGHT_LIMIT).set(moment.in_flight_limit as f64);
    gauge!(RATE_LIMIT).set(moment.rate_limit.unwrap_or(0.0));
    gauge!(RATE_CURRENT).set(moment.rate_allowed.unwrap_or(0.0));
    gauge!(LANES).set(moment.lanes as f64);
    gauge!(LANES_DONE).set(moment.lanes_done as f64);
    gauge!(LANES_FAILED).set(moment.lanes_failed as f64);
    gauge!(DOCUMENTS_PLANNED).set(moment.planned as f64);
    gauge!(DOCUMENTS_DONE).set(moment.done as f64);
    if let Some(eta) = moment.eta {
        gauge!(ETA).set(eta.as_secs_f64());
    }
}
