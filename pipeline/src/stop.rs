//! Stopping in two steps, level-triggered: whoever asks late is still told.
//!
//! Draining means: read nothing more, load and checkpoint what was read. Aborting means: let go now; what was
//! under way is repeated at the next start. The first reason given is the one that is kept.

use tokio::sync::watch;

/// Why a run stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// SIGINT or SIGTERM.
    Signal,
    /// Too many documents could not be loaded.
    Emergency,
    /// Nothing more may be read without exceeding the budget.
    Budget,
    /// A lane failed for good; the others finish what they have read.
    Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Draining(Reason),
    Aborting(Reason),
}

/// Both ends of the signal; clones share it.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<State>);

impl Default for Stop {
    fn default() -> Self {
        Stop(watch::Sender::new(State::Running))
    }
}

impl Stop {
    /// Asks for draining; a later, different reason changes nothing.
    pub fn drain(&self, reason: Reason) {
        self.0.send_if_modified(|state| {
            let running = *state == State::Running;
            if running {
                *state = State::Draining(reason);
            }
            running
        });
    }

    /// Asks for letting go at once.
    pub fn abort(&self, reason: Reason) {
        self.0.send_modify(|state| {
            *state = match *state {
                State::Draining(first) | State::Aborting(first) => State::Aborting(first),
                State::Running => State::Aborting(reason),
            }
        });
    }

    /// Why the run is stopping, if it is.
    pub fn reason(&self) -> Option<Reason> {
        match *self.0.borrow() {
            State::Running => None,
            State::Draining(reason) | State::Aborting(reason) => Some(reason),
        }
    }

    /// Whether nothing more may be read.
    pub fn is_draining(&self) -> bool {
        self.reason().is_some()
    }

    /// Returns once nothing more may be read.
    pub async fn draining(&self) {
        self.until(|state| state != State::Running).await;
    }

    /// Returns once everything must be let go.
    pub async fn aborting(&self) {
        self.until(|state| matches!(state, State::Aborting(_))).await;
    }

    async fn until(&self, reached: impl Fn(State) -> bool) {
        let mut states = self.0.subscribe();
        // The sender lives in `self`, so the channel cannot close while we wait.
        let _ = states.wait_for(|state| reached(*state)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_asks_late_is_still_told() {
        let stop = Stop::default();
        stop.drain(Reason::Signal);
        stop.clone().draining().await;
        stop.drain(Reason::Emergency);
        assert_eq!(stop.reason(), Some(Reason::Signal));
        stop.abort(Reason::Fault);
        stop.aborting().await;
        assert_eq!(stop.reason(), Some(Reason::Signal));
    }
}
