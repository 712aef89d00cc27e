//! The plan that holds, and what it did so far.

use super::course::{Blow, Course, Cut, Watch};
use super::dice::{Dice, Roll};
use super::{Fault, Method, Plan, Strike, words};
use crate::meter::Quota;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tonic::Status;

/// Versions of documents are kept so long.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// With point-in-time recovery, those of whole minutes are kept so long.
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Decides for every call what befalls it. The plan can be replaced at any time.
#[derive(Debug)]
pub struct Faults {
    /// Whether there are any rules: asked first, so that fair weather costs one look.
    rules: AtomicBool,
    active: RwLock<Arc<Active>>,
    quota: Quota,
}

/// A call, as rules see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Such as `RunQuery`.
    pub(crate) method: &'static str,
    /// The id of the collection it is about, when it is about one.
    pub(crate) collection: Option<&'a str>,
}

/// What a rule did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Struck {
    /// The rule's number, counted from 1.
    pub rule: usize,
    /// What it does.
    pub strike: Strike,
    /// Calls that matched it.
    pub calls: u64,
    /// Calls that it chose.
    pub chosen: u64,
    /// Times it really happened; a stream that ended before its place was chosen and not struck.
    pub times: u64,
}

#[derive(Debug)]
struct Active {
    plan: Plan,
    /// One for each rule of the plan.
    counts: Vec<Count>,
    /// Closed with the plan.
    holds: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Count {
    /// Calls that matched, and calls that were chosen.
    calls: Mutex<(u64, u64)>,
    struck: Arc<AtomicU64>,
}

impl Faults {
    /// What holds from the beginning.
    pub fn new(plan: Plan) -> Faults {
        let faults = Faults {
            rules: AtomicBool::new(false),
            active: RwLock::new(Arc::new(Active::new(Plan::default()))),
            quota: Quota::default(),
        };
        faults.replace(plan);
        faults
    }

    /// Another plan from now on, which counts from nought. Calls under way keep what was
    /// decided for them, but stalls end.
    pub(crate) fn replace(&self, plan: Plan) {
        let mut active = self.active.write().unwrap_or_else(PoisonError::into_inner);
        self.quota.set(plan.quota);
        self.rules.store(!plan.faults.is_empty(), Ordering::Release);
        *active = Arc::new(Active::new(plan));
    }

    /// The plan that holds.
    pub fn plan(&self) -> Plan {
        self.active().plan.clone()
    }

    /// What each rule of the plan did so far.
    pub fn struck(&self) -> Vec<Struck> {
        let active = self.active();
        let rules = active.plan.faults.iter().zip(&active.counts);
        (1..)
            .zip(rules)
            .map(|(rule, (fault, count))| count.told(rule, fault.strike))
            .collect()
    }

    /// What will befall a call that begins now.
    pub(crate) fn course(&self, call: &Call<'_>) -> Course {
        if !self.rules.load(Ordering::Acquire) {
            return Course::default();
        }
        let active = self.active();
        let mut course = Course::under(active.holds.subscribe());
        active.decide(call, &mut course);
        course
    }

    /// Whether whole minutes up to seven days old may be read.
    pub(crate) fn point_in_time_recovery(&self) -> bool {
        self.active().plan.pitr
    }

    /// How long versions are kept.
    pub(crate) fn versions_kept(&self) -> Duration {
        if self.point_in_time_recovery() { WEEK } else { HOUR }
    }

    /// Whether databases are of the kind whose documents only the Datastore API has.
    pub(crate) fn datastore_mode(&self) -> bool {
        self.active().plan.datastore
    }

    /// Whether databases are of the Enterprise edition.
    pub(crate) fn enterprise(&self) -> bool {
        self.active().plan.enterprise
    }

    /// Whether a COUNT can get through so many documents in its time.
    pub(crate) fn can_count(&self, documents: u64) -> Result<(), Status> {
        match self.active().plan.count_at_most {
            Some(most) if documents > most => Err(words::status(
                Strike::DeadlineExceeded,
                "RunAggregationQuery",
                None,
            )),
            _ => Ok(()),
        }
    }

    /// What the database's clock is ahead of real time, in microseconds.
    pub(crate) fn clock_skew_micros(&self) -> i64 {
        i64::try_from(self.active().plan.clock_skew.as_micros()).unwrap_or(0)
    }

