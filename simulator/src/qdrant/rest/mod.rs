//! The part of Qdrant's REST interface that a migration uses, and pages for programs that drive the simulator.
//!
//! The port speaks HTTP/1.1 only: a client that takes it for the one of gRPC meets a frame that is none, as it would
//! with Qdrant's 6333.

mod info; // a collection as it describes itself
mod scroll; // pages of points
mod write; // a point as JSON

use super::fault::{Call, Plan};
use super::state::State;
use super::version::Version;
use crate::control::decoded;
use crate::fault::{Blow, Course};
use crate::grpc::Body;
use crate::server::{Answers, Line, Speaks};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::sync::Arc;
use tonic::{Code, Status};

/// The REST face of a server.
#[derive(Debug)]
pub(super) struct Rest(pub(super) Arc<State>);

/// The result of a request, as the text of its JSON.
type Answer = Result<String, Status>;

impl Answers for Rest {
    const SPEAKS: Speaks = Speaks::Rest;

    async fn answer(self: Arc<Rest>, line: Line, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return told(Err(Status::invalid_argument("the request has no end")));
        };
        let (path, body) = (decoded(head.uri.path()), body.to_bytes());
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        if let ["simulator", "v1", page] = segments[..] {
            return plain(control(&self.0, &head.method, page, &body));
        }
        let (method, name) = method(&segments);
        self.0.meter.called(method);
        if let Err(status) = self.0.keys.check(&head.headers, method) {
            return told(Err(Status::permission_denied(status.message())));
        }
        let (course, _) = self.0.faults.course(&Call {
            method,
            collection: name,
            limit: None,
        });
        let made = tokio::task::block_in_place(|| answer(&self.0, &head.method, &segments, &body));
        befall(course, line, told(made)).await
    }
}

/// What the call is to rules of faults, and the collection it is about.
fn method<'a>(segments: &[&'a str]) -> (&'static str, &'a str) {
    match segments {
        ["collections", name, .., "points", "scroll"] => ("REST/Scroll", name),
        ["collections", name, ..] => ("REST/Collections", name),
        _ => ("REST/Other", ""),
    }
}

fn answer(state: &State, method: &Method, segments: &[&str], body: &[u8]) -> Answer {
    match (method.as_str(), segments) {
        ("GET", ["" | "healthz" | "livez" | "readyz"]) => Ok(
            json!({"title": "qdrant - vector search engine", "version": state.version.to_string()})
                .to_string(),
        ),
        ("GET", ["collections"]) => {
            let names = state.names().into_iter().map(|name| json!({ "name": name }));
            Ok(json!({ "collections": names.collect::<Value>() }).to_string())
        }
        ("GET", ["collections", name]) => Ok(info::info(state, &*state.store(name)?).to_string()),
        ("GET", ["collections", name, "cluster"]) => Ok(info::cluster(&*state.store(name)?).to_string()),
        ("GET", ["collections", name, "shards"]) if state.version >= Version(1, 17, 0) => {
            Ok(info::shard_keys(&*state.store(name)?).to_string())
        }
        ("POST", ["collections", name, "points", "scroll"]) => scroll::page(state, name, None, body),
        ("POST", ["collections", name, "shards", shard, "points", "scroll"]) => {
            let shard = shard
                .parse()
                .map_err(|_| Status::invalid_argument("the shard is no number"))?;
            scroll::page(state, name, Some(shard), body)
        }
        _ => Err(Status::not_found("")),
    }
}

/// Pages that no fault ever strikes.
fn control(state: &State, method: &Method, page: &str, body: &[u8]) -> Answer {
    match (method.as_str(), page) {
        ("GET", "sent") => {
            let (points, bytes) = state.meter.totals();
            Ok(format!(
                "{:#}\n",
                json!({"calls": state.meter.calls(), "points": points, "bytes": bytes})
            ))
        }
        ("GET", "struck") => {
            let told = state.faults.struck().into_iter().map(|rule| {
                json!({
                    "strike": format!("{:?}", rule.strike),
                    "calls": rule.calls,
                    "chosen": rule.chosen,
                    "times": rule.times,
                })
            });
            Ok(format!("{:#}\n", told.collect::<Value>()))
        }
        ("PUT", "plan") => {
            let text =
                std::str::from_utf8(body).map_err(|_| Status::invalid_argument("the plan is not UTF-8"))?;
            let plan = Plan::parse(text).map_err(|error| Status::invalid_argument(error.to_string()))?;
            state.faults.replace(plan);
            Ok(String::new())
        }
        _ => Err(Status::not_found(
            "these pages are there: GET sent, GET struck, PUT plan",
        )),
    }
}

fn plain(made: Answer) -> Response<Body> {
    let (code, text) = match made {
        Ok(text) => (StatusCode::OK, text),
        Err(status) => (code(&status), format!("{}\n", status.message())),
    };
    let mut response = Response::new(Body::Whole(Some(Bytes::from(text))));
    *response.status_mut() = code;
    response
}

/// An answer in the frame that all of Qdrant's have.
fn told(made: Answer) -> Response<Body> {
    let (code, text, headers) = match made {
        Ok(result) => (
            StatusCode::OK,
            format!("{{\"result\":{result},\"status\":\"ok\",\"time\":0.0}}"),
            HeaderMap::new(),
        ),
        Err(status) => {
            let text = json!({"status": {"error": status.message()}, "time": 0.0}).to_string();
            (code(&status), text, status.metadata().clone().into_headers())
        }
    };
    let mut response = Response::new(Body::Whole(Some(Bytes::from(text))));
    *response.status_mut() = code;
    *response.headers_mut() = headers;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

/// What Qdrant answers over HTTP where it would answer that over gRPC.
fn code(status: &Status) -> StatusCode {
    match status.code() {
        Code::InvalidArgument | Code::Unimplemented => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::PermissionDenied | Code::Unauthenticated => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Lets happen to an answer what its course has in store.
async fn befall(mut course: Course, line: Line, response: Response<Body>) -> Response<Body> {
    tokio::time::sleep(course.latency()).await;
    while let Some(blow) = course.blow(0) {
        match blow {
            Blow::Status(status) => return told(Err(status)),
            Blow::Stall(time) => tokio::time::sleep(time).await,
            Blow::Malformed => return plain(Ok("{\"result\":{\"poi".to_owned())),
            // In the middle of its first line, or a little later.
            Blow::Cut(cut) => line.cut_after(64, cut),
            Blow::EndEarly | Blow::Repeat | Blow::Reorder | Blow::Omit | Blow::Listen(_) => {}
        }
    }
    response
}
