//! Whatever is committed, whenever a client hangs up, however much time passes and whatever befalls its streams: it ends
//! with exactly the documents of the database.

use crate::follower::{By, Follower};
use crate::place::Place;
use proptest::prelude::*;
use simulator::fault::{Fault, Method, Plan, Strike};
use std::time::Duration;

/// What happens to a database and its follower.
#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u8, Option<i64>)>),
    Advance(u64),
    HangUp,
    Follow(By),
    Plan(Vec<(Strike, u64, u64)>, u64),
}

const STRIKES: [Strike; 11] = [
    Strike::ListenReset,
    Strike::ListenRemove,
    Strike::ListenForgetDeletes,
    Strike::ListenWrongCount,
    Strike::ListenTokenExpired,
    Strike::Unavailable,
    Strike::ResourceExhausted,
    Strike::EndEarly,
    Strike::Reset,
    Strike::HalfClose,
    Strike::Malformed,
];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let by = prop_oneof![Just(By::Token), Just(By::TokenAndCount), Just(By::ReadTime)];
    let write = (0_u8..8, prop::option::weighted(0.6, 0_i64..3));
    let strike = (prop::sample::select(&STRIKES), 0_u64..12, 1_u64..3);
    let step = prop_oneof![
        4 => prop::collection::vec(write, 1..6).prop_map(Step::Commit),
        3 => by.prop_map(Step::Follow),
        2 => Just(Step::HangUp),
        1 => (1_u64..70).prop_map(Step::Advance),
        2 => (prop::collection::vec(strike, 1..4), any::<u64>()).prop_map(|(strikes, seed)| Step::Plan(strikes, seed)),
    ];
    prop::collection::vec(step, 1..25)
}

fn plan(strikes: &[(Strike, u64, u64)], seed: u64) -> Plan {
    strikes
        .iter()
        .fold(Plan::new(seed), |plan, (strike, place, times)| {
            let fault = Fault::new(*strike).methods([Method::Listen]);
            plan.fault(
                fault
                    .after_documents_in(0..=*place)
                    .times(*times)
                    .probability(0.7),
            )
        })
}

/// A document that every check writes, so that there is something to be told.
const MARK: &str = "c/mark";

async fn go(place: &Place, follower: &mut Follower, number: i64, by: By) -> Result<(), TestCaseError> {
    let marked = place.commit(&[(MARK, Some(number))]).await;
    let followed = follower.follow(place, marked, by).await;
    prop_assert_eq!(followed, &place.documents().await);
    Ok(())
}

async fn play(place: &Place, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut follower = Follower::default();
    for (number, step) in (0..).zip(steps) {
        match step {
            Step::Commit(writes) => {
                let paths: Vec<String> = writes.iter().map(|(path, _)| format!("c/{path}")).collect();
                let writes: Vec<(&str, Option<i64>)> = paths
                    .iter()
                    .zip(writes)
                    .map(|(path, (_, number))| (path.as_str(), *number))
                    .collect();
                place.commit(&writes).await;
            }
            Step::Advance(minutes) => place.simulator.clock().advance(Duration::from_secs(minutes * 60)),
            Step::HangUp => follower.hang_up(),
            Step::Follow(by) => go(place, &mut follower, number, *by).await?,
            Step::Plan(strikes, seed) => place.simulator.set_plan(plan(strikes, *seed)),
        }
    }
    go(place, &mut follower, -1, By::Token).await
}

#[test]
fn a_follower_ends_with_what_the_database_has() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let place = runtime.block_on(async { Place::new(Plan::default()) });
    let place = std::cell::RefCell::new(place);
    proptest!(ProptestConfig::with_cases(400), |(steps in steps())| {
        let mut place = place.borrow_mut();
        place.renew();
        place.simulator.set_plan(Plan::default());
        runtime.block_on(play(&place, &steps))?;
    });
}
