//! Readers that take every message and look at nothing: no client can be served faster. And one that has generated code
//! make a tree of each, and looks at none: what a client begins with that has no decoder of its own.

use crate::case::{COLLECTION, Case, root};
use crate::ends::{Ends, Figures};
use crate::process::ourselves;
use crate::raw::{Raw, Read};
use bytes::Bytes;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use http::uri::PathAndQuery;
use prost::Message;
use serde_json::json;
use std::time::Instant;
use tonic::codec::DecodeBuf;
use tonic::{Request, Status};

/// Bytes that leave together, as in the simulator.
const PIECE: usize = 64 << 10;

/// What a message is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    Bytes,
    /// Maps, strings and vectors, as generated code has them.
    Tree,
}

impl As {
    fn word(self) -> &'static str {
        match self {
            As::Bytes => "read",
            As::Tree => "decode",
        }
    }

    /// What [`As::word`] names.
    pub(crate) fn of(word: &str) -> Option<As> {
        [As::Bytes, As::Tree].into_iter().find(|it| it.word() == word)
    }
}

impl Read for proto::RunQueryResponse {
    fn read(buffer: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        proto::RunQueryResponse::decode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

/// Reads all documents of `case`, in so many streams at a time; in none, they are made and thrown away.
pub(crate) fn run(ends: &Ends, case: &Case, streams: u64, what: As) -> Figures {
    let mut command = ourselves(what.word());
    command
        .args(case.words())
        .args([&ends.place, &streams.to_string()]);
    let (figures, _) = ends.measure(&mut command);
    assert_eq!(figures.records, case.documents as f64);
    figures
}

/// The client.
pub(crate) fn client(case: &Case, host: &str, streams: u64, what: As) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let began = Instant::now();
    let read = match streams {
        0 => made(case),
        _ => match what {
            As::Bytes => runtime.block_on(streamed::<Bytes>(case, host, streams)),
            As::Tree => runtime.block_on(streamed::<proto::RunQueryResponse>(case, host, streams)),
        },
    };
    let seconds = began.elapsed().as_secs_f64();
    println!("{}", json!({ "loaded": read, "seconds": seconds }));
}

/// What a document costs before anybody sends it.
fn made(case: &Case) -> u64 {
    let sequence = case.sequence();
    let (mut made, mut buffer, mut walk) = (0, Vec::new(), sequence.walk(0));
    while walk.append(&mut buffer) {
        made += 1;
        if buffer.len() > PIECE {
            buffer.clear();
        }
    }
    made
}

async fn streamed<D: Read>(case: &Case, host: &str, streams: u64) -> u64 {
    let (root, sequence) = (root(), case.sequence());
    let cut = |part: u64| {
        let name = sequence.path(case.documents * part / streams).name(&root);
        let value_type = Some(proto::value::ValueType::ReferenceValue(name));
        proto::Cursor {
            values: vec![proto::Value { value_type }],
            before: true,
        }
    };
    let reading = (0..streams).map(|part| {
        let query = proto::StructuredQuery {
            from: vec![proto::structured_query::CollectionSelector {
                collection_id: COLLECTION.to_owned(),
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
        tokio::spawn(stream::<D>(host.to_owned(), root.clone(), query))
    });
    let mut read = 0;
    for stream in reading.collect::<Vec<_>>() {
        read += stream.await.unwrap();
    }
    read
}

async fn stream<D: Read>(host: String, root: String, query: proto::StructuredQuery) -> u64 {
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
    let codec = Raw::<proto::RunQueryRequest, D>::default();
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
