//! What is decided for calls: the same from the same seed, as often as asked, and counted when it happens.

use super::*;
use crate::fault::{Blow, Call, Course, Faults};
use futures::FutureExt;

const QUERY: Call<'static> = Call {
    method: "RunQuery",
    collection: Some("orders"),
};

/// Everything a course holds, in words; taking it out makes it happen.
fn carried_out(mut course: Course) -> Vec<String> {
    let mut told = Vec::new();
    let latency = course.latency();
    if !latency.is_zero() {
        told.push(format!("latency {latency:?}"));
    }
    told.extend(course.bandwidth().map(|bytes| format!("bandwidth {bytes}")));
    let death = course.death_after();
    told.extend(course.die().map(|status| format!("death {death:?} {status}")));
    while let Some(position) = course.next_blow() {
        told.extend(course.blow(position).map(|blow| format!("{position} {blow:?}")));
    }
    assert!(course.is_fair());
    told
}

/// What befalls calls one after another.
fn befalls(faults: &Faults, calls: usize) -> Vec<Vec<String>> {
    (0..calls).map(|_| carried_out(faults.course(&QUERY))).collect()
}

fn chosen(faults: &Faults, calls: usize) -> Vec<usize> {
    let befallen = befalls(faults, calls);
    (0..calls).filter(|call| !befallen[*call].is_empty()).collect()
}

proptest! {
    #[test]
    fn a_seed_replays(plan in plans()) {
        prop_assert_eq!(befalls(&Faults::new(plan.clone()), 20), befalls(&Faults::new(plan), 20));
    }

    /// Calls about other things in between, which only other rules see, move nothing.
    #[test]
    fn a_rule_minds_only_its_own_calls(fault in faults(), between in prop::collection::vec(0..4usize, 20)) {
        let fault = Fault { methods: None, collection: Some("orders".to_owned()), ..fault };
        let other = Fault::new(Strike::Unavailable).collection("users").probability(0.5);
        let alone = Faults::new(Plan::new(7).fault(fault.clone()).fault(other.clone()));
        let beset = Faults::new(Plan::new(7).fault(fault).fault(other));
        let strangers = Call { method: "RunQuery", collection: Some("users") };
        for strangers_before in between {
            for _ in 0..strangers_before {
                carried_out(beset.course(&strangers));
            }
            prop_assert_eq!(carried_out(alone.course(&QUERY)), carried_out(beset.course(&QUERY)));
        }
    }

    /// Whatever a rule decides, how calls fare moves nothing either.
    #[test]
    fn a_rule_does_not_mind_how_calls_fare(fault in faults(), fares in prop::collection::vec(any::<bool>(), 20)) {
        let one = Faults::new(Plan::new(7).fault(fault.clone()));
        let other = Faults::new(Plan::new(7).fault(fault));
        for fare in fares {
            let (course, same) = (one.course(&QUERY), other.course(&QUERY));
            prop_assert_eq!(course.is_fair(), same.is_fair());
            if fare {
                carried_out(same);
            }
        }
    }

    #[test]
    fn as_many_as_asked_are_left_alone_and_as_many_struck(skip in 0..30usize, times in 0..30usize, calls in 0..60usize) {
        let fault = Fault::new(Strike::Aborted).skip(skip as u64).times(times as u64);
        let faults = Faults::new(Plan::new(1).fault(fault));
        let expected: Vec<usize> = (0..calls).skip(skip).take(times).collect();
        prop_assert_eq!(chosen(&faults, calls), expected);
    }

    /// A smaller share strikes fewer of the same calls, so that a plan can be made milder and stays the same plan.
    #[test]
    fn a_smaller_share_strikes_fewer_of_the_same_calls(seed: u64, a in 0.0..1.0f64, b in 0.0..1.0f64) {
        let plan = |share| Faults::new(Plan::new(seed).fault(Fault::new(Strike::Internal).probability(share)));
        let (few, many) = (chosen(&plan(a.min(b)), 50), chosen(&plan(a.max(b)), 50));
        prop_assert!(few.iter().all(|call| many.contains(call)));
    }

    #[test]
    fn blows_fall_in_order_each_within_its_place(ends in prop::collection::vec((0..50u64, 0..50u64), 1..10)) {
        let rule = |(a, b): &(u64, u64)| Fault::new(Strike::Stall).after_documents_in(*a.min(b)..=*a.max(b));
        let plan = ends.iter().map(rule).fold(Plan::new(3), Plan::fault);
        let mut course = Faults::new(plan).course(&QUERY);
        let mut fallen = Vec::new();
        for documents in 0..=50 {
            while course.blow(documents).is_some() {
                fallen.push(documents);
            }
            prop_assert!(course.next_blow().is_none_or(|next| next > documents));
        }
        prop_assert_eq!(fallen.len(), ends.len());
    }
}

