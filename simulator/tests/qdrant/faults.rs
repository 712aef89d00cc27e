//! What goes wrong, as a client without a retry of its own meets it, and that it goes wrong only as the plan says.

use crate::client::qdrant as proto;
use crate::stage::{client, scroll, start, told};
use prost::Message;
use proto::points_client::PointsClient;
use proto::{CountPointsBuilder, ScrollPoints, ScrollPointsBuilder, ScrollResponse};
use simulator::qdrant::{Collection, Fault, Mix, Plan, Qdrant, Strike};
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

fn server() -> Qdrant {
    start(Collection::new("c", 40).payload(Mix::Plain))
}

async fn raw(server: &Qdrant) -> PointsClient<Channel> {
    let endpoint = Endpoint::from_shared(server.url()).unwrap();
    PointsClient::new(endpoint.connect().await.unwrap())
}

fn page(limit: u32) -> ScrollPoints {
    ScrollPointsBuilder::new("c").limit(limit).build()
}

async fn ask(client: &mut PointsClient<Channel>, limit: u32) -> Result<ScrollResponse, Status> {
    client.scroll(page(limit)).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn every_status_comes_with_the_code_and_the_words_of_a_server() {
    let server = server();
    let mut client = raw(&server).await;
    for (strike, code, words) in [
        (Strike::Unavailable, Code::Unavailable, ""),
        (Strike::FailedToConnect, Code::Internal, "Failed to connect"),
        (
            Strike::ServerTimeout,
            Code::Internal,
            "read operations failed: Timeout error: Operation 'retrieve' timed out",
        ),
        (Strike::DeadlineExceeded, Code::DeadlineExceeded, "timed out"),
        (Strike::Cancelled, Code::Cancelled, "Timeout expired"),
        (Strike::Internal, Code::Internal, "Service internal error"),
        (Strike::Unauthenticated, Code::Unauthenticated, "API key"),
        (Strike::PermissionDenied, Code::PermissionDenied, "Forbidden"),
        (Strike::NotFound, Code::NotFound, "doesn't exist"),
    ] {
        server.set_plan(Plan::new(1).fault(Fault::new(strike).times(1)));
        let status = ask(&mut client, 10).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(words), "{status}");
        ask(&mut client, 10).await.unwrap();
        let struck = server.struck();
        assert_eq!((struck[0].calls, struck[0].chosen, struck[0].times), (2, 1, 1));
    }
}

#[tokio::test]
async fn exhaustion_says_when_to_come_back() {
    let server = server();
    let fault = Fault::new(Strike::ResourceExhausted).retry_after(Duration::from_secs(7));
    server.set_plan(Plan::new(1).fault(fault));
    let status = ask(&mut raw(&server).await, 10).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.metadata().get("retry-after").unwrap(), "7");
}

#[tokio::test]
async fn a_connection_that_is_cut_takes_the_answer_along_and_the_next_one_holds() {
    let server = server();
    let mut client = raw(&server).await;
    for strike in [Strike::Reset, Strike::HalfClose, Strike::Malformed] {
        server.set_plan(Plan::new(1).fault(Fault::new(strike).times(1)));
        let status = ask(&mut client, 40).await.unwrap_err();
        let codes = [Code::Unavailable, Code::Unknown, Code::Internal, Code::Cancelled];
        assert!(codes.contains(&status.code()), "{strike:?}: {status}");
        assert_eq!(server.struck()[0].times, 1);
        assert_eq!(ask(&mut client, 40).await.unwrap().result.len(), 40, "{strike:?}");
    }
}

#[tokio::test]
async fn an_answer_that_hangs_ends_with_the_clients_patience() {
    let server = server();
    server.set_plan(Plan::new(1).fault(Fault::new(Strike::Hang).times(1)));
    let mut client = raw(&server).await;
    let mut request = Request::new(page(10));
    request.set_timeout(Duration::from_millis(20));
    let status = client.scroll(request).await.unwrap_err();
    assert!(
        [Code::Cancelled, Code::DeadlineExceeded].contains(&status.code()),
        "{status}"
    );
    assert!(ask(&mut client, 10).await.is_ok());
}

#[tokio::test]
async fn pages_that_lie_can_be_told_by_their_ids_or_by_the_count() {
    let server = server();
    let mut client = raw(&server).await;
    let honest = ask(&mut client, 10).await.unwrap();
    let ids = |page: &ScrollResponse| {
        page.result
            .iter()
            .map(|point| told(&point.id))
            .collect::<Vec<_>>()
    };
    let lie = async |strike, client: &mut PointsClient<Channel>| {
        server.set_plan(Plan::new(1).fault(Fault::new(strike)));
        ask(client, 10).await.unwrap()
    };
    let page = lie(Strike::Repeated, &mut client).await;
    assert_eq!((page.result.len(), &page.result[10]), (11, &honest.result[0]));
    let page = lie(Strike::Disordered, &mut client).await;
    assert_eq!(ids(&page), ids(&honest).into_iter().rev().collect::<Vec<_>>());
    let page = lie(Strike::EndEarly, &mut client).await;
    assert_eq!(
        (ids(&page), page.next_page_offset),
        (ids(&honest)[..5].to_vec(), None)
    );
}

