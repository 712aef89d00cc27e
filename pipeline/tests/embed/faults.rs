//! What gets better is tried again; what does not is told at once, with what to do.

use crate::server::{Asked, DIMENSION, Reply, Server, answer};
use crate::{AGAIN, embed, embedder, honest, is_final, many, policy, settings, texts};
use checkpoints::Memory;
use pipeline::embed::{Embedder, Embedding};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An endpoint that replies `first` to the first request and honestly to all others.
async fn once(first: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |asked| match asked.number {
        0 => first(asked),
        _ => Reply::honest(asked),
    })
    .await
}

fn body(body: serde_json::Value) -> Reply {
    Reply::Whole(200, String::new(), body.to_string())
}

#[tokio::test]
async fn what_gets_better_is_asked_again_and_nothing_is_lost() {
    let texts = many(3);
    type First = fn(&Asked) -> Reply;
    let replies: [(&str, First); 12] = [
        ("busy", |_| Reply::status(429, "slow down")),
        ("failed", |_| Reply::status(500, "oh")),
        ("gateway", |_| {
            Reply::Whole(502, String::new(), "<html>".to_owned())
        }),
        ("away", |_| Reply::status(503, "loading the model")),
        ("late", |_| Reply::status(504, "")),
        ("timed out", |_| Reply::status(408, "")),
        ("no JSON", |_| {
            Reply::Whole(200, String::new(), "hello".to_owned())
        }),
        ("an error called success", |_| body(json!({"error": "x"}))),
        ("one too few", |asked| body(answer(&asked.texts[1..]))),
        ("none", |_| body(json!({"data": []}))),
        ("numbered wrongly", |_| {
            body(json!({"data": vec![json!({"index": 1, "embedding": [1, 2, 3]}); 3]}))
        }),
        ("cut", |_| Reply::Cut(150)),
    ];
    for (law, first) in replies {
        let server = once(first).await;
        assert_eq!(
            embed(&settings(&server.url()), &texts).await.unwrap(),
            honest(&texts),
            "{law}"
        );
        assert_eq!(server.asked().len(), 2, "{law}");
    }
}

#[tokio::test]
async fn an_answer_may_be_cut_after_any_byte() {
    let texts = many(2);
    let whole = 120
        + answer(&["a text with the number 0000".to_owned(), String::new()])
            .to_string()
            .len();
    for end in 0..whole {
        let server = once(move |_| Reply::Cut(end)).await;
        assert_eq!(
            embed(&settings(&server.url()), &texts).await.unwrap(),
            honest(&texts),
            "cut at {end}"
        );
    }
}