    /// What databases may be read at; it follows the plan.
    pub(crate) fn quota(&self) -> Quota {
        self.quota.clone()
    }

    fn active(&self) -> Arc<Active> {
        self.active.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Active {
    fn new(plan: Plan) -> Active {
        let counts = plan.faults.iter().map(|_| Count::default()).collect();
        let (holds, _) = watch::channel(());
        Active { plan, counts, holds }
    }

    fn decide(&self, call: &Call<'_>, course: &mut Course) {
        for (rule, (fault, count)) in (1..).zip(self.plan.faults.iter().zip(&self.counts)) {
            if !fault.matches(call) {
                continue;
            }
            if let Some(dice) = count.choose(fault, self.plan.seed, rule) {
                fault.add_to(course, call, dice, &count.struck);
            }
        }
    }
}

impl Count {
    /// The dice of the next matching call, if the rule chooses it.
    fn choose(&self, fault: &Fault, seed: u64, rule: u64) -> Option<Dice> {
        let mut counts = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let (calls, chosen) = &mut *counts;
        *calls += 1;
        let dice = Dice::new(seed, rule, *calls);
        let spared = *calls <= fault.skip || fault.times.is_some_and(|times| *chosen >= times);
        if spared || dice.share(Roll::Whether) >= fault.probability {
            return None;
        }
        *chosen += 1;
        Some(dice)
    }

    fn told(&self, rule: usize, strike: Strike) -> Struck {
        let (calls, chosen) = *self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let times = self.struck.load(Ordering::Relaxed);
        Struck {
            rule,
            strike,
            calls,
            chosen,
            times,
        }
    }
}

impl Fault {
    fn matches(&self, call: &Call<'_>) -> bool {
        let about = self.collection.is_none() || self.collection.as_deref() == call.collection;
        about && self.is_for(call.method)
    }

    fn is_for(&self, method: &str) -> bool {
        match &self.methods {
            Some(methods) => methods.iter().any(|known| known.name() == method),
            None => Method::named(method).is_some_and(|method| method.reads() && self.strike.befalls(method)),
        }
    }

    fn add_to(&self, course: &mut Course, call: &Call<'_>, dice: Dice, struck: &Arc<AtomicU64>) {
        let struck = struck.clone();
        match self.strike {
            Strike::Latency => course.add_latency(self.time(dice), struck),
            Strike::StreamDeath => course.add_death(self.time(dice), self.status(call), struck),
            Strike::Drip | Strike::Bandwidth => course.add_bandwidth(self.pace(), struck),
            _ => {
                let (least, most) = (*self.after_documents.start(), *self.after_documents.end());
                course.add_blow(
                    dice.between(Roll::Where, least, most),
                    self.blow(call, dice),
                    struck,
                );
            }
        }
    }

    fn blow(&self, call: &Call<'_>, dice: Dice) -> Blow {
        match self.strike {
            Strike::EndEarly => Blow::EndEarly,
            Strike::Reset => Blow::Cut(Cut::Reset),
            Strike::HalfClose => Blow::Cut(Cut::HalfClose),
            Strike::Stall => Blow::Stall(self.time(dice)),
            Strike::RepeatedPage => Blow::Repeat,
            Strike::Reordered => Blow::Reorder,
            Strike::Omitted => Blow::Omit,
            Strike::Malformed => Blow::Malformed,
            Strike::ListenReset => Blow::Listen(Watch::Reset),
            Strike::ListenRemove => Blow::Listen(Watch::Remove(self.status(call))),
            Strike::ListenForgetDeletes => Blow::Listen(Watch::ForgetDeletes),
            Strike::ListenWrongCount => Blow::Listen(Watch::WrongCount),
            Strike::ListenTokenExpired => Blow::Listen(Watch::TokenExpired(self.status(call))),
            _ => Blow::Status(self.status(call)),
        }
    }

    fn status(&self, call: &Call<'_>) -> Status {
        words::status(self.strike, call.method, self.retry_after)
    }

    fn pace(&self) -> u64 {
        self.bytes_per_second
            .or(self.strike.paces())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    fn time(&self, dice: Dice) -> Duration {
        let Some(time) = &self.lasting else {
            return self.strike.lasts().unwrap_or_default();
        };
        let micros = |time: &Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(dice.between(Roll::HowLong, micros(time.start()), micros(time.end())))
    }
}
