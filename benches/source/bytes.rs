//! A reader that takes every message and looks at nothing.

use crate::raw::Raw;
use crate::serving::{database, orders};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use http::uri::PathAndQuery;
use simulator::dataset::Dataset;
use tonic::Request;

/// Reads everything through so many streams that look at nothing.
pub(crate) async fn bytes(host: &str, documents: u64, streams: u64) -> u64 {
    let dataset = Dataset::parse(&orders(documents)).unwrap();
    let root = format!("{}/documents", database());
    let sequences = dataset.sequences(&root);
    let cut = |part: u64| {
        let name = sequences[0].path(documents * part / streams).name(&root);
        let value_type = Some(proto::value::ValueType::ReferenceValue(name));
        proto::Cursor {
            values: vec![proto::Value { value_type }],
            before: true,
        }
    };
    let reading = (0..streams).map(|part| {
        let query = proto::StructuredQuery {
            from: vec![proto::structured_query::CollectionSelector {
                collection_id: "orders".to_owned(),
                all_descendants: true,
            }],
            order_by: vec![proto::structured_query::Order {
                field: Some(proto::structured_query::FieldReference {
                    field_path: "__name__".to_owned(),
                }),
                direction: proto::structured_query::Direction::Ascending.into(),
            }],
            start_at: (part > 0).then(|| cut(part)),
            end_at: (part + 1 < streams).then(|| cut(part + 1)),
            ..Default::default()
        };
        tokio::spawn(stream(host.to_owned(), root.clone(), query))
    });
    let mut read = 0;
    for stream in reading.collect::<Vec<_>>() {
        read += stream.await.unwrap();
    }
    read
}

async fn stream(host: String, root: String, query: proto::StructuredQuery) -> u64 {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{host}")).unwrap();
    let endpoint = endpoint
        .initial_stream_window_size(2 << 20)
        .initial_connection_window_size(8 << 20);
    let mut grpc =
        tonic::client::Grpc::new(endpoint.connect().await.unwrap()).max_decoding_message_size(64 << 20);
    grpc.ready().await.unwrap();
    let request = proto::RunQueryRequest {
        parent: root,
        query_type: Some(proto::run_query_request::QueryType::StructuredQuery(query)),
        ..Default::default()
    };
    let path = PathAndQuery::from_static("/google.firestore.v1.Firestore/RunQuery");
    let codec = Raw::<proto::RunQueryRequest>::default();
    let answers = grpc
        .server_streaming(Request::new(request), path, codec)
        .await
        .unwrap();
    let (mut answers, mut read) = (answers.into_inner(), 0);
    while answers.message().await.unwrap().is_some() {
        read += 1;
    }
    read
}
