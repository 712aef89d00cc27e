//! Each fault that passes, met by a run that moves three thousand documents: it goes on, exactly, and says so.

use super::Stage;
use crate::support::test;
use simulator::dataset::Dataset;
use simulator::fault::{Fault, Method, Plan, Strike};
use std::time::Duration;

pub(super) const DOCUMENTS: u64 = 3_000;

/// Samples are smaller than where the faults strike, so that lanes are struck and not the planning.
pub(super) const SAMPLE: [&str; 2] = ["--sample", "20"];

/// In every stream of orders that comes so far: each attempt gets that much further.
fn after(documents: u64, fault: Fault) -> Plan {
    Plan::new(7).fault(
        fault
            .methods([Method::RunQuery])
            .collection("orders")
            .after_documents(documents),
    )
}

/// In the middle of every stream of orders, and at the start of some.
fn often(strike: Strike) -> Plan {
    let start = Fault::new(strike)
        .methods([Method::RunQuery])
        .collection("orders");
    after(40, Fault::new(strike)).fault(start.skip(1).times(3))
}

/// The run completes, exactly; the fault struck; the operator reads `words`.
async fn survives(plan: Plan, strike: Strike, words: &[&str]) {
    survives_with(plan, strike, &[], words).await;
}

async fn survives_with(plan: Plan, strike: Strike, arguments: &[&str], words: &[&str]) {
    let stage = Stage::set(Dataset::shop(7, DOCUMENTS), plan).await;
    let outcome = stage.run(&[&SAMPLE[..], arguments].concat()).await;
    stage.assert_exact(&outcome).await;
    assert!(
        stage.struck(strike) > 0,
        "{strike:?} never struck: {:?}",
        stage.simulator.faults().struck()
    );
    for word in words {
        assert!(
            outcome.stderr.contains(word),
            "{word:?} is not in\n{}",
            outcome.stderr
        );
    }
}

#[test]
fn unavailable() {
    let words = ["could not read lane", "unavailable: ", "trying again"];
    test(survives(often(Strike::Unavailable), Strike::Unavailable, &words));
}

#[test]
fn deadline_exceeded() {
    test(survives(
        often(Strike::DeadlineExceeded),
        Strike::DeadlineExceeded,
        &["deadline_exceeded: "],
    ));
}

#[test]
fn internal() {
    test(survives(
        often(Strike::Internal),
        Strike::Internal,
        &["internal: "],
    ));
}

#[test]
fn aborted() {
    test(survives(often(Strike::Aborted), Strike::Aborted, &["aborted: "]));
}

#[test]
fn unknown() {
    test(survives(
        often(Strike::Unknown),
        Strike::Unknown,
        &["trying again"],
    ));
}

#[test]
fn cancelled_by_the_server() {
    test(survives(
        often(Strike::Cancelled),
        Strike::Cancelled,
        &["cancelled: "],
    ));
}

#[test]
fn resource_exhausted_with_a_wait_that_is_kept() {
    let wait = Duration::from_millis(1_234);
    let fault = Fault::new(Strike::ResourceExhausted).retry_after(wait);
    // The wait asked for is longer than any that this run would choose by itself.
    test(survives(
        after(250, fault),
        Strike::ResourceExhausted,
        &["resource_exhausted: ", "wait_ms=1234"],
    ));
}

#[test]
fn resource_exhausted_without_a_word_about_when() {
    let fault = Fault::new(Strike::ResourceExhausted);
    test(survives(
        after(250, fault),
        Strike::ResourceExhausted,
        &["resource_exhausted: ", "wait_ms=1000"],
    ));
}

#[test]
fn credentials_that_expire_under_way() {
    let words = ["unauthenticated: ", "trying again"];
    test(survives(
        often(Strike::ExpiredCredentials),
        Strike::ExpiredCredentials,
        &words,
    ));
}

#[test]
fn an_end_that_comes_too_early() {
    let words = ["ended without saying that it was complete; asking whether anything follows"];
    test(survives(often(Strike::EndEarly), Strike::EndEarly, &words));
}

#[test]
fn a_connection_reset_in_the_middle_of_a_document() {
    let words = ["trying again"];
    test(survives(
        after(40, Fault::new(Strike::Reset).probability(0.5)),
        Strike::Reset,
        &words,
    ));
}

