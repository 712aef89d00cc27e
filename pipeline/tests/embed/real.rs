//! A real model: sentences that mean nearly the same lie nearer than sentences that do not, and what is too long for it
//! is refused alone.
//!
//! It is the small one of the rehearsal. `ETL_TEST_EMBED_ENDPOINT` and `ETL_TEST_EMBED_MODEL` name another, for example
//! one served by Ollama on this machine; `ETL_EMBED_API_KEY` is its key, where it needs one.

use crate::{embedder, settings, texts};
use pipeline::embed::Embedding;
use rehearsal::embeddings::corpus::PARAPHRASES;
use rehearsal::embeddings::{DIMENSION, Endpoint};

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

/// The model that is named, or else the small one, which runs as long as its endpoint is held.
async fn model() -> Option<(config::Embed, Option<Endpoint>)> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(url), Some(model)) = (named("ETL_TEST_EMBED_ENDPOINT"), named("ETL_TEST_EMBED_MODEL")) {
        let api_key = named("ETL_EMBED_API_KEY").map(config::Secret::new);
        let settings = config::Embed {
            model,
            api_key,
            ..settings(&url)
        };
        return Some((settings, None));
    }
    let endpoint = Endpoint::or_say("embedding with a real model").await.unwrap()?;
    Some((small(&endpoint), Some(endpoint)))
}

fn small(endpoint: &Endpoint) -> config::Embed {
    config::Embed {
        model: rehearsal::embeddings::MODEL.to_owned(),
        ..settings(endpoint.url())
    }
}

#[tokio::test]
async fn sentences_that_mean_the_same_lie_nearer() {
    let Some((settings, _running)) = model().await else {
        return;
    };
    let embedder = embedder(&settings);
    let dimension = embedder.greet(&[]).await.unwrap();
    let pairs = PARAPHRASES.map(|(one, other)| [one, other]);
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

#[tokio::test]
async fn a_text_longer_than_the_model_reads_is_refused_and_its_neighbours_are_not() {
    let Some(endpoint) = Endpoint::or_say("what a real model refuses").await.unwrap() else {
        return;
    };
    let long = vec!["word"; 300].join(" ");
    let texts = texts(["before", &long, "after"]);
    let told = embedder(&small(&endpoint))
        .vectors(&texts, DIMENSION)
        .await
        .unwrap();
    assert!(
        matches!(&told[1], Embedding::Refused(why) if why.contains("maximum context length is 256 tokens")),
        "{:?}",
        told[1]
    );
    let alone = endpoint.embed(&["before", "after"]).await.unwrap();
    let neighbours: Vec<_> = alone.into_iter().map(Embedding::Vector).collect();
    assert_eq!(
        [&told[0], &told[2]],
        [&neighbours[0], &neighbours[1]],
        "to the last bit"
    );
}
