//! How a run goes: its lanes and batches, its memory, its patience.
//! The figures fit each other: a batch fits into memory, and the first wait into the budget of waiting.
//! Keeping to them is left to the pipeline.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use crate::answers::{Answer, Answers};
use crate::origin::Origin;
use crate::units::{write_duration, write_size};

/// The shape and the limits of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Lanes in flight.
    pub lanes: NonZeroUsize,
    /// Documents a lane should have when a collection is cut.
    pub lane_documents: NonZeroU64,
    /// Most rows in a batch; already lowered to the checkpoint interval where one is set.
    pub batch_rows: NonZeroUsize,
    /// Most bytes in a batch.
    pub batch_bytes: usize,
    /// Bytes of memory the run may hold.
    pub memory: u64,
    /// Whether both ends are counted when a collection is done.
    pub validation: bool,
    /// Attempts without progress before a lane gives up.
    pub max_retries: u32,
    /// The first wait before trying again.
    pub retry_delay: Duration,
    /// Time without progress before a lane gives up.
    pub retry_budget: Duration,
    /// The part of the documents that may end in quarantine before the run stops itself.
    pub emergency_threshold: f64,
    /// How long a stopped run may take to load what it has read.
    pub drain_deadline: Duration,
    /// Most reads over all starts, planning included.
    pub max_reads: Option<u64>,
    /// Most that reads may cost over all starts, in millionths of a US dollar.
    pub max_cost: Option<u64>,
    /// How often the run looks after itself.
    pub health_interval: Duration,
    /// Documents that a plan reads to measure the source.
    pub probe: u64,
    /// Whether other processes work on the same run.
    pub join: bool,
    /// The silence after which one of them counts as gone.
    pub lease: Duration,
    /// What this process calls itself among them; nothing means after its number and its machine.
    pub worker: Option<String>,
}

/// Reserved beside each batch in memory: the largest Firestore document with room for its encoding.
const MARGIN: u64 = 5 << 20;
/// Copies of a batch that exist at the same time: as read, as mapped, on its way.
const COPIES: u64 = 3;

impl Run {
    pub(crate) fn relied_on(answers: &mut Answers) -> Answer<Run> {
        let lanes = answers.at_least_one("run.lanes");
        let lane_documents = answers.at_least_one("run.lane_documents");
        let batch_rows = batch_rows(answers);
        let memory = memory_and_batch(answers);
        let validation = answers.switch("run.validation");
        let max_retries = answers.count("run.max_retries");
        let retries = delay_and_budget(answers);
        let emergency_threshold = answers.share("run.emergency_threshold");
        let drain_deadline = answers.duration("run.drain_deadline");
        let max_reads = answers.at_least_one_if_any::<NonZeroU64>("run.max_reads");
        let max_cost = answers.money_if_any("run.max_cost");
        let health_interval = answers.duration("run.health_interval");
        let probe = answers.count("plan.probe");
        let join = answers.switch("run.join");
        let lease = answers.duration("run.lease");
        let worker = answers.read("run.worker", |text| Ok(text.trim().to_owned()));
        let rollback = answers.switch("run.rollback_enabled");
        if let Ok(false) = rollback {
            let origin = answers.origin("run.rollback_enabled");
            answers.notice(format!(
                "run.rollback_enabled is false ({origin}), which changes nothing: every batch is one \
                 transaction, and that cannot be turned off"
            ));
        }
        rollback?;
        let (memory, batch_bytes) = memory?;
        let (retry_delay, retry_budget) = retries?;
        Ok(Run {
            lanes: lanes?,
            lane_documents: lane_documents?,
            batch_rows: batch_rows?,
            batch_bytes,
            memory,
            validation: validation?,
            max_retries: max_retries?,
            retry_delay,
            retry_budget,
            emergency_threshold: emergency_threshold?,
            drain_deadline: drain_deadline?,
            max_reads: max_reads?.map(NonZeroU64::get),
            max_cost: max_cost?,
            health_interval: health_interval?,
            probe: probe?,
            join: join?,
            lease: lease?,
            worker: worker?.map(|(name, _)| name),
        })
    }
}

/// A checkpoint is a batch that was committed, so the interval bounds the batch.
fn batch_rows(answers: &mut Answers) -> Answer<NonZeroUsize> {
    let rows: Answer<NonZeroUsize> = answers.at_least_one("run.batch_rows");
    let interval = answers.at_least_one_if_any("run.checkpoint_interval");
    let (rows, interval) = (rows?, interval?);
    Ok(interval.map_or(rows, |interval| rows.min(interval)))
}

fn memory_and_batch(answers: &mut Answers) -> Answer<(u64, usize)> {
    let memory = answers.size("run.memory");
    let batch = answers.size("run.batch_bytes");
    let (memory, batch) = (memory?, batch?);
    let needed = 2 * COPIES * (batch + MARGIN);
    if memory < needed {
        let origin = written_one(answers, "run.memory", "run.batch_bytes");
        let what = format!(
            "run.memory of {} cannot hold one batch of {} as read, as mapped and on its way; raise run.memory \
             to {} or lower run.batch_bytes",
            write_size(memory),
            write_size(batch),
            write_size(needed.next_multiple_of(1 << 20)),
        );
        return Err(answers.refuse(origin, what));
    }
    let batch = usize::try_from(batch)
        .map_err(|_| answers.refuse(Origin::Default, "run.batch_bytes exceeds this machine; lower it"))?;
    Ok((memory, batch))
}

fn delay_and_budget(answers: &mut Answers) -> Answer<(Duration, Duration)> {
    let delay = answers.duration("run.retry_delay");
    let budget = answers.duration("run.retry_budget");
    let (delay, budget) = (delay?, budget?);
    if delay > budget {
        let origin = written_one(answers, "run.retry_delay", "run.retry_budget");
        let what = format!(
            "run.retry_delay of {} is longer than run.retry_budget of {}, so nothing would be tried again; \
             lower the one or raise the other",
            write_duration(delay),
            write_duration(budget),
        );
        return Err(answers.refuse(origin, what));
    }
    Ok((delay, budget))
}

/// Of two settings that do not fit each other, the place of the one that somebody wrote.
fn written_one(answers: &Answers, first: &'static str, second: &'static str) -> Origin {
    match answers.origin(first) {
        Origin::Default => answers.origin(second),
        origin => origin,
    }
}
