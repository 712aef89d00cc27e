//! The whole report, on texts with a meaning: a definition in Rust stands where Qdrant will, pgvector answers for itself.

use super::{database, nearest, test};
use pipeline::parity::postgres::{Place, Search, literal};
use pipeline::parity::{Answered, Metric, Report, Round, Rounds, Subject};
use rehearsal::embeddings::{DIMENSION, corpus};
use std::time::Instant;
use tokio_postgres::Client;

const POINTS: usize = 3_000;
const QUESTIONS: usize = 100;
const K: usize = 10;

async fn filled(client: &Client, points: &[corpus::Point]) {
    let create =
        format!("create table texts (id bigint, topic text, body text, embedding vector({DIMENSION}))");
    client.batch_execute(&create).await.unwrap();
    let insert = "insert into texts values ($1, $2, $3, $4::text::vector)";
    let insert = client.prepare(insert).await.unwrap();
    for point in points {
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [
            &(point.id as i64),
            &point.topic,
            &point.text,
            &literal(&point.vector),
        ];
        client.execute(&insert, &row).await.unwrap();
    }
    let index =
        "create index on texts using hnsw (embedding vector_cosine_ops) with (m = 8, ef_construction = 24)";
    client.batch_execute(index).await.unwrap();
}

#[test]
fn a_report_on_real_embeddings_is_the_same_and_is_written_as_a_page() {
    test(async {
        if rehearsal::parts::embedding_model().is_err() {
            rehearsal::embeddings::Endpoint::or_say("a report on real embeddings")
                .await
                .unwrap();
            return;
        }
        // The last of them are asked, and were not loaded.
        let mut points = corpus::points(POINTS + QUESTIONS).await.unwrap();
        let questions = points.split_off(POINTS);
        let mut client = database().await;
        filled(&client, &points).await;

        let stored: Vec<(String, Vec<f32>)> = points
            .iter()
            .map(|point| (point.id.to_string(), point.vector.clone()))
            .collect();
        let defined = questions.iter().map(|question| {
            let began = Instant::now();
            let answers = nearest(Metric::Cosine, K, &stored, &question.vector);
            Answered {
                answers,
                took: began.elapsed(),
            }
        });
        let source = Rounds {
            exact: Round {
                way: "exact, by definition".to_owned(),
                answered: defined.collect(),
            },
            approximate: Vec::new(),
        };
        let place = Place {
            schema: "public".to_owned(),
            table: "texts".to_owned(),
            id: "id::text".to_owned(),
            column: "embedding".to_owned(),
            kind: "vector".to_owned(),
            metric: Metric::Cosine,
            k: K,
        };
        let asked: Vec<String> = questions
            .iter()
            .map(|question| literal(&question.vector))
            .collect();
        let search = Search::begin(&mut client, &place).await.unwrap();
        let mut approximate = Vec::new();
        for ef in [10, 20, 40, 100, 200] {
            approximate.extend(search.through_index(ef, &asked).await.unwrap());
        }
        let target = Rounds {
            exact: search.exactly(&asked).await.unwrap(),
            approximate,
        };
        let subject = Subject {
            collection: "texts".to_owned(),
            table: "public.texts".to_owned(),
            column: "embedding".to_owned(),
            metric: Metric::Cosine,
            dimension: DIMENSION,
            points: search.rows().await.unwrap(),
            k: K,
            questions: "texts of the same topics that are not stored".to_owned(),
            at: "in a rehearsal".to_owned(),
            bar_ms: 100.0,
            notes: vec![
                "In this rehearsal the definition of nearest neighbours, computed in 64 bits, stands where Qdrant will."
                    .to_owned(),
            ],
        };
        let report = Report::of(subject, &source, &target);
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(folder.join("parity.html"), report.page()).unwrap();
        std::fs::write(folder.join("parity.txt"), report.to_string()).unwrap();
        assert!(report.is_same(), "{report}");
        let best = report.target.last().unwrap().recall.as_ref().unwrap();
        assert!(best.mean > 0.95, "{report}");
    });
}
