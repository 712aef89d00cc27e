//! No more is sent than the operator said: texts a request, requests at a time and a minute, characters a text.

use crate::server::{DIMENSION, Reply, Server};
use crate::{embed, embedder, honest, many, settings, texts};
use pipeline::embed::Embedding;
use std::time::{Duration, Instant};

#[tokio::test]
async fn every_text_gets_its_vector_whatever_the_batch_and_is_asked_for_once() {
    let given = texts([
        "a",
        "b",
        "a",
        "",
        "c",
        "a",
        "d",
        " ",
        "e",
        "b",
        "\u{0}",
        "é\u{1F600}",
    ]);
    for batch in 1..=9 {
        for concurrency in [1, 3] {
            let server = Server::honest().await;
            let mut settings = settings(&server.url());
            settings.batch = batch.try_into().unwrap();
            settings.concurrency = concurrency.try_into().unwrap();
            assert_eq!(embed(&settings, &given).await.unwrap(), honest(&given));
            let mut asked = server.texts();
            asked.sort();
            assert_eq!(asked, ["\u{0}", "a", "b", "c", "d", "e", "é\u{1F600}"]);
            assert_eq!(server.asked().len(), 7usize.div_ceil(batch));
        }
    }
}

#[tokio::test]
async fn as_many_requests_as_allowed_are_under_way_and_never_more() {
    // Nothing is answered before three are asked for, so fewer would wait for ever.
    let server = Server::with(Reply::honest, Some(3), None).await;
    let mut settings = settings(&server.url());
    settings.batch = 1.try_into().unwrap();
    settings.concurrency = 3.try_into().unwrap();
    let embedder = embedder(&settings);
    // Two lanes share the limit.
    let (one, other) = (many(12), many(24).split_off(12));
    let lane = |texts: Vec<Option<String>>| {
        let embedder = embedder.clone();
        tokio::spawn(async move { embedder.vectors(&texts, DIMENSION).await.unwrap() })
    };
    let (first, second) = (lane(one.clone()), lane(other.clone()));
    assert_eq!(
        (first.await.unwrap(), second.await.unwrap()),
        (honest(&one), honest(&other))
    );
    assert_eq!((server.most(), embedder.portion()), (3, 3));
}

#[tokio::test]
async fn requests_keep_the_pace() {
    let server = Server::honest().await;
    let mut settings = settings(&server.url());
    settings.batch = 1.try_into().unwrap();
    settings.concurrency = 4.try_into().unwrap();
    settings.requests_per_minute = Some(1200.try_into().unwrap());
    let began = Instant::now();
    embed(&settings, &many(7)).await.unwrap();
    // Seven requests have six gaps of 50 ms between them, however late the machine is.
    assert!(began.elapsed() >= Duration::from_millis(6 * 50));
}

#[tokio::test]
async fn long_texts_are_cut_where_the_operator_says_so() {
    let server = Server::honest().await;
    let mut settings = settings(&server.url());
    settings.max_characters = Some(3.try_into().unwrap());
    let told = embed(&settings, &texts(["äöüß", "äöü and more", "ab", "   x"]))
        .await
        .unwrap();
    let expected = honest(&texts(["äöü", "äöü", "ab", "   "]));
    assert_eq!(told, expected);
    assert_eq!(told[3], Embedding::Nothing, "nothing is left of it but blanks");
    assert_eq!(server.texts(), ["äöü", "ab"]);
}

#[tokio::test]
async fn what_is_sent_is_what_the_interface_asks_for() {
    let server = Server::honest().await;
    let mut settings = settings(&server.url());
    settings.api_key = Some(config::Secret::new("sk-hunter2"));
    settings.dimensions = Some(DIMENSION.try_into().map(|d: u32| d.try_into().unwrap()).unwrap());
    embed(&settings, &many(1)).await.unwrap();
    settings.api_key = None;
    settings.dimensions = None;
    embed(&settings, &many(1)).await.unwrap();
    let asked = server.asked();
    assert!(
        asked[0].head.starts_with("post /v1/embeddings http/1.1\r\n"),
        "{}",
        asked[0].head
    );
    assert!(asked[0].head.contains("\r\nauthorization: bearer sk-hunter2\r\n"));
    assert!(!asked[1].head.contains("authorization"));
    let sent = serde_json::json!({
        "model": "a model", "input": ["a text with the number 0000"], "encoding_format": "float", "dimensions": 3
    });
    assert_eq!(asked[0].body, sent);
    assert_eq!(asked[1].body.get("dimensions"), None);
}
