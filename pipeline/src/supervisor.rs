//! All lanes of a run, so many at a time.
//!
//! A lane that fails for good is reported, and the others go on; only a fault that is everybody's stops the run: the
//! others finish what they have read then. Too many failed documents are an emergency and stop it likewise, with the
//! state kept. Nothing that was committed is ever undone by stopping.

mod trouble;

pub use trouble::Failed;

use crate::CONTEXT;
use crate::fault::{Fault, Part};
use crate::lane::{self, Way};
use crate::lanes::{Lanes, Next};
use crate::load::Loader;
use crate::plan::{Lane, Plan};
use crate::source::Source;
use crate::stop::{Reason, Stop};
use checkpoints::{CheckpointStore, Tally};
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use tracing::Instrument;
use tracing::field::Empty;
use trouble::{Means, Troubles};

/// Documents that must have been read before their share of failures means anything.
const EVIDENCE: u64 = 100;

/// How often it is looked whether others have left something.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The limits lanes run under.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Lanes at a time.
    pub lanes: usize,
    /// Share of failed documents above which the run stops.
    pub emergency: f64,
    /// How long draining may take.
    pub drain: Duration,
}

/// Works all of `lanes`. Returns when they have ended or failed, or when the run was stopped: the lanes that failed, or
/// the fault that was everybody's.
pub async fn run<S: Source, K: Loader, C: CheckpointStore>(
    source: &S,
    way: &Way<K, C>,
    mut lanes: impl Lanes,
    limits: Limits,
    stop: &Stop,
) -> Result<Vec<Failed>, Fault> {
    let mut working = Working::default();
    let mut troubles = Troubles::new(limits.lanes);
    let watch = watch(way, limits, stop);
    tokio::pin!(watch);
    loop {
        let mut more = false;
        while working.lanes.len() < limits.lanes && !stop.is_draining() {
            let next = tokio::select! {
                biased;
                () = stop.aborting() => break,
                next = lanes.next(|lane| troubles.bars(lane)) => next,
            };
            let (lane, standing) = match next {
                Ok(Next::Lane(next)) => *next,
                Ok(Next::Later) => {
                    more = true;
                    break;
                }
                Ok(Next::Over) => break,
                Err(fault) => {
                    troubles.end_with(fault);
                    stop.drain(Reason::Fault);
                    break;
                }
            };
            let reader = source.reader(&lane, &way.plan.collection_of(&lane).id, standing);
            way.progress.took_up(&lane);
            let work = in_context(&way.plan, &lane, lane::run(way.clone(), lane.clone(), reader));
            working.begin(lane, work);
        }
        if working.lanes.is_empty() && !more {
            break;
        }
        let (lane, ended) = tokio::select! {
            biased;
            () = stop.aborting() => break,
            Some(finished) = working.next() => finished,
            () = tokio::time::sleep(ASK_AGAIN), if more => continue,
            () = &mut watch => break,
        };
        way.progress.let_go(&lane);
        let elsewhere = lanes.leave(&lane, ended.as_ref().err()).await;
        match ended {
            Err(fault) if !elsewhere => {
                tell(&lane, &fault);
                match troubles.note(lane, fault, way.progress.snapshot().here.read) {
                    Means::Nothing => {}
                    Means::Drain => stop.drain(Reason::Fault),
                    // Whatever is still under way would be refused as well.
                    Means::Abort => stop.abort(Reason::Fault),
                }
                way.progress.failed(troubles.count());
            }
            _ => {}
        }
    }
    working.tasks.shutdown().await;
    if is_emergency(&way.progress.snapshot().total, limits.emergency) {
        // The watch looks now and then, and the last batches may have come since.
        stop.drain(Reason::Emergency);
    }
    troubles.end()
}

/// `work` on `lane`, so that logs and traces tell what is said of which lane, and which one failed.
fn in_context<W: Future<Output = Result<(), Fault>>>(
    plan: &Plan,
    lane: &Lane,
    work: W,
) -> impl Future<Output = Result<(), Fault>> + use<W> {
    let collection = plan.collection_of(lane).visible();
    let context = tracing::info_span!(target: CONTEXT, "lane", lane = lane.id, collection,
        cause = Empty, otel.status_code = Empty);
    let told = async {
        let ended = work.await;
        if let Err(fault) = &ended {
            let span = tracing::Span::current();
            span.record("cause", &*fault.cause)
                .record("otel.status_code", "ERROR");
        }
        ended
    };
    told.instrument(context)
}

/// Lanes being worked.
#[derive(Default)]
struct Working {
    tasks: JoinSet<Result<(), Fault>>,
    lanes: HashMap<Id, Lane>,
}

impl Working {
    fn begin(&mut self, lane: Lane, work: impl Future<Output = Result<(), Fault>> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.lanes.insert(id, lane);
    }

    /// The next that ends, and how; none when none is worked.
    async fn next(&mut self) -> Option<(Lane, Result<(), Fault>)> {
        let (id, ended) = match self.tasks.join_next_with_id().await? {
            Ok((id, ended)) => (id, ended),
            Err(died) => {
                let fault = Fault::permanent(Part::Source, "work a lane", died.to_string());
                (died.id(), Err(fault.with_cause("panic")))
            }
        };
        Some((self.lanes.remove(&id)?, ended))
    }
}

fn tell(lane: &Lane, fault: &Fault) {
    tracing::error!(
        lane = lane.id,
        cause = fault.cause,
        "could not {}: {}",
        fault.action,
        fault.message
    );
}

/// Watches for an emergency; once draining has begun, returns when its time is up.
async fn watch<K, C>(way: &Way<K, C>, limits: Limits, stop: &Stop) {
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    while !stop.is_draining() {
        tokio::select! {
            _ = tick.tick() => {}
            () = stop.draining() => {}
        }
        if is_emergency(&way.progress.snapshot().total, limits.emergency) {
            stop.drain(Reason::Emergency);
        }
    }
    tokio::time::sleep(limits.drain).await;
    tracing::warn!(
        seconds = limits.drain.as_secs(),
        "draining took too long; letting go of what is under way"
    );
}

/// Whether a larger share of all documents read failed than may.
fn is_emergency(total: &Tally, threshold: f64) -> bool {
    total.read >= EVIDENCE && total.quarantined as f64 > threshold * total.read as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emergency_is_more_than_the_share_of_enough_documents() {
        let emergency = |read, quarantined| {
            let total = Tally {
                read,
                quarantined,
                ..Tally::default()
            };
            is_emergency(&total, 0.05)
        };
        assert!(!emergency(99, 99));
        assert!(!emergency(100, 5) && emergency(100, 6));
        assert!(!emergency(10_000, 500) && emergency(10_000, 501));
        assert!(!emergency(0, 0));
    }
}
