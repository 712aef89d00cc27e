//! A text the endpoint refuses for good is found among the others, and they get their vectors.

use crate::server::{Asked, DIMENSION, Reply, Server, answer};
use crate::{embed, embedder, honest, is_final, many, settings};
use pipeline::embed::Embedding;
use serde_json::json;

/// An endpoint that refuses every request with one of `culprits` in it.
async fn refusing(status: u16, culprits: Vec<Option<String>>) -> Server {
    Server::start(move |asked| {
        let culprit = asked
            .texts
            .iter()
            .find(|text| culprits.contains(&Some(text.to_string())));
        match culprit {
            Some(text) => Reply::status(
                status,
                &format!("'{text}' is too long for the context length of 9 tokens"),
            ),
            None => Reply::honest(asked),
        }
    })
    .await
}

#[tokio::test]
async fn every_culprit_is_found_and_all_others_get_their_vectors() {
    let texts = many(16);
    let of = |places: &[usize]| {
        places
            .iter()
            .map(|place| texts[*place].clone())
            .collect::<Vec<_>>()
    };
    let sets = (0..16).map(|one| vec![one]).chain([
        vec![],
        vec![0, 15],
        vec![3, 4, 5],
        vec![0, 2, 4, 6, 8],
        (0..16).collect(),
    ]);
    for (number, places) in sets.enumerate() {
        let status = [400, 413, 422, 500][number % 4];
        let server = refusing(status, of(&places)).await;
        let mut settings = settings(&server.url());
        settings.batch = 16.try_into().unwrap();
        let told = embed(&settings, &texts).await.unwrap();
        for (place, (told, honest)) in told.iter().zip(honest(&texts)).enumerate() {
            match told {
                Embedding::Refused(why) if places.contains(&place) => {
                    assert!(why.contains(&status.to_string()), "{why}");
                    assert!(!why.contains("with the number"), "a text is shown: {why}");
                }
                told => assert_eq!((told, places.contains(&place)), (&honest, false), "{place}"),
            }
        }
        // One culprit of sixteen: the whole, the harmless text, and two requests for each time it is halved.
        if let [_] = places[..] {
            assert_eq!(server.asked().len(), 1 + 1 + 2 * 4);
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_refuses_everything_is_at_fault_itself() {
    let server = Server::start(|_| Reply::status(400, "dimensions are not supported by this model")).await;
    let fault = embed(&settings(&server.url()), &many(9)).await.unwrap_err();
    is_final(&fault, "refused");
    assert!(
        fault.message.contains("not supported") && fault.to_string().contains("embed.dimensions"),
        "{fault}"
    );
    assert_eq!(server.asked().len(), 2, "the request and the harmless text");
}

#[tokio::test]
async fn an_endpoint_that_takes_fewer_texts_is_sent_fewer() {
    let server = Server::start(|asked| match asked.texts.len() {
        ..=5 => Reply::honest(asked),
        _ => Reply::status(413, "batch size > maximum allowed batch size 5"),
    })
    .await;
    let mut settings = settings(&server.url());
    settings.batch = 16.try_into().unwrap();
    let embedder = embedder(&settings);
    let (first, second) = (many(16), many(48).split_off(16));
    assert_eq!(embedder.vectors(&first, DIMENSION).await.unwrap(), honest(&first));
    let before = server.asked().len();
    assert_eq!(
        embedder.vectors(&second, DIMENSION).await.unwrap(),
        honest(&second)
    );
    let after = server.asked().split_off(before);
    assert_eq!(after.len(), 8, "four texts each, and none refused");
}

/// The honest answer with something else as the second component of the texts that end in 2.
fn with_odd(asked: &Asked, odd: &str) -> Reply {
    let mut answer = answer(&asked.texts);
    for (place, text) in asked.texts.iter().enumerate() {
        if text.ends_with('2') {
            answer["data"][place]["embedding"][1] = json!("odd");
        }
    }
    Reply::Whole(200, String::new(), answer.to_string().replace("\"odd\"", odd))
}

#[tokio::test]
async fn a_vector_that_is_not_finite_is_a_refusal_of_its_text_alone() {
    for odd in ["null", "NaN", "Infinity", "-Infinity", "1e39", "1e999"] {
        let server = Server::start(move |asked| with_odd(asked, odd)).await;
        let texts = many(8);
        let told = embed(&settings(&server.url()), &texts).await.unwrap();
        for (place, (told, honest)) in told.iter().zip(honest(&texts)).enumerate() {
            match place {
                2 => assert!(
                    matches!(told, Embedding::Refused(why) if why.contains("not finite")),
                    "{odd}: {told:?}"
                ),
                _ => assert_eq!(told, &honest, "{odd}"),
            }
        }
    }
}
