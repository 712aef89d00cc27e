//! Points read page by page, and thrown away: no client can be served faster.

use crate::case::Case;
use crate::ends::{Ends, Figures};
use crate::process::ourselves;
use crate::raw::Raw;
use ::qdrant_client::qdrant::{PointId, ScrollPoints};
use http::uri::PathAndQuery;
use serde_json::json;
use std::time::Instant;
use tonic::Request;
use tonic::transport::Endpoint;

/// Reads all points of `case`, so many pages at a time.
pub(crate) fn run(ends: &Ends, case: &Case, streams: u64) -> Figures {
    let numbers = [case.points, streams, case.page()].map(|number| number.to_string());
    let mut command = ourselves("scroll");
    command.args([&ends.place, case.collection]).args(numbers);
    let (figures, _) = ends.measure(&mut command);
    assert_eq!(figures.records, case.points as f64);
    figures
}

/// The client.
pub(crate) fn client(url: &str, collection: &str, [points, streams, limit]: [u64; 3]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let began = Instant::now();
    let read: u64 = runtime.block_on(async {
        let reading = (0..streams).map(|part| {
            let stretch = (points * part / streams, points * (part + 1) / streams);
            tokio::spawn(stream(url.to_owned(), collection.to_owned(), stretch, limit))
        });
        let mut read = 0;
        for stream in reading.collect::<Vec<_>>() {
            read += stream.await.unwrap();
        }
        read
    });
    let seconds = began.elapsed().as_secs_f64();
    println!("{}", json!({ "loaded": read, "seconds": seconds }));
}

/// Ids are numbers without gaps, so that no page goes beyond the stretch.
async fn stream(url: String, collection_name: String, (mut from, to): (u64, u64), limit: u64) -> u64 {
    let endpoint = Endpoint::from_shared(url)
        .unwrap()
        .initial_stream_window_size(8 << 20)
        .initial_connection_window_size(16 << 20);
    let mut grpc =
        tonic::client::Grpc::new(endpoint.connect().await.unwrap()).max_decoding_message_size(64 << 20);
    let mut read = 0;
    while from < to {
        let request = ScrollPoints {
            collection_name: collection_name.clone(),
            offset: Some(PointId::from(from)),
            limit: Some(limit.min(to - from) as u32),
            with_payload: Some(true.into()),
            with_vectors: Some(true.into()),
            ..Default::default()
        };
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/qdrant.Points/Scroll");
        let answer = grpc
            .unary(Request::new(request), path, Raw::<_, ::bytes::Bytes>::default())
            .await;
        let page = transforms::qdrant::page(&answer.unwrap().into_inner()).unwrap();
        read += page.points.len() as u64;
        from += page.points.len() as u64;
    }
    read
}
