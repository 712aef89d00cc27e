//! A real model, where one is named: sentences that mean nearly the same lie nearer than sentences that do not.
//!
//! `ETL_TEST_EMBED_ENDPOINT` and `ETL_TEST_EMBED_MODEL` name it, for example one served by Ollama on this machine;
//! `ETL_EMBED_API_KEY` is its key, where it needs one.

use crate::{embedder, settings, texts};
use pipeline::embed::Embedding;

fn likeness(one: &Embedding, other: &Embedding) -> f64 {
    let (Embedding::Vector(one), Embedding::Vector(other)) = (one, other) else {
        panic!("no vectors: {one:?} {other:?}");
    };
    let dot = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum::<f64>()
    };
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

#[tokio::test]
async fn sentences_that_mean_the_same_lie_nearer() {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(url), Some(model)) = (named("ETL_TEST_EMBED_ENDPOINT"), named("ETL_TEST_EMBED_MODEL")) else {
        let loud = "\n\nNOT TESTED: embedding with a real model. Name one that speaks OpenAI's interface:\n  \
                    export ETL_TEST_EMBED_ENDPOINT=http://127.0.0.1:11434/v1 ETL_TEST_EMBED_MODEL=all-minilm\n\n";
        // Past the harness, which shows nothing of a test that passes.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), loud.as_bytes());
        return;
    };
    let mut settings = settings(&url);
    settings.model = model;
    settings.api_key = named("ETL_EMBED_API_KEY").map(config::Secret::new);
    let embedder = embedder(&settings);
    let dimension = embedder.greet(&[]).await.unwrap();
    let pairs = [
        ["A cat sleeps on the sofa.", "A kitten is napping on the couch."],
        [
            "The stock market fell sharply today.",
            "Share prices dropped a lot this morning.",
        ],
        [
            "How do I reset my password?",
            "I forgot my password and cannot log in.",
        ],
    ];
    let vectors = embedder.vectors(&texts(pairs.concat()), dimension).await.unwrap();
    for (one, vector) in vectors.iter().enumerate() {
        let partner = one ^ 1;
        for other in (0..vectors.len()).filter(|other| *other != one && *other != partner) {
            let (near, far) = (
                likeness(vector, &vectors[partner]),
                likeness(vector, &vectors[other]),
            );
            assert!(
                near > far,
                "{one} is nearer to {other} ({far:.3}) than to {partner} ({near:.3})"
            );
        }
    }
}
