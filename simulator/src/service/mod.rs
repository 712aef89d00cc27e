//! The methods: what arrives, on which connection, and who answers it.

pub(crate) mod admin; // GetDatabase
pub(crate) mod count; // RunAggregationQuery
pub(crate) mod get; // GetDocument, BatchGetDocuments
pub(crate) mod list; // ListDocuments, ListCollectionIds
pub(crate) mod listen; // Listen
pub(crate) mod partition; // PartitionQuery
pub(crate) mod query; // RunQuery
pub(crate) mod single; // CreateDocument, UpdateDocument, DeleteDocument
pub(crate) mod structured; // what a structured query asks for
pub(crate) mod write; // Commit, BatchWrite

use crate::fault::Call;
use crate::grpc::{Body, Gone, Messages, Outgoing, refusal};
use crate::server::{Answers, Line, Speaks};
use crate::state::State;
use crate::{control, rest};
use bytes::Bytes;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use prost::Message;
use std::sync::Arc;
use tonic::Status;

const PREFIX: &str = "/google.firestore.v1.Firestore/";
/// The largest body of a REST request.
const LARGEST: usize = 64 << 20;

impl Answers for State {
    const SPEAKS: Speaks = Speaks::Both;

    async fn answer(self: Arc<State>, line: Line, request: Request<Incoming>) -> Response<Body> {
        let kind = request.headers().get(http::header::CONTENT_TYPE);
        let is_grpc = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        match is_grpc {
            true => grpc(self, line, request).await,
            false => web(&self, request).await,
        }
    }
}

async fn web(state: &State, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let plain = |code, text: Vec<u8>| {
        let mut response = Response::new(Body::Whole(Some(Bytes::from(text))));
        *response.status_mut() = code;
        response
    };
    let Ok(body) = Limited::new(body, LARGEST).collect().await else {
        return plain(http::StatusCode::PAYLOAD_TOO_LARGE, Vec::new());
    };
    let body = body.to_bytes();
    let (path, query) = (head.uri.path(), head.uri.query());
    if !path.starts_with("/v1/") {
        let (code, text) = control::answer(state, &head.method, path, query, &body);
        return plain(code, text.into_bytes());
    }
    let (code, text) = rest::answer(state, &head.method, path, query, &body);
    let mut response = plain(code, text);
    let json = http::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

async fn grpc(state: Arc<State>, line: Line, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let messages = Messages::of(request.into_body());
    let answered = match path.strip_prefix(PREFIX).unwrap_or_default() {
        "RunQuery" => run_query(state, line, messages).await,
        "RunAggregationQuery" => {
            let about = |request: &proto::RunAggregationQueryRequest| structured::aggregated(request);
            one(state, line, messages, "RunAggregationQuery", about, count::answer).await
        }
        "PartitionQuery" => {
            let about = |request: &proto::PartitionQueryRequest| structured::partitioned(request);
            one(state, line, messages, "PartitionQuery", about, partition::answer).await
        }
        "ListCollectionIds" => {
            one(
                state,
                line,
                messages,
                "ListCollectionIds",
                nothing,
                list::collection_ids,
            )
            .await
        }
        "ListDocuments" => {
            let about = |request: &proto::ListDocumentsRequest| Some(request.collection_id.clone());
            one(state, line, messages, "ListDocuments", about, list::documents).await
        }
        "GetDocument" => one(state, line, messages, "GetDocument", nothing, get::document).await,
        "Commit" => one(state, line, messages, "Commit", nothing, write::commit).await,
        "CreateDocument" => {
            let about = |request: &proto::CreateDocumentRequest| Some(request.collection_id.clone());
            one(state, line, messages, "CreateDocument", about, single::create).await
        }
        "UpdateDocument" => one(state, line, messages, "UpdateDocument", nothing, single::update).await,
        "DeleteDocument" => one(state, line, messages, "DeleteDocument", nothing, single::delete).await,
        "BatchWrite" => one(state, line, messages, "BatchWrite", nothing, write::batch).await,
        "Listen" => listen::listen(state, line, messages).await,
        "BatchGetDocuments" => batch_get(state, line, messages).await,
        _ if path == admin::GET_DATABASE => {
            one(state, line, messages, "GetDatabase", nothing, admin::get_database).await
        }
        other => Err(Status::unimplemented(format!(
            "the simulator has no method {other:?}"
        ))),
    };
    answered.unwrap_or_else(|status| refusal(&status))
}

fn nothing<R>(_: &R) -> Option<String> {
    None
}

/// A method with one message in and one message out.
async fn one<R, A>(
    state: Arc<State>,
    line: Line,
    messages: Messages,
    method: &'static str,
    about: impl Fn(&R) -> Option<String>,
    answer: impl Fn(&State, R) -> Result<A, Status> + Send + 'static,
) -> Result<Response<Body>, Status>
where
    R: Message + Default + 'static,
    A: Message + 'static,
{
    let request: R = messages.only().await?;
    let collection = about(&request);
    Ok(stream(state, line, method, collection, move |state, outgoing| {
        outgoing.document_of(&answer(state, request)?);
        Ok(())
    }))
}

async fn batch_get(state: Arc<State>, line: Line, messages: Messages) -> Result<Response<Body>, Status> {
    let request: proto::BatchGetDocumentsRequest = messages.only().await?;
    Ok(stream(
        state,
        line,
        "BatchGetDocuments",
        None,
        move |state, outgoing| {
            for found in get::batch(state, request)? {
                outgoing.document_of(&found);
            }
            Ok(())
        },
    ))
}

/// An answer that is made at once, and what befalls it on its way.
fn stream(
    state: Arc<State>,
    line: Line,
    method: &'static str,
    collection: Option<String>,
    make: impl FnOnce(&State, &mut Outgoing) -> Result<(), Status> + Send + 'static,
) -> Response<Body> {
    let course = state.faults.course(&Call {
        method,
        collection: collection.as_deref(),
    });
    let (mut outgoing, response) = Outgoing::open(course, line);
    tokio::spawn(async move {
        outgoing.begin().await;
        // What strikes before the first document strikes before the work is done; later is after it was done.
        outgoing.flush().await?;
        if let Err(status) = make(&state, &mut outgoing) {
            outgoing.end_with(status).await;
            return Err(Gone);
        }
        outgoing.end(false).await
    });
    response
}

async fn run_query(state: Arc<State>, line: Line, messages: Messages) -> Result<Response<Body>, Status> {
    let request: proto::RunQueryRequest = messages.only().await?;
    let collection = structured::collection(request.query_type.as_ref().map(|query| match query {
        proto::run_query_request::QueryType::StructuredQuery(query) => query,
    }));
    let course = state.faults.course(&Call {
        method: "RunQuery",
        collection: collection.as_deref(),
    });
    let (mut outgoing, response) = Outgoing::open(course, line);
    tokio::spawn(async move {
        outgoing.begin().await;
        outgoing.flush().await?;
        match query::Running::begin(&state, request) {
            Ok(running) => running.answer(outgoing).await,
            Err(status) => {
                outgoing.end_with(status).await;
                Err(Gone)
            }
        }
    });
    Ok(response)
}
