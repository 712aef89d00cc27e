//! Trying again: exponential backoff with full jitter, a budget of attempts and of time, reset by progress.
//!
//! This is the only file that knows the `backoff` crate, which is no longer maintained (RUSTSEC-2025-0012);
//! replacing it means replacing this file's `delays`.

use crate::breaker::{Breaker, Turn};
use crate::fault::{Class, Fault};
use crate::metrics::{self, Wait, waiting_for};
use backoff::backoff::Backoff;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use std::time::Duration;

/// How long and how often to try.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Attempts without progress after which the fault is final.
    pub attempts: u32,
    /// The first wait, before jitter; each further one doubles.
    pub delay: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// Time without progress after which the fault is final.
    pub budget: Duration,
}

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Policy {
    /// What the operator asked for.
    pub fn of(habits: &config::Run) -> Policy {
        Policy {
            attempts: habits.max_retries,
            delay: habits.retry_delay,
            longest: LONGEST_WAIT.max(habits.retry_delay),
            budget: habits.retry_budget,
        }
    }

    /// Not again: for somebody who waits at the screen.
    pub fn once(habits: &config::Run) -> Policy {
        Policy {
            attempts: 0,
            ..Policy::of(habits)
        }
    }
}

/// One stretch of trying. Every success ends it with [`Retry::progress`].
#[derive(Debug)]
pub struct Retry {
    policy: Policy,
    breaker: Breaker,
    tried: u32,
    delays: ExponentialBackoff,
    /// Held while trying again.
    turn: Option<Turn>,
}

fn delays(policy: &Policy) -> ExponentialBackoff {
    ExponentialBackoffBuilder::new()
        .with_initial_interval(policy.delay)
        .with_max_interval(policy.longest)
        .with_multiplier(2.0)
        // Full jitter: anywhere between zero and twice the interval.
        .with_randomization_factor(1.0)
        .with_max_elapsed_time(Some(policy.budget))
        .build()
}

impl Retry {
    /// A fresh stretch under `policy`, of one who shares his trouble with nobody.
    pub fn new(policy: Policy) -> Self {
        Retry::among(policy, Breaker::default())
    }

    /// The same beside all others who talk to the same end.
    pub fn among(policy: Policy, breaker: Breaker) -> Self {
        Retry {
            policy,
            breaker,
            tried: 0,
            delays: delays(&policy),
            turn: None,
        }
    }

    /// Something succeeded: attempts and time count from here.
    pub fn progress(&mut self) {
        if self.tried > 0 {
            self.breaker.recovered();
            *self = Retry::among(self.policy, self.breaker.clone());
        }
    }

    /// Waits before the next attempt, or hands the fault back when it is final.
    pub async fn again(&mut self, fault: Fault) -> Result<(), Fault> {
        let Class::Transient { retry_after } = fault.class else {
            return Err(fault);
        };
        if self.tried == 0 {
            self.delays.reset();
        }
        self.tried += 1;
        self.turn = None;
        let wait = match self.delays.next_backoff() {
            Some(wait) if self.tried <= self.policy.attempts => wait.max(retry_after.unwrap_or_default()),
            _ => return Err(self.exhausted(fault)),
        };
        metrics::retried(&fault);
        tracing::warn!(
            attempt = self.tried,
            wait_ms = wait.as_millis() as u64,
            cause = fault.cause,
            "could not {}: {}; trying again",
            fault.action,
            fault.message
        );
        waiting_for(Wait::Retry, self.wait(wait, retry_after.is_some())).await;
        Ok(())
    }

    /// Waits so long, then for a turn; for neither any longer once somebody else got through, but as long as was asked
    /// for.
    async fn wait(&mut self, wait: Duration, asked: bool) {
        let recovery = self.breaker.watch();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = recovery.comes(), if !asked => {}
        }
        self.turn = self.breaker.turn(&recovery).await;
    }

    fn exhausted(&self, fault: Fault) -> Fault {
        let message = format!("{} (given up after {} attempts)", fault.message, self.tried);
        let remedy = fault.remedy.unwrap_or_else(|| {
            "mend the cause, then start the same command again: it goes on where it was".to_owned()
        });
        Fault {
            class: Class::Permanent,
            given_up: true,
            message,
            remedy: Some(remedy),
            ..fault
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Part;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn policy(attempts: u32) -> Policy {
        Policy {
            attempts,
            delay: Duration::from_millis(100),
            longest: Duration::from_secs(60),
            budget: Duration::from_secs(3600),
        }
    }

    fn blip() -> Fault {
        Fault::transient(Part::Source, "read", "connection reset")
    }

    #[tokio::test(start_paused = true)]
    async fn a_transient_fault_is_final_after_as_many_attempts_as_allowed() {
        for attempts in 0..6 {
            let mut retry = Retry::new(policy(attempts));
            for _ in 0..attempts {
                assert!(retry.again(blip()).await.is_ok());
            }
            let last = retry.again(blip()).await;
            assert!(matches!(last, Err(fault) if fault.class == Class::Permanent && fault.given_up));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn progress_gives_all_attempts_back() {
        let mut retry = Retry::new(policy(2));
        for _ in 0..50 {
            assert!(retry.again(blip()).await.is_ok());
            retry.progress();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_fault_is_never_repeated() {
        let fault = Fault::permanent(Part::Target, "load", "no such table");
        assert!(Retry::new(policy(5)).again(fault).await.is_err());
    }

    /// An end that is down until a moment, asked by many: how many asked it at once, and when the last one got through.
    async fn outage(many: usize, until: Duration) -> (usize, Duration) {
        let (breaker, began) = (Breaker::default(), tokio::time::Instant::now());
        let (asking, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..many {
            let (breaker, asking, most) = (breaker.clone(), asking.clone(), most.clone());
            all.spawn(async move {
                let mut retry = Retry::among(policy(1_000), breaker);
                let mut first = true;
                loop {
                    let now = asking.fetch_add(1, Ordering::Relaxed) + 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let down = began.elapsed() < until;
                    if !first && down {
                        most.fetch_max(now, Ordering::Relaxed);
                    }
                    first = false;
                    asking.fetch_sub(1, Ordering::Relaxed);
                    match down {
                        true => retry.again(blip()).await.unwrap(),
                        false => return retry.progress(),
                    }
                }
            });
        }
        all.join_all().await;
        (most.load(Ordering::Relaxed), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_is_down_is_asked_by_one_at_a_time_and_all_go_on_when_one_gets_through() {
        for many in [1, 2, 7, 64] {
            for minutes in [0, 1, 30] {
                let until = Duration::from_secs(60 * minutes) + Duration::from_millis(30);
                let (most, took) = outage(many, until).await;
                assert!(most <= 1, "{most} of {many} asked at once");
                // One wait is slept out, the longest of which is twice a minute, and the others sleep no longer.
                assert!(
                    took <= until + Duration::from_secs(121),
                    "{many}: {took:?} for {until:?}"
                );
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_let_go_of_is_the_next_ones() {
        let breaker = Breaker::default();
        for _ in 0..10 {
            let mut retry = Retry::among(policy(5), breaker.clone());
            retry.again(blip()).await.unwrap();
            // Dropped without getting through, as a lane that is let go of is.
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_asked_for_is_kept() {
        let mut fault = blip();
        fault.class = Class::Transient {
            retry_after: Some(Duration::from_secs(30)),
        };
        let before = tokio::time::Instant::now();
        assert!(Retry::new(policy(2)).again(fault).await.is_ok());
        assert!(before.elapsed() >= Duration::from_secs(30));
    }
}
