//! Every metric: its name, kind, unit and help text.
//!
//! Names follow the Prometheus conventions: a base unit, `_total` for what only grows. Labels are bounded: tables are those
//! of the plan, and everything else is one of a few words.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What is told of a metric beside its value.
pub(super) struct Named {
    name: &'static str,
    kind: Kind,
    unit: Unit,
    help: &'static str,
}

enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

impl Named {
    pub(super) fn describe(&self) {
        let Named { name, unit, help, .. } = self;
        match self.kind {
            Counter => describe_counter!(*name, *unit, *help),
            Gauge => describe_gauge!(*name, *unit, *help),
            Histogram => describe_histogram!(*name, *unit, *help),
        }
    }
}

const fn named(name: &'static str, kind: Kind, unit: Unit, help: &'static str) -> Named {
    Named {
        name,
        kind,
        unit,
        help,
    }
}

pub(super) const DOCUMENTS_READ: &str = "etl_documents_read_total";
pub(super) const BYTES_READ: &str = "etl_bytes_read_total";
pub(super) const READS_BILLED: &str = "etl_reads_billed_total";
pub(super) const ROWS_LOADED: &str = "etl_rows_loaded_total";
pub(super) const BYTES_LOADED: &str = "etl_bytes_loaded_total";
pub(super) const QUARANTINED: &str = "etl_documents_quarantined_total";
pub(super) const ROUNDED: &str = "etl_documents_vector_rounded_total";
pub(super) const ZEROS: &str = "etl_vectors_zero_total";
pub(super) const OVERFLOWED: &str = "etl_documents_overflowed_total";
pub(super) const RETRIES: &str = "etl_retries_total";
pub(super) const BATCHES: &str = "etl_batches_loaded_total";
pub(super) const BATCH_SECONDS: &str = "etl_batch_seconds";
pub(super) const COMMIT_SECONDS: &str = "etl_commit_seconds";
pub(super) const SOURCE_SECONDS: &str = "etl_source_first_answer_seconds";
pub(super) const CHECKPOINT_SECONDS: &str = "etl_checkpoint_seconds";
pub(super) const STAGE_SECONDS: &str = "etl_stage_seconds";
pub(super) const WAIT_SECONDS: &str = "etl_wait_seconds";
pub(super) const CHANNEL_DEPTH: &str = "etl_channel_batches";
pub(super) const IN_FLIGHT: &str = "etl_in_flight_bytes";
pub(super) const IN_FLIGHT_LIMIT: &str = "etl_in_flight_limit_bytes";
pub(super) const RATE_LIMIT: &str = "etl_reads_per_second_limit";
pub(super) const RATE_CURRENT: &str = "etl_reads_per_second_allowed";
pub(super) const LANES: &str = "etl_lanes";
pub(super) const LANES_DONE: &str = "etl_lanes_done";
pub(super) const LANES_FAILED: &str = "etl_lanes_failed";
pub(super) const LANES_ACTIVE: &str = "etl_lanes_active";
pub(super) const LANE_QUIET: &str = "etl_lane_quiet_seconds";
pub(super) const DOCUMENTS_PLANNED: &str = "etl_documents_planned";
pub(super) const DOCUMENTS_DONE: &str = "etl_documents_done";
pub(super) const IN_QUARANTINE: &str = "etl_documents_in_quarantine";
pub(super) const ETA: &str = "etl_eta_seconds";
pub(super) const COST: &str = "etl_cost_dollars";
pub(super) const COST_FORECAST: &str = "etl_cost_forecast_dollars";
pub(super) const CHECKPOINT_BYTES: &str = "etl_checkpoint_bytes";
pub(super) const WORKERS: &str = "etl_workers";
pub(super) const TAKEN_OVER: &str = "etl_lanes_taken_over_total";
pub(super) const LOST: &str = "etl_lanes_lost_total";
pub(super) const CUT: &str = "etl_lanes_cut_total";
pub(super) const EMBED_TEXTS: &str = "etl_embed_texts_total";
pub(super) const EMBED_HITS: &str = "etl_embed_cache_hits_total";
pub(super) const EMBED_REQUESTS: &str = "etl_embed_requests_total";
pub(super) const EMBED_TOKENS: &str = "etl_embed_tokens_total";
pub(super) const EMBED_REFUSED: &str = "etl_embed_refused_total";
pub(super) const EMBED_SECONDS: &str = "etl_embed_seconds";
pub(super) const BUILD: &str = "etl_build_info";

