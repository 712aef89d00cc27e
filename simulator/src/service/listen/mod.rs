//! Listen: targets on one stream, and what becomes of their documents.
//!
//! A target begins with ADD, its documents and CURRENT; then every commit that touches a target is told. NO_CHANGE for
//! all targets, with a time, says that everything committed up to then was told. Nothing is queued for a client: what is
//! due is looked up in the database's history when the client has taken what came before, so commits in a burst, or
//! during a long answer, are told together.
//!
//! The official emulator answers differently where Firestore does: it sends a target anew whenever one of its documents
//! changes, takes any token for none, and never says how it stands when nothing happens.

mod beginning; // where a target begins
mod conversation; // what is asked, and when something is said
mod due; // what targets are due to be told
mod responses; // the responses, made
mod target; // the documents that somebody listens to
mod telling; // documents, changes and consistent points on their way out
#[cfg(test)]
mod tests;
mod token; // where a client got to

use crate::fault::Call;
use crate::grpc::{Body, Messages, Outgoing};
use crate::server::Line;
use crate::state::State;
use conversation::Conversation;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use http::Response;
use proto::listen_request::TargetChange;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

/// How a stream takes its time, and how much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// A stream that said nothing for so long says where it stands.
    pub(crate) heartbeat: Duration,
    /// A target is removed when more documents than this wait for a slow client, besides those of the latest commit.
    pub(crate) backlog: usize,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            heartbeat: Duration::from_secs(30),
            backlog: 100_000,
        }
    }
}

/// Answers a stream of requests. There is no answer before the first request, as with the emulator; the faults of the
/// stream are those of its first target.
pub(crate) async fn listen(
    state: Arc<State>,
    line: Line,
    mut messages: Messages,
) -> Result<Response<Body>, Status> {
    let Some(first) = messages.next::<proto::ListenRequest>().await? else {
        return Err(Status::invalid_argument("a Listen needs a request"));
    };
    let database = state.database(&first.database)?;
    let collection = match &first.target_change {
        Some(TargetChange::AddTarget(target)) => target::collection(target),
        _ => None,
    };
    let course = state.faults.course(&Call {
        method: "Listen",
        collection: collection.as_deref(),
    });
    let (outgoing, response) = Outgoing::open(course, line);
    let conversation = Conversation::new(state, database, outgoing, Pace::default());
    tokio::spawn(conversation.hold(first, messages));
    Ok(response)
}
