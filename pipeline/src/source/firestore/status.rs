//! What a gRPC status means for a run.

use crate::fault::{Class, Fault, Part};
use crate::source::status::{innermost, label};
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Whether the snapshot is older than the database keeps.
pub(super) fn is_too_old(status: &Status) -> bool {
    status.code() == Code::FailedPrecondition && status.message().contains("too old")
}

/// The fault behind `status`, the snapshot's age included.
pub(super) fn fault(action: &str, status: &Status) -> Fault {
    let class = class(status);
    let message = format!("{}: {}", label(status.code()), innermost(status));
    let fault = Fault {
        class,
        ..Fault::permanent(Part::Source, action, message)
    };
    let fault = fault.with_cause(label(status.code()));
    match remedy(status.code()) {
        Some(remedy) => fault.with_remedy(remedy),
        None => fault,
    }
}

fn class(status: &Status) -> Class {
    match status.code() {
        // A cut connection arrives as Unknown ("h2 protocol error: error reading a body from connection").
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::Internal
        | Code::Unknown
        | Code::Aborted
        // An answer that could not be understood; what is not garbled on its way is not garbled twice.
        | Code::DataLoss
        | Code::Cancelled => Class::Transient {
            retry_after: asked_wait(status),
        },
        Code::ResourceExhausted => Class::Transient {
            retry_after: Some(asked_wait(status).unwrap_or(Duration::from_secs(1))),
        },
        _ => Class::Permanent,
    }
}

/// The wait the server asks for, in the RetryInfo it may send along.
fn asked_wait(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// Whether the source refused for lack of quota.
pub(super) fn is_quota(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

fn remedy(code: Code) -> Option<&'static str> {
    match code {
        Code::PermissionDenied => Some(
            "give the account the role roles/datastore.viewer on the project, or name another account in GOOGLE_APPLICATION_CREDENTIALS",
        ),
        Code::Unauthenticated => {
            Some("check GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`")
        }
        Code::NotFound => {
            Some("check --project and --database; the project may have no Firestore database of that name")
        }
        Code::InvalidArgument => Some("check --project and --database against what the message says"),
        Code::ResourceExhausted => {
            Some("wait until the quota is renewed, or raise it; --reads-per-second keeps a run below it")
        }
        Code::Unimplemented | Code::DataLoss => {
            Some("make sure that the address is Firestore's and that nothing between rewrites its answers")
        }
        Code::Unavailable => Some("check that the source's address is right and reachable from here"),
        _ => None,
    }
}
