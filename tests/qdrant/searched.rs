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
fn questions_of_ones_own_are_asked_and_those_that_cannot_be_are_told_by_line() {
    test(async {
        let of = |size| VectorParams::new(size, Distance::Cosine);
        let memory = Collection::new("memory", 300)
            .named("small", of(3))
            .named("large", of(5))
            .sparse("words", SparseParams::default());
        let world = World::of([memory]).await;
        complete(world.run(&[])).await;
        let file = "questions.jsonl";
        let write = |text: &[u8]| std::fs::write(world.folder().join(file), text).unwrap();
        let asking = ["--queries-file", file];

        write(b"[1, 0.5, -2e-3]\n\n[0.1, 0.2, 0.3, 0.4, 0.5]\n  [3, 2, 1]  \r\n");
        let reports = same(&world, &asking).await;
        let asked: Vec<(&str, u64)> = reports
            .iter()
            .map(|report| {
                let column = report["subject"]["column"].as_str().unwrap_or_default();
                (column, report["asked"].as_u64().unwrap())
            })
            .collect();
        assert_eq!(asked.iter().map(|(_, asked)| asked).sum::<u64>(), 3, "{asked:?}");
        assert_eq!(
            asked.len(),
            2,
            "a column of sparse vectors is not asked: {asked:?}"
        );

        let wrong: [(&[u8], &[&str]); 8] = [
            (b"", &["holds no vector"]),
            (b"\n  \n", &["holds no vector"]),
            (
                b"[1, 2, 3]\n[1, 2]\n[1]\n",
                &["line 2: it has 2 components", "have 3 or 5", "line 3: it has 1"],
            ),
            (
                b"[1, 2, 3]\nhello\n{}\n",
                &["line 2: a vector is written as", "line 3: a vector"],
            ),
            (b"[1, NaN, 3]\n", &["line 1: a vector is written as"]),
            (
                b"[1, 1e39, 3]\n[1, 2, 1e999]",
                &["line 1: component 2 is 1e39", "line 2: "],
            ),
            (b"[]\n[1, null, 2]", &["line 1: it has no components", "line 2: "]),
            (b"\xff\xfe\x00\n", &["line 1: a vector is written as"]),
        ];
        for (text, words) in wrong {
            write(text);
            let outcome = verified(&world, &asking).await;
            let shown = String::from_utf8_lossy(text).into_owned();
            assert_eq!(outcome.status.code(), Some(2), "{shown}{}", outcome.stdout);
            for words in words {
                assert!(
                    outcome.stderr.contains(words),
                    "{shown}: {words}: {}",
                    outcome.stderr
                );
            }
        }
        std::fs::remove_file(world.folder().join(file)).unwrap();
        let outcome = verified(&world, &asking).await;
        assert_eq!(outcome.status.code(), Some(2), "{}", outcome.stdout);
        assert!(outcome.stderr.contains("cannot be read"), "{}", outcome.stderr);
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
