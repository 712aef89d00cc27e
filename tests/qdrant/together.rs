//! Points that several processes move.

use super::judge::{assert_same, exported};
use super::world::{World, summary};
use crate::support::{Looking, test};
use rehearsal::process::{Program, Running, Stream};
use simulator::qdrant::{Collection, Distance, Ids, Mix, VectorParams};
use tokio_postgres::Client;

const NAME: &str = "memory";

fn worker(world: &World, name: &str) -> Program {
    let large = ["--lane-documents", "100000", "--batch-rows", "5", "--lanes", "4"];
    let program = world.run(&[&["--join", "--worker", name][..], &large].concat());
    program.env("ETL_CHECKPOINT_DIR", world.folder().join(name))
}

/// Waits until `sql`, asked while `etl` runs, finds something.
async fn until(client: &Client, etl: &mut Running, sql: &str) {
    loop {
        let ended = etl.has_ended().unwrap();
        let there = client.query_one("select to_regclass('etl.worker') is not null", &[]);
        if there.await.unwrap().get::<_, bool>(0) && !client.query(sql, &[]).await.unwrap().is_empty() {
            return;
        }
        assert!(!ended, "{}", etl.said(Stream::Stderr));
        Looking::again().await;
    }
}

#[test]
fn a_worker_with_nothing_left_gets_a_part_of_a_lane_of_points() {
    test(async {
        let points = Collection::new(NAME, 3_000).ids(Ids::Mixed).payload(Mix::Plain);
        let world = World::of([points.vector(VectorParams::new(8, Distance::Cosine))]).await;
        let client = world.client().await;
        let mut first = worker(&world, "w1").start().unwrap();
        let all_are_moving =
            "select from etl.lane having count(*) > 0 and bool_and(read > 0 or state = 'end')";
        until(&client, &mut first, all_are_moving).await;
        let planned: i64 = client
            .query_one("select count(*) from etl.lane", &[])
            .await
            .unwrap()
            .get(0);
        // Whoever moves a lane stands still now, and holds it.
        client
            .batch_execute("begin; lock table public.memory in share mode")
            .await
            .unwrap();
        let mut second = worker(&world, "w2").start().unwrap();
        let other = world.client().await;
        let is_cutting = "select from pg_stat_activity where wait_event_type = 'Lock' \
                          and datname = current_database() and query like '%from etl.lane%for update%'";
        until(&other, &mut second, is_cutting).await;
        client.batch_execute("commit").await.unwrap();
        for worker in [&mut first, &mut second] {
            let outcome = worker.wait().await.unwrap();
            assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);
            assert_eq!(summary(&outcome)["loaded"], 3_000, "{}", outcome.stdout);
        }
        let lanes: i64 = client
            .query_one("select count(*) from etl.lane", &[])
            .await
            .unwrap()
            .get(0);
        assert!(lanes > planned, "none of {lanes} was cut");
        assert_same(&world, NAME, &exported(&world).await);
    });
}
