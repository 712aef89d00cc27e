//! The things that can go wrong, and what each of them is to a call: codes and messages as servers have them.

use super::Wrong;
use crate::fault::{Blow, Cut};
use serde::Deserialize;
use std::time::Duration;
use tonic::Status;
use tonic::metadata::MetadataValue;

/// What 1.18.3 says of a read that takes longer than its time-out.
const TIMED_OUT: &str = "Service internal error: 1 of 1 read operations failed: Timeout error: Operation 'retrieve' \
                         timed out after 60 seconds";

/// What happens when a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strike {
    /// UNAVAILABLE: a shard has no replica that answers.
    Unavailable,
    /// INTERNAL, `Failed to connect`: what a peer, or the official client, says of a server that is gone.
    FailedToConnect,
    /// INTERNAL, `Operation 'retrieve' timed out`: what a server says when it takes too long (not DEADLINE_EXCEEDED).
    ServerTimeout,
    /// DEADLINE_EXCEEDED: the same, from other places in the server.
    DeadlineExceeded,
    /// CANCELLED, `Timeout expired`: what the client's own deadline becomes.
    Cancelled,
    /// RESOURCE_EXHAUSTED with `retry-after`: strict mode's rate limit.
    ResourceExhausted,
    /// INTERNAL: anything else.
    Internal,
    /// UNAUTHENTICATED: the key was taken away.
    Unauthenticated,
    /// PERMISSION_DENIED: the key may not do this any more.
    PermissionDenied,
    /// NOT_FOUND: the collection was dropped.
    NotFound,
    /// The connection is cut in the middle of the answer, by RST.
    Reset,
    /// The connection is closed in the middle of the answer, by FIN.
    HalfClose,
    /// Nothing is ever answered.
    Hang,
    /// The answer begins late.
    Latency,
    /// An answer that cannot be decoded.
    Malformed,
    /// A page whose first point comes twice.
    Repeated,
    /// A page whose points come in the opposite order.
    Disordered,
    /// A page that stops half-way and says that nothing follows.
    EndEarly,
}

impl Strike {
    /// What the strike is to a call that is answered.
    pub(super) fn blow(self, retry_after: Option<Duration>) -> Result<Blow, Option<Wrong>> {
        Ok(match self {
            Strike::Reset => Blow::Cut(Cut::Reset),
            Strike::HalfClose => Blow::Cut(Cut::HalfClose),
            // Longer than anybody waits.
            Strike::Hang => Blow::Stall(Duration::from_secs(7 * 86_400)),
            Strike::Malformed => Blow::Malformed,
            Strike::Latency => return Err(None),
            Strike::Repeated => return Err(Some(Wrong::Repeated)),
            Strike::Disordered => return Err(Some(Wrong::Disordered)),
            Strike::EndEarly => return Err(Some(Wrong::EndEarly)),
            _ => Blow::Status(self.status(retry_after)),
        })
    }

    /// Code and message as a server has them.
    fn status(self, retry_after: Option<Duration>) -> Status {
        match self {
            Strike::Unavailable => Status::unavailable("Shard 0 has no replica that can answer"),
            Strike::FailedToConnect => {
                Status::internal("Failed to connect to http://127.0.0.1:6334/: transport error")
            }
            Strike::ServerTimeout => Status::internal(TIMED_OUT),
            Strike::DeadlineExceeded => {
                Status::deadline_exceeded("Timeout error: Operation 'scroll' timed out after 60 seconds")
            }
            Strike::Cancelled => Status::cancelled("Timeout expired"),
            Strike::ResourceExhausted => exhausted(retry_after.unwrap_or(Duration::from_secs(20))),
            Strike::Unauthenticated => Status::unauthenticated("Invalid API key or JWT"),
            Strike::PermissionDenied => Status::permission_denied("Forbidden: Global access is required"),
            Strike::NotFound => Status::not_found("Not found: Collection doesn't exist!"),
            _ => Status::internal("Service internal error: task panicked"),
        }
    }
}

/// What strict mode says when the reads of a minute are used up; 20 seconds were observed on 1.18.3.
pub(in crate::qdrant) fn exhausted(retry_after: Duration) -> Status {
    let seconds = retry_after.as_secs().max(1);
    let mut status = Status::resource_exhausted(format!(
        "Rate limiting exceeded: Read rate limit exceeded, retry later. Retry after {seconds}s"
    ));
    status
        .metadata_mut()
        .insert("retry-after", MetadataValue::from(seconds));
    status
}
