//! How long a run takes, from what each part of it takes alone.
//!
//! Reading, packing and loading go on at the same time, so the slowest of them sets the pace, unless they share
//! processors: parts on this machine wait for each other, and their times add up to as much as there is work for.

use serde::Serialize;
use std::time::Duration;

/// Reads a second at the start of a ramp, its growth, and how often it grows.
const RAMP: (f64, f64, f64) = (500.0, 1.5, 300.0);
/// What a guess may be off by, down and up.
const LEAST: f64 = 0.75;
const MOST: f64 = 1.4;
/// Processors that one lane keeps busy: a stage waits for another now and then.
const A_LANE: f64 = 1.3;
/// How much longer the parts take at the same time than each alone, over and over on the same few documents: caches are
/// colder, and work is handed on. Runs of the simulator's databases took about 1.1 times as long on a quiet machine, and
/// up to 1.5 times on one that was busy with other work besides.
const TOGETHER: f64 = 1.1;
/// Opening the checkpoint directory, making tables, registering the run.
const BEGINNING: Duration = Duration::from_millis(150);

/// What sets the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Reading.
    Source,
    /// Packing, by this machine's processors.
    Packing,
    /// Loading.
    Target,
    /// The limit on reads a second.
    Quota,
}

/// What all documents take in each part alone, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts {
    /// Reading; nothing when it was not measured.
    pub(crate) source: Option<f64>,
    pub(crate) packing: f64,
    pub(crate) target: f64,
    /// What the limit on reads a second allows; 0 without one.
    pub(crate) quota: f64,
    /// Batches that each lane's place has to work, one after the other.
    pub(crate) batches: f64,
}

/// Who shares processors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    pub(crate) source_here: bool,
    pub(crate) target_here: bool,
    pub(crate) cores: f64,
    /// Lanes worked at a time.
    pub(crate) lanes: f64,
}

/// An expectation, and how far reality may be from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// Seconds, the most likely.
    pub seconds: f64,
    /// Seconds at the least.
    pub least: f64,
    /// Seconds at the most.
    pub most: f64,
}

impl Expected {
    pub(crate) fn about(seconds: f64) -> Expected {
        Expected {
            seconds,
            least: seconds * LEAST,
            most: seconds * MOST,
        }
    }

    pub(crate) fn and(self, other: Expected) -> Expected {
        Expected {
            seconds: self.seconds + other.seconds,
            least: self.least + other.least,
            most: self.most + other.most,
        }
    }

    pub(crate) fn of(duration: Duration) -> Expected {
        Expected::about(duration.as_secs_f64())
    }
}

/// Everything before the load, when making the plan took so long.
pub(crate) fn planning(took: Duration) -> Expected {
    Expected::of(took + BEGINNING)
}

/// The load, and what sets its pace.
pub(crate) fn load(parts: Parts, machine: Machine) -> (Expected, Bound) {
    let source = parts.source.unwrap_or(0.0);
    let here = [(source, machine.source_here), (parts.target, machine.target_here)];
    let shared: f64 = here.iter().filter(|(_, here)| *here).map(|(time, _)| time).sum();
    // Of what was measured with all lanes at work, so many processors had their part.
    let busy = (machine.lanes * A_LANE).min(machine.cores);
    let together = (parts.packing + shared) * busy / machine.cores;
    let slowest = [source, parts.packing, parts.target]
        .into_iter()
        .fold(0.0, f64::max);
    // The first batch is loaded only once it was read and packed.
    let sum = source + parts.packing + parts.target;
    let one_after_the_other = slowest + (sum - slowest) / parts.batches.max(1.0);
    let seconds = (one_after_the_other.max(together) * TOGETHER).max(parts.quota);
    let bound = if parts.quota >= seconds {
        Bound::Quota
    } else if source >= parts.target && source >= parts.packing {
        Bound::Source
    } else if parts.target >= parts.packing {
        Bound::Target
    } else {
        Bound::Packing
    };
    let everything = sum.max(parts.quota);
    let expected = Expected {
        seconds,
        least: (slowest * LEAST).max(parts.quota),
        most: (seconds * MOST).max(everything * TOGETHER),
    };
    (expected, bound)
}

/// Seconds that so many reads take under a limit: what is allowed a second, and whether it grows from 500.
pub(crate) fn quota(reads: f64, a_second: Option<f64>, ramp: bool) -> f64 {
    let ceiling = a_second.unwrap_or(f64::INFINITY);
    if !ramp {
        return if ceiling.is_finite() { reads / ceiling } else { 0.0 };
    }
    let (start, growth, every) = RAMP;
    let (mut left, mut seconds, mut rate) = (reads, 0.0, start);
    while rate < ceiling && left > rate * every && rate < 1e9 {
        left -= rate * every;
        seconds += every;
        rate *= growth;
    }
    seconds + left / rate.min(ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;

    const APART: Machine = Machine {
        source_here: false,
        target_here: false,
        cores: 4.0,
        lanes: 4.0,
    };

    #[test]
    fn the_slowest_part_sets_the_pace_where_nothing_is_shared() {
        let parts = Parts {
            source: Some(10.0),
            packing: 1.0,
            target: 30.0,
            quota: 0.0,
            batches: f64::INFINITY,
        };
        let (expected, bound) = load(parts, APART);
        assert_eq!((expected.seconds, bound), (30.0 * TOGETHER, Bound::Target));
        let (expected, bound) = load(Parts { quota: 60.0, ..parts }, APART);
        assert_eq!((expected.seconds, bound), (60.0, Bound::Quota));
        assert!(expected.least <= expected.seconds && expected.seconds <= expected.most);
    }

    #[test]
    fn what_shares_processors_adds_up() {
        let parts = Parts {
            source: Some(10.0),
            packing: 5.0,
            target: 30.0,
            quota: 0.0,
            batches: f64::INFINITY,
        };
        let here = Machine {
            source_here: true,
            target_here: true,
            cores: 2.0,
            lanes: 4.0,
        };
        assert_eq!(load(parts, here).0.seconds, 45.0 * TOGETHER);
        // A single batch goes from one to the next.
        let single = Parts {
            batches: 1.0,
            ..parts
        };
        assert_eq!(
            load(single, Machine { lanes: 1.0, ..here }).0.seconds,
            45.0 * TOGETHER
        );
        // A single lane leaves processors idle.
        assert_eq!(
            load(parts, Machine { lanes: 1.0, ..here }).0.seconds,
            30.0 * TOGETHER
        );
    }

    #[test]
    fn a_ramp_takes_its_time() {
        assert_eq!(quota(1000.0, Some(100.0), false), 10.0);
        assert_eq!(quota(1000.0, None, false), 0.0);
        assert_eq!(quota(150_000.0, None, true), 300.0);
        assert_eq!(quota(150_000.0 + 225_000.0, None, true), 600.0);
        assert_eq!(quota(100_000.0, Some(400.0), true), 250.0);
    }
}
