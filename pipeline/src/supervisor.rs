//! All lanes of a run, so many at a time.
//!
//! A lane that fails for good stops the run: the others finish what they have read, and the first fault is
//! reported. Too many failed documents are an emergency and stop it likewise, with the state kept. Nothing that
//! was committed is ever undone by stopping.

use crate::fault::{Class, Fault, Part};
use crate::lane::{self, Way};
use crate::load::Loader;
use crate::plan::{Lane, Plan};
use crate::progress::Progress;
use crate::source::{Source, Standing};
use crate::stop::{Reason, Stop};
use checkpoints::CheckpointStore;
use std::time::Duration;
use tokio::task::JoinSet;

/// Documents that must have been read before their share of failures means anything.
const EVIDENCE: u64 = 100;

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

/// Works every lane that has not ended. Returns when all have, or when the run was stopped.
pub async fn run<S: Source, K: Loader, C: CheckpointStore>(
    source: &S,
    way: &Way<K, C>,
    standings: &[Standing],
    limits: Limits,
    stop: &Stop,
) -> Result<(), Fault> {
    let mut waiting = order(&way.plan, standings).into_iter();
    let mut working: JoinSet<Result<(), Fault>> = JoinSet::new();
    let mut first_fault = None;
    let watch = watch(way, limits, stop);
    tokio::pin!(watch);
    loop {
        while working.len() < limits.lanes && !stop.is_draining() {
            let Some(lane) = waiting.next() else { break };
            let standing = standings[lane.id as usize].clone();
            let reader = source.reader(&lane, &way.plan.collection_of(&lane).id, standing);
            working.spawn(lane::run(way.clone(), lane, reader));
        }
        let finished = tokio::select! {
            biased;
            () = stop.aborting() => break,
            finished = working.join_next() => finished,
            () = &mut watch => break,
        };
        match finished {
            None => break,
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(fault))) => note(&mut first_fault, fault, stop),
            Some(Err(died)) => {
                let fault = Fault::permanent(Part::Source, "work a lane", died.to_string());
                note(&mut first_fault, fault, stop);
            }
        }
    }
    working.shutdown().await;
    if is_emergency(&way.progress, limits.emergency) {
        // The watch looks now and then, and the last batches may have come since.
        stop.drain(Reason::Emergency);
    }
    first_fault.map_or(Ok(()), Err)
}

fn note(first: &mut Option<Fault>, fault: Fault, stop: &Stop) {
    if fault.class == Class::Fenced {
        // Whatever is still under way would be refused as well.
        stop.abort(Reason::Fault);
    } else {
        stop.drain(Reason::Fault);
    }
    tracing::error!(
        cause = fault.cause,
        "could not {}: {}",
        fault.action,
        fault.message
    );
    first.get_or_insert(fault);
}

/// The lanes still to be worked, collections taking turns: neighbouring ranges of one collection read at the same
/// time would heat up the same part of the source.
fn order(plan: &Plan, standings: &[Standing]) -> Vec<Lane> {
    let mut turns = vec![0u32; plan.collections.len()];
    let mut lanes: Vec<(u32, Lane)> = Vec::with_capacity(plan.lanes.len());
    for lane in &plan.lanes {
        let turn = &mut turns[lane.collection];
        *turn += 1;
        if !standings[lane.id as usize].progress.position.is_end() {
            lanes.push((*turn, lane.clone()));
        }
    }
    lanes.sort_by_key(|(turn, _)| *turn);
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

/// Watches for an emergency; once draining has begun, returns when its time is up.
async fn watch<K, C>(way: &Way<K, C>, limits: Limits, stop: &Stop) {
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    while !stop.is_draining() {
        tokio::select! {
            _ = tick.tick() => {}
            () = stop.draining() => {}
        }
        if is_emergency(&way.progress, limits.emergency) {
            stop.drain(Reason::Emergency);
        }
    }
    tokio::time::sleep(limits.drain).await;
    tracing::warn!(
        seconds = limits.drain.as_secs(),
        "draining took too long; letting go of what is under way"
    );
}

fn is_emergency(progress: &Progress, threshold: f64) -> bool {
    let total = progress.snapshot().total;
    total.read >= EVIDENCE && total.quarantined as f64 > threshold * total.read as f64
}
