//! Reads that may be made, and what became of them.
//!
//! Who waits is served in turn. Reads that were granted count as long as nobody says that they were answered or never
//! made; dropped, the rest of them counts as answered at that moment.

use super::window::{Wanted, Window};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often somebody who may read nothing looks whether that has changed.
const LOOK: Duration = Duration::from_millis(50);

/// Who grants them.
#[derive(Debug)]
pub(super) struct Pacer {
    window: Mutex<Window>,
    /// Reads were answered or given back.
    moved: Notify,
    /// Held by who is served next.
    turn: tokio::sync::Mutex<()>,
}

/// Reads that may be made.
#[derive(Debug)]
#[must_use = "dropped, its reads count as made"]
pub struct Granted(Option<Limited>);

#[derive(Debug)]
struct Limited {
    pacer: Arc<Pacer>,
    reads: u32,
    /// Of them, neither answered nor given back.
    left: u32,
    since: Instant,
}

impl Pacer {
    pub(super) fn new(now: Instant) -> Pacer {
        Pacer {
            window: Mutex::new(Window::new(now)),
            moved: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until reads are granted at the rate that `rate` gives each time it is asked.
    pub(super) async fn take(self: &Arc<Self>, wanted: Wanted, rate: impl Fn() -> Option<f64>) -> Granted {
        let _turn = self.turn.lock().await;
        loop {
            let Some(rate) = rate() else {
                return Granted::unlimited();
            };
            if rate < 1.0 {
                // All of it is lent to others.
                tokio::time::sleep(LOOK).await;
                continue;
            }
            let now = Instant::now();
            let granted = self.window().grant(rate, wanted, now);
            match granted {
                Ok(reads) => {
                    return Granted(Some(Limited {
                        pacer: self.clone(),
                        reads,
                        left: reads,
                        since: now,
                    }));
                }
                Err(wait) => tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = self.moved.notified() => {}
                },
            }
        }
    }

    pub(super) fn owe(&self, reads: u64) {
        self.window().owe(reads, Instant::now());
    }

    /// Reads that may have been billed within the last second, or still are.
    pub(super) fn held(&self) -> u64 {
        self.window().held(Instant::now())
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Granted {
    pub(super) fn unlimited() -> Granted {
        Granted(None)
    }

    /// How many; nothing means any number.
    pub fn reads(&self) -> Option<u32> {
        self.0.as_ref().map(|limited| limited.reads)
    }

    /// So many of them were answered.
    pub fn came(&mut self, reads: u32) {
        let Some(limited) = &mut self.0 else { return };
        let now = Instant::now();
        let mut window = limited.pacer.window();
        if limited.left == limited.reads {
            window.began(now.duration_since(limited.since));
        }
        let asked = reads.min(limited.left);
        limited.left -= asked;
        window.answered(u64::from(asked), limited.since, now);
        // More than were asked for are the source's doing, and count all the same.
        window.owe(u64::from(reads - asked), now);
    }

    /// The answer is complete: what has not come of it was not made.
    pub fn close(mut self) {
        if let Some(limited) = &mut self.0 {
            limited.pacer.window().give_back(u64::from(limited.left));
            limited.left = 0;
        }
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        let Some(limited) = &self.0 else { return };
        if limited.left > 0 {
            let mut window = limited.pacer.window();
            window.answered(u64::from(limited.left), limited.since, Instant::now());
        }
        limited.pacer.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use crate::quota::ReadQuota;
    use proptest::prelude::*;
    use std::num::NonZeroU32;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    /// How a page fares: microseconds that it is late on its way, and that its second half is billed after its first;
    /// how many reads of each hundred that were granted are made; and whether the answer breaks.
    type Page = (u64, u64, u32, bool);

    /// When reads were billed.
    type Bill = Arc<Mutex<Vec<(Instant, u32)>>>;

    /// What every request takes to be billed, and every answer to come.
    const THERE: Duration = Duration::from_millis(20);
    const BACK: Duration = Duration::from_millis(30);

    async fn lane(quota: Arc<ReadQuota>, pages: Vec<Page>, bill: Bill) {
        for (late, slow, made, breaks) in pages {
            let mut granted = quota.take_page(u32::MAX).await;
            let reads = granted.reads().unwrap() * made / 100;
            let halves = [reads / 2, reads - reads / 2];
            let note = |half| bill.lock().unwrap().push((Instant::now(), half));
            sleep(THERE + Duration::from_micros(late)).await;
            note(halves[0]);
            sleep(Duration::from_micros(slow)).await;
            note(halves[1]);
            sleep(BACK).await;
            if !breaks {
                granted.came(halves[0]);
                sleep(Duration::from_micros(late)).await;
                granted.came(halves[1]);
                granted.close();
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_window_of_one_second_sees_more_than_the_rate(
            quota in prop_oneof![Just(10_u32), Just(1_000), Just(10_000)],
            lanes in prop::collection::vec(
                prop::collection::vec((0..90_000_u64, 0..90_000_u64, 0..=100_u32, prop::bool::weighted(0.1)), 1..40),
                1..6,
            ),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let bill = Bill::default();
            runtime.block_on(async {
                let limit = Arc::new(ReadQuota::new(NonZeroU32::new(quota), 0.8, false));
                // The first answer takes what every answer takes.
                let alone = lane(limit.clone(), vec![(0, 0, 100, false)], bill.clone());
                alone.await;
                let all = lanes.into_iter().map(|pages| tokio::spawn(lane(limit.clone(), pages, bill.clone())));
                for lane in all.collect::<Vec<_>>() {
                    lane.await.unwrap();
                }
            });
            let bill = bill.lock().unwrap();
            let second = Duration::from_secs(1);
            for (begin, _) in bill.iter() {
                let within = bill.iter().filter(|(at, _)| (*begin..*begin + second).contains(at));
                let reads: u32 = within.map(|(_, reads)| reads).sum();
                prop_assert!(reads <= quota / 10 * 8, "{reads} reads in a second");
            }
        }
    }

    /// Collections with few documents in them, one after another: a page that brings little costs little.
    #[tokio::test(start_paused = true)]
    async fn what_a_page_did_not_bring_holds_up_nobody() {
        let quota = Arc::new(ReadQuota::new(NonZeroU32::new(500), 0.8, false));
        let began = Instant::now();
        for _ in 0..40 {
            let mut granted = quota.take_page(300).await;
            granted.came(5);
            granted.close();
        }
        // 200 reads at 400 a second, an eighth of a second's worth of them at once.
        let took = began.elapsed().as_secs_f64();
        assert!((0.3..0.5).contains(&took), "{took}");
    }

    /// A minute of lanes that are far away. What becomes free while all of them are under way waits for the next that
    /// asks: where they go in step, as here, for most of a round trip.
    #[tokio::test(start_paused = true)]
    async fn what_is_allowed_is_used_from_far_away_too() {
        let quota = Arc::new(ReadQuota::new(NonZeroU32::new(10_000), 0.8, false));
        let bill = Bill::default();
        let began = Instant::now();
        let all: Vec<_> = (0..4)
            .map(|_| tokio::spawn(lane(quota.clone(), vec![(0, 0, 100, false); 2_000], bill.clone())))
            .collect();
        sleep(Duration::from_secs(60)).await;
        all.iter().for_each(|lane| lane.abort());
        let read: u32 = bill.lock().unwrap().iter().map(|(_, reads)| reads).sum();
        let a_second = f64::from(read) / began.elapsed().as_secs_f64();
        assert!(
            (7_500.0..=8_000.0).contains(&a_second),
            "{a_second} reads a second"
        );
    }
}
