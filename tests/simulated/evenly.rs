//! Workers have equal parts of what there is to move: whoever begins with the others, and whoever comes late.

use super::Stage;
use super::workers::{QUOTA, count, stall, until_it_holds};
use crate::support::ledger::Ledger;
use crate::support::{Looking, test};
use rehearsal::process::{Running, Stream};
use simulator::dataset::Dataset;
use simulator::fault::{Fault, Method, Plan, Strike};
use std::time::Duration;
use tokio_postgres::Client;

const DOCUMENTS: u64 = 6_000;
/// Lanes of 500 documents, and as many of them at a time as there are.
const SHAPE: [&str; 8] = [
    "--lane-documents",
    "500",
    "--batch-rows",
    "10",
    "--lanes",
    "64",
    "--lease",
    "1h",
];

/// Waits until `sql` counts something, or somebody ends before it does.
async fn until(client: &Client, sql: &str, crew: &mut [Running]) {
    while count(client, sql).await == 0 {
        for running in crew.iter_mut() {
            assert!(!running.has_ended().unwrap(), "{}", running.said(Stream::Stderr));
        }
        Looking::again().await;
    }
}

/// Waits until every lane is somebody's, and so far that it may be taken.
async fn until_all_have_moved(client: &Client, crew: &mut [Running]) {
    let moved = "select count(*) from etl.run where not exists (select from etl.lane where state <> 'end' \
                 and (worker is null or read <= claimed_at_read))";
    until(client, moved, crew).await;
}

#[test]
fn who_begins_together_has_as_many_lanes() {
    test(async {
        // Nobody gets through with its plan before all are there.
        let planning = Fault::new(Strike::Stall).methods([Method::ListCollectionIds]);
        let planning = planning.lasting(Duration::from_secs(3_600));
        let stage = Stage::set(Dataset::flat(7, DOCUMENTS), Plan::new(7).fault(planning)).await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(3, &SHAPE);
        until(
            &client,
            "select count(*) from pg_class where relname = 'worker'",
            &mut crew,
        )
        .await;
        until(&client, "select count(*) / 3 from etl.worker", &mut crew).await;
        stage.simulator.set_plan(Plan::new(7).fault(stall("orders")));
        let claimed =
            "select count(*) from etl.run where not exists (select from etl.lane where worker is null)";
        until(&client, claimed, &mut crew).await;
        let lanes = Ledger::of(&client).await.lanes;
        assert!(lanes >= 9, "{lanes}");
        // Short ones may have ended, and who had them has claimed another.
        let most = "select max(n) from (select count(*) as n from etl.lane where state <> 'end' group by worker) held";
        let most = count(&client, most).await;
        assert!(most <= (lanes + 2) / 3, "{most} of {lanes}");
        stage.goes_on();
        stage.assert_shared(crew).await;
    });
}

#[test]
fn who_comes_late_gets_a_lane_of_who_has_several() {
    test(async {
        let plan = Plan::new(7).fault(stall("orders"));
        let stage = Stage::set(Dataset::flat(7, DOCUMENTS), plan).await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(1, &SHAPE);
        until(
            &client,
            "select count(*) from pg_class where relname = 'lane'",
            &mut crew,
        )
        .await;
        until_all_have_moved(&client, &mut crew).await;
        let lanes = Ledger::of(&client).await.lanes;
        let shape = [&SHAPE[..], &["--reads-per-second", QUOTA]].concat();
        crew.push(stage.worker("late", &shape).start().unwrap());
        until_it_holds(&client, "late", &mut crew).await;
        stage.goes_on();
        let outcomes = stage.assert_shared(crew).await;
        let took = "took a lane from a worker that has several";
        assert!(outcomes[1].stderr.contains(took), "{}", outcomes[1].stderr);
        assert_eq!(Ledger::of(&client).await.lanes, lanes, "none was cut");
    });
}
