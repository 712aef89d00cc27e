//! An answer of Firestore's to a query: read as the reference decoder reads it, or refused.

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use prost::Message;
use proto::run_query_response::ContinuationSelector;
use transforms::firestore::{answer, document};

use super::{document as documents, tables};
use crate::mappings::Choices;
use crate::mappings::documents::document as sample;
use crate::reference::moment;
use crate::sent;

/// See the module.
pub fn law(data: &[u8]) {
    let Ok(ours) = answer(data) else { return };
    let inner = ours.document.clone().map(|range| &data[range]);
    if let Some(body) = inner {
        let _ = document(body);
    }
    let Ok(theirs) = proto::RunQueryResponse::decode(data) else {
        return;
    };
    // Of another length is what prost merged or dropped.
    if theirs.encoded_len() != data.len() {
        return;
    }
    let done = matches!(
        theirs.continuation_selector,
        Some(ContinuationSelector::Done(true))
    );
    assert_eq!((ours.done, ours.skipped), (done, theirs.skipped_results));
    assert_eq!(ours.read_time, theirs.read_time.as_ref().map(moment));
    assert_eq!(inner.is_some(), theirs.document.is_some());
    if let (Some(body), Some(theirs)) = (inner, theirs.document) {
        let again = proto::Document::decode(body).map(|again| again.encoded_len());
        assert_eq!(again, Ok(theirs.encoded_len()));
    }
}

/// With and without a document, the last and others.
pub fn seeds() -> Vec<Vec<u8>> {
    let whole = |number: u8| {
        let body = sent::bytes(&sample(
            &tables(number),
            &mut Choices::scattered(number.into(), 100),
        ));
        proto::RunQueryResponse {
            transaction: vec![number; usize::from(number % 3)],
            document: proto::Document::decode(body.as_slice()).ok(),
            read_time: Some(Default::default()),
            skipped_results: i32::from(number) - 1,
            explain_metrics: None,
            continuation_selector: number
                .is_multiple_of(2)
                .then_some(ContinuationSelector::Done(true)),
        }
    };
    let mut seeds: Vec<Vec<u8>> = (0..12).map(|number| whole(number).encode_to_vec()).collect();
    seeds.extend(
        documents::seeds()
            .into_iter()
            .take(4)
            .map(|seed| seed[1..].to_vec()),
    );
    seeds
}
