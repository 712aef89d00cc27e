//! The responses of a Listen, made.

use crate::clock::Moment;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::rpc;
use prost::Message;
use prost::encoding::{encode_varint, encoded_len_varint};
use proto::listen_response::ResponseType;
use proto::target_change::TargetChangeType;
use tonic::Status;

/// Field 3 of a ListenResponse, field 1 of a DocumentChange, and its field 5: all length-delimited.
const CHANGE: u8 = 0x1a;
const DOCUMENT: u8 = 0x0a;
const TARGETS: u8 = 0x2a;

fn response(response: ResponseType) -> proto::ListenResponse {
    proto::ListenResponse {
        response_type: Some(response),
    }
}

fn target_change(kind: TargetChangeType, ids: Vec<i32>) -> proto::TargetChange {
    proto::TargetChange {
        target_change_type: kind.into(),
        target_ids: ids,
        ..Default::default()
    }
}

/// ADD.
pub(super) fn added(id: i32) -> proto::ListenResponse {
    response(ResponseType::TargetChange(target_change(
        TargetChangeType::Add,
        vec![id],
    )))
}

/// REMOVE, because the client wants it or because of a cause.
pub(super) fn removed(ids: Vec<i32>, cause: Option<&Status>) -> proto::ListenResponse {
    response(ResponseType::TargetChange(proto::TargetChange {
        cause: cause.map(told),
        ..target_change(TargetChangeType::Remove, ids)
    }))
}

/// A status as a message has it, with its details.
fn told(status: &Status) -> rpc::Status {
    let details = rpc::Status::decode(status.details()).map(|status| status.details);
    rpc::Status {
        code: status.code() as i32,
        message: status.message().to_owned(),
        details: details.unwrap_or_default(),
    }
}

/// RESET: forget the documents of these targets.
pub(super) fn reset(ids: Vec<i32>) -> proto::ListenResponse {
    response(ResponseType::TargetChange(target_change(
        TargetChangeType::Reset,
        ids,
    )))
}

/// CURRENT: these targets were told everything up to a moment.
pub(super) fn current(ids: Vec<i32>, at: Moment, token: Vec<u8>) -> proto::ListenResponse {
    response(ResponseType::TargetChange(proto::TargetChange {
        resume_token: token,
        read_time: Some(at.timestamp()),
        ..target_change(TargetChangeType::Current, ids)
    }))
}

/// NO_CHANGE for all targets: everything up to a moment was told.
pub(super) fn consistent(at: Moment, token: Vec<u8>) -> proto::ListenResponse {
    response(ResponseType::TargetChange(proto::TargetChange {
        resume_token: token,
        read_time: Some(at.timestamp()),
        ..target_change(TargetChangeType::NoChange, Vec::new())
    }))
}

/// A document as it is now.
pub(super) fn changed(document: proto::Document, ids: Vec<i32>) -> proto::ListenResponse {
    response(ResponseType::DocumentChange(proto::DocumentChange {
        document: Some(document),
        target_ids: ids,
        removed_target_ids: Vec::new(),
    }))
}

/// A document that is gone.
pub(super) fn deleted(name: String, ids: Vec<i32>, at: Moment) -> proto::ListenResponse {
    response(ResponseType::DocumentDelete(proto::DocumentDelete {
        document: name,
        removed_target_ids: ids,
        read_time: Some(at.timestamp()),
    }))
}

/// How many documents a target has. The bloom filter is left out, which Firestore may do as well.
pub(super) fn filter(id: i32, count: u64) -> proto::ListenResponse {
    response(ResponseType::Filter(proto::ExistenceFilter {
        target_id: id,
        count: i32::try_from(count).unwrap_or(i32::MAX),
        unchanged_names: None,
    }))
}

/// Appends what [`changed`] makes for one target, for a document that is encoded already.
pub(super) fn append_changed(document: &[u8], id: i32, buffer: &mut Vec<u8>) {
    // A negative number has ten bytes, but no target has one.
    let id = u64::try_from(id).unwrap_or(0);
    let ids = encoded_len_varint(id);
    let length = |bytes: usize| 1 + encoded_len_varint(bytes as u64) + bytes;
    buffer.push(CHANGE);
    encode_varint((length(document.len()) + length(ids)) as u64, buffer);
    buffer.push(DOCUMENT);
    encode_varint(document.len() as u64, buffer);
    buffer.extend_from_slice(document);
    buffer.push(TARGETS);
    encode_varint(ids as u64, buffer);
    encode_varint(id, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_encoded_document_makes_the_same_response(name in ".{0,300}", id in 1_i32..) {
            let document = proto::Document { name, ..Default::default() };
            let mut bytes = Vec::new();
            append_changed(&document.encode_to_vec(), id, &mut bytes);
            prop_assert_eq!(bytes, changed(document, vec![id]).encode_to_vec());
        }
    }

    #[test]
    fn a_cause_keeps_its_code_words_and_details() {
        let details = rpc::Status {
            details: vec![firestore::gcloud_sdk::prost_types::Any {
                type_url: "u".to_owned(),
                value: vec![1],
            }],
            ..Default::default()
        };
        let status = Status::with_details(tonic::Code::Aborted, "no", details.encode_to_vec().into());
        let cause = told(&status);
        assert_eq!((cause.code, cause.message.as_str()), (10, "no"));
        assert_eq!(cause.details, details.details);
    }
}
