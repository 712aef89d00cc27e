//! Statuses in Google's words, which is what clients match on.

use super::Strike;
use firestore::gcloud_sdk::google::rpc;
use firestore::gcloud_sdk::prost_types;
use prost::Message;
use std::time::Duration;
use tonic::{Code, Status};

/// What a call of `method` ends with, for the strikes that end with a status.
pub(super) fn status(strike: Strike, method: &str, retry_after: Option<Duration>) -> Status {
    let (code, message) = match strike {
        Strike::DeadlineExceeded => (Code::DeadlineExceeded, "Deadline Exceeded"),
        Strike::Internal => (Code::Internal, "An internal error occurred."),
        Strike::Aborted => (
            Code::Aborted,
            "Too much contention on these documents. Please try again.",
        ),
        Strike::ResourceExhausted => (Code::ResourceExhausted, QUOTA),
        Strike::Unknown => (Code::Unknown, "Stream removed"),
        Strike::Cancelled => (Code::Cancelled, "The operation was cancelled."),
        Strike::ExpiredCredentials => (Code::Unauthenticated, EXPIRED),
        Strike::PermissionDenied => (Code::PermissionDenied, "Missing or insufficient permissions."),
        Strike::SnapshotTooOld | Strike::ListenTokenExpired => (Code::FailedPrecondition, TOO_OLD),
        Strike::StreamDeath => (Code::Unavailable, TIMED_OUT),
        Strike::NotOffered => return not_offered(method, retry_after),
        _ => (
            Code::Unavailable,
            "The service is temporarily unavailable. Please retry with exponential backoff.",
        ),
    };
    with_advice(code, message, retry_after)
}

/// What a read beyond the quota is refused with.
pub(crate) fn quota_exceeded() -> Status {
    Status::resource_exhausted(QUOTA)
}

/// What every call about documents of such a database is refused with.
pub(crate) fn datastore_mode(database: &str) -> Status {
    Status::failed_precondition(format!(
        "The Cloud Firestore API is not available for Firestore in Datastore Mode database {database}."
    ))
}

const QUOTA: &str = "Quota exceeded.";
const TOO_OLD: &str = "The requested snapshot version is too old.";
const TIMED_OUT: &str = "The datastore operation timed out, or the data was temporarily unavailable.";
const EXPIRED: &str = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
    other valid authentication credential. See \
    https://developers.google.com/identity/sign-in/web/devconsole-project.";

fn not_offered(method: &str, retry_after: Option<Duration>) -> Status {
    let service = match method {
        "GetDatabase" => "google.firestore.admin.v1.FirestoreAdmin",
        _ => "google.firestore.v1.Firestore",
    };
    let message = format!("Method {service}/{method} is unimplemented");
    with_advice(Code::Unimplemented, &message, retry_after)
}

/// A status, and when to try again: google.rpc.RetryInfo in the `grpc-status-details-bin` of the trailers.
fn with_advice(code: Code, message: &str, retry_after: Option<Duration>) -> Status {
    let Some(time) = retry_after else {
        return Status::new(code, message);
    };
    let info = rpc::RetryInfo {
        retry_delay: Some(prost_types::Duration {
            seconds: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(time.subsec_nanos()).unwrap_or(0),
        }),
    };
    let details = rpc::Status {
        code: code as i32,
        message: message.to_owned(),
        details: vec![prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: info.encode_to_vec(),
        }],
    };
    Status::with_details(code, message, details.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_to_try_again_travels_as_google_sends_it() {
        let status = status(
            Strike::Unavailable,
            "RunQuery",
            Some(Duration::from_millis(2_500)),
        );
        let details = rpc::Status::decode(status.details()).unwrap();
        assert_eq!(
            (details.code, details.message.as_str()),
            (Code::Unavailable as i32, status.message())
        );
        assert_eq!(
            details.details[0].type_url,
            "type.googleapis.com/google.rpc.RetryInfo"
        );
        let info = rpc::RetryInfo::decode(details.details[0].value.as_slice()).unwrap();
        let delay = info.retry_delay.unwrap();
        assert_eq!((delay.seconds, delay.nanos), (2, 500_000_000));
    }

    #[test]
    fn without_advice_there_are_no_details() {
        for strike in Strike::ALL {
            assert!(status(strike, "RunQuery", None).details().is_empty());
        }
    }

    #[test]
    fn a_snapshot_that_is_too_old_says_so_in_the_words_clients_look_for() {
        let status = status(Strike::SnapshotTooOld, "RunQuery", None);
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert!(status.message().contains("too old"));
    }
}