#[test]
fn a_probability_is_met_within_what_chance_allows() {
    let faults = Faults::new(Plan::new(11).fault(Fault::new(Strike::Unavailable).probability(0.03)));
    let struck = chosen(&faults, 10_000).len();
    // 300 expected, with a standard deviation of 17.
    assert!((232..368).contains(&struck), "{struck}");
    assert_eq!(faults.struck()[0].times, struck as u64);
}

#[test]
fn what_did_not_happen_is_not_counted() {
    let rule = |strike| Fault::new(strike).after_documents(500);
    let plan = Plan::new(1)
        .fault(rule(Strike::Unavailable))
        .fault(rule(Strike::Stall))
        .fault(Fault::new(Strike::Latency));
    let faults = Faults::new(plan);
    let mut short = faults.course(&QUERY);
    assert!(short.blow(499).is_none());
    drop(short);
    let mut long = faults.course(&QUERY);
    assert!(!long.latency().is_zero());
    assert!(matches!(long.blow(500), Some(Blow::Status(_))));
    drop(long);
    let told: Vec<_> = faults
        .struck()
        .iter()
        .map(|rule| (rule.rule, rule.calls, rule.chosen, rule.times))
        .collect();
    assert_eq!(told, [(1, 2, 2, 1), (2, 2, 2, 0), (3, 2, 2, 1)]);
}

#[test]
fn what_was_decided_knows_when_another_plan_holds() {
    let stall = || Plan::new(1).fault(Fault::new(Strike::Stall));
    let faults = Faults::new(stall());
    let course = faults.course(&QUERY);
    assert!(course.replaced().now_or_never().is_none());
    faults.replace(stall());
    assert!(course.replaced().now_or_never().is_some());
    assert!(faults.course(&QUERY).replaced().now_or_never().is_none());
    assert!(Course::default().replaced().now_or_never().is_none());
}

#[test]
fn a_rule_without_methods_is_about_every_read_it_can_befall() {
    for strike in Strike::ALL {
        let faults = Faults::new(Plan::new(1).fault(Fault::new(strike)));
        for method in Method::ALL {
            let call = Call {
                method: method.name(),
                collection: None,
            };
            let meant = method.reads() && strike.befalls(method);
            assert_eq!(!faults.course(&call).is_fair(), meant, "{strike:?} {method:?}");
        }
    }
}

#[test]
fn another_plan_holds_from_the_next_call_on_and_counts_from_nought() {
    let faults = Faults::new(Plan::new(1).fault(Fault::new(Strike::Unavailable)));
    let under_way = faults.course(&QUERY);
    faults.replace(
        Plan::new(1)
            .reads_per_second(5)
            .fault(Fault::new(Strike::Aborted)),
    );
    assert!(carried_out(under_way)[0].contains("temporarily unavailable"));
    assert_eq!(faults.struck()[0].times, 0);
    assert!(carried_out(faults.course(&QUERY))[0].contains("Too much contention"));
    faults.replace(Plan::default());
    assert!(faults.course(&QUERY).is_fair());
    assert!(faults.struck().is_empty());
}

#[test]
fn the_slowest_link_and_the_earliest_death_hold() {
    let link = |bytes| Fault::new(Strike::Bandwidth).bytes_per_second(bytes);
    let death = |seconds| Fault::new(Strike::StreamDeath).lasting(Duration::from_secs(seconds));
    let rules = [link(500), link(100), link(300), death(5), death(3), death(9)];
    let faults = Faults::new(rules.into_iter().fold(Plan::new(1), Plan::fault));
    let mut course = faults.course(&QUERY);
    assert_eq!(course.bandwidth(), Some(100));
    assert_eq!(course.death_after(), Some(Duration::from_secs(3)));
    assert!(course.die().is_some());
    let struck: Vec<u64> = faults.struck().iter().map(|rule| rule.times).collect();
    assert_eq!(struck, [0, 1, 0, 0, 1, 0]);
}

#[test]
fn everything_is_everything_that_a_bulk_read_survives() {
    let plan = Plan::everything(5, 0.25, 2_000);
    let missing: Vec<Strike> = Strike::ALL
        .into_iter()
        .filter(|strike| !plan.faults.iter().any(|fault| fault.strike == *strike))
        .filter(|strike| !strike.is_listens())
        .collect();
    let fatal = [Strike::PermissionDenied, Strike::Reordered, Strike::Omitted];
    assert_eq!(missing, fatal);
    assert!(plan.faults.iter().all(|fault| fault.probability == 0.25));
    assert_eq!(Plan::parse(&plan.to_toml(), "plan"), Ok(plan));
}

#[test]
fn a_count_of_too_much_runs_out_of_time() {
    let faults = Faults::new(Plan::new(1).count_at_most(200));
    assert!(faults.can_count(200).is_ok());
    assert_eq!(
        faults.can_count(201).unwrap_err().code(),
        tonic::Code::DeadlineExceeded
    );
    assert!(Faults::new(Plan::default()).can_count(u64::MAX).is_ok());
}
