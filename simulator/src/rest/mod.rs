//! Firestore's REST interface: the same methods as over gRPC, with JSON in and out.
//!
//! A request is turned into the message that gRPC would bring, answered by the same service, and the answer turned
//! into JSON; nothing is decided here but how things are spelled. Where protobuf's JSON mapping leaves a choice, it is
//! the emulator's. Faults do not strike here.

mod address; // what a URL names
mod change; // writes
mod document; // methods called by a document's name
mod method; // methods called by a verb
mod query; // structured queries
mod read; // objects as messages
mod scalar; // numbers, texts, bytes
#[cfg(test)]
mod tests;
mod time; // moments
mod value; // values and documents

use crate::state::State;
use address::{Address, Parameters};
use http::{Method, StatusCode};
use read::{Json, unreadable};
use serde_json::json;
use tonic::{Code, Status};

/// Answers one request below `/v1/`.
///
/// An error is `{"error": {"code", "message", "status"}}`, for methods that stream as well, since none has sent
/// anything by then. What is no address of Firestore's is not found, in plain words, as at the emulator.
pub(crate) fn answer(
    state: &State,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &[u8],
) -> (StatusCode, Vec<u8>) {
    match called(state, method, path, query, body) {
        Ok(Some(json)) => (StatusCode::OK, json.to_string().into_bytes()),
        Ok(None) => (StatusCode::NOT_FOUND, b"Not Found".to_vec()),
        Err(status) => refused(&status),
    }
}

fn called(
    state: &State,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &[u8],
) -> Result<Option<Json>, Status> {
    let Some(address) = Address::parse(path, *method == Method::POST)? else {
        return Ok(None);
    };
    if let Some(verb) = address.verb {
        return method::call(state, &address, verb, parsed(body)?).map(Some);
    }
    let Some((above, last)) = address.split() else {
        return Ok(None);
    };
    let asked = Parameters::parse(query)?;
    let is_document = address.below.len().is_multiple_of(2);
    let answer = match method.as_str() {
        "GET" if is_document => document::read(state, &address, &asked),
        "GET" => document::list(state, above, last, &asked),
        "POST" => document::create(state, &address, &above, last, &asked, parsed(body)?),
        "PATCH" => document::change(state, &address, &asked, parsed(body)?),
        "DELETE" => document::delete(state, &address, &asked),
        _ => return Ok(None),
    };
    answer.map(Some)
}

/// A body as JSON; none is an empty message.
fn parsed(body: &[u8]) -> Result<Json, Status> {
    match body.trim_ascii().is_empty() {
        true => Ok(json!({})),
        false => serde_json::from_slice(body).map_err(|error| unreadable(format!("{error}."))),
    }
}

fn refused(status: &Status) -> (StatusCode, Vec<u8>) {
    let (code, word) = spelled(status.code());
    let error = json!({"error": {"code": code.as_u16(), "message": status.message(), "status": word}});
    (code, error.to_string().into_bytes())
}

/// HTTP's code and Google's word for a status (google/rpc/code.proto).
fn spelled(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::Ok => (StatusCode::OK, "OK"),
        // 499, which only nginx and Google have: the client went away.
        Code::Cancelled => (
            StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            "CANCELLED",
        ),
        Code::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN"),
        Code::InvalidArgument => (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED"),
        Code::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "ALREADY_EXISTS"),
        Code::PermissionDenied => (StatusCode::FORBIDDEN, "PERMISSION_DENIED"),
        Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED"),
        Code::FailedPrecondition => (StatusCode::BAD_REQUEST, "FAILED_PRECONDITION"),
        Code::Aborted => (StatusCode::CONFLICT, "ABORTED"),
        Code::OutOfRange => (StatusCode::BAD_REQUEST, "OUT_OF_RANGE"),
        Code::Unimplemented => (StatusCode::NOT_IMPLEMENTED, "UNIMPLEMENTED"),
        Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        Code::DataLoss => (StatusCode::INTERNAL_SERVER_ERROR, "DATA_LOSS"),
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
    }
}