#[tokio::test]
async fn an_answer_in_any_order_is_put_in_order() {
    let server = Server::start(|asked| {
        let mut answer = answer(&asked.texts);
        answer["data"].as_array_mut().unwrap().reverse();
        body(answer)
    })
    .await;
    let texts = many(7);
    assert_eq!(
        embed(&settings(&server.url()), &texts).await.unwrap(),
        honest(&texts)
    );
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_kept() {
    let wait = Duration::from_millis(300);
    for header in [
        "retry-after: 0.3\r\n",
        "retry-after-ms: 300\r\nretry-after: 9999\r\n",
    ] {
        let server = once(move |_| Reply::Whole(429, header.to_owned(), String::new())).await;
        embed(&settings(&server.url()), &many(1)).await.unwrap();
        let asked = server.asked();
        assert!(asked[1].at - asked[0].at >= wait, "{header}");
    }
    let server =
        Server::start(|_| Reply::Whole(429, "retry-after: 86400\r\n".to_owned(), String::new())).await;
    let fault = embed(&settings(&server.url()), &many(1)).await.unwrap_err();
    is_final(&fault, "429");
    assert!(fault.message.contains("86400"), "{fault}");
}

#[tokio::test]
async fn what_never_gets_better_is_given_up_after_as_many_attempts_as_allowed() {
    for (reply, cause) in [
        (Reply::status(503, "no"), "503"),
        (Reply::Cut(20), "cut"),
        (Reply::Cut(150), "cut"),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let fault = embed(&settings(&server.url()), &many(9)).await.unwrap_err();
        is_final(&fault, cause);
        assert_eq!(server.asked().len() as u32, AGAIN + 1);
    }
    let server = Server::start(|_| Reply::Silence).await;
    let mut impatient = settings(&server.url());
    impatient.timeout = Duration::from_millis(50);
    is_final(&embed(&impatient, &many(1)).await.unwrap_err(), "timeout");
    assert_eq!(server.asked().len() as u32, AGAIN + 1);

    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let fault = embed(&settings(&format!("http://{nobody}")), &many(1))
        .await
        .unwrap_err();
    is_final(&fault, "unavailable");
}

#[tokio::test]
async fn what_waiting_does_not_mend_is_told_at_once_with_what_to_do() {
    let credit =
        json!({"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}).to_string();
    for (reply, cause, next) in [
        (
            Reply::status(401, "Incorrect key sk-hunter2"),
            "401",
            "ETL_EMBED_API_KEY",
        ),
        (Reply::status(403, "not yours"), "403", "ETL_EMBED_API_KEY"),
        (Reply::status(402, "pay"), "credit", "credit"),
        (Reply::status(404, "no such model"), "404", "a model"),
        (Reply::status(405, ""), "405", "embed.url"),
        (Reply::Whole(429, String::new(), credit), "credit", "credit"),
        (
            Reply::Whole(301, "location: http://localhost:1/\r\n".to_owned(), String::new()),
            "301",
            "embed.url",
        ),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let mut settings = settings(&server.url());
        settings.api_key = Some(config::Secret::new("sk-hunter2"));
        let fault = embed(&settings, &many(9)).await.unwrap_err();
        is_final(&fault, cause);
        assert!(
            fault.remedy.as_ref().unwrap().contains(next) && fault.action.contains(&server.url()),
            "{fault}"
        );
        assert!(!fault.to_string().contains("hunter2"), "{fault}");
        assert_eq!(server.asked().len(), 1, "{cause}");
    }
}

#[tokio::test]
async fn a_dimension_that_does_not_fit_is_told_with_both_numbers_and_what_came_is_kept() {
    let server = Server::honest().await;
    let cache = Arc::new(Memory::default());
    let embedder = Embedder::new(&settings(&server.url()), cache, policy()).unwrap();
    let texts = many(3);
    let fault = embedder.vectors(&texts, 384).await.unwrap_err();
    is_final(&fault, "dimension");
    assert!(
        fault.message.contains(" 3 ") && fault.message.contains("384"),
        "{fault}"
    );
    assert_eq!(embedder.vectors(&texts, DIMENSION).await.unwrap(), honest(&texts));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_greeting_tells_at_once_what_is_wrong() {
    let server = Server::honest().await;
    let good = embedder(&settings(&server.url()));
    assert_eq!(good.greet(&[DIMENSION, DIMENSION]).await.unwrap(), DIMENSION);
    is_final(&good.greet(&[DIMENSION, 384]).await.unwrap_err(), "dimension");

    let server = Server::start(|_| Reply::status(400, "unknown parameter")).await;
    is_final(
        &embedder(&settings(&server.url())).greet(&[]).await.unwrap_err(),
        "refused",
    );
    let server = Server::start(|_| Reply::status(503, "not yet")).await;
    assert!(
        embedder(&settings(&server.url()))
            .greet(&[])
            .await
            .unwrap_err()
            .is_transient()
    );
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn after_a_fault_nothing_more_is_asked_and_what_was_answered_is_kept() {
    let server = Server::start(|asked| match asked.number {
        0 => Reply::honest(asked),
        1 => Reply::status(401, "no"),
        _ => Reply::honest(asked),
    })
    .await;
    let embedder = embedder(&settings(&server.url()));
    let texts = many(20);
    let began = Instant::now();
    is_final(&embedder.vectors(&texts, DIMENSION).await.unwrap_err(), "401");
    assert_eq!(server.asked().len(), 2);
    assert_eq!(embedder.vectors(&texts, DIMENSION).await.unwrap(), honest(&texts));
    assert!(
        server
            .asked()
            .iter()
            .skip(2)
            .all(|asked| asked.at >= began && !asked.texts.contains(&server.texts()[0]))
    );
}

#[tokio::test]
async fn no_text_needs_no_endpoint() {
    let nowhere = settings("http://127.0.0.1:9");
    let texts = [vec![None, Some(String::new())], texts([" ", "\n", "\u{a0}"])].concat();
    assert_eq!(
        embed(&nowhere, &texts).await.unwrap(),
        vec![Embedding::Nothing; 5]
    );
    assert_eq!(embed(&nowhere, &[]).await.unwrap(), []);
}
