//! What a database bills, and how many reads it grants.
//!
//! Reads are counted by what they were for. No window of one second, wherever it begins, ever grants more reads than
//! the quota.

mod bill;
mod window;

pub use bill::Bill;
pub(crate) use bill::Read;

use crate::fault::quota_exceeded;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use tonic::Status;
use window::{SECOND, Window};

/// The reads that any second may hold, for every meter that follows it.
#[derive(Debug, Clone)]
pub(crate) struct Quota(Arc<AtomicU64>);

impl Default for Quota {
    fn default() -> Quota {
        Quota(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Quota {
    /// So many, or as many as anybody likes.
    pub(crate) fn set(&self, reads_per_second: Option<u64>) {
        self.0
            .store(reads_per_second.unwrap_or(u64::MAX), Ordering::Release);
    }

    fn reads_per_second(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Counts for one database.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    quota: OnceLock<Quota>,
    counts: Mutex<Counts>,
    /// When the first read came; seconds are counted from there.
    began: OnceLock<Instant>,
}

#[derive(Debug, Default)]
struct Counts {
    bill: Bill,
    second: Window<SECOND>,
    ten: Window<{ 10 * SECOND }>,
}

impl Meter {
    /// Keeps to this quota from now on. Only the first call has an effect: a quota changes by itself.
    pub(crate) fn set_quota(&self, quota: Quota) {
        let _ = self.quota.set(quota);
    }

    /// Bills `n` reads, or refuses all of them with RESOURCE_EXHAUSTED. It takes a lock, so a stream does well to ask
    /// for the documents of a whole piece at once, and for no more than [`Meter::room`].
    pub(crate) fn read(&self, what: Read, n: u64) -> Result<(), Status> {
        self.read_at(what, n, self.micros())
    }

    /// How many reads would be granted now.
    pub(crate) fn room(&self) -> u64 {
        self.room_at(self.micros())
    }

    /// Bills writes.
    pub(crate) fn wrote(&self, documents: u64) {
        self.counts().bill.writes += documents;
    }

    /// Bills deletes.
    pub(crate) fn deleted(&self, documents: u64) {
        self.counts().bill.deletes += documents;
    }

    /// What was billed so far.
    pub(crate) fn bill(&self) -> Bill {
        self.counts().bill
    }

    fn read_at(&self, what: Read, n: u64, now: u64) -> Result<(), Status> {
        // Nothing is never too much, even after the quota was lowered.
        if n == 0 {
            return Ok(());
        }
        let limit = self.limit();
        let mut counts = self.counts();
        let Counts { bill, second, ten } = &mut *counts;
        let taken = second.taken(now).saturating_add(n);
        if taken > limit {
            bill.refused += 1;
            return Err(quota_exceeded());
        }
        second.take(now, n);
        bill.most_in_a_second = bill.most_in_a_second.max(taken);
        let in_ten = ten.taken(now).saturating_add(n);
        ten.take(now, n);
        bill.most_in_ten_seconds = bill.most_in_ten_seconds.max(in_ten);
        *bill.of(what) += n;
        Ok(())
    }

    fn room_at(&self, now: u64) -> u64 {
        self.limit().saturating_sub(self.counts().second.taken(now))
    }

    fn limit(&self) -> u64 {
        self.quota.get().map_or(u64::MAX, Quota::reads_per_second)
    }

    fn micros(&self) -> u64 {
        let began = self.began.get_or_init(Instant::now);
        u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meter(reads_per_second: u64) -> Meter {
        let quota = Quota::default();
        quota.set(Some(reads_per_second));
        let meter = Meter::default();
        meter.set_quota(quota);
        meter
    }

    /// The most reads that any window of so many seconds holds, by looking at every one that begins with a read.
    fn most_in(seconds: u64, granted: &[(u64, u64)]) -> u64 {
        let window = |begin: u64| {
            granted
                .iter()
                .filter(move |(at, _)| (begin..begin + seconds * SECOND).contains(at))
        };
        granted
            .iter()
            .map(|(begin, _)| window(*begin).map(|(_, n)| n).sum())
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_window_of_one_second_grants_more_than_the_quota(
            quota in 1..500u64,
            asked in prop::collection::vec((prop_oneof![0..200u64, 0..50_000u64, 0..1_500_000u64], 0..100u64), 0..300),
        ) {
            let meter = meter(quota);
            let (mut now, mut granted, mut refused) = (0, Vec::new(), 0);
            for (pause, n) in asked {
                now += pause;
                match meter.read_at(Read::Documents, n, now) {
                    Ok(()) => granted.push((now, n)),
                    Err(_) => refused += 1,
                }
            }
            let (bill, most) = (meter.bill(), most_in(1, &granted));
            prop_assert!(most <= quota);
            // What is remembered errs on the strict side only.
            prop_assert!((most..=quota).contains(&bill.most_in_a_second));
            let in_ten = most_in(10, &granted);
            prop_assert!((in_ten..=in_ten + quota).contains(&bill.most_in_ten_seconds));
            prop_assert_eq!(bill.documents, granted.iter().map(|(_, n)| n).sum::<u64>());
            prop_assert_eq!(bill.refused, refused);
        }

        #[test]
        fn what_fits_is_granted(quota in 1..500u64, seconds in prop::collection::vec(0..600u64, 0..20)) {
            let meter = meter(quota);
            for (second, n) in (0..).zip(seconds) {
                let granted = meter.read_at(Read::Documents, n, second * (SECOND + Window::<SECOND>::GRAIN)).is_ok();
                prop_assert_eq!(granted, n <= quota);
            }
        }
    }

    #[test]
    fn every_kind_of_read_is_billed_by_its_name_and_as_a_read() {
        let meter = Meter::default();
        let kinds = [
            Read::Documents,
            Read::Skipped,
            Read::Counted,
            Read::Empty,
            Read::Listing,
            Read::Listened,
            Read::Looked,
        ];
        for (n, kind) in (1..).zip(kinds) {
            meter.read(kind, n).unwrap();
        }
        meter.wrote(8);
        meter.deleted(9);
        let expected = Bill {
            documents: 1,
            skipped: 2,
            counted: 3,
            empty: 4,
            listings: 5,
            listened: 6,
            looked: 7,
            writes: 8,
            deletes: 9,
            refused: 0,
            most_in_a_second: 28,
            most_in_ten_seconds: 28,
        };
        // All of it came within one second, or the machine stood still.
        let bill = Bill {
            most_in_a_second: 28,
            most_in_ten_seconds: 28,
            ..meter.bill()
        };
        assert_eq!((bill, bill.reads()), (expected, 28));
    }

    #[test]
    fn a_refusal_costs_nothing_and_says_what_google_says() {
        let meter = meter(10);
        meter.read_at(Read::Documents, 10, 0).unwrap();
        let refused = meter.read_at(Read::Documents, 1, SECOND - 1).unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (tonic::Code::ResourceExhausted, "Quota exceeded.")
        );
        meter.read_at(Read::Documents, 10, SECOND).unwrap();
        assert_eq!((meter.bill().reads(), meter.bill().refused), (20, 1));
    }

    #[test]
    fn a_quota_holds_for_every_meter_that_follows_it_as_soon_as_it_changes() {
        let quota = Quota::default();
        let meters = [Meter::default(), Meter::default()];
        for meter in &meters {
            meter.set_quota(quota.clone());
            meter.read_at(Read::Documents, 1_000, 0).unwrap();
        }
        quota.set(Some(1_001));
        for meter in &meters {
            assert_eq!(meter.room_at(1), 1);
            assert!(meter.read_at(Read::Documents, 2, 1).is_err());
        }
        quota.set(None);
        assert!(
            meters
                .iter()
                .all(|meter| meter.read_at(Read::Documents, 1_000, 2).is_ok())
        );
    }

    #[test]
    fn counting_costs_a_read_for_each_thousand_begun() {
        assert_eq!([0, 1, 1_000, 1_001, 2_000].map(Read::of_counted), [1, 1, 1, 2, 2]);
    }
}
