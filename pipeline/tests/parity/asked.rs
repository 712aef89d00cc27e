//! What PostgreSQL answers is what the definition says; an index is looked into only where it is meant.

use super::{database, nearest, test};
use pipeline::parity::postgres::{Place, Search, literal, sparse_literal};
use pipeline::parity::ties::{Likeness, Tolerance, compare};
use pipeline::parity::{Metric, Report, Round, Rounds, Subject};
use tokio_postgres::Client;

const DIMENSION: usize = 24;
const POINTS: usize = 1_500;
const K: usize = 10;

/// Numbers that look like chance and are always the same.
fn vectors(count: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count)
        .map(|_| (0..DIMENSION).map(|_| next()).collect())
        .collect()
}

fn place(metric: Metric) -> Place {
    Place {
        schema: "public".to_owned(),
        table: "Some Points".to_owned(),
        id: "id::text".to_owned(),
        column: "the vector".to_owned(),
        kind: "vector".to_owned(),
        metric,
        k: K,
    }
}

async fn filled(client: &Client, points: &[(String, Vec<f32>)]) {
    let create = format!("create table \"Some Points\" (id bigint, \"the vector\" vector({DIMENSION}))");
    client.batch_execute(&create).await.unwrap();
    let rows: Vec<String> = points
        .iter()
        .map(|(id, vector)| format!("({id}, '{}')", literal(vector)))
        .collect();
    // A row without a vector is never near.
    let insert = format!("insert into \"Some Points\" values (0, null), {}", rows.join(","));
    client.batch_execute(&insert).await.unwrap();
}

fn points() -> Vec<(String, Vec<f32>)> {
    (1..)
        .map(|id: u64| id.to_string())
        .zip(vectors(POINTS, 7))
        .collect()
}

#[test]
fn exact_answers_are_those_of_the_definition_with_and_without_an_index() {
    test(async {
        let points = points();
        let questions = vectors(20, 11);
        let asked: Vec<String> = questions.iter().map(|question| literal(question)).collect();
        for (metric, class) in [
            (Metric::Cosine, "cosine"),
            (Metric::Dot, "ip"),
            (Metric::Euclid, "l2"),
            (Metric::Manhattan, "l1"),
        ] {
            let mut client = database().await;
            filled(&client, &points).await;
            let index = format!(
                "create index graph on \"Some Points\" using hnsw (\"the vector\" vector_{class}_ops)"
            );
            for index in [None, Some(index)] {
                if let Some(index) = &index {
                    client.batch_execute(index).await.unwrap();
                }
                let place = place(metric);
                let search = Search::begin(&mut client, &place).await.unwrap();
                assert_eq!(search.rows().await.unwrap(), POINTS as u64);
                let exact = search.exactly(&asked).await.unwrap();
                assert_eq!(search.index(&asked[0]).await.unwrap(), None);
                let tolerance = Tolerance::of(metric, DIMENSION);
                for (question, told) in questions.iter().zip(&exact.answered) {
                    let defined = nearest(metric, K, &points, question);
                    let likeness = compare(metric, &tolerance, K, &defined, &told.answers);
                    assert!(
                        !matches!(likeness, Likeness::Different(_)),
                        "{metric:?}: {likeness:?}"
                    );
                }
                let through = search.through_index(40, &asked).await.unwrap();
                assert_eq!(through.is_some(), index.is_some(), "{metric:?}");
            }
        }
    });
}

