//! Both ends of a run, reached under its limits.

use super::Run;
use crate::budget::Budget;
use crate::fault::Fault;
use crate::forecast::Edition;
use crate::load::postgres::{Ledger, Postgres, ServerFacts};
use crate::quota::ReadQuota;
use crate::retry::Policy;
use crate::room::Rooms;
use crate::source::firestore::{BatchLimits, Firestore};
use crate::stop::Stop;
use std::sync::Arc;

/// Documents of a batch whose texts are embedded: vectors take memory that no document's size tells of.
const EMBEDDED_ROWS: usize = 2_000;

/// Both ends, reached.
pub(super) struct Reached {
    pub(super) source: Firestore,
    pub(super) postgres: Postgres,
    pub(super) facts: ServerFacts,
    pub(super) ledger: Ledger,
    pub(super) quota: Arc<ReadQuota>,
    pub(super) rooms: Rooms,
}

/// The source under the limits of `habits` and `budget`, with the quota and the memory that all its readers share.
/// A batch has at most `rows` documents.
pub(crate) async fn reach_source(
    source: &config::Firestore,
    habits: &config::Run,
    rows: usize,
    budget: &Arc<Budget>,
    stop: &Stop,
) -> Result<(Firestore, Arc<ReadQuota>, Rooms), Fault> {
    let quota = ReadQuota::new(source.reads_per_second, source.quota_safety, source.ramp);
    let quota = Arc::new(quota.within(budget.clone()));
    // Half of what the operator grants is for documents in flight; the other half is for everything else:
    // connections, RocksDB, the allocator's slack.
    let rooms = Rooms::new(habits.memory / 2, habits.batch_bytes);
    let limits = BatchLimits {
        rows,
        bytes: habits.batch_bytes,
    };
    let policy = Policy::of(habits);
    let firestore = Firestore::connect(source, quota.clone(), rooms.clone(), limits, policy, stop.clone())
        .await
        .map_err(at_once)?;
    if habits.max_reads.or(habits.max_cost).is_some() {
        let (price, _) = firestore.price(source).await;
        let units = price.edition == Edition::Enterprise;
        budget.limit_to(price.limit(habits.max_reads, habits.max_cost), units);
    }
    Ok((firestore, quota, rooms))
}

impl Run<'_> {
    pub(super) async fn reach(&self) -> Result<Reached, Fault> {
        let (habits, source) = (self.habits, self.source);
        let policy = self.policy();
        let postgres = Postgres::new(self.target, policy)?;
        let facts = postgres.facts().await.map_err(at_once)?;
        let rows = habits.batch_rows.get();
        let rows = self.embedder.as_ref().map_or(rows, |_| rows.min(EMBEDDED_ROWS));
        let (firestore, quota, rooms) = reach_source(source, habits, rows, &self.budget, &self.stop).await?;
        let ledger = Ledger::new(postgres.clone());
        Ok(Reached {
            source: firestore,
            postgres,
            facts,
            ledger,
            quota,
            rooms,
        })
    }
}

impl Reached {
    /// Makes sure that the source lets itself be read (billed one read).
    pub(super) async fn greet(&self) -> Result<(), Fault> {
        self.source.greet().await.map_err(at_once)
    }
}

/// At the start a fault is told at once: an operator who mistyped an address should not wait for ten attempts.
pub(crate) fn at_once(fault: Fault) -> Fault {
    Fault {
        class: crate::fault::Class::Permanent,
        ..fault
    }
}
