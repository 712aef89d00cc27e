//! How the run is doing, for whoever looks: the terminal, the log, the metrics.
//!
//! Lanes add to it after each receipt; looking costs a lock for a moment. It shows the whole run, earlier starts
//! included, and tells apart what this start has done.

mod board;

pub(crate) use board::{Board, Shown};

use crate::plan::{Lane, Plan};
use crate::source::Standing;
use checkpoints::Tally;
use config::mapping::Records;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What the run is busy with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Reaching source and target.
    Connecting,
    /// Finding, counting, cutting and sampling collections.
    Planning(String),
    /// Moving documents.
    Loading,
    /// Keys, counts, sums.
    Finishing(String),
}

/// Shared by everything that moves documents or shows them moving.
#[derive(Debug)]
pub struct Progress {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    plan: Option<Arc<Plan>>,
    collections: Vec<CollectionProgress>,
    /// Documents each lane holds, as counted last.
    expected: Vec<u64>,
    lanes: u64,
    lanes_done: u64,
    lanes_failed: u64,
    /// When each lane that is being moved moved last.
    moved: BTreeMap<u32, Instant>,
    /// This start alone.
    here: Tally,
    loading_since: Option<Instant>,
}

/// One collection's share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionProgress {
    /// Documents counted for it.
    pub planned: u64,
    /// What became of them so far, over all starts.
    pub tally: Tally,
    /// Rows loaded into each of its tables, in the order of [`crate::plan::Collection::relations`].
    pub rows: Vec<u64>,
}

/// The whole at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// What the run is busy with.
    pub phase: Phase,
    /// What it moves.
    pub records: Records,
    /// Documents counted for the run.
    pub planned: u64,
    /// Over all starts.
    pub total: Tally,
    /// This start alone.
    pub here: Tally,
    /// By collection, in the plan's order.
    pub collections: Vec<CollectionProgress>,
    /// Lanes in all.
    pub lanes: u64,
    /// Lanes at their end.
    pub lanes_done: u64,
    /// Lanes that this start could not move to their end.
    pub lanes_failed: u64,
    /// Documents a second of this start.
    pub rate: f64,
    /// Bytes a second of this start.
    pub bytes_rate: f64,
    /// Time left at that rate.
    pub eta: Option<Duration>,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            state: Mutex::new(State {
                phase: Phase::Connecting,
                plan: None,
                collections: Vec::new(),
                expected: Vec::new(),
                lanes: 0,
                lanes_done: 0,
                lanes_failed: 0,
                moved: BTreeMap::new(),
                here: Tally::default(),
                loading_since: None,
            }),
        }
    }
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run turns to something else.
    pub fn turn_to(&self, phase: Phase) {
        let mut state = self.state();
        if phase == Phase::Loading && state.loading_since.is_none() {
            state.loading_since = Some(Instant::now());
        }
        state.phase = phase;
    }

    /// What the run is busy with.
    pub fn phase(&self) -> Phase {
        self.state().phase.clone()
    }

    /// The lanes stand so at this start. What knows of fewer lanes than are known is older, and says nothing new.
    pub fn begin(&self, plan: &Arc<Plan>, standings: &[Standing]) {
        let mut state = self.state();
        let known = state.plan.as_ref().filter(|known| known.run == plan.run);
        if known.is_some_and(|known| known.lanes.len() > plan.lanes.len()) {
            return;
        }
        state.plan = Some(plan.clone());
        state.collections = plan
            .collections
            .iter()
            .map(|collection| CollectionProgress {
                rows: vec![0; collection.relations().len()],
                ..Default::default()
            })
            .collect();
        state.expected = standings.iter().map(|standing| standing.expected).collect();
        state.lanes = plan.lanes.len() as u64;
        state.lanes_done = standings
            .iter()
            .filter(|standing| standing.progress.position.is_end())
            .count() as u64;
        for (lane, standing) in plan.lanes.iter().zip(standings) {
            let collection = &mut state.collections[lane.collection];
            collection.planned += standing.expected;
            collection.tally += standing.progress.tally;
            add(&mut collection.rows, &standing.rows);
        }
    }

    /// A batch of `lane`, which holds `expected` documents in all, is durable.
    pub(crate) fn add(&self, lane: &Lane, tally: &Tally, rows: &[u64], expected: u64, ended: bool) {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.expected[lane.id as usize], expected);
        let collection = &mut state.collections[lane.collection];
        // A lane that had to be read at a later time was counted anew.
        collection.planned = collection.planned + expected - before;
        collection.tally += *tally;
        add(&mut collection.rows, rows);
        state.here += *tally;
        state.lanes_done += u64::from(ended);
        state.moved.insert(lane.id, Instant::now());
    }

    /// `lane` is being moved from here on.
    pub(crate) fn took_up(&self, lane: &Lane) {
        self.state().moved.insert(lane.id, Instant::now());
    }

    /// It is no longer.
    pub(crate) fn let_go(&self, lane: &Lane) {
        self.state().moved.remove(&lane.id);
    }

    /// How many lanes are being moved, and the longest that one of them has not moved.
    pub(crate) fn under_way(&self) -> (u64, Duration) {
        let state = self.state();
        let quiet = state.moved.values().map(Instant::elapsed).max();
        (state.moved.len() as u64, quiet.unwrap_or_default())
    }

    /// Reads that the run came to so far, and will have come to once every document counted is read.
    fn reads(&self) -> (u64, u64) {
        let planning = self.plan().map_or(0, |plan| plan.planning_reads);
        let now = self.snapshot();
        let (read, billed) = (u128::from(now.total.read), u128::from(now.total.billed));
        let all = match read {
            0 => u128::from(now.planned),
            read => (billed * u128::from(now.planned)).div_ceil(read),
        };
        let all = u64::try_from(all).unwrap_or(u64::MAX).max(now.total.billed);
        (planning + now.total.billed, planning.saturating_add(all))
    }

    /// So many lanes have failed for good.
    pub(crate) fn failed(&self, lanes: u64) {
        self.state().lanes_failed = lanes;
    }

    /// The plan gone by, once there is one.
    pub fn plan(&self) -> Option<Arc<Plan>> {
        self.state().plan.clone()
    }

    /// The whole at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state();
        let mut total = Tally::default();
        state
            .collections
            .iter()
            .for_each(|collection| total += collection.tally);
        let planned = state
            .collections
            .iter()
            .map(|collection| collection.planned)
            .sum();
        let seconds = state
            .loading_since
            .map_or(0.0, |since| since.elapsed().as_secs_f64());
        let per_second = |count: u64| {
            if seconds > 0.0 {
                count as f64 / seconds
            } else {
                0.0
            }
        };
        let rate = per_second(state.here.read);
        let left = u64::saturating_sub(planned, total.read) as f64;
        let eta = (rate > 0.0).then(|| Duration::try_from_secs_f64(left / rate).unwrap_or(Duration::MAX));
        Snapshot {
            phase: state.phase.clone(),
            records: state
                .plan
                .as_ref()
                .map_or_else(Records::default, |plan| plan.source.records()),
            planned,
            total,
            here: state.here,
            collections: state.collections.clone(),
            lanes: state.lanes,
            lanes_done: state.lanes_done,
            lanes_failed: state.lanes_failed,
            rate,
            bytes_rate: per_second(state.here.bytes),
            eta,
        }
    }
}

fn add(sums: &mut [u64], more: &[u64]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}