/// What every run has.
#[rustfmt::skip]
pub(super) const ALWAYS: &[Named] = &[
    named(DOCUMENTS_READ, Counter, Unit::Count, "Documents read from the source by this process."),
    named(BYTES_READ, Counter, Unit::Bytes, "Bytes of documents read from the source by this process."),
    named(READS_BILLED, Counter, Unit::Count,
        "Reads the source bills for what this process asked, planning included."),
    named(ROWS_LOADED, Counter, Unit::Count, "Rows committed to Postgres by this process, by table."),
    named(BYTES_LOADED, Counter, Unit::Bytes, "Bytes of rows committed to Postgres by this process, as COPY sends them, by table."),
    named(QUARANTINED, Counter, Unit::Count, "Documents committed to quarantine by this process, by reason."),
    named(ROUNDED, Counter, Unit::Count, "Documents with a vector component that 32 bits cannot hold exactly."),
    named(ZEROS, Counter, Unit::Count, "Vectors of nothing but zeros, which no index for cosine distance holds."),
    named(OVERFLOWED, Counter, Unit::Count, "Documents with at least one value in _extra."),
    named(RETRIES, Counter, Unit::Count, "Attempts repeated, by part (source, target or embedding) and cause."),
    named(BATCHES, Counter, Unit::Count, "Batches committed by this process."),
    named(BATCH_SECONDS, Histogram, Unit::Seconds, "Time from a batch's first document to its receipt."),
    named(COMMIT_SECONDS, Histogram, Unit::Seconds, "Time of one load transaction, COMMIT included."),
    named(SOURCE_SECONDS, Histogram, Unit::Seconds, "Time from asking the source to its first answer."),
    named(CHECKPOINT_SECONDS, Histogram, Unit::Seconds,
        "Time that remembering a receipt in the checkpoint directory took."),
    named(STAGE_SECONDS, Histogram, Unit::Seconds,
        "Time a stage of a lane spent with one batch, by stage and by what it did: busy, starved of input, or blocked by the next stage."),
    named(WAIT_SECONDS, Histogram, Unit::Seconds,
        "Time a lane waited, by what for: quota, memory, connection, or retry."),
    named(CHANNEL_DEPTH, Gauge, Unit::Count,
        "Batches waiting between two stages, over all lanes, by stage that waits for them."),
    named(IN_FLIGHT, Gauge, Unit::Bytes, "Memory taken for batches in flight."),
    named(IN_FLIGHT_LIMIT, Gauge, Unit::Bytes, "Most memory batches in flight may take."),
    named(RATE_LIMIT, Gauge, Unit::Count,
        "Reads per second allowed at most: quota times safety factor; 0 means no quota was given."),
    named(RATE_CURRENT, Gauge, Unit::Count, "Reads per second allowed at present; 0 means no limit."),
    named(LANES, Gauge, Unit::Count, "Lanes of the run."),
    named(LANES_DONE, Gauge, Unit::Count, "Lanes that reached their end."),
    named(LANES_FAILED, Gauge, Unit::Count, "Lanes that failed for good here."),
    named(LANES_ACTIVE, Gauge, Unit::Count, "Lanes that this process is moving."),
    named(LANE_QUIET, Gauge, Unit::Seconds,
        "Of the lanes this process is moving, the longest time that one has not moved."),
    named(DOCUMENTS_PLANNED, Gauge, Unit::Count, "Documents counted at the snapshot time."),
    named(DOCUMENTS_DONE, Gauge, Unit::Count, "Documents of the run that are loaded, quarantined or skipped."),
    named(IN_QUARANTINE, Gauge, Unit::Count, "Documents that the run has put into quarantine, by all starts together."),
    named(ETA, Gauge, Unit::Seconds, "Expected time to the end of the load at the present rate."),
    named(CHECKPOINT_BYTES, Gauge, Unit::Bytes, "Bytes that the checkpoint directory holds, in memory and on disk."),
    named(BUILD, Gauge, Unit::Count, "Always 1; the labels say which build this is."),
];

/// What a run has whose reads are billed.
#[rustfmt::skip]
pub(super) const BILLED: &[Named] = &[
    named(COST, Gauge, Unit::Count, "US dollars that the reads of the run come to, planning and earlier starts included."),
    named(COST_FORECAST, Gauge, Unit::Count, "US dollars that they will have come to at the end of the load."),
];

/// What a run has that several processes share.
#[rustfmt::skip]
pub(super) const SHARED: &[Named] = &[
    named(WORKERS, Gauge, Unit::Count, "Workers of the run that are alive, this process included."),
    named(TAKEN_OVER, Counter, Unit::Count, "Lanes that this process took over from workers that were not heard of any more."),
    named(LOST, Counter, Unit::Count, "Lanes that other workers took over from this process, or cut in two."),
    named(CUT, Counter, Unit::Count, "Lanes of other workers that this process cut in two, for it had none left."),
];

/// What a run has that embeds.
#[rustfmt::skip]
pub(super) const EMBEDDING: &[Named] = &[
    named(EMBED_TEXTS, Counter, Unit::Count, "Different texts that vectors were wanted for, batch by batch."),
    named(EMBED_HITS, Counter, Unit::Count, "Texts among them whose vector was in the cache."),
    named(EMBED_REQUESTS, Counter, Unit::Count,
        "Requests to the endpoint that embeds, repeated ones included."),
    named(EMBED_TOKENS, Counter, Unit::Count, "Tokens the endpoint says it used for this process."),
    named(EMBED_REFUSED, Counter, Unit::Count, "Texts the endpoint refused for good."),
    named(EMBED_SECONDS, Histogram, Unit::Seconds,
        "Time of one answered request to the endpoint that embeds."),
];
