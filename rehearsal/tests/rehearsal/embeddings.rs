//! The small real model: it computes what its authors publish, refuses what it cannot answer, and repeats itself.

use rehearsal::embeddings::{DIMENSION, Endpoint, MODEL, corpus};
use serde_json::{Value, json};

const WHAT: &str = "the small model that embeds texts";

fn dot(one: &[f32], other: &[f32]) -> f64 {
    let products = one
        .iter()
        .zip(other)
        .map(|(one, other)| f64::from(*one) * f64::from(*other));
    products.sum()
}

fn alike(one: f64, other: f64, within: f64) {
    assert!((one - other).abs() <= within, "{one} is not {other}");
}

/// From the documentation of sentence-transformers, "Usage", which gives four digits.
#[tokio::test]
async fn similarities_are_those_that_the_authors_publish() {
    let Some(endpoint) = Endpoint::or_say(WHAT).await.unwrap() else {
        return;
    };
    let texts = [
        "The weather is lovely today.",
        "It's so sunny outside!",
        "He drove to the stadium.",
    ];
    let published = [
        [1.0, 0.6660, 0.1046],
        [0.6660, 1.0, 0.1411],
        [0.1046, 0.1411, 1.0],
    ];
    let vectors = endpoint.embed(&texts).await.unwrap();
    for (one, row) in vectors.iter().zip(published) {
        for (other, published) in vectors.iter().zip(row) {
            alike(dot(one, other), published, 0.000_05);
        }
    }
}

#[tokio::test]
async fn a_vector_is_the_same_whatever_stands_beside_its_text_and_however_it_is_written() {
    let Some(endpoint) = Endpoint::or_say(WHAT).await.unwrap() else {
        return;
    };
    let texts = corpus::texts(24);
    let texts: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    let together = endpoint.embed(&texts).await.unwrap();
    let alone = futures::future::try_join_all(texts.iter().map(async |text| endpoint.embed(&[text]).await));
    let alone: Vec<_> = alone.await.unwrap().concat();
    assert_eq!(together, alone);
    for vector in &together {
        assert_eq!(vector.len(), DIMENSION);
        alike(dot(vector, vector), 1.0, 1e-6);
    }
    let again = Endpoint::start().await.unwrap();
    assert_eq!(together, again.embed(&texts).await.unwrap());
    let (status, answer) = endpoint
        .ask(&json!({ "model": MODEL, "input": texts[0], "dimensions": DIMENSION }))
        .await
        .unwrap();
    assert_eq!(status, 200, "{answer}");
    let written: Vec<f32> = serde_json::from_value(answer["data"][0]["embedding"].clone()).unwrap();
    assert_eq!(
        written, together[0],
        "decimal figures say the same bits as base64"
    );
}

#[tokio::test]
async fn what_it_cannot_do_it_refuses_as_openai_does() {
    let Some(endpoint) = Endpoint::or_say(WHAT).await.unwrap() else {
        return;
    };
    let refused = async |body: Value, status: u16, words: &str| {
        let (told, answer) = endpoint.ask(&body).await.unwrap();
        assert_eq!(told, status, "{body}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    };
    let asked = |input: Value| json!({ "model": MODEL, "input": input });
    // [CLS] and [SEP] are tokens too.
    let words = |count: usize| vec!["word"; count].join(" ");
    refused(
        asked(json!(words(255))),
        400,
        "maximum context length is 256 tokens",
    )
    .await;
    let (longest, answer) = endpoint.ask(&asked(json!([words(254)]))).await.unwrap();
    assert_eq!(
        (longest, &answer["usage"]["total_tokens"]),
        (200, &json!(256)),
        "{answer}"
    );
    for input in [json!(null), json!([]), json!([[1, 2]]), json!(["x", 1]), json!(7)] {
        refused(asked(input), 400, "must be a string or a list").await;
    }
    refused(asked(json!(["x", ""])), 400, "empty string").await;
    refused(asked(json!(vec!["x"; 2049])), 400, "2048").await;
    refused(
        json!({ "model": MODEL, "input": "x", "dimensions": 256 }),
        400,
        "384",
    )
    .await;
    refused(
        json!({ "model": MODEL, "input": "x", "encoding_format": "int8" }),
        400,
        "base64",
    )
    .await;
    refused(
        json!({ "model": "another", "input": "x" }),
        404,
        "the only model here",
    )
    .await;
    refused(json!([]), 400, "no JSON object").await;
}

#[tokio::test]
async fn texts_of_a_topic_lie_together_and_are_kept() {
    let Some(_) = Endpoint::or_say(WHAT).await.unwrap() else {
        return;
    };
    let points = corpus::points(240).await.unwrap();
    assert_eq!(points, corpus::points(240).await.unwrap());
    let neighbour = |point: &corpus::Point| {
        let others = points.iter().filter(|other| other.id != point.id);
        let nearness = |other: &&corpus::Point| dot(&point.vector, &other.vector);
        others
            .max_by(|one, other| nearness(one).total_cmp(&nearness(other)))
            .map(|other| other.topic)
    };
    let at_home = points
        .iter()
        .filter(|point| neighbour(point) == Some(point.topic))
        .count();
    assert!(at_home * 10 >= points.len() * 9, "{at_home} of {}", points.len());
    let mut written = Vec::new();
    corpus::write(&points, &mut written).unwrap();
    let first: Value = serde_json::from_slice(written.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(first["text"], points[0].text);
    let vector: Vec<f32> = serde_json::from_value(first["vector"].clone()).unwrap();
    assert_eq!(vector, points[0].vector);
}
