//! The source's read quota: one limit for all lanes.
//!
//! The ceiling is quota × safety factor. A refusal (RESOURCE_EXHAUSTED) halves the rate at once, each quiet second
//! lets it climb back by a tenth, and the optional ramp follows Firestore's 500/50/5 rule: 500 a
//! second at first, half as much again every five minutes. No window of one second sees more than the rate.

mod granted;
mod window;

pub use granted::Granted;

use crate::budget::Budget;
use crate::metrics::{Wait, waiting_for};
use granted::Pacer;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use window::{Wanted, largest_page};

const CLIMB_EVERY: Duration = Duration::from_secs(1);
const CLIMB_BY: f64 = 1.1;
const RAMP_START: f64 = 500.0;
const RAMP_EVERY: Duration = Duration::from_secs(300);
const RAMP_BY: f64 = 1.5;
const SLOWEST: f64 = 1.0;

/// The limiter lanes ask before they read.
#[derive(Debug)]
pub struct ReadQuota {
    ceiling: Option<f64>,
    ramp: bool,
    started: Instant,
    /// Documents that arrived so far.
    noted: AtomicU64,
    budget: Arc<Budget>,
    state: Mutex<State>,
    pacer: Arc<Pacer>,
    /// What of the limit is this process's own, where it is one of several.
    lent: Mutex<Option<Lent>>,
}

/// A part of the limit, for a time.
#[derive(Debug, Clone, Copy)]
struct Lent {
    reads: f64,
    until: Instant,
}

#[derive(Debug)]
struct State {
    /// What refusals have left of the ceiling; `None` while nothing was refused.
    cut: Option<f64>,
    changed: Instant,
    /// Documents noted until `counted_from`, to know from which rate to halve when no quota was given.
    counted: u64,
    counted_from: Instant,
    /// The rate of the stretch before that.
    measured: Option<f64>,
}

impl ReadQuota {
    /// `reads_per_second` is the quota itself; nothing means it is not known.
    pub fn new(reads_per_second: Option<NonZeroU32>, safety: f64, ramp: bool) -> Self {
        let now = Instant::now();
        let state = State {
            cut: None,
            changed: now,
            counted: 0,
            counted_from: now,
            measured: None,
        };
        ReadQuota {
            noted: AtomicU64::new(0),
            ceiling: reads_per_second.map(|quota| (f64::from(quota.get()) * safety).max(SLOWEST)),
            ramp,
            started: now,
            budget: Arc::default(),
            state: Mutex::new(state),
            pacer: Arc::new(Pacer::new(now)),
            lent: Mutex::default(),
        }
    }

    /// The same, for reads that have a budget.
    #[must_use]
    pub fn within(self, budget: Arc<Budget>) -> Self {
        ReadQuota { budget, ..self }
    }

    /// What the reads may come to in all.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Quota × safety factor.
    pub fn ceiling(&self) -> Option<f64> {
        self.ceiling
    }

    /// Reads per second that all who share the quota may make together, so early in the ramp; nothing means any number.
    pub(crate) fn bound(&self) -> Option<f64> {
        [self.ceiling, self.ramped()]
            .into_iter()
            .flatten()
            .reduce(f64::min)
    }

    /// From here on, of the limit only so many reads a second are this process's own, and none after `until`.
    pub(crate) fn lend(&self, reads: f64, until: Instant) {
        let lent = Some(Lent { reads, until });
        *self.lent.lock().unwrap_or_else(PoisonError::into_inner) = lent;
    }

    /// Reads that this process may have been billed within the last second, or still is: whoever else is to keep to the
    /// limit has to leave room for them.
    pub(crate) fn held(&self) -> u64 {
        self.pacer.held()
    }

    /// Reads per second allowed at present; nothing means there is no limit.
    pub fn allowed(&self) -> Option<f64> {
        let mut state = self.state();
        self.climb(&mut state);
        self.own(self.rate(&state))
    }

    /// Most documents one request should ask for, so that no request outruns the limit by much; nothing means
    /// there is no limit.
    pub fn page(&self) -> Option<u32> {
        self.allowed().map(|rate| largest_page(rate.max(SLOWEST)))
    }

    /// Waits until so many reads may be made.
    pub async fn take(&self, reads: u32) -> Granted {
        self.granted(Wanted::Exactly(reads)).await
    }

    /// Waits until a page of at most so many reads may be asked for. It is as large as is allowed then: of many lanes
    /// each gets small ones, and a lane alone, far away, gets what has come together while it waited.
    pub async fn take_page(&self, most: u32) -> Granted {
        self.granted(Wanted::Page(most)).await
    }

    async fn granted(&self, wanted: Wanted) -> Granted {
        if self.present().is_none() {
            return Granted::unlimited();
        }
        waiting_for(Wait::Quota, self.pacer.take(wanted, || self.present())).await
    }

