//! What `etl plan` says of a run, against the run: reads by the simulator's meter, disk by PostgreSQL's own sizes. How
//! long it takes is not asserted but measured: `make bench`.

use super::Stage;
use crate::support::{code, completed, test};
use serde_json::Value;
use simulator::dataset::Dataset;
use simulator::fault::Plan;

const MANY_SMALL: &str = r#"
seed = 7
[[collection]]
pattern = "events"
documents = 20000
mix = "event"
bytes = [150, 300]
[[collection]]
pattern = "users"
documents = 6000
mix = "user"
bytes = [250, 450]
"#;

const NESTED: &str = r#"
seed = 8
[[collection]]
pattern = "orders"
documents = 12000
mix = "order"
bytes = [500, 3000]
[[collection]]
pattern = "users/*/orders"
documents = 4000
mix = "order"
"#;

const VECTORS: &str = r#"
seed = 9
[[collection]]
pattern = "chunks"
documents = 5000
mix = "event"
bytes = 4000
vector = 384
"#;

/// Elements in a table of their own, and a graph over the vectors.
const MAPPING_OF_ORDERS: &str = r#"
[tables.orders]
from = "**/orders"
indexes = [ { on = ["number"] } ]
[tables.orders.columns]
number = { type = "bigint" }
[tables.orders.children.order_items]
from = "items"
of = "array"
[tables.orders.children.order_items.columns]
price = { type = "double precision" }
"#;

const MAPPING_OF_CHUNKS: &str = r#"
[tables.chunks]
from = "**/chunks"
indexes = [ { on = ["embedding"], using = "hnsw", distance = "cosine" } ]
[tables.chunks.columns]
embedding = { type = "vector(384)" }
"#;

async fn stage(dataset: &str, mapping: &str) -> Stage {
    let stage = Stage::set(Dataset::parse(dataset).unwrap(), Plan::default()).await;
    if !mapping.is_empty() {
        std::fs::write(stage.world.folder().join("etl.toml"), mapping).unwrap();
    }
    stage
}

async fn planned(stage: &Stage, arguments: &[&str]) -> Value {
    let verb = ["plan", "--output", "json"];
    let outcome = stage.world.etl(&[&verb, arguments].concat()).run().await.unwrap();
    assert_eq!(code(&outcome), 0, "{}\n{}", outcome.stdout, outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// Bytes of tables and indexes in the target, and what is in it at all.
async fn stored(stage: &Stage) -> f64 {
    let sql = "select coalesce(sum(pg_total_relation_size(oid)), 0)::float8 from pg_class \
               where relkind = 'r' and relnamespace = 'public'::regnamespace";
    stage
        .world
        .client()
        .await
        .query_one(sql, &[])
        .await
        .unwrap()
        .get(0)
}

fn off_by(said: f64, found: f64) -> f64 {
    (said / found - 1.0).abs()
}

#[test]
fn what_a_run_reads_and_stores_is_what_its_plan_said() {
    test(async {
        for (dataset, mapping) in [
            (MANY_SMALL, ""),
            (NESTED, MAPPING_OF_ORDERS),
            (VECTORS, MAPPING_OF_CHUNKS),
        ] {
            let stage = stage(dataset, mapping).await;
            let plan = planned(&stage, &[]).await;
            assert_eq!(stored(&stage).await, 0.0);
            let before = stage.bill().reads();
            let run = stage
                .world
                .etl(&["run", "--output", "json", "--metrics-listen", "off"]);
            completed(&run.run().await.unwrap());
            let billed = (stage.bill().reads() - before) as f64;
            let (reads, disk) = (
                plan["reads"].as_f64().unwrap(),
                plan["forecast"]["disk"].as_f64().unwrap(),
            );
            let found = stored(&stage).await;
            eprintln!("reads {reads} said, {billed} billed; disk {disk} said, {found} found");
            assert!(
                off_by(reads, billed) <= 0.02,
                "{reads} were said, {billed} billed"
            );
            assert!(
                off_by(disk, found) <= 0.2,
                "{disk} bytes were said, {found} found: {:#}",
                plan["forecast"]["tables"]
            );
        }
    });
}

#[test]
fn a_plan_changes_nothing_and_its_page_fits_a_terminal() {
    test(async {
        let stage = stage(NESTED, MAPPING_OF_ORDERS).await;
        let everything = "select (select count(*) from pg_class), (select count(*) from pg_namespace)";
        let client = stage.world.client().await;
        let look = async || {
            let row = client.query_one(everything, &[]).await.unwrap();
            (row.get::<_, i64>(0), row.get::<_, i64>(1))
        };
        let before = look().await;
        let outcome = stage
            .world
            .etl(&["plan", "--max-reads", "9000"])
            .run()
            .await
            .unwrap();
        assert_eq!(code(&outcome), 0, "{}", outcome.stderr);
        assert_eq!(look().await, before);
        assert!(!stage.world.checkpoint_dir().exists());
        for line in outcome.stdout.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        for said in [
            "order_items",
            "not enough",
            "USD",
            "primary key",
            "promised",
            "next:",
        ] {
            assert!(outcome.stdout.contains(said), "{said}\n{}", outcome.stdout);
        }
    });
}

#[test]
fn a_plan_that_would_cost_more_than_the_budget_is_not_made() {
    test(async {
        let stage = Stage::set(Dataset::shop(7, 3_000), Plan::default()).await;
        for reads in ["1", "40", "300"] {
            let outcome = stage
                .world
                .etl(&["plan", "--max-reads", reads])
                .run()
                .await
                .unwrap();
            assert_eq!(code(&outcome), 8, "{}\n{}", outcome.stdout, outcome.stderr);
        }
        assert!(stage.bill().reads() <= 341, "{:?}", stage.bill());
    });
}

#[test]
fn a_plan_without_a_probe_reads_no_more_than_the_plan_of_a_run() {
    test(async {
        let stage = stage(MANY_SMALL, "").await;
        let plan = planned(&stage, &["--probe", "0"]).await;
        assert_eq!(plan["forecast"]["reads"]["probe"], 0);
        assert_eq!(
            stage.bill().reads(),
            plan["forecast"]["reads"]["plan"].as_u64().unwrap()
        );
        assert!(plan["forecast"]["source_rate"].is_null());
        assert!(!plan["forecast"]["unmeasured"].as_array().unwrap().is_empty());
    });
}