#[tokio::test]
async fn a_rule_strikes_the_calls_it_names_and_no_others() {
    let server = server();
    let client = client(&server);
    let large = Fault::new(Strike::ServerTimeout)
        .methods(["Points/Scroll"])
        .limit_above(16);
    let counts = Fault::new(Strike::NotFound)
        .methods(["Points/Count"])
        .collection("other");
    server.set_plan(Plan::new(1).fault(large).fault(counts));
    assert_eq!(scroll(&client, "c", 16).await.len(), 40);
    assert!(
        client
            .scroll(ScrollPointsBuilder::new("c").limit(17))
            .await
            .is_err()
    );
    assert!(client.count(CountPointsBuilder::new("c")).await.is_ok());
    let scrolls = server.called("Points/Scroll");
    assert_eq!(scrolls, 3 + 2, "the official client asks a second time by itself");
}

#[tokio::test]
async fn the_same_seed_strikes_the_same_calls() {
    let server = server();
    let mut fates = Vec::new();
    for seed in [5, 5, 6] {
        server.set_plan(Plan::new(seed).fault(Fault::new(Strike::Unavailable).probability(0.4).skip(2)));
        let mut client = raw(&server).await;
        let mut fate = Vec::new();
        for _ in 0..40 {
            fate.push(ask(&mut client, 1).await.is_ok());
        }
        assert!(fate[0] && fate[1], "the first two are left alone");
        assert!(fate.contains(&false));
        fates.push(fate);
    }
    assert_eq!(fates[0], fates[1]);
    assert_ne!(fates[0], fates[2]);
}

#[tokio::test]
async fn a_plan_is_a_file() {
    let text = r#"
        seed = 3
        [[fault]]
        strike = "resource_exhausted"
        methods = ["Points/Scroll"]
        collection = "c"
        limit_above = 4
        probability = 0.5
        skip = 1
        times = 2
        retry_after = "20s"
        [[fault]]
        strike = "latency"
        for = "5ms"
    "#;
    let exhausted = Fault::new(Strike::ResourceExhausted)
        .methods(["Points/Scroll"])
        .collection("c")
        .limit_above(4)
        .probability(0.5)
        .skip(1)
        .times(2)
        .retry_after(Duration::from_secs(20));
    let late = Fault::new(Strike::Latency).lasting(Duration::from_millis(5));
    assert_eq!(Plan::parse(text), Ok(Plan::new(3).fault(exhausted).fault(late)));
    let wrong = Plan::parse("[[fault]]\nstrike = \"unavailable\"\nfor = \"long\"").unwrap_err();
    assert!(wrong.to_string().contains("line 3"), "{wrong}");
}

#[tokio::test]
async fn what_was_sent_is_counted() {
    let server = server();
    let mut client = raw(&server).await;
    let page = ask(&mut client, 25).await.unwrap();
    assert_eq!(server.sent(), (25, page.encoded_len() as u64));
    ask(&mut client, 0).await.unwrap_err();
    assert_eq!(server.called("Points/Scroll"), 2);
    assert_eq!(server.sent().0, 25);
}

#[tokio::test]
async fn a_late_answer_is_an_answer() {
    let server = server();
    server.set_plan(Plan::new(1).fault(Fault::new(Strike::Latency).lasting(Duration::from_millis(2))));
    assert_eq!(scroll(&client(&server), "c", 10).await, server.retrieved("c"));
    assert_eq!(server.struck()[0].times, 4);
}

#[tokio::test]
async fn whoever_asks_again_from_the_same_place_reads_everything() {
    let server = server();
    server.set_plan(Plan::everything(1, 0.05));
    let made = server.retrieved("c");
    let mut client = raw(&server).await;
    let (mut read, mut offset) = (Vec::new(), None);
    loop {
        let mut request = page(3);
        request.offset = offset.clone();
        let Ok(page) = client.scroll(request).await else {
            continue;
        };
        let page = page.into_inner();
        let expected = &made[read.len()..made.len().min(read.len() + 3)];
        if page
            .result
            .iter()
            .map(|point| &point.id)
            .ne(expected.iter().map(|point| &point.id))
        {
            continue;
        }
        read.extend(page.result);
        offset = page.next_page_offset;
        if offset.is_none() {
            break;
        }
    }
    assert_eq!(read.len(), made.len());
    assert!(server.struck().iter().filter(|rule| rule.times > 0).count() > 1);
}
