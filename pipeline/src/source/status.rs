//! How a gRPC status is told, whichever source it comes from.
//!
//! What it means for a run is for each source to say: the same code stands for different things.

use std::error::Error;
use tonic::{Code, Status};

/// A code's short label for metrics.
pub(in crate::source) fn label(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "connection_cut",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}

/// The message, with the transport's own words when the status has none worth reading.
pub(in crate::source) fn innermost(status: &Status) -> String {
    let mut words = status.message().trim().to_owned();
    for error in causes(status) {
        let text = error.to_string();
        if !text.is_empty() && !words.contains(&text) {
            words = format!("{words}: {text}");
        }
    }
    words
}

/// What led to a status on this side, from the nearest cause to the first.
pub(in crate::source) fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = status.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
