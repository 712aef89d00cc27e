//! What a real Firestore limits, and an emulator does not: reads a second, how long a COUNT may take, how old a
//! snapshot may be, how it cuts a collection; and documents as large as they may be.

use super::{PROJECT, Stage};
use crate::support::ledger::Ledger;
use crate::support::{completed, test};
use rehearsal::rest::Write;
use serde_json::{Map, json};
use simulator::dataset::{Collection, Dataset};
use simulator::fault::{Fault, Method, Plan, Strike};
use std::time::Duration;

const DOCUMENTS: u64 = 3_000;

/// Lanes of the run, and what of them lies between two others' ends.
async fn lanes(stage: &Stage) -> i64 {
    let lanes = "select count(*) from etl.lane";
    stage
        .world
        .client()
        .await
        .query_one(lanes, &[])
        .await
        .unwrap()
        .get(0)
}

#[test]
fn in_fair_weather_the_bill_is_what_was_said() {
    test(async {
        let stage = Stage::set(Dataset::shop(7, DOCUMENTS), Plan::default()).await;
        let summary = stage.assert_exact(&stage.run(&[]).await).await;
        // The judge read everything once more, after the run.
        let bill = stage.bill();
        let said = summary["reads_billed"].as_u64().unwrap();
        let judged = bill.reads() - said;
        eprintln!("{bill:?}; of these {judged} for the judge");
        assert!(
            (DOCUMENTS..=DOCUMENTS + DOCUMENTS / 1_000 + 2).contains(&judged),
            "{bill:?}, {said} were said"
        );
    });
}

#[test]
fn a_group_is_cut_where_the_server_offers_to_and_further_where_that_is_too_coarse() {
    test(async {
        let flat = || Dataset::flat(7, 4_000);
        // No part of less than 128 documents is offered, so 50 in a lane takes cuts of our own.
        for (documents, least) in [("400", 9), ("50", 60)] {
            let stage = Stage::set(flat(), Plan::default()).await;
            stage
                .assert_exact(&stage.run(&["--lane-documents", documents]).await)
                .await;
            assert!(
                lanes(&stage).await >= least,
                "{} lanes of {documents} documents",
                lanes(&stage).await
            );
        }
    });
}

#[test]
fn a_quota_that_is_known_is_never_run_into() {
    test(async {
        let stage = Stage::set(Dataset::flat(7, 2_000), Plan::new(7).reads_per_second(800)).await;
        let outcome = stage.run(&["--reads-per-second", "800", "--no-validation"]).await;
        let (summary, bill) = (completed(&outcome), stage.bill());
        eprintln!("{bill:?}");
        assert_eq!(
            (bill.refused, summary["retries"].as_u64()),
            (0, Some(0)),
            "{bill:?}\n{}",
            outcome.stderr
        );
        assert!(bill.most_in_a_second <= 800, "{bill:?}");
    });
}

#[test]
fn a_quota_that_nobody_mentioned_is_found_and_kept_to() {
    test(async {
        let stage = Stage::set(Dataset::flat(7, 6_000), Plan::new(7).reads_per_second(2_000)).await;
        let outcome = stage.run(&[]).await;
        let bill = stage.bill();
        eprintln!("{bill:?}");
        stage.simulator.set_plan(Plan::default());
        stage.assert_exact(&outcome).await;
        assert!(bill.refused > 0, "{bill:?}");
        assert!(
            outcome.stderr.contains("resource_exhausted"),
            "{}",
            outcome.stderr
        );
    });
}

#[test]
fn counts_that_take_too_long_are_made_by_halves() {
    test(async {
        let plan = Plan::new(7).count_at_most(200);
        let stage = Stage::set(Dataset::shop(7, DOCUMENTS), plan).await;
        let outcome = stage.run(&[]).await;
        stage.assert_exact(&outcome).await;
    });
}

#[test]
fn documents_of_more_than_four_mebibytes_on_the_wire_arrive() {
    test(async {
        let large = Collection::new("orders", 200).oversized(3);
        let stage = Stage::set(Dataset::new(7, [large]).unwrap(), Plan::default()).await;
        stage.assert_exact(&stage.run(&[]).await).await;
    });
}

/// The snapshot expires while the run is under way and the application goes on writing: the rest is read at the
/// present time, the run says so, and the sums add up.
#[test]
fn a_snapshot_that_expires_is_taken_anew_for_what_is_left() {
    test(async {
        let slow = Fault::new(Strike::Drip)
            .methods([Method::RunQuery])
            .bytes_per_second(100_000);
        let stage = Stage::set(Dataset::flat(7, 4_000), Plan::new(7).fault(slow)).await;
        let client = stage.world.client().await;
        let few = [
            "--lanes",
            "1",
            "--sample",
            "10",
            "--batch-rows",
            "50",
            "--retry-delay",
            "5ms",
        ];
        let mut etl = stage.world.run(&few).start().unwrap();
        Ledger::written(&client, &mut etl, |now| now.read > 0).await;
        let mut fields = Map::new();
        fields.insert("late".to_owned(), json!({ "booleanValue": true }));
        // The last of all: still to be read.
        let late = Write::Set("orders/zzzzzzzzzzzzzzzzzzzz".to_owned(), fields);
        stage.world.firestore.commit([late]).await.unwrap();
        stage.simulator.clock().advance(Duration::from_secs(3_700));
        stage.simulator.set_plan(Plan::default());
        let outcome = etl.wait().await.unwrap();
        let summary = completed(&outcome);
        assert!(summary["lanes_read_later"].as_u64().unwrap() > 0, "{summary}");
        assert!(
            outcome.stderr.contains("the snapshot is too old to be read"),
            "{}",
            outcome.stderr
        );
        let rows: i64 = client
            .query_one("select count(*) from orders", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(rows, 4_001);
        assert!(stage.simulator.bill(PROJECT, "(default)").reads() < 4_400);
    });
}

/// With point-in-time recovery the snapshot is a whole minute, and is still there when a run takes hours.
#[test]
fn with_recovery_a_snapshot_outlives_the_hour() {
    test(async {
        let slow = Fault::new(Strike::Drip)
            .methods([Method::RunQuery])
            .bytes_per_second(100_000);
        let recovering = || Plan::new(7).point_in_time_recovery();
        let stage = Stage::set(Dataset::flat(7, 4_000), recovering().fault(slow)).await;
        let client = stage.world.client().await;
        let few = ["--lanes", "1", "--sample", "10", "--batch-rows", "50"];
        let mut etl = stage.world.run(&few).start().unwrap();
        Ledger::written(&client, &mut etl, |now| now.read > 0).await;
        stage.simulator.clock().advance(Duration::from_secs(5 * 3_600));
        stage.simulator.set_plan(recovering());
        let outcome = etl.wait().await.unwrap();
        let summary = stage.assert_exact(&outcome).await;
        assert_eq!(summary["lanes_read_later"].as_u64(), Some(0), "{summary}");
        assert!(
            summary["snapshot_time"].as_str().unwrap().contains(":00"),
            "{summary}"
        );
    });
}
