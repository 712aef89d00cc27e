//! The most reads a run may be billed, over all its starts: nothing is asked that could exceed it.
//!
//! A request is admitted with the most it can cost, set apart before it is sent. Once it ended well, what it did not
//! cost is free again; when it broke, nobody knows how far the other side got, and all of it counts as spent. So the
//! bill never exceeds the budget, whatever goes wrong, and what is told as used is never less than the bill.
//!
//! A run's budget is an account: in `etl.budget` once the run is registered, in the checkpoint directory before. A
//! process draws a part of it before it spends it and gives back the rest when it ends; of one that was killed, what it
//! had drawn stays spent.

mod account;
mod admitted;

pub use admitted::Admitted;

use crate::fault::{Fault, Part};
use crate::load::postgres::Ledger;
use crate::retry::Policy;
use account::Account;
use checkpoints::CheckpointStore;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// The part of what is left that one request, or one withdrawal, takes at the most: what breaks or is killed costs
/// no more than that.
const PART: u64 = 64;
/// Less than this is not divided further.
const WORTH_IT: u64 = 100;
/// Reads of one request at the most; more would save little time.
const REQUEST: u64 = 5_000;
/// Reads drawn at once at the most.
const WITHDRAWAL: u64 = 100_000;
/// Read units of the largest document, of 1 MiB, where reads are billed in units of 4 KiB.
const LARGEST: u64 = 256;
const UNIT: usize = 4096;

/// The limit, and what is used of it. One for all lanes of a process.
#[derive(Debug, Default)]
pub struct Budget {
    terms: OnceLock<Terms>,
    state: Mutex<State>,
    freed: Notify,
    account: tokio::sync::Mutex<Option<Account>>,
}

/// What holds for every read.
#[derive(Debug, Clone, Copy, Default)]
struct Terms {
    /// Reads over all starts; nothing means that they are only counted.
    limit: Option<u64>,
    /// Whether a document costs a read for every 4 KiB begun, as in the Enterprise edition, and not one.
    units: bool,
}

#[derive(Debug, Default)]
struct State {
    /// Billed by this process, or as good as billed.
    spent: u64,
    /// Set apart for what is under way.
    open: u64,
    /// What this process may spend: all of the limit, or what it has drawn from the account.
    drawn: u64,
    /// Left in the account, as seen last.
    account: u64,
    /// The most documents that a COUNT has found.
    counted: u64,
}

impl Budget {
    /// From here on `limit` holds; nothing means no limit. `units`: a document costs a read for every 4 KiB. To be
    /// said once, before the first read.
    pub fn limit_to(&self, limit: Option<u64>, units: bool) {
        if self.terms.set(Terms { limit, units }).is_ok() {
            self.state().drawn = limit.unwrap_or(0);
        }
    }

    /// The reads it allows; nothing means any number.
    pub fn limit(&self) -> Option<u64> {
        self.terms().limit
    }

    fn terms(&self) -> Terms {
        self.terms.get().copied().unwrap_or_default()
    }

    /// The most that a document can cost.
    fn dearest(&self) -> u64 {
        if self.terms().units { LARGEST } else { 1 }
    }

    /// Reads used at the most, by the run as far as it is known, otherwise by this process.
    pub fn used(&self) -> u64 {
        let state = self.state();
        match self.limit() {
            Some(limit) => limit.saturating_sub(state.left()),
            None => state.spent,
        }
    }

    /// What a document of so many bytes costs.
    pub fn cost(&self, bytes: usize) -> u64 {
        if self.terms().units {
            bytes.div_ceil(UNIT).max(1) as u64
        } else {
            1
        }
    }

    /// Sets reads apart for a request of up to `most` documents, for at least one. Waits while what is left is set
    /// apart for others, since they may not need all of it; nothing when the budget is used up.
    pub async fn admit(self: &Arc<Self>, most: u64) -> Result<Option<Admitted>, Fault> {
        loop {
            // Asked for before looking: what is freed in between is not missed.
            let freed = self.freed.notified();
            if let Some(admitted) = self.admit_now(most).await? {
                return Ok(Some(admitted));
            }
            if self.state().open == 0 {
                return Ok(None);
            }
            freed.await;
        }
    }

    /// The same without waiting for others: nothing when nothing is free.
    pub async fn admit_now(self: &Arc<Self>, most: u64) -> Result<Option<Admitted>, Fault> {
        let each = self.dearest();
        let reserved = self.set_apart(each, most.saturating_mul(each), true).await?;
        Ok(reserved.map(|reserved| self.admitted(reserved)))
    }

    /// Sets exactly `reads` apart; a fault when they are not free.
    pub(crate) async fn take(self: &Arc<Self>, reads: u64, action: &str) -> Result<Admitted, Fault> {
        match self.set_apart(reads, reads, false).await? {
            Some(reserved) => Ok(self.admitted(reserved)),
            None => Err(self.reached(action)),
        }
    }

