//! Plans for those who want to see everything once.

use super::{Fault, Method, Plan, Strike};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Answers with a document to a message.
const BULK: [Method; 2] = [Method::RunQuery, Method::BatchGetDocuments];
/// Answers with one message.
const QUESTIONS: [Method; 5] = [
    Method::GetDocument,
    Method::ListDocuments,
    Method::ListCollectionIds,
    Method::RunAggregationQuery,
    Method::PartitionQuery,
];

impl Plan {
    /// Everything that a bulk read can meet and must survive without anybody's help, each with this probability for
    /// each call, at any place within the first `documents` documents. Times are short, so that it is over soon.
    ///
    /// What somebody must act on is not in it: missing permissions, answers that miss documents, and credentials that are refused from the first
    /// (they expire after two documents at the earliest). A method that is not offered is PartitionQuery, the only one
    /// that clients can do without. A fifth of the documents has come before a snapshot is too old: short answers
    /// never live to see that.
    pub fn everything(seed: u64, probability: f64, documents: u64) -> Plan {
        let placed = [
            Fault::new(Strike::Unavailable),
            Fault::new(Strike::DeadlineExceeded),
            Fault::new(Strike::Internal),
            Fault::new(Strike::Aborted),
            Fault::new(Strike::ResourceExhausted),
            Fault::new(Strike::Unknown),
            Fault::new(Strike::Cancelled),
            Fault::new(Strike::EndEarly),
            Fault::new(Strike::Reset),
            Fault::new(Strike::HalfClose),
            Fault::new(Strike::RepeatedPage),
            Fault::new(Strike::Malformed),
            Fault::new(Strike::Stall).lasting_in(short()),
        ];
        let whole = [
            Fault::new(Strike::Latency).lasting_in(short()),
            Fault::new(Strike::StreamDeath).lasting_in(short()),
            Fault::new(Strike::Drip).bytes_per_second(1 << 20),
            Fault::new(Strike::Bandwidth).bytes_per_second(8 << 20),
        ];
        let special = [
            Fault::new(Strike::SnapshotTooOld)
                .methods([Method::RunQuery])
                .after_documents_in(documents / 5..=documents),
            Fault::new(Strike::ExpiredCredentials)
                .methods([Method::RunQuery])
                .after_documents_in(2..=documents.max(2)),
            Fault::new(Strike::NotOffered).methods([Method::PartitionQuery]),
        ];
        let both = || BULK.into_iter().chain(QUESTIONS);
        let placed = placed.into_iter().flat_map(|fault| {
            let bulk = befalling(fault.clone(), BULK).after_documents_in(0..=documents);
            [bulk, befalling(fault, QUESTIONS).after_documents_in(0..=1)]
        });
        let whole = whole.into_iter().map(|fault| befalling(fault, both()));
        let rules = placed.chain(whole).chain(special);
        let rules = rules.filter(|fault| fault.methods.as_ref().is_none_or(|methods| !methods.is_empty()));
        rules
            .map(|fault| fault.probability(probability))
            .fold(Plan::new(seed), Plan::fault)
    }
}

/// Only those of these methods that it can befall.
fn befalling(fault: Fault, methods: impl IntoIterator<Item = Method>) -> Fault {
    let strike = fault.strike;
    fault.methods(methods.into_iter().filter(|method| strike.befalls(*method)))
}

fn short() -> RangeInclusive<Duration> {
    Duration::from_millis(50)..=Duration::from_millis(300)
}
