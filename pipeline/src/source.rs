//! A store that is readable in independent, resumable lanes.
//!
//! Batches of a lane chain: each span starts where the last one ended, and the last one ends at `End`. A source
//! retries what it can by itself and hands out documents exactly as they came over the wire; what they become
//! is the transforms' business.

mod codec;
pub mod firestore;
pub mod qdrant;
mod status;

use crate::fault::Fault;
use crate::plan::{Lane, ReadTime};
use crate::room::Room;
use bytes::Bytes;
use checkpoints::{Progress, Span};
use std::time::Duration;
use tokio::time::Instant;

/// How much a batch may hold.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Documents.
    pub rows: usize,
    /// Bytes on the wire; one document may exceed it.
    pub bytes: usize,
}

/// What reading some records took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    /// Records that came after the first, or the first page, of each stream.
    pub(crate) documents: u64,
    /// From the first of the first stream to the last of the last.
    pub(crate) took: Duration,
}

/// A range of a collection, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Where it begins, inclusive; nothing means at the beginning.
    pub from: Option<String>,
    /// Where it ends, exclusive; nothing means at the end.
    pub to: Option<String>,
    /// Documents in it.
    pub documents: u64,
}

/// Documents read, and the stretch of the lane they cover.
#[derive(Debug)]
pub struct Batch {
    /// The stretch; an empty batch still moves its lane.
    pub span: Span,
    /// The documents, in the lane's order, as they came.
    pub documents: Vec<Bytes>,
    /// Reads billed for them, repeated ones included.
    pub billed: u64,
    /// The moment they were read at.
    pub read_at: ReadTime,
    /// Documents the lane holds in all, as counted.
    pub expected: u64,
    /// When the first of them was asked for.
    pub since: Instant,
    /// The memory they take; given back when the batch is durable.
    pub room: Room,
}

impl Batch {
    /// Bytes of the documents on the wire.
    pub fn bytes(&self) -> usize {
        self.documents.iter().map(Bytes::len).sum()
    }
}

/// Where a lane stands and at which moment it is read.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Position and sums.
    pub progress: Progress,
    /// The moment the rest of the lane is read at.
    pub read_at: ReadTime,
    /// Documents the lane holds in all, as counted.
    pub expected: u64,
    /// Rows loaded so far into each of its collection's tables.
    pub rows: Vec<u64>,
}

/// A store readable in lanes.
pub trait Source: Send + Sync + 'static {
    /// Reads one lane.
    type Reader: Reader;

    /// Reads `lane` on from where it stands.
    fn reader(&self, lane: &Lane, collection: &str, standing: Standing) -> Self::Reader;
}

/// The reading of one lane.
pub trait Reader: Send + 'static {
    /// The next batch; nothing once the lane has ended or draining was asked for.
    fn next(&mut self) -> impl Future<Output = Result<Option<Batch>, Fault>> + Send;
}
