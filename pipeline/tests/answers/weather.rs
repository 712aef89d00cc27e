//! What goes wrong, and how often: from the dice of a case. Times are tiny, for waiting proves nothing.

use rand::RngExt;
use rand::rngs::StdRng;
use simulator::fault::{Fault, Method, Plan, Strike};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Everything that a bulk read asks.
const ASKED: [Method; 7] = [
    Method::RunQuery,
    Method::BatchGetDocuments,
    Method::GetDocument,
    Method::ListDocuments,
    Method::ListCollectionIds,
    Method::RunAggregationQuery,
    Method::PartitionQuery,
];
/// What may strike anywhere, and is over when it is asked again.
const PASSING: [Strike; 16] = [
    Strike::Unavailable,
    Strike::DeadlineExceeded,
    Strike::Internal,
    Strike::Aborted,
    Strike::ResourceExhausted,
    Strike::Unknown,
    Strike::Cancelled,
    Strike::Reset,
    Strike::HalfClose,
    Strike::StreamDeath,
    Strike::RepeatedPage,
    Strike::Malformed,
    Strike::Stall,
    Strike::Latency,
    Strike::Drip,
    Strike::Bandwidth,
];

/// What a case may meet, and whether it passes.
pub(crate) struct Weather {
    /// While the plan is made.
    pub(crate) early: Plan,
    /// While documents are read: snapshots may grow too old, and answers end early.
    pub(crate) late: Plan,
    /// Some call never succeeds: then a fault has to say so.
    pub(crate) is_hopeless: bool,
    /// Answers leave documents out, or have them in another order, and end like whole ones: where one is missed, the
    /// count has to tell.
    pub(crate) lies: bool,
}

impl Weather {
    /// Faults anywhere in the first `documents` documents of answers, as many as `size` of 100 allows.
    pub(crate) fn of(dice: &mut StdRng, documents: u64, size: usize) -> Weather {
        let is_hopeless = dice.random_range(0..50) == 0;
        let plan = Plan::new(dice.random());
        if is_hopeless {
            let plan = plan.fault(hopeless(dice));
            return Weather {
                early: plan.clone(),
                late: plan,
                is_hopeless,
                lies: false,
            };
        }
        let lies = dice.random_range(0..20) == 0;
        let early = passing(plan, dice, documents, size);
        // While a plan is made, what ends early without a word is believed; then the sums do not add up, and that is said.
        let late = match dice.random_range(0..4) {
            0 => early.clone(),
            _ => early.clone().fault(
                Fault::new(Strike::EndEarly)
                    .methods([Method::RunQuery])
                    .after_documents_in(places(dice, documents))
                    .probability(share(dice, size)),
            ),
        };
        // What is read at another moment is counted anew, for what came before cannot be counted any more: who lies does
        // not do that as well.
        let late = match dice.random_range(0..4) {
            _ if lies => late.fault(
                Fault::new([Strike::Omitted, Strike::Reordered][dice.random_range(0..2)])
                    .methods([Method::RunQuery])
                    .after_documents_in(places(dice, documents))
                    .probability(share(dice, size)),
            ),
            0 => late.fault(
                Fault::new(Strike::SnapshotTooOld)
                    .methods([Method::RunQuery])
                    .after_documents_in(1..=documents.max(1))
                    .probability(share(dice, size)),
            ),
            _ => late,
        };
        Weather {
            early,
            late,
            is_hopeless,
            lies,
        }
    }
}

/// How many of the calls something befalls.
fn share(dice: &mut StdRng, size: usize) -> f64 {
    dice.random_range(0.0..0.3) * size as f64 / 100.0
}

fn passing(plan: Plan, dice: &mut StdRng, documents: u64, size: usize) -> Plan {
    let mut plan = plan;
    for strike in PASSING {
        // A refusal for lack of quota slows the reader down, as it should.
        if strike == Strike::ResourceExhausted && dice.random_range(0..8) > 0 {
            continue;
        }
        let methods: Vec<Method> = ASKED
            .into_iter()
            .filter(|method| strike.befalls(*method))
            .collect();
        let methods = match dice.random_range(0..4) {
            0 => continue,
            1 => methods,
            // Mostly documents, of which there is most to be lost.
            _ => vec![Method::RunQuery],
        };
        let fault = Fault::new(strike)
            .methods(methods)
            .probability(share(dice, size))
            .after_documents_in(places(dice, documents))
            .lasting_in(Duration::from_micros(100)..=Duration::from_millis(dice.random_range(1..3)))
            .bytes_per_second(dice.random_range(1 << 22..1 << 25));
        // Without advice a second is waited for quota.
        let advised = strike == Strike::ResourceExhausted || dice.random();
        plan = plan.fault(match advised {
            true => fault.retry_after(Duration::from_micros(dice.random_range(0..2000))),
            false => fault,
        });
    }
    if dice.random_range(0..4) == 0 {
        // An answer has to live for a while before its credentials are too old.
        let expired = Fault::new(Strike::ExpiredCredentials).methods([Method::RunQuery]);
        plan = plan.fault(
            expired
                .probability(share(dice, size))
                .after_documents_in(2..=documents.max(2)),
        );
        plan = plan.fault(
            Fault::new(Strike::NotOffered)
                .methods([Method::PartitionQuery])
                .probability(0.5),
        );
    }
    plan
}

fn places(dice: &mut StdRng, documents: u64) -> RangeInclusive<u64> {
    match dice.random_range(0..3) {
        0 => 0..=0,
        1 => 0..=documents,
        _ => 0..=dice.random_range(0..=documents),
    }
}

/// Every query is refused, always and before its first document.
fn hopeless(dice: &mut StdRng) -> Fault {
    let strikes = [
        Strike::Unavailable,
        Strike::DeadlineExceeded,
        Strike::Internal,
        Strike::ResourceExhausted,
        Strike::Unknown,
        Strike::Cancelled,
        Strike::Reset,
        Strike::HalfClose,
        Strike::Malformed,
        Strike::PermissionDenied,
        Strike::ExpiredCredentials,
        Strike::SnapshotTooOld,
        Strike::EndEarly,
    ];
    Fault::new(strikes[dice.random_range(0..strikes.len())]).methods([Method::RunQuery])
}
