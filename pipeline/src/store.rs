//! The store that a run reads, whichever it is: reached under the run's limits, and asked the same questions.

use crate::budget::Budget;
use crate::cgroup;
use crate::fault::{Class, Fault};
use crate::forecast::{Edition, Price};
use crate::lane::Way;
use crate::lanes::Lanes;
use crate::load::Loader;
use crate::plan::Lane;
use crate::quota::ReadQuota;
use crate::retry::Policy;
use crate::room::Rooms;
use crate::source::firestore::Firestore;
use crate::source::qdrant::Qdrant;
use crate::source::{BatchLimits, Range, Standing};
use crate::stop::Stop;
use crate::supervisor::{self, Failed, Limits};
use checkpoints::{CheckpointStore, Position};
use std::sync::Arc;

/// A store, reached.
#[derive(Debug)]
pub enum Store {
    /// A Firestore database.
    Firestore(Firestore),
    /// A Qdrant server.
    Qdrant(Qdrant),
}

/// What all readers of a run share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) quota: Arc<ReadQuota>,
    pub(crate) rooms: Rooms,
}

/// How a store is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits<'h> {
    pub(crate) run: &'h config::Run,
    /// Documents of a batch at the most.
    pub(crate) rows: usize,
    pub(crate) stop: &'h Stop,
}

impl Habits<'_> {
    fn limits(&self) -> BatchLimits {
        BatchLimits {
            rows: self.rows,
            bytes: self.run.batch_bytes,
        }
    }

    /// Half of what the operator grants is for documents in flight; the other half is for everything else:
    /// connections, RocksDB, the allocator's slack.
    fn rooms(&self) -> Rooms {
        Rooms::new(cgroup::granted(self.run.memory) / 2, self.run.batch_bytes)
    }
}

/// The store that the operator named.
pub(crate) async fn reach(
    source: &config::Source,
    habits: Habits<'_>,
    budget: &Arc<Budget>,
) -> Result<(Store, Shared), Fault> {
    match source {
        config::Source::Firestore(source) => {
            let (firestore, shared) = reach_firestore(source, habits, budget).await?;
            Ok((Store::Firestore(firestore), shared))
        }
        config::Source::Qdrant(source) => {
            let (rooms, policy) = (habits.rooms(), Policy::of(habits.run));
            let stop = habits.stop.clone();
            let connecting = Qdrant::connect(source, rooms.clone(), habits.limits(), policy, stop);
            let qdrant = connecting.await.map_err(at_once)?;
            // Nobody bills its reads; what it refuses it says.
            let quota = Arc::new(ReadQuota::new(None, 1.0, false));
            Ok((Store::Qdrant(qdrant), Shared { quota, rooms }))
        }
    }
}

/// A Firestore under the limits of `habits` and `budget`.
pub(crate) async fn reach_firestore(
    source: &config::Firestore,
    habits: Habits<'_>,
    budget: &Arc<Budget>,
) -> Result<(Firestore, Shared), Fault> {
    let quota = ReadQuota::new(source.reads_per_second, source.quota_safety, source.ramp);
    let quota = Arc::new(quota.within(budget.clone()));
    let (rooms, run) = (habits.rooms(), habits.run);
    let connecting = Firestore::connect(
        source,
        quota.clone(),
        rooms.clone(),
        habits.limits(),
        Policy::of(run),
        habits.stop.clone(),
    );
    let firestore = connecting.await.map_err(at_once)?;
    if run.max_reads.or(run.max_cost).is_some() {
        let (price, _) = firestore.price(source).await;
        let units = price.edition == Edition::Enterprise;
        budget.limit_to(price.limit(run.max_reads, run.max_cost), units);
    }
    Ok((firestore, Shared { quota, rooms }))
}

impl Store {
    /// Makes sure that it lets itself be read (Firestore bills one read).
    pub(crate) async fn greet(&self) -> Result<(), Fault> {
        match self {
            Store::Firestore(firestore) => firestore.greet().await,
            Store::Qdrant(qdrant) => qdrant.greet().await.map(drop),
        }
        .map_err(at_once)
    }

    /// What a read costs, where reads are billed, and whether a snapshot stays readable for days.
    pub(crate) async fn price(&self, source: &config::Source) -> (Option<Price>, bool) {
        match (self, source) {
            (Store::Firestore(firestore), config::Source::Firestore(source)) => {
                let (price, recovers) = firestore.price(source).await;
                (Some(price), recovers)
            }
            _ => (None, false),
        }
    }

    /// A part of what is left of `lane` that can be cut off, about half of it; nothing where there is none.
    pub(crate) async fn halve(
        &self,
        lane: &Lane,
        collection: &str,
        standing: &Standing,
    ) -> Result<Option<Range>, Fault> {
        match self {
            Store::Firestore(source) => source.halve(lane, collection, standing).await,
            Store::Qdrant(source) => source.halve(lane, collection, standing).await,
        }
    }

    /// Whether whoever stands there has not come to the record called `name`.
    pub(crate) fn is_before(&self, position: &Position, name: &str) -> bool {
        match self {
            Store::Firestore(_) => Firestore::is_before(position, name),
            Store::Qdrant(_) => Qdrant::is_before(position, name),
        }
    }

    /// Moves `lanes`.
    pub(crate) async fn move_lanes<K: Loader, C: CheckpointStore>(
        &self,
        way: &Way<K, C>,
        lanes: impl Lanes,
        limits: Limits,
        stop: &Stop,
    ) -> Result<Vec<Failed>, Fault> {
        match self {
            Store::Firestore(source) => supervisor::run(source, way, lanes, limits, stop).await,
            Store::Qdrant(source) => supervisor::run(source, way, lanes, limits, stop).await,
        }
    }
}

/// At the start a fault is told at once: an operator who mistyped an address should not wait for ten attempts.
pub(crate) fn at_once(fault: Fault) -> Fault {
    Fault {
        class: Class::Permanent,
        ..fault
    }
}
