//! Whatever requests do, what they cost at the most never exceeds the budget, and no read is lost that came back.

use super::*;
use proptest::prelude::*;

fn budget(limit: u64) -> Arc<Budget> {
    limited(Some(limit), false)
}

fn limited(limit: Option<u64>, units: bool) -> Arc<Budget> {
    let budget = Budget::default();
    budget.limit_to(limit, units);
    Arc::new(budget)
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// It ends well after this share of what was granted, in thousandths.
    Ends(u64),
    /// It breaks.
    Breaks,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![(0..=1000u64).prop_map(Fate::Ends), Just(Fate::Breaks)]
}

proptest! {
    #[test]
    fn the_bill_never_exceeds_the_budget(
        limit in prop_oneof![0..50u64, 0..5_000u64, 0..1_000_000u64],
        requests in prop::collection::vec((1..20_000u64, fate()), 0..200),
        units: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let budget = limited(Some(limit), units);
        let mut billed = 0;
        let mut known = 0;
        runtime.block_on(async {
            for (most, fate) in requests {
                let Some(mut admitted) = budget.admit(most).await.unwrap() else {
                    // Nothing is open here, so it must really be used up.
                    assert!(limit - budget.used() < if units { LARGEST } else { 1 });
                    break;
                };
                let documents = u64::from(admitted.documents().unwrap());
                assert!((1..=most).contains(&documents));
                let dearest = if units { LARGEST } else { 1 };
                match fate {
                    Fate::Ends(share) => {
                        let cost = documents * dearest * share / 1000;
                        admitted.note(cost);
                        admitted.close();
                        billed += cost;
                        known += cost;
                    }
                    // At worst everything that was asked for had been sent.
                    Fate::Breaks => {
                        billed += documents * dearest;
                        drop(admitted);
                        known = budget.used();
                    }
                }
                assert!(billed <= budget.used() && budget.used() <= limit, "{billed} {}", budget.used());
                assert!(known <= budget.used());
            }
        });
    }
}

#[tokio::test]
async fn what_a_request_did_not_cost_is_free_again_and_wakes_who_waits() {
    let budget = budget(50);
    let first = budget.admit(50).await.unwrap().unwrap();
    assert_eq!(first.documents(), Some(50));
    let waiting = tokio::spawn({
        let budget = budget.clone();
        async move { budget.admit(50).await.unwrap().map(|it| it.documents()) }
    });
    tokio::task::yield_now().await;
    let mut first = first;
    first.note(20);
    first.close();
    assert_eq!(waiting.await.unwrap(), Some(Some(30)));
}

#[tokio::test]
async fn who_waits_for_the_last_reads_is_told_when_they_are_gone() {
    let budget = budget(10);
    let first = budget.admit(10).await.unwrap().unwrap();
    let waiting = tokio::spawn({
        let budget = budget.clone();
        async move { budget.admit(1).await.unwrap().is_none() }
    });
    tokio::task::yield_now().await;
    drop(first);
    assert!(waiting.await.unwrap());
    assert_eq!(budget.used(), 10);
}

#[tokio::test]
async fn a_single_question_is_refused_and_says_what_to_do() {
    let budget = budget(3);
    drop(budget.take(3, "ask").await.unwrap());
    let fault = budget.take(1, "count").await.unwrap_err();
    assert_eq!(fault.part, Part::Budget);
    assert!(fault.remedy.unwrap().contains("--max-reads"));
}

#[tokio::test]
async fn without_a_limit_reads_are_counted_and_nothing_waits() {
    let budget = limited(None, false);
    let mut admitted = budget.admit(u64::MAX).await.unwrap().unwrap();
    assert_eq!(admitted.documents(), None);
    admitted.note(7);
    drop(admitted);
    assert_eq!((budget.used(), budget.limit()), (7, None));
}

#[tokio::test]
async fn a_large_budget_is_spent_in_parts() {
    let budget = budget(1_000_000);
    let first = budget.admit(u64::MAX).await.unwrap().unwrap();
    assert_eq!(first.documents(), Some(5_000));
    let budget = self::budget(6_400);
    assert_eq!(budget.admit(6_400).await.unwrap().unwrap().documents(), Some(100));
}

#[tokio::test]
async fn counting_takes_no_more_than_a_quarter_and_less_once_the_size_is_known() {
    let budget = budget(4_000);
    let (mut first, most) = budget.take_for_count("count", false).await.unwrap();
    assert_eq!(most, Some(1_000_000));
    first.note(3);
    first.close();
    budget.note_count(3_000);
    let (second, most) = budget.take_for_count("count", false).await.unwrap();
    assert_eq!(most, Some(28_000));
    drop(second);
    assert_eq!(budget.used(), 31);
}