#[test]
fn a_connection_closed_in_the_middle_of_a_document() {
    let words = ["trying again"];
    test(survives(
        after(40, Fault::new(Strike::HalfClose).probability(0.5)),
        Strike::HalfClose,
        &words,
    ));
}

#[test]
fn a_stream_that_dies_of_old_age() {
    let queries = |fault: Fault| fault.methods([Method::RunQuery]).collection("orders").times(3);
    // Slow enough to be still under way when its time is up.
    let plan = Plan::new(7)
        .fault(queries(Fault::new(Strike::Drip)).bytes_per_second(20_000))
        .fault(queries(Fault::new(Strike::StreamDeath)).lasting(Duration::from_millis(300)));
    test(survives(
        plan,
        Strike::StreamDeath,
        &["the data was temporarily unavailable", "trying again"],
    ));
}

#[test]
fn a_stream_that_falls_silent() {
    let fault = Fault::new(Strike::Stall).lasting(Duration::from_secs(3600));
    let words = ["the source said nothing for 0.5 seconds", "trying again"];
    test(survives_with(
        after(150, fault),
        Strike::Stall,
        &["--stream-timeout", "500ms"],
        &words,
    ));
}

#[test]
fn counts_and_cut_points_that_are_never_answered() {
    let stall = |method| {
        Fault::new(Strike::Stall)
            .methods([method])
            .lasting(Duration::from_secs(3600))
            .times(1)
    };
    let methods = [
        Method::RunAggregationQuery,
        Method::PartitionQuery,
        Method::ListCollectionIds,
    ];
    let plan = methods
        .into_iter()
        .fold(Plan::new(7), |plan, method| plan.fault(stall(method)));
    test(survives_with(
        plan,
        Strike::Stall,
        &["--stream-timeout", "500ms"],
        &["said nothing for 1 seconds"],
    ));
}

#[test]
fn answers_that_trickle() {
    let fault = Fault::new(Strike::Drip)
        .bytes_per_second(50_000)
        .collection("users");
    test(survives(
        Plan::new(7).fault(fault.methods([Method::RunQuery])),
        Strike::Drip,
        &[],
    ));
}

#[test]
fn answers_that_begin_late_and_a_narrow_line() {
    let latency = Fault::new(Strike::Latency).lasting(Duration::from_millis(30));
    let narrow = Fault::new(Strike::Bandwidth).bytes_per_second(2_000_000);
    test(survives(
        Plan::new(7).fault(latency).fault(narrow),
        Strike::Latency,
        &[],
    ));
}

#[test]
fn a_page_that_comes_twice() {
    let words = ["the answer repeats or strays", "trying again"];
    test(survives(
        after(40, Fault::new(Strike::RepeatedPage)),
        Strike::RepeatedPage,
        &words,
    ));
}

#[test]
fn a_message_that_is_none() {
    let words = ["an answer that is no Firestore answer", "trying again"];
    test(survives(
        after(40, Fault::new(Strike::Malformed)),
        Strike::Malformed,
        &words,
    ));
}

#[test]
fn a_snapshot_that_grows_too_old_in_mid_stream() {
    let words = ["the snapshot is too old to be read; the rest of the lane is read at the present time"];
    test(survives(
        after(40, Fault::new(Strike::SnapshotTooOld)),
        Strike::SnapshotTooOld,
        &words,
    ));
}

#[test]
fn a_server_without_partitions() {
    let fault = Fault::new(Strike::NotOffered).methods([Method::PartitionQuery]);
    test(survives(Plan::new(7).fault(fault), Strike::NotOffered, &[]));
}

#[test]
fn trouble_with_every_question_that_planning_asks() {
    let methods = [
        Method::RunAggregationQuery,
        Method::PartitionQuery,
        Method::ListCollectionIds,
        Method::RunQuery,
    ];
    let fault = Fault::new(Strike::Unavailable).methods(methods).probability(0.2);
    test(survives(
        Plan::new(3).fault(fault),
        Strike::Unavailable,
        &["trying again"],
    ));
}

#[test]
fn a_clock_that_is_wrong() {
    for minutes in [-7, 7] {
        let plan = Plan::new(7).clock_skew(jiff::SignedDuration::from_mins(minutes));
        test(async {
            let stage = Stage::set(Dataset::shop(7, DOCUMENTS), plan).await;
            stage.assert_exact(&stage.run(&[]).await).await;
        });
    }
}
