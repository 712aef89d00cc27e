//! What clients make of streams that break, and of documents that are larger than they expect: why a reader has to
//! count, or look for the end that says it is one.

use crate::errand::{Client, Errand, Place};
use crate::stage::{Stage, same};
use simulator::dataset::{Collection, Dataset};
use simulator::fault::{Fault, Method, Plan, Strike};

fn orders() -> Place {
    Place::Collection("orders".to_owned())
}

/// Strikes each of the first `times` queries when it has sent some documents.
fn breaking(strike: Strike, times: u64) -> Plan {
    let fault = Fault::new(strike)
        .methods([Method::RunQuery])
        .after_documents_in(1..=400)
        .times(times);
    Plan::new(3).fault(fault)
}

/// How often the plan struck.
fn struck(stage: &Stage) -> u64 {
    stage
        .simulator
        .faults()
        .struck()
        .iter()
        .map(|struck| struck.times)
        .sum()
}

#[tokio::test]
async fn node_goes_on_where_a_stream_broke_and_reads_everything() {
    let stage = Stage::flat(Client::Node).unwrap();
    let expected = stage.oracle.lines(&orders());
    for strike in [
        Strike::Unavailable,
        Strike::Internal,
        Strike::DeadlineExceeded,
        Strike::Reset,
    ] {
        stage.set_plan(breaking(strike, 5));
        let said = stage.run(&[Errand::Streamed { from: orders() }]).await.unwrap();
        same(strike.word(), &said[0], &expected).unwrap();
        assert_eq!(struck(&stage), 5, "{strike:?}");
    }
}

#[tokio::test]
async fn the_crate_says_that_a_stream_broke_when_it_is_asked_for_errors() {
    let stage = Stage::flat(Client::Rust).unwrap();
    stage.set_plan(Plan::new(1).fault(Fault::new(Strike::Unavailable).after_documents(500).times(1)));
    let answers = stage
        .try_run(Client::Rust, &[Errand::Streamed { from: orders() }])
        .await
        .unwrap();
    same(
        "until then",
        &answers.said[0],
        &stage.oracle.lines(&orders())[..500],
    )
    .unwrap();
    let words = answers.gave_up.unwrap();
    assert!(words.contains("Unavailable"), "{words}");
    assert_eq!(struck(&stage), 1);
}

/// It logs the error, if somebody listens, and ends its stream as if all had come: whoever copies data with
/// `stream_query` loses 2,500 of 3,000 documents and is told nothing.
#[tokio::test]
async fn the_crate_truncates_a_broken_stream_in_silence_when_it_is_not() {
    let stage = Stage::flat(Client::Rust).unwrap();
    stage.set_plan(Plan::new(1).fault(Fault::new(Strike::Unavailable).after_documents(500).times(1)));
    let said = stage
        .run(&[Errand::StreamedWithoutErrors { from: orders() }])
        .await
        .unwrap();
    same("what is left", &said[0], &stage.oracle.lines(&orders())[..500]).unwrap();
    assert_eq!(struck(&stage), 1);
}

/// A server that ends a stream early without an error leaves out only the mark `done`, and neither client looks for it.
#[tokio::test]
async fn both_clients_take_an_early_end_for_the_end() {
    for client in [Client::Node, Client::Rust] {
        let stage = Stage::flat(client).unwrap();
        stage.set_plan(Plan::new(1).fault(Fault::new(Strike::EndEarly).after_documents(500).times(1)));
        let said = stage.run(&[Errand::Streamed { from: orders() }]).await.unwrap();
        same(
            &format!("{client:?}"),
            &said[0],
            &stage.oracle.lines(&orders())[..500],
        )
        .unwrap();
        assert_eq!(struck(&stage), 1);
    }
}

/// A document of at most 1 MiB can take more than 4 MiB on the wire, and that is what tonic takes in when nobody tells
/// it otherwise; the crate cannot be told.
#[tokio::test]
async fn node_reads_a_document_of_more_than_4_mib_and_the_crate_refuses_it() {
    let stage = |client| {
        let large = Dataset::new(5, [Collection::new("orders", 20).oversized(1)]).unwrap();
        Stage::new(client, large).unwrap()
    };
    let node = stage(Client::Node);
    let said = node.run(&[Errand::Streamed { from: orders() }]).await.unwrap();
    same("with a large one", &said[0], &node.oracle.lines(&orders())).unwrap();

    let the_crate = stage(Client::Rust);
    let answers = the_crate
        .try_run(Client::Rust, &[Errand::Streamed { from: orders() }])
        .await
        .unwrap();
    let words = answers.gave_up.unwrap();
    assert!(words.contains("decoded message length too large"), "{words}");
}
