//! Search answers the same after the move: every distance, sparse vectors by their own numbers, real embeddings.

use super::world::{World, complete};
use crate::support::test;
use rehearsal::embeddings::{Endpoint, corpus};
use rehearsal::process::Outcome;
use serde_json::Value;
use simulator::qdrant::{Collection, Distance, Ids, Mix, Point, PointId, SparseParams, Vector, VectorParams};
use std::path::Path;

async fn verified(world: &World, arguments: &[&str]) -> Outcome {
    let fixed = [
        "verify",
        "--search",
        "--source",
        "qdrant",
        "--queries",
        "25",
        "--output",
        "json",
    ];
    world.etl(&[&fixed[..], arguments].concat()).run().await.unwrap()
}

/// The reports of a comparison that must find everything the same.
async fn same(world: &World, arguments: &[&str]) -> Vec<Value> {
    let outcome = verified(world, arguments).await;
    assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);
    let object: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(object["same"], true, "{object:#}");
    object["reports"].as_array().unwrap().clone()
}

#[test]
fn every_distance_answers_the_same_and_a_row_that_differs_is_found() {
    test(async {
        let of = |distance| VectorParams::new(12, distance);
        let memory = Collection::new("memory", 1_500)
            .ids(Ids::Mixed)
            .named("cosine", of(Distance::Cosine))
            .named("dot", of(Distance::Dot))
            .named("euclid", of(Distance::Euclid))
            .named("manhattan", of(Distance::Manhattan))
            .sparse("words", SparseParams::default())
            .payload(Mix::Plain);
        let world = World::of([memory]).await;
        complete(world.run(&[])).await;
        let client = world.client().await;
        let numbered = "select count(*) from etl.sparse_index";
        assert!(client.query_one(numbered, &[]).await.unwrap().get::<_, i64>(0) > 0);
        let reports = same(&world, &["--report", "parity.html"]).await;
        assert_eq!(reports.len(), 5, "one for each column of vectors");
        for report in &reports {
            assert_eq!(report["exact"]["different"], 0, "{report:#}");
            assert_eq!(report["asked"], 25, "{report:#}");
        }
        for page in ["parity.html", "parity-2.html", "parity-5.html"] {
            assert!(world.folder().join(page).exists(), "{page}");
        }
        // Half of all vectors turned round: some answer must be another one.
        let turn = "update memory set euclid = (select array_agg(-c) from unnest(euclid::real[]) as c)::vector(12) \
                    where length(id) % 2 = 0";
        client.batch_execute(turn).await.unwrap();
        let outcome = verified(&world, &[]).await;
        assert_eq!(
            outcome.status.code(),
            Some(6),
            "{}{}",
            outcome.stdout,
            outcome.stderr
        );
    });
}

#[test]
fn real_embeddings_answer_the_same_and_the_page_tells_what_the_index_finds() {
    test(async {
        if Endpoint::or_say("searching among real embeddings")
            .await
            .unwrap()
            .is_none()
        {
            return;
        }
        let points = corpus::points(2_000).await.unwrap();
        let dimension = points[0].vector.len();
        let notes = Collection::new("notes", 0).vector(VectorParams::new(dimension, Distance::Cosine));
        let world = World::of([notes]).await;
        for point in &points {
            let made = Point {
                id: PointId::Number(point.id),
                payload: vec![("text".into(), simulator::qdrant::Value::from(point.text.clone()))],
                vectors: vec![(String::new(), Vector::Dense(point.vector.clone()))],
            };
            assert!(world.qdrant.put("notes", None, made));
        }
        complete(world.run(&[])).await;
        // Kept for whoever wants to look at it.
        let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity-of-real-embeddings.html");
        let reports = same(&world, &["--report", page.to_str().unwrap()]).await;
        let found = reports[0]["target"].as_array().unwrap();
        let widest = found.last().unwrap()["recall"]["mean"].as_f64().unwrap();
        assert!(widest > 0.5, "{:#}", reports[0]);
    });
}
