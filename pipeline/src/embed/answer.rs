//! The vectors in an answer, each with the text it belongs to.
//!
//! Endpoints number their vectors and may answer out of order; some number nothing and keep the order. Whatever does
//! not say for each text exactly one vector is no answer. JSON has no word for what is not finite, so servers write
//! `null`, `NaN` or a number too large; all three mean that the text has no vector.

use super::Embedding;
use serde::Deserialize;

/// Why a text whose vector is not finite has none.
pub(super) const NOT_FINITE: &str = "the model gives a vector for it that is not finite";

/// What an answer says.
#[derive(Debug)]
pub(super) struct Answer {
    /// For each text, in order.
    pub(super) embeddings: Vec<Embedding>,
    /// What the endpoint counts as used, where it says so.
    pub(super) tokens: Option<u64>,
}

/// Why an answer says nothing.
#[derive(Debug, PartialEq)]
pub(super) enum Broken {
    /// It holds numbers that JSON does not have, so it cannot be seen whose they are.
    NotFinite,
    /// It is not what was asked for.
    Answer(&'static str),
}

#[derive(Deserialize)]
struct Body {
    data: Vec<Item>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct Usage {
    total_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
}

/// Reads the answer to a request of `texts` texts.
pub(super) fn read(body: &[u8], texts: usize) -> Result<Answer, Broken> {
    let body: Body = serde_json::from_slice(body).map_err(|error| broken(&error, body))?;
    let usage = body.usage;
    let tokens = usage.and_then(|usage| usage.total_tokens.or(usage.prompt_tokens));
    if body.data.len() != texts {
        return Err(Broken::Answer(
            "its answer has another number of vectors than texts were sent",
        ));
    }
    let numbered = body.data.iter().any(|item| item.index.is_some());
    let mut found: Vec<Option<Embedding>> = vec![None; texts];
    for (place, item) in body.data.into_iter().enumerate() {
        let place = if numbered { item.index } else { Some(place) };
        let free = place
            .and_then(|place| found.get_mut(place))
            .filter(|place| place.is_none());
        *free.ok_or(Broken::Answer(
            "its answer does not say which vector is of which text",
        ))? = Some(embedding(&item.embedding));
    }
    Ok(Answer {
        // As many as texts, each in a place of its own: none is left out.
        embeddings: found.into_iter().flatten().collect(),
        tokens,
    })
}

fn embedding(components: &[Option<f64>]) -> Embedding {
    let vector: Option<Vec<f32>> = components
        .iter()
        .map(|component| {
            component
                .map(|component| component as f32)
                .filter(|x| x.is_finite())
        })
        .collect();
    match vector {
        Some(vector) if !vector.is_empty() => Embedding::Vector(vector),
        _ => Embedding::Refused(NOT_FINITE.to_owned()),
    }
}

/// What is wrong with a body that is no answer in JSON.
fn broken(error: &serde_json::Error, body: &[u8]) -> Broken {
    let told = [&b"NaN"[..], b"Infinity"];
    let told = told
        .iter()
        .any(|word| body.windows(word.len()).any(|place| place == *word));
    match error.classify() {
        serde_json::error::Category::Syntax if told || error.to_string().contains("out of range") => {
            Broken::NotFinite
        }
        serde_json::error::Category::Data => {
            Broken::Answer("its answer is JSON, but holds no vectors of numbers")
        }
        _ => Broken::Answer("its answer is cut short, or no JSON"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn vectors(text: &str, texts: usize) -> Result<Vec<Embedding>, Broken> {
        read(text.as_bytes(), texts).map(|answer| answer.embeddings)
    }

    #[test]
    fn what_is_not_finite_is_refused_and_its_neighbour_is_not() {
        for odd in ["null", "1e39", "-1e39"] {
            let text = format!(
                r#"{{"data":[{{"index":1,"embedding":[0.5,{odd}]}},{{"index":0,"embedding":[1,2]}}]}}"#
            );
            let found = vectors(&text, 2).unwrap();
            assert_eq!(found[0], Embedding::Vector(vec![1.0, 2.0]));
            assert_eq!(found[1], Embedding::Refused(NOT_FINITE.to_owned()));
        }
        for odd in ["NaN", "-Infinity", "1e999"] {
            let text = format!(r#"{{"data":[{{"index":0,"embedding":[0.5,{odd}]}}]}}"#);
            assert_eq!(vectors(&text, 1), Err(Broken::NotFinite), "{odd}");
        }
    }

    #[test]
    fn an_answer_that_leaves_a_text_out_is_none() {
        for text in [
            "",
            "{",
            "[]",
            r#"{"data":null}"#,
            r#"{"data":[]}"#,
            r#"{"data":[{"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1]},{"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1"#,
        ] {
            assert!(matches!(vectors(text, 2), Err(Broken::Answer(_))), "{text}");
        }
    }

    #[test]
    fn unnumbered_vectors_are_in_order_and_tokens_are_told() {
        let text = r#"{"data":[{"embedding":[1]},{"embedding":[2]}],"usage":{"prompt_tokens":7}}"#;
        let answer = read(text.as_bytes(), 2).unwrap();
        assert_eq!(answer.embeddings, [vec![1.0], vec![2.0]].map(Embedding::Vector));
        assert_eq!(answer.tokens, Some(7));
    }

    proptest! {
        #[test]
        fn every_order_and_every_number_is_read_back(
            vectors in proptest::collection::vec(proptest::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 3), 1..8),
            seed in any::<u64>(),
        ) {
            let mut items: Vec<_> = vectors.iter().enumerate()
                .map(|(index, vector)| serde_json::json!({"index": index, "embedding": vector})).collect();
            let turn = seed as usize % items.len();
            items.rotate_left(turn);
            let text = serde_json::json!({"data": items}).to_string();
            let read = read(text.as_bytes(), vectors.len()).unwrap().embeddings;
            prop_assert_eq!(read, vectors.into_iter().map(Embedding::Vector).collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), texts in 0usize..3) {
            let _ = read(&bytes, texts);
        }
    }
}
