//! Documents counted as they arrive.

use super::{BILLED, BYTES_READ, DOCUMENTS_READ, READS_BILLED};
use metrics::{Counter, counter};
use std::sync::atomic::Ordering;

/// Counts documents as they arrive from the source. Looked up once, because looking a counter up takes as long as
/// reading a document.
#[derive(Debug)]
pub(crate) struct Arrivals {
    documents: Counter,
    bytes: Counter,
    billed: Counter,
}

impl Arrivals {
    pub(crate) fn new() -> Arrivals {
        Arrivals {
            documents: counter!(DOCUMENTS_READ),
            bytes: counter!(BYTES_READ),
            billed: counter!(READS_BILLED),
        }
    }

    /// A document of so many bytes, for which the source bills `reads`.
    pub(crate) fn document(&self, bytes: usize, reads: u64) {
        self.documents.increment(1);
        self.bytes.increment(bytes as u64);
        if reads > 0 {
            BILLED.fetch_add(reads, Ordering::Relaxed);
            self.billed.increment(reads);
        }
    }
}
