//! Reads set apart for one request, and what became of them.

use super::Budget;
use std::sync::Arc;

/// Reads set apart for a request. Dropped without [`Admitted::close`], it has cost all of them.
#[derive(Debug)]
pub struct Admitted {
    pub(super) budget: Arc<Budget>,
    pub(super) reserved: u64,
    pub(super) noted: u64,
}

impl Admitted {
    /// The most documents the request may ask for; nothing means any number.
    pub fn documents(&self) -> Option<u32> {
        self.budget.limit()?;
        Some(u32::try_from(self.reserved / self.budget.dearest()).unwrap_or(u32::MAX))
    }

    /// So many reads were billed for it.
    pub fn note(&mut self, reads: u64) {
        self.noted += reads;
    }

    /// It ended well, or was refused before anything came of it: it has cost what was noted.
    pub fn close(mut self) {
        self.settle(self.noted);
    }

    fn settle(&mut self, cost: u64) {
        let mut state = self.budget.state();
        state.open -= self.reserved;
        state.spent += cost;
        drop(state);
        (self.reserved, self.noted) = (0, 0);
        self.budget.freed.notify_waiters();
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if self.reserved > 0 || self.noted > 0 {
            self.settle(self.reserved.max(self.noted));
        }
    }
}
