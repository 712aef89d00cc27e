//! Firestore: away, refusing, silent, not itself, with a clock of its own, with long and with short memory.

use super::{check, ends, golden, masked, said};
use crate::support::{World, test};
use rehearsal::application::Application;
use simulator::dataset::Dataset;
use simulator::fault::{Fault, Method, Plan, Strike};
use simulator::{Options, Simulator};
use std::time::Duration;

const ANSWERS: &str = "source.answers";

/// A simulator with a few documents in it, and a world whose source it is.
async fn stage(plan: Plan) -> (Simulator, World) {
    let options = Options::default().with_dataset("shop", "(default)", Dataset::shop(7, 200));
    let simulator = Simulator::start(options.plan(plan)).unwrap();
    let world = World::of(&simulator.host(), "shop", Application::small(0)).await;
    (simulator, world)
}

/// What the check says of one thing while the source behaves like this.
async fn told(plan: Plan, name: &str, code: i32) -> String {
    let (_simulator, world) = stage(plan).await;
    let outcome = ends(check(&world, &[]), code).await;
    masked(&world, &said(&outcome, name))
}

/// Everything the check says of the source.
fn all(stdout: &str) -> String {
    let of_the_source = stdout.lines().take_while(|line| !line.is_empty());
    of_the_source.map(|line| format!("{line}\n")).collect()
}

#[test]
fn in_fair_weather_a_source_passes_and_a_handful_of_reads_is_billed() {
    test(async {
        let (simulator, world) = stage(Plan::default()).await;
        let outcome = ends(check(&world, &[]), 0).await;
        golden("source-fair", &masked(&world, &all(&outcome.stdout)));
        let bill = simulator.bill("shop", "(default)");
        assert!((1..=5).contains(&bill.reads()), "{bill:?}");
        assert_eq!(bill.writes, 0);
    });
}

#[test]
fn a_source_that_is_not_there_is_told_and_nothing_else_is_asked() {
    test(async {
        let world = World::of("127.0.0.1:1", "shop", Application::small(0)).await;
        let outcome = ends(check(&world, &[]), 3).await;
        golden("source-away", &masked(&world, &all(&outcome.stdout)));
    });
}

#[test]
fn whatever_the_source_refuses_with_is_told_with_its_remedy() {
    let kinds = [
        (Strike::PermissionDenied, "source-forbidden"),
        (Strike::ExpiredCredentials, "source-credentials"),
        (Strike::Unavailable, "source-unavailable"),
        (Strike::ResourceExhausted, "source-quota"),
        (Strike::Malformed, "source-malformed"),
        (Strike::NotOffered, "source-not-firestore"),
    ];
    test(async {
        for (strike, name) in kinds {
            let plan = Plan::new(7).fault(Fault::new(strike));
            golden(name, &told(plan, ANSWERS, 3).await);
        }
    });
}

#[test]
fn a_source_that_says_nothing_is_not_waited_for() {
    let silent = Fault::new(Strike::Stall).lasting(Duration::from_secs(86_400));
    test(async {
        let (_simulator, world) = stage(Plan::new(7).fault(silent)).await;
        let outcome = ends(check(&world, &["--stream-timeout", "200ms"]), 3).await;
        golden("source-silent", &masked(&world, &said(&outcome, ANSWERS)));
    });
}

#[test]
fn a_database_of_another_kind_is_told() {
    test(async {
        let (_simulator, world) = stage(Plan::default().datastore_mode()).await;
        let outcome = ends(check(&world, &[]), 3).await;
        golden("source-datastore", &masked(&world, &all(&outcome.stdout)));
        let enterprise = told(Plan::default().enterprise(), "source.database", 0).await;
        golden("source-enterprise", &enterprise);
    });
}

#[test]
fn a_database_whose_kind_is_not_told_can_be_read_all_the_same() {
    let kinds = [
        (Strike::PermissionDenied, "source-kind-forbidden"),
        (Strike::NotOffered, "source-kind-not-told"),
    ];
    test(async {
        for (strike, name) in kinds {
            let plan = Plan::new(7).fault(Fault::new(strike).methods([Method::GetDatabase]));
            golden(name, &told(plan, "source.database", 0).await);
        }
    });
}

#[test]
fn how_long_a_snapshot_can_be_read_is_found_out_by_reading() {
    test(async {
        let long = Plan::default().point_in_time_recovery();
        golden("source-seven-days", &told(long, "source.snapshot", 0).await);
        golden(
            "source-one-hour",
            &told(Plan::default(), "source.snapshot", 0).await,
        );
    });
}

#[test]
fn a_clock_that_is_wrong_is_warned_of() {
    test(async {
        for (minutes, name) in [(-10, "source-clock-ahead"), (10, "source-clock-behind")] {
            let skewed = Plan::default().clock_skew(jiff::SignedDuration::from_mins(minutes));
            golden(name, &told(skewed, "source.clock", 0).await);
        }
    });
}

#[test]
fn partitions_are_not_needed() {
    let none = Fault::new(Strike::NotOffered).methods([Method::PartitionQuery]);
    test(async {
        let plan = Plan::new(7).fault(none);
        golden("source-no-partitions", &told(plan, "source.partitions", 0).await);
    });
}

#[test]
fn an_empty_database_is_taken_for_a_mistyped_one() {
    test(async {
        let (_simulator, world) = stage(Plan::default()).await;
        let outcome = ends(check(&world, &["--project", "shpo"]), 3).await;
        golden("source-empty", &masked(&world, &all(&outcome.stdout)));
    });
}
