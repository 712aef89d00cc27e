//! The database's clock: real time, moved by whoever tests what time does.
//!
//! No two commits share a moment, and no commit lands at a moment that somebody has already read at.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, Firestore's resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub i64);

impl Moment {
    /// So much earlier.
    pub fn before(self, time: Duration) -> Moment {
        Moment(self.0.saturating_sub(micros(time)))
    }

    /// So much later.
    pub fn after(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(micros(time)))
    }

    /// Seconds and nanoseconds, as the wire has them.
    pub fn timestamp(self) -> firestore::gcloud_sdk::prost_types::Timestamp {
        firestore::gcloud_sdk::prost_types::Timestamp {
            seconds: self.0.div_euclid(1_000_000),
            nanos: i32::try_from(self.0.rem_euclid(1_000_000) * 1_000).unwrap_or(0),
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// A clock that only goes forward while it is asked, and can be set.
#[derive(Debug, Default)]
pub struct Clock {
    /// What the clock is wrong by, in microseconds.
    skew: AtomicI64,
    /// What was let pass without waiting, in microseconds.
    advanced: AtomicI64,
    /// The latest moment handed out.
    last: AtomicI64,
}

impl Clock {
    /// The present moment; everything committed so far is at or before it.
    pub fn now(&self) -> Moment {
        let real = self.real();
        Moment(self.last.fetch_max(real, Ordering::SeqCst).max(real))
    }

    /// A moment for a commit: after every moment handed out before.
    pub(crate) fn tick(&self) -> Moment {
        let real = self.real();
        let next = |last: i64| Some(real.max(last + 1));
        let last = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        Moment(real.max(last.unwrap_or(real) + 1))
    }

    /// Somebody reads at `moment`: no later commit may land at or before it.
    pub(crate) fn seen(&self, moment: Moment) {
        self.last.fetch_max(moment.0, Ordering::SeqCst);
    }

    /// Lets so much time pass.
    pub fn advance(&self, time: Duration) {
        self.advanced.fetch_add(micros(time), Ordering::SeqCst);
    }

    /// Runs so many microseconds ahead of real time, or behind it.
    pub fn set_skew(&self, micros: i64) {
        self.skew.store(micros, Ordering::SeqCst);
    }

    fn real(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        micros(since) + self.skew.load(Ordering::SeqCst) + self.advanced.load(Ordering::SeqCst)
    }
}
