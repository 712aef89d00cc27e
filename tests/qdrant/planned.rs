//! What a plan tells of a move of points.

use super::world::World;
use crate::support::test;
use simulator::qdrant::{Collection, Distance, VectorParams};

#[test]
fn a_plan_is_measured_where_pgvector_is_yet_to_be_made_and_leaves_nothing() {
    test(async {
        let points = Collection::new("notes", 500).vector(VectorParams::new(8, Distance::Cosine));
        let world = World::of([points]).await;
        let client = world.client().await;
        let there = "select (select count(*) from pg_extension where extname = 'vector') \
                     + (select count(*) from pg_namespace where nspname like '%etl%')";
        let count = async || client.query_one(there, &[]).await.unwrap().get::<_, i64>(0);
        assert_eq!(count().await, 0);
        let plan = world
            .etl(&["plan", "--source", "qdrant", "--output", "json"])
            .run()
            .await
            .unwrap();
        assert!(plan.status.success(), "{}{}", plan.stdout, plan.stderr);
        let told: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
        let forecast = &told["forecast"];
        assert_eq!(forecast["unmeasured"], serde_json::json!([]), "{forecast:#}");
        assert_eq!(count().await, 0);
    });
}
