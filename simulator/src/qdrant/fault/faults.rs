//! The plan that holds, and what it did so far.

use super::{Fault, Plan, Strike, Wrong};
use crate::fault::{Course, Dice, Roll};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// A call, as rules see it.
#[derive(Debug, Clone, Copy)]
pub(in crate::qdrant) struct Call<'a> {
    /// Such as `Points/Scroll`.
    pub(in crate::qdrant) method: &'static str,
    pub(in crate::qdrant) collection: &'a str,
    pub(in crate::qdrant) limit: Option<u64>,
}

/// What a rule did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Struck {
    /// What it does.
    pub strike: Strike,
    /// Calls that matched it.
    pub calls: u64,
    /// Calls that it chose.
    pub chosen: u64,
    /// Times it really happened.
    pub times: u64,
}

/// Decides for every call what befalls it. The plan can be replaced at any time.
#[derive(Debug, Default)]
pub(in crate::qdrant) struct Faults(RwLock<Arc<Active>>);

#[derive(Debug, Default)]
struct Active {
    plan: Plan,
    counts: Vec<Count>,
}

#[derive(Debug, Default)]
struct Count {
    /// Calls that matched, and calls that were chosen.
    calls: Mutex<(u64, u64)>,
    struck: Arc<AtomicU64>,
}

impl Faults {
    /// Another plan from now on, which counts from nought. Calls under way keep what was decided for them.
    pub(in crate::qdrant) fn replace(&self, plan: Plan) {
        let counts = plan.faults.iter().map(|_| Count::default()).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Active { plan, counts });
    }

    fn active(&self) -> Arc<Active> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What each rule did so far.
    pub(in crate::qdrant) fn struck(&self) -> Vec<Struck> {
        let active = self.active();
        let told = |(fault, count): (&Fault, &Count)| {
            let (calls, chosen) = *count.calls.lock().unwrap_or_else(PoisonError::into_inner);
            Struck {
                strike: fault.strike,
                calls,
                chosen,
                times: count.struck.load(Ordering::Relaxed),
            }
        };
        active.plan.faults.iter().zip(&active.counts).map(told).collect()
    }

    /// What will befall a call that begins now, and what will be wrong with its answer.
    pub(in crate::qdrant) fn course(&self, call: &Call<'_>) -> (Course, Option<Wrong>) {
        let (mut course, mut lie) = (Course::default(), None);
        let active = self.active();
        for (rule, (fault, count)) in (1..).zip(active.plan.faults.iter().zip(&active.counts)) {
            if !fault.matches(call) || !count.chooses(fault, active.plan.seed, rule) {
                continue;
            }
            let struck = count.struck.clone();
            match fault.strike.blow(fault.retry_after) {
                Ok(blow) => course.add_blow(0, blow, struck),
                Err(None) => course.add_latency(fault.lasting.unwrap_or(Duration::from_millis(200)), struck),
                Err(Some(wrong)) => {
                    struck.fetch_add(1, Ordering::Relaxed);
                    lie = Some(wrong);
                }
            }
        }
        (course, lie)
    }
}

impl Count {
    /// Whether the rule chooses the next matching call.
    fn chooses(&self, fault: &Fault, seed: u64, rule: u64) -> bool {
        let mut counts = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let (calls, chosen) = &mut *counts;
        *calls += 1;
        let spared = *calls <= fault.skip || fault.times.is_some_and(|times| *chosen >= times);
        let dice = Dice::new(seed, rule, *calls);
        let chooses = !spared && dice.share(Roll::Whether) < fault.probability;
        *chosen += u64::from(chooses);
        chooses
    }
}
