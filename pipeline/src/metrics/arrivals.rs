//! Documents counted as they arrive.

use super::READS;
use super::named::{BYTES_READ, DOCUMENTS_READ, READS_BILLED};
use metrics::{Counter, counter};
use std::sync::atomic::Ordering;

/// Counts the documents of one lane as they arrive from the source, and tells of them when there is nothing else to do:
/// counters that all lanes write to are handed from core to core, which takes as long as reading a document. So does
/// looking them up.
#[derive(Debug)]
pub(crate) struct Arrivals {
    documents: Counter,
    bytes: Counter,
    billed: Counter,
    untold: Untold,
}

#[derive(Debug, Default)]
struct Untold {
    documents: u64,
    bytes: u64,
    reads: u64,
}

impl Arrivals {
    pub(crate) fn new() -> Arrivals {
        Arrivals {
            documents: counter!(DOCUMENTS_READ),
            bytes: counter!(BYTES_READ),
            billed: counter!(READS_BILLED),
            untold: Untold::default(),
        }
    }

    /// A document of so many bytes, for which the source bills `reads`.
    pub(crate) fn document(&mut self, bytes: usize, reads: u64) {
        self.untold.documents += 1;
        self.untold.bytes += bytes as u64;
        self.untold.reads += reads;
    }

    /// Adds to the counters what they have not been told; how many documents that were.
    pub(crate) fn tell(&mut self) -> u64 {
        let Untold {
            documents,
            bytes,
            reads,
        } = std::mem::take(&mut self.untold);
        if documents > 0 {
            self.documents.increment(documents);
            self.bytes.increment(bytes);
        }
        if reads > 0 {
            READS.fetch_add(reads, Ordering::Relaxed);
            self.billed.increment(reads);
        }
        documents
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.tell();
    }
}
