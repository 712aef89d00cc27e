//! Where it is kept, over all starts, what a run has read.

use crate::fault::Fault;
use crate::load::postgres::Ledger;
use crate::retry::{Policy, Retry};
use checkpoints::CheckpointStore;
use std::sync::Arc;
use uuid::Uuid;

/// The account of a run's reads.
pub(super) enum Account {
    /// In the checkpoint directory: no run is registered yet. With what it says now.
    Directory(Arc<dyn CheckpointStore>, u64),
    /// In the target.
    Ledger(Ledger, Uuid, Policy),
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Account::Directory(..) => "Directory",
            Account::Ledger(..) => "Ledger",
        })
    }
}

impl Account {
    /// Draws up to `wanted` reads; how many were given, and what is left.
    pub(super) async fn draw(&mut self, wanted: u64, limit: u64) -> Result<(u64, u64), Fault> {
        match self {
            Account::Directory(store, total) => {
                let drawn = wanted.min(limit.saturating_sub(*total));
                store.note_planning_reads(*total + drawn)?;
                *total += drawn;
                Ok((drawn, limit.saturating_sub(*total)))
            }
            Account::Ledger(ledger, run, policy) => {
                let mut retry = Retry::new(*policy);
                loop {
                    match ledger.draw_reads(*run, wanted, limit).await {
                        // A withdrawal whose answer was lost may have been made: the budget errs on the dear side.
                        Err(fault) => retry.again(fault).await?,
                        drawn => return drawn,
                    }
                }
            }
        }
    }

    /// Gives `unused` reads back; a negative number is one of reads that were made without drawing them.
    pub(super) async fn give_back(&mut self, unused: i64) -> Result<(), Fault> {
        match self {
            Account::Directory(store, total) => {
                *total = total.saturating_add_signed(unused.saturating_neg());
                store.note_planning_reads(*total).map_err(Fault::from)
            }
            Account::Ledger(ledger, run, _) => ledger.give_back_reads(*run, unused).await,
        }
    }
}
