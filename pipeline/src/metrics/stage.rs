//! What the stages of a lane do with their time, and what lanes wait for: which of them binds a run.

use super::named::{STAGE_SECONDS, WAIT_SECONDS};
use metrics::histogram;
use tokio::time::Instant;

/// The time of one stage of a lane, told batch by batch.
#[derive(Debug)]
pub(crate) struct Stage {
    name: &'static str,
    since: Instant,
}

impl Stage {
    /// A stage that begins now.
    pub(crate) fn new(name: &'static str) -> Stage {
        Stage {
            name,
            since: Instant::now(),
        }
    }

    /// It worked on a batch since something was told of it last.
    pub(crate) fn was_busy(&mut self) {
        self.was("busy");
    }

    /// It waited for a batch to come.
    pub(crate) fn was_starved(&mut self) {
        self.was("starved");
    }

    /// It waited for the next stage to take a batch.
    pub(crate) fn was_blocked(&mut self) {
        self.was("blocked");
    }

    fn was(&mut self, state: &'static str) {
        let now = Instant::now();
        let spent = now.duration_since(self.since);
        histogram!(STAGE_SECONDS, "stage" => self.name, "state" => state).record(spent.as_secs_f64());
        self.since = now;
    }
}

/// What a lane may have to wait for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    /// Reads that the quota allows.
    Quota,
    /// Memory for a batch.
    Memory,
    /// A connection to PostgreSQL.
    Connection,
    /// The time to try again.
    Retry,
}

/// What `comes`, told how long it took.
pub(crate) async fn waiting_for<T>(what: Wait, comes: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let came = comes.await;
    let what = match what {
        Wait::Quota => "quota",
        Wait::Memory => "memory",
        Wait::Connection => "connection",
        Wait::Retry => "retry",
    };
    histogram!(WAIT_SECONDS, "reason" => what).record(began.elapsed().as_secs_f64());
    came
}
