//! What an answer that is none means for a run.
//!
//! The codes are those that servers up to 1.18 were seen to give: a server's own time-out comes as `Internal`, and the
//! wait that a rate limit asks for in the metadata.

use crate::fault::{Class, Fault, Part};
use crate::source::status::{causes, innermost, label};
use rustls::{Error as Tls, InvalidMessage};
use std::time::Duration;
use tonic::{Code, Status};

/// What a rate limit is waited for when it does not say how long.
const RATE_LIMITED: Duration = Duration::from_secs(1);

/// The fault behind `status`.
pub(super) fn fault(action: &str, status: &Status) -> Fault {
    let message = format!("{}: {}", label(status.code()), innermost(status));
    let (class, cause, remedy) = meaning(status);
    let fault = Fault {
        class,
        ..Fault::permanent(Part::Source, action, message)
    };
    let fault = fault.with_cause(cause);
    match remedy {
        Some(remedy) => fault.with_remedy(remedy),
        None => fault,
    }
}

/// Whether the page took too long, so that a smaller one may not.
pub(super) fn is_slow(status: &Status) -> bool {
    match status.code() {
        Code::DeadlineExceeded => true,
        // The server's own time-out: "… read operations failed: Timeout error: Operation 'retrieve' timed out".
        Code::Internal => status.message().contains("Timeout error"),
        Code::Cancelled => status.message().contains("Timeout expired"),
        _ => false,
    }
}

/// Whether the page was larger than there was room for, as its first bytes told.
pub(super) fn is_too_large(status: &Status) -> bool {
    status.code() == Code::OutOfRange && status.message().contains("decoded message length too large")
}

/// Whether strict mode allows fewer points in a page, or less time for it, than were asked for.
pub(super) fn is_beyond_limits(status: &Status) -> bool {
    status.code() == Code::InvalidArgument && status.message().contains("Limit exceeded")
}

/// Whether the other side does not know the method.
pub(super) fn is_unknown_method(status: &Status) -> bool {
    status.code() == Code::Unimplemented
}

const TRANSIENT: Class = Class::Transient { retry_after: None };

fn meaning(status: &Status) -> (Class, &'static str, Option<&'static str>) {
    let code = status.code();
    if let Some(tls) = of_encryption(status) {
        return match tls {
            Tls::InvalidCertificate(_) => (Class::Permanent, "certificate", Some(CERTIFICATE)),
            _ => (Class::Permanent, "tls", Some(NOT_ENCRYPTED)),
        };
    }
    if is_no_grpc(status) {
        return (Class::Permanent, "not_grpc", Some(NOT_GRPC));
    }
    if is_slow(status) {
        return (TRANSIENT, "timeout", Some(SLOW));
    }
    // What is allowed is asked for again before the next attempt.
    if is_beyond_limits(status) {
        return (TRANSIENT, "strict_mode", Some(STRICT));
    }
    let class = match code {
        // A cut connection arrives as Unknown or Internal, an answer that could not be understood as DataLoss.
        Code::Unavailable
        | Code::Internal
        | Code::Unknown
        | Code::Aborted
        | Code::Cancelled
        | Code::DataLoss
        | Code::DeadlineExceeded => TRANSIENT,
        Code::ResourceExhausted => Class::Transient {
            retry_after: Some(asked_wait(status).unwrap_or(RATE_LIMITED)),
        },
        _ => Class::Permanent,
    };
    (class, label(code), remedy(code))
}

/// The wait that a rate limit asks for, in whole seconds.
fn asked_wait(status: &Status) -> Option<Duration> {
    let seconds = status.metadata().get("retry-after")?.to_str().ok()?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?))
}

/// What encryption ended in, where trying again would end the same way: a certificate that does not hold, or a server
/// that does not encrypt.
fn of_encryption(status: &Status) -> Option<&Tls> {
    causes(status)
        .filter_map(|error| {
            // An I/O error passes its inner error over when it is asked for its source.
            let inner = error
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref);
            let inner = inner.and_then(|inner| inner.downcast_ref::<Tls>());
            inner.or_else(|| error.downcast_ref::<Tls>())
        })
        .find(|error| {
            matches!(
                error,
                Tls::InvalidCertificate(_) | Tls::InvalidMessage(InvalidMessage::InvalidContentType)
            )
        })
}

/// Whether something answered that does not speak gRPC, such as Qdrant's own REST port.
fn is_no_grpc(status: &Status) -> bool {
    let words = innermost(status);
    words.contains("FRAME_SIZE_ERROR") || words.contains("frame with invalid size")
}

const CERTIFICATE: &str = "name the authority that signed the server's certificate in --qdrant-ca-file, or the server \
                           by the name its certificate has";
const NOT_ENCRYPTED: &str = "the server does not encrypt at this port: check --qdrant-url, or write http://";
const NOT_GRPC: &str = "--qdrant-url must name Qdrant's gRPC port, which is usually 6334; 6333 is REST";
const SLOW: &str = "lower --page-bytes, or raise --stream-timeout";
const STRICT: &str = "lower --page-points to what the collection's strict mode allows";

fn remedy(code: Code) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => {
            Some("set QDRANT_API_KEY to a key of this server; a read-only one is enough")
        }
        Code::PermissionDenied => Some("use a key that may read every collection that is moved"),
        Code::NotFound => Some("check --collections: no collection or alias of this server has that name"),
        Code::ResourceExhausted => Some(
            "wait, or raise read_rate_limit in the collection's strict mode; fewer --lanes read less at once",
        ),
        Code::FailedPrecondition => Some("leave --per-shard away, or read each node by itself"),
        Code::Unimplemented => {
            Some("make sure that the address is Qdrant's gRPC port, and the server not too old")
        }
        // A server that hangs up on the first words may not speak gRPC.
        Code::Unknown | Code::Cancelled => Some(NOT_GRPC),
        Code::Unavailable => Some("check that --qdrant-url is right and can be reached from here"),
        _ => None,
    }
}
