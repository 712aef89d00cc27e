//! Rules, built in code: which calls, what happens to them, where, and how often.

use super::SignedDuration;
use super::{Method, Strike};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Everything that is to go wrong. The default is fair weather.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    pub(super) seed: u64,
    pub(super) pitr: bool,
    pub(super) datastore: bool,
    pub(super) enterprise: bool,
    pub(super) clock_skew: SignedDuration,
    /// Reads that any window of one second may hold.
    pub(super) quota: Option<u64>,
    /// Documents that a COUNT gets through in its time.
    pub(super) count_at_most: Option<u64>,
    pub(super) faults: Vec<Fault>,
}

/// One rule. What its strike knows nothing of is ignored, such as the length of an `unavailable`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub(super) strike: Strike,
    pub(super) methods: Option<Vec<Method>>,
    pub(super) collection: Option<String>,
    pub(super) after_documents: RangeInclusive<u64>,
    pub(super) probability: f64,
    pub(super) skip: u64,
    pub(super) times: Option<u64>,
    pub(super) retry_after: Option<Duration>,
    pub(super) lasting: Option<RangeInclusive<Duration>>,
    pub(super) bytes_per_second: Option<u64>,
}

impl Plan {
    /// Fair weather, with these dice.
    pub fn new(seed: u64) -> Plan {
        Plan {
            seed,
            ..Plan::default()
        }
    }

    /// Other dice.
    pub fn seeded(mut self, seed: u64) -> Plan {
        self.seed = seed;
        self
    }

    /// One rule more. Its number is how many there are then.
    pub fn fault(mut self, fault: Fault) -> Plan {
        self.faults.push(fault);
        self
    }

    /// Refuses reads beyond so many in any window of one second, in each database.
    pub fn reads_per_second(mut self, reads: u64) -> Plan {
        self.quota = Some(reads);
        self
    }

    /// Lets a COUNT of more documents run out of time. Firestore gives it about a minute, and no number.
    pub fn count_at_most(mut self, documents: u64) -> Plan {
        self.count_at_most = Some(documents);
        self
    }

    /// Point-in-time recovery: whole minutes up to seven days old may be read.
    pub fn point_in_time_recovery(mut self) -> Plan {
        self.pitr = true;
        self
    }

    /// Databases in Datastore mode: GetDatabase says so, and whoever asks for documents is refused.
    pub fn datastore_mode(mut self) -> Plan {
        self.datastore = true;
        self
    }

    /// Databases of the Enterprise edition. GetDatabase says so; nothing else is different.
    pub fn enterprise(mut self) -> Plan {
        self.enterprise = true;
        self
    }

    /// The database's clock against real time; negative is behind.
    pub fn clock_skew(mut self, skew: SignedDuration) -> Plan {
        self.clock_skew = skew;
        self
    }

    /// The dice it rolls.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl Fault {
    /// It befalls every call it can befall, at once, always.
    pub fn new(strike: Strike) -> Fault {
        Fault {
            strike,
            methods: None,
            collection: None,
            after_documents: 0..=0,
            probability: 1.0,
            skip: 0,
            times: None,
            retry_after: None,
            lasting: None,
            bytes_per_second: None,
        }
    }

    /// Only these calls; else every method that reads.
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Fault {
        self.methods = Some(methods.into_iter().collect());
        self
    }

    /// Only calls about the collections of this id.
    pub fn collection(mut self, id: impl Into<String>) -> Fault {
        self.collection = Some(id.into());
        self
    }

    /// When so many documents were sent; for a Listen, so many responses.
    pub fn after_documents(self, documents: u64) -> Fault {
        self.after_documents_in(documents..=documents)
    }

    /// When so many documents were sent, a new number for each call.
    pub fn after_documents_in(mut self, documents: RangeInclusive<u64>) -> Fault {
        self.after_documents = documents;
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

    /// At most so many calls. A call that ends before it comes to its place counts too: which calls a rule chooses
    /// must not depend on how they fare.
    pub fn times(mut self, calls: u64) -> Fault {
        self.times = Some(calls);
        self
    }

    /// Tells when to try again.
    pub fn retry_after(mut self, time: Duration) -> Fault {
        self.retry_after = Some(time);
        self
    }

    /// How long a stall or a latency lasts, or a stream lives.
    pub fn lasting(self, time: Duration) -> Fault {
        self.lasting_in(time..=time)
    }

    /// How long a stall or a latency lasts, or a stream lives, anew for each call.
    pub fn lasting_in(mut self, time: RangeInclusive<Duration>) -> Fault {
        self.lasting = Some(time);
        self
    }

    /// How fast bytes come, for a drip or a bandwidth.
    pub fn bytes_per_second(mut self, bytes: u64) -> Fault {
        self.bytes_per_second = Some(bytes);
        self
    }
}