    /// Sets reads apart for a COUNT, whose price is known afterwards only; and how many documents it may find
    /// without exceeding them, where there is a limit. `again` follows one that came to that number.
    pub(crate) async fn take_for_count(
        self: &Arc<Self>,
        action: &str,
        again: bool,
    ) -> Result<(Admitted, Option<u64>), Fault> {
        if self.limit().is_none() {
            return Ok((self.admitted(0), None));
        }
        let most = {
            let state = self.state();
            // What is to be counted must be read as well, so counting may not take all.
            let share = (state.left() / 4).max(1);
            match state.counted {
                counted if counted > 0 && !again => share.min(counted.div_ceil(1000) * 4 + 16),
                _ => share,
            }
        };
        let admitted = self.take(most, action).await?;
        Ok((admitted, Some(most.saturating_mul(1000))))
    }

    /// A COUNT found so many.
    pub(crate) fn note_count(&self, documents: u64) {
        let mut state = self.state();
        state.counted = state.counted.max(documents);
    }

    /// What to say when nothing more may be asked.
    pub fn reached(&self, action: &str) -> Fault {
        let limit = self.limit().unwrap_or_default();
        let message = format!(
            "it could take more reads than the budget of {limit} has left ({} are used)",
            self.used()
        );
        Fault::permanent(Part::Budget, action, message)
            .with_cause("budget")
            .with_remedy("raise --max-reads or --max-cost, then start the same command again")
    }

    /// From here on, until a run is registered, what is read is remembered in the checkpoint directory.
    pub async fn open_directory(&self, store: Arc<dyn CheckpointStore>) -> Result<(), Fault> {
        let mut account = self.account.lock().await;
        let used = store.planning_reads()?;
        self.begin(used);
        *account = Some(Account::Directory(store, used));
        Ok(())
    }

    /// From here on the budget is that of `run`; what plans have cost that it grew out of is its own.
    pub async fn open(
        &self,
        ledger: Ledger,
        run: Uuid,
        store: &dyn CheckpointStore,
        policy: Policy,
    ) -> Result<(), Fault> {
        let mut account = self.account.lock().await;
        let before = match &*account {
            Some(Account::Directory(_, total)) => {
                let state = self.state();
                (total + state.spent + state.open).saturating_sub(state.drawn)
            }
            _ => store.planning_reads()?,
        };
        let used = ledger.open_budget(run, before).await?;
        self.begin(used);
        *account = Some(Account::Ledger(ledger, run, policy));
        Ok(())
    }

    /// An account that says that so many reads were used, this process's included.
    fn begin(&self, used: u64) {
        let mut state = self.state();
        state.drawn = state.spent + state.open;
        state.account = self.limit().map_or(0, |limit| limit.saturating_sub(used));
    }

    /// Nothing more is asked by this process: gives back what it has drawn and not spent.
    pub async fn close(&self) -> Result<(), Fault> {
        let Some(mut account) = self.account.lock().await.take() else {
            return Ok(());
        };
        let unused = {
            let mut state = self.state();
            let signed = |reads: u64| i64::try_from(reads).unwrap_or(i64::MAX);
            let unused = signed(state.drawn) - signed(state.spent + state.open);
            if self.limit().is_some() {
                state.account += u64::try_from(unused).unwrap_or(0);
            }
            state.drawn = state.spent + state.open;
            unused
        };
        account.give_back(unused).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admitted(self: &Arc<Self>, reserved: u64) -> Admitted {
        Admitted {
            budget: self.clone(),
            reserved,
            noted: 0,
        }
    }

    /// Sets at least `least` reads apart, up to `most` of them or a part of what is left where `divided`.
    async fn set_apart(&self, least: u64, most: u64, divided: bool) -> Result<Option<u64>, Fault> {
        if self.limit().is_none() {
            return Ok(Some(0));
        }
        if let Some(reserved) = self.state().set_apart(least, most, divided) {
            return Ok(Some(reserved));
        }
        let mut account = self.account.lock().await;
        let Some(account) = &mut *account else {
            return Ok(None);
        };
        // Somebody else may have drawn while this waited for the account.
        if let Some(reserved) = self.state().set_apart(least, most, divided) {
            return Ok(Some(reserved));
        }
        let (wanted, limit) = {
            let state = self.state();
            let part = (state.account / PART).clamp(WORTH_IT, WITHDRAWAL);
            (part.max(least), self.limit().unwrap_or(0))
        };
        let (drawn, left) = account.draw(wanted, limit).await?;
        let mut state = self.state();
        state.drawn += drawn;
        state.account = left;
        Ok(state.set_apart(least, most, divided))
    }
}

impl State {
    /// Reads that are neither spent nor set apart, as far as is known.
    fn left(&self) -> u64 {
        self.free() + self.account
    }

    fn free(&self) -> u64 {
        self.drawn.saturating_sub(self.spent + self.open)
    }

    fn set_apart(&mut self, least: u64, most: u64, divided: bool) -> Option<u64> {
        let free = self.free();
        if free < least {
            return None;
        }
        let part = (self.left() / PART).clamp(WORTH_IT, REQUEST);
        let most = if divided { most.min(part) } else { most };
        let reserved = most.max(least).min(free);
        self.open += reserved;
        Some(reserved)
    }
}

#[cfg(test)]
mod tests;
