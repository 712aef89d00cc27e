//! Rules, built in code or read from a file: which calls, what happens to them, and how often.

use super::{Call, Strike};
use crate::fault::read_duration;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// Everything that is to go wrong. The default is fair weather.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The dice.
    #[serde(default)]
    pub seed: u64,
    #[serde(default, rename = "fault")]
    pub(super) faults: Vec<Fault>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub(super) strike: Strike,
    methods: Option<Vec<String>>,
    collection: Option<String>,
    limit_above: Option<u64>,
    #[serde(default = "always")]
    pub(super) probability: f64,
    #[serde(default)]
    pub(super) skip: u64,
    pub(super) times: Option<u64>,
    #[serde(default, deserialize_with = "duration")]
    pub(super) retry_after: Option<Duration>,
    #[serde(default, rename = "for", deserialize_with = "duration")]
    pub(super) lasting: Option<Duration>,
}

fn always() -> f64 {
    1.0
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    let time = read_duration(&text);
    time.map(Some).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "{text:?} is no duration; write one such as \"300ms\" or \"20s\""
        ))
    })
}

impl Plan {
    /// Fair weather, with these dice.
    pub fn new(seed: u64) -> Plan {
        Plan {
            seed,
            faults: Vec::new(),
        }
    }

    /// Everything that a bulk read must survive without anybody's help, each with this probability: statuses that pass,
    /// connections that are cut, answers that cannot be decoded, pages that lie and can be caught at it.
    pub fn everything(seed: u64, probability: f64) -> Plan {
        let strikes = [
            Strike::Unavailable,
            Strike::FailedToConnect,
            Strike::ServerTimeout,
            Strike::DeadlineExceeded,
            Strike::Cancelled,
            Strike::Internal,
            Strike::Reset,
            Strike::HalfClose,
            Strike::Latency,
            Strike::Malformed,
            Strike::Repeated,
            Strike::Disordered,
        ];
        let rule = |strike| {
            let lasting = Duration::from_millis(5);
            Fault::new(strike).probability(probability).lasting(lasting)
        };
        let exhausted = rule(Strike::ResourceExhausted).retry_after(Duration::from_secs(1));
        strikes
            .into_iter()
            .map(rule)
            .fold(Plan::new(seed), Plan::fault)
            .fault(exhausted)
    }

    /// One rule more.
    pub fn fault(mut self, fault: Fault) -> Plan {
        self.faults.push(fault);
        self
    }

    /// Reads a plan; what is wrong is told with its line.
    pub fn parse(text: &str) -> Result<Plan, toml::de::Error> {
        toml::from_str(text)
    }
}

impl Fault {
    /// It befalls every call that reads points, always.
    pub fn new(strike: Strike) -> Fault {
        Fault {
            strike,
            methods: None,
            collection: None,
            limit_above: None,
            probability: 1.0,
            skip: 0,
            times: None,
            retry_after: None,
            lasting: None,
        }
    }

    /// Only these calls, by service and method: `Points/Scroll`, `Collections/Get`.
    pub fn methods<M: Into<String>>(mut self, methods: impl IntoIterator<Item = M>) -> Fault {
        self.methods = Some(methods.into_iter().map(Into::into).collect());
        self
    }

    /// Only calls about the collection of this name.
    pub fn collection(mut self, name: impl Into<String>) -> Fault {
        self.collection = Some(name.into());
        self
    }

    /// Only calls that ask for more points than these: pages that are too large for a server's time-out.
    pub fn limit_above(mut self, points: u64) -> Fault {
        self.limit_above = Some(points);
        self
    }

    /// The share of matching calls it strikes, from 0 to 1.
    pub fn probability(mut self, share: f64) -> Fault {
        self.probability = share;
        self
    }

    /// Leaves so many matching calls alone first.
    pub fn skip(mut self, calls: u64) -> Fault {
        self.skip = calls;
        self
    }

    /// At most so many calls.
    pub fn times(mut self, calls: u64) -> Fault {
        self.times = Some(calls);
        self
    }

    /// Tells when to try again, in whole seconds: metadata `retry-after`.
    pub fn retry_after(mut self, time: Duration) -> Fault {
        self.retry_after = Some(time);
        self
    }

    /// How late an answer begins.
    pub fn lasting(mut self, time: Duration) -> Fault {
        self.lasting = Some(time);
        self
    }

    /// Whether a call is one that the rule is about.
    pub(super) fn matches(&self, call: &Call<'_>) -> bool {
        let method = match &self.methods {
            Some(methods) => methods.iter().any(|method| method == call.method),
            None => crate::qdrant::service::READS.contains(&call.method),
        };
        method
            && self
                .collection
                .as_ref()
                .is_none_or(|name| name == call.collection)
            && self
                .limit_above
                .is_none_or(|points| call.limit.is_some_and(|limit| limit > points))
    }
}
