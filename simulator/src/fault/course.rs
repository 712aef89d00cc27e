//! What will befall one call.
//!
//! Decided when the call begins, and handed out piece by piece to whoever answers it. A piece counts as having struck
//! when it is taken out, and there is no other way to get at it: nobody can strike without it being counted, and what
//! the answer never came to is not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tonic::Status;

/// Where a call is heading. The default is fair weather, and costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Course {
    latency: Vec<Due<Duration>>,
    bandwidth: Option<Due<u64>>,
    death: Option<Due<(Duration, Status)>>,
    /// In order of position.
    blows: VecDeque<(u64, Due<Blow>)>,
    /// Closed when another plan holds.
    plan: Option<watch::Receiver<()>>,
}

/// What happens at a place in the answer.
#[derive(Debug, Clone)]
pub(crate) enum Blow {
    /// The call ends with this status.
    Status(Status),
    /// The call ends like one that is complete, without the last message's `done`.
    EndEarly,
    /// The connection is cut in the middle of the next message.
    Cut(Cut),
    /// Nothing is sent for so long, or until another plan holds.
    Stall(Duration),
    /// The documents sent last come once more.
    Repeat,
    /// The next document and the one after it change places.
    Reorder,
    /// The next document is left out.
    Omit,
    /// A message that cannot be decoded is sent.
    Malformed,
    /// Something that only Listen knows of.
    Listen(Watch),
}

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// RST.
    Reset,
    /// FIN, and silence.
    HalfClose,
}

/// What befalls a Listen; its positions count responses.
#[derive(Debug, Clone)]
pub(crate) enum Watch {
    /// RESET of the targets, and everything once more.
    Reset,
    /// REMOVE of the targets with this cause.
    Remove(Status),
    /// Deletes that were due are not sent.
    ForgetDeletes,
    /// An existence filter with a count that is wrong.
    WrongCount,
    /// The resume token, if there is one, is refused with this status.
    TokenExpired(Status),
}

/// Something that a rule has in store, and the rule's count.
#[derive(Debug)]
struct Due<T> {
    what: T,
    struck: Arc<AtomicU64>,
}

impl<T> Due<T> {
    fn strike(self) -> T {
        self.struck.fetch_add(1, Ordering::Relaxed);
        self.what
    }
}

impl Course {
    /// Nothing will go wrong.
    #[cfg(test)]
    pub(crate) fn is_fair(&self) -> bool {
        self.latency.is_empty() && self.bandwidth.is_none() && self.death.is_none() && self.blows.is_empty()
    }

    /// What is decided here is a plan's, which holds until `plan` is closed.
    pub(crate) fn under(plan: watch::Receiver<()>) -> Course {
        Course {
            plan: Some(plan),
            ..Course::default()
        }
    }

    /// Returns when another plan holds than when this was decided.
    pub(crate) fn replaced(&self) -> impl Future<Output = ()> + use<> {
        let plan = self.plan.clone();
        async move {
            match plan {
                Some(mut plan) => while plan.changed().await.is_ok() {},
                None => std::future::pending().await,
            }
        }
    }

    /// Strikes: what to wait before anything is answered, of all rules together.
    pub(crate) fn latency(&mut self) -> Duration {
        self.latency
            .drain(..)
            .map(Due::strike)
            .fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Strikes: the bytes per second this answer may be sent at, by the slowest rule.
    pub(crate) fn bandwidth(&mut self) -> Option<u64> {
        self.bandwidth.take().map(Due::strike)
    }

    /// How long after its beginning the stream dies.
    pub(crate) fn death_after(&self) -> Option<Duration> {
        self.death.as_ref().map(|death| death.what.0)
    }

    /// Strikes: what the stream dies with.
    pub(crate) fn die(&mut self) -> Option<Status> {
        self.death.take().map(|death| death.strike().1)
    }

    /// After how many documents the next blow falls; 0 is before the first.
    pub(crate) fn next_blow(&self) -> Option<u64> {
        self.blows.front().map(|(position, _)| *position)
    }

    /// Strikes: the next blow, if it is due after so many documents. To be asked again until there is none.
    pub(crate) fn blow(&mut self, documents: u64) -> Option<Blow> {
        let (_, blow) = self.blows.pop_front_if(|(position, _)| *position <= documents)?;
        Some(blow.strike())
    }

    /// Whether a page will be repeated, so that the documents sent last must be kept.
    pub(crate) fn repeats(&self) -> bool {
        self.blows
            .iter()
            .any(|(_, blow)| matches!(blow.what, Blow::Repeat))
    }

    pub(crate) fn add_latency(&mut self, time: Duration, struck: Arc<AtomicU64>) {
        self.latency.push(Due { what: time, struck });
    }

    /// The slowest rule holds.
    pub(super) fn add_bandwidth(&mut self, bytes_per_second: u64, struck: Arc<AtomicU64>) {
        if self
            .bandwidth
            .as_ref()
            .is_none_or(|other| bytes_per_second < other.what)
        {
            let what = bytes_per_second;
            self.bandwidth = Some(Due { what, struck });
        }
    }

    /// The earliest rule holds.
    pub(super) fn add_death(&mut self, after: Duration, status: Status, struck: Arc<AtomicU64>) {
        if self.death.as_ref().is_none_or(|other| after < other.what.0) {
            let what = (after, status);
            self.death = Some(Due { what, struck });
        }
    }

    /// Blows at one position fall in the order they were added.
    pub(crate) fn add_blow(&mut self, position: u64, blow: Blow, struck: Arc<AtomicU64>) {
        let place = self.blows.partition_point(|(other, _)| *other <= position);
        self.blows.insert(place, (position, Due { what: blow, struck }));
    }
}