    /// The source billed so many reads that nobody asked for, for what an answer costs was not known before.
    pub fn owe(&self, reads: u64) {
        if self.present().is_some() {
            self.pacer.owe(reads);
        }
    }

    /// So many documents arrived.
    pub fn note(&self, documents: u64) {
        self.noted.fetch_add(documents, Ordering::Relaxed);
    }

    /// The source refused for lack of quota.
    pub fn refused(&self) {
        let mut state = self.state();
        let now = Instant::now();
        // One refusal per second counts: lanes that run into the same wall together say it once.
        if state.cut.is_some() && now.duration_since(state.changed) < Duration::from_secs(1) {
            return;
        }
        self.measure(&mut state);
        // Less than it is safe to begin with tells of the source's pace, or of a start just made, and not of its quota.
        let measured = state.measured.unwrap_or_default().max(RAMP_START);
        let rate = self.rate(&state).unwrap_or(measured);
        state.cut = Some((rate / 2.0).max(SLOWEST));
        state.changed = now;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rate(&self, state: &State) -> Option<f64> {
        [self.bound(), state.cut].into_iter().flatten().reduce(f64::min)
    }

    fn ramped(&self) -> Option<f64> {
        self.ramp.then(|| {
            let steps = self.started.elapsed().as_secs() / RAMP_EVERY.as_secs();
            RAMP_START * RAMP_BY.powi(i32::try_from(steps).unwrap_or(i32::MAX).min(100))
        })
    }

    /// Of `rate`, what this process may use.
    fn own(&self, rate: Option<f64>) -> Option<f64> {
        let lent = *self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a limit there is nothing to share.
        let (Some(rate), Some(lent)) = (rate, lent) else {
            return rate;
        };
        let reads = if Instant::now() < lent.until {
            lent.reads
        } else {
            0.0
        };
        Some(rate.min(reads))
    }

    /// Takes the rate of arrival every second; between two starts of reading it may be any.
    fn measure(&self, state: &mut State) {
        let seconds = state.counted_from.elapsed().as_secs_f64();
        if seconds < 1.0 && state.measured.is_some() {
            return;
        }
        let noted = self.noted.load(Ordering::Relaxed);
        state.measured = (seconds > 0.0).then(|| (noted - state.counted) as f64 / seconds);
        (state.counted, state.counted_from) = (noted, Instant::now());
    }

    fn climb(&self, state: &mut State) {
        let Some(cut) = state.cut else { return };
        let steps = state.changed.elapsed().as_secs() / CLIMB_EVERY.as_secs();
        if steps == 0 {
            return;
        }
        let climbed = cut * CLIMB_BY.powi(i32::try_from(steps).unwrap_or(i32::MAX).min(100));
        state.changed = Instant::now();
        state.cut = match self.ceiling {
            Some(ceiling) if climbed >= ceiling => None,
            _ => Some(climbed),
        };
    }

    /// Reads a second that are allowed at present, taken note of how many there were.
    fn present(&self) -> Option<f64> {
        let mut state = self.state();
        self.measure(&mut state);
        self.climb(&mut state);
        self.own(self.rate(&state).map(|rate| rate.max(SLOWEST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(reads: u32) -> ReadQuota {
        ReadQuota::new(NonZeroU32::new(reads), 0.8, false)
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_halves_the_rate_and_it_climbs_back_to_the_ceiling() {
        let quota = quota(1000);
        assert_eq!(quota.allowed(), Some(800.0));
        quota.refused();
        assert_eq!(quota.allowed(), Some(400.0));
        quota.refused();
        assert_eq!(
            quota.allowed(),
            Some(400.0),
            "refusals of the same moment count once"
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        let climbed = quota.allowed().unwrap();
        assert!((439.0..441.0).contains(&climbed), "{climbed}");
        tokio::time::advance(Duration::from_secs(8)).await;
        assert_eq!(quota.allowed(), Some(800.0));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_quota_nothing_waits_until_the_source_refuses() {
        let quota = ReadQuota::new(None, 0.8, false);
        assert_eq!(quota.page(), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        quota.note(1000);
        quota.refused();
        assert_eq!(quota.allowed(), Some(500.0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_the_first_moment_does_not_make_a_crawl_of_the_run() {
        let quota = ReadQuota::new(None, 0.8, false);
        tokio::time::advance(Duration::from_millis(100)).await;
        quota.note(3);
        quota.refused();
        assert_eq!(quota.allowed(), Some(RAMP_START / 2.0));
    }

    #[tokio::test(start_paused = true)]
    async fn the_ramp_grows_by_half_every_five_minutes() {
        let quota = ReadQuota::new(None, 0.8, true);
        assert_eq!(quota.allowed(), Some(500.0));
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(quota.allowed(), Some(1125.0));
    }
}