#[test]
fn sparse_vectors_are_asked_for_by_the_inner_product_of_what_both_have() {
    test(async {
        // Of every vector the six largest components, spread over a wider space, with a zero among them.
        let spread = |vector: &Vec<f32>| -> Vec<(u32, f32)> {
            let mut elements: Vec<(u32, f32)> = (0u32..).zip(vector.iter().copied()).collect();
            elements.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
            elements.truncate(6);
            elements.push((DIMENSION as u32, 0.0));
            elements.sort_by_key(|(index, _)| *index);
            elements
        };
        let whole = |elements: &[(u32, f32)]| -> Vec<f32> {
            let mut vector = vec![0.0; DIMENSION + 1];
            for (index, value) in elements {
                vector[*index as usize] = *value;
            }
            vector
        };
        let dimensions = DIMENSION as u32 + 1;
        let stored: Vec<(String, Vec<(u32, f32)>)> = points()
            .into_iter()
            .map(|(id, vector)| (id, spread(&vector)))
            .collect();
        let mut client = database().await;
        let rows: Vec<String> = stored
            .iter()
            .map(|(id, elements)| format!("({id}, '{}')", sparse_literal(dimensions, elements)))
            .collect();
        let fill = format!(
            "create table \"Some Points\" (id bigint, \"the vector\" sparsevec({dimensions})); \
             insert into \"Some Points\" values {}; \
             create index on \"Some Points\" using hnsw (\"the vector\" sparsevec_ip_ops)",
            rows.join(",")
        );
        client.batch_execute(&fill).await.unwrap();
        let questions: Vec<_> = vectors(20, 17).iter().map(spread).collect();
        let asked: Vec<String> = questions
            .iter()
            .map(|elements| sparse_literal(dimensions, elements))
            .collect();
        let place = Place {
            kind: "sparsevec".to_owned(),
            ..place(Metric::Dot)
        };
        let search = Search::begin(&mut client, &place).await.unwrap();
        let exact = search.exactly(&asked).await.unwrap();
        let tolerance = Tolerance::of(Metric::Dot, 7);
        let points: Vec<(String, Vec<f32>)> = stored
            .iter()
            .map(|(id, elements)| (id.clone(), whole(elements)))
            .collect();
        for (question, told) in questions.iter().zip(&exact.answered) {
            let defined = nearest(Metric::Dot, K, &points, &whole(question));
            let likeness = compare(Metric::Dot, &tolerance, K, &defined, &told.answers);
            assert!(!matches!(likeness, Likeness::Different(_)), "{likeness:?}");
        }
        assert!(search.through_index(40, &asked).await.unwrap().is_some());
    });
}

#[test]
fn an_index_finds_more_where_it_looks_further_and_nothing_is_left_set() {
    test(async {
        let points = points();
        let asked: Vec<String> = vectors(60, 13).iter().map(|question| literal(question)).collect();
        let mut client = database().await;
        filled(&client, &points).await;
        // A graph so thin that it misses something.
        client
            .batch_execute(
                "create index graph on \"Some Points\" using hnsw (\"the vector\" vector_cosine_ops) \
                 with (m = 3, ef_construction = 6)",
            )
            .await
            .unwrap();
        let place = place(Metric::Cosine);
        let mut approximate: Vec<Round> = Vec::new();
        let search = Search::begin(&mut client, &place).await.unwrap();
        let exact = search.exactly(&asked).await.unwrap();
        for ef in [4, 40, 1000] {
            approximate.push(search.through_index(ef, &asked).await.unwrap().unwrap());
            assert_eq!(search.index(&asked[0]).await.unwrap().as_deref(), Some("graph"));
        }
        // Switched back, it is exact again.
        let again = search.exactly(&asked).await.unwrap();
        let answers =
            |round: &Round| -> Vec<_> { round.answered.iter().map(|one| one.answers.clone()).collect() };
        assert_eq!(answers(&exact), answers(&again));
        drop(search);
        let left = client
            .query_one("select current_setting('enable_indexscan')", &[])
            .await
            .unwrap();
        assert_eq!(left.get::<_, String>(0), "on");

        let found = approximate
            .iter()
            .map(|round| round.answered[0].answers.len())
            .collect::<Vec<_>>();
        assert_eq!(found, [4, K, K], "never more than it looks at");
        let subject = Subject {
            collection: "points".to_owned(),
            table: "\"Some Points\"".to_owned(),
            column: "\"the vector\"".to_owned(),
            metric: Metric::Cosine,
            dimension: DIMENSION,
            points: POINTS as u64,
            k: K,
            questions: "made up".to_owned(),
            at: "now".to_owned(),
            bar_ms: 100.0,
            notes: Vec::new(),
        };
        let rounds = Rounds { exact, approximate };
        let report = Report::of(subject, &rounds, &rounds);
        assert!(report.is_same());
        let means: Vec<f64> = report
            .target
            .iter()
            .filter_map(|found| Some(found.recall.as_ref()?.mean))
            .collect();
        assert!(means[0] <= 0.4, "four of ten at most: {means:?}");
        assert!(
            means[0] < means[1] && means[1] < means[2] && means[1] < 1.0,
            "{means:?}"
        );
    });
}

#[test]
fn what_cannot_be_asked_is_a_fault_with_its_reason() {
    test(async {
        let mut client = database().await;
        let place = place(Metric::Cosine);
        let search = Search::begin(&mut client, &place).await.unwrap();
        let fault = search.rows().await.unwrap_err();
        assert_eq!(fault.cause, "42P01", "{fault}");
    });
}
