//! The transform stage: documents become rows, or are put aside with the reason.
//!
//! Every document of a batch ends in exactly one of the two; the wire bytes are kept until the batch is durable,
//! because a row Postgres refuses is put aside as the document it was.

use crate::metrics;
use crate::plan::ReadTime;
use crate::room::Room;
use crate::source::Batch;
use bytes::Bytes;
use checkpoints::{Span, Tally};
use tokio::time::Instant;
use transforms::{COPY_HEADER, COPY_TRAILER, Packer, Reason, Reject, Table};

/// Bytes sent at once. Anything from 64 KiB to 8 MiB measures the same; small keeps memory small.
const PIECE: usize = 256 << 10;

/// A batch ready to be loaded.
#[derive(Debug)]
pub struct Packed {
    /// The stretch it covers.
    pub span: Span,
    /// The documents, in the lane's order, as they came.
    pub documents: Vec<Bytes>,
    /// The rows.
    pub rows: Rows,
    /// Documents put aside: their place in `documents`, and why.
    pub rejects: Vec<(usize, Reject)>,
    /// Reads billed for the batch.
    pub billed: u64,
    /// The moment it was read at.
    pub read_at: ReadTime,
    /// Documents the lane holds in all, as counted.
    pub expected: u64,
    /// When its first document was asked for.
    pub since: Instant,
    /// The memory it takes.
    pub room: Room,
}

/// Rows in binary COPY form.
#[derive(Debug, Default)]
pub struct Rows {
    tuples: Vec<u8>,
    /// Where each row starts, and which document it was.
    starts: Vec<(usize, usize)>,
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The place in the batch's documents of row `row`.
    pub fn document(&self, row: usize) -> Option<usize> {
        self.starts.get(row).map(|(_, document)| *document)
    }

    /// The COPY stream of the rows `range` in pieces, header and trailer included.
    pub fn stream(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Bytes> + '_ {
        let start = |row: usize| {
            self.starts
                .get(row)
                .map_or(self.tuples.len(), |(start, _)| *start)
        };
        let tuples = &self.tuples[start(range.start)..start(range.end)];
        let body = tuples.chunks(PIECE).map(Bytes::copy_from_slice);
        std::iter::once(Bytes::from_static(&COPY_HEADER))
            .chain(body)
            .chain([Bytes::from_static(&COPY_TRAILER)])
    }

    /// Takes row `row` out and says which document it was.
    pub fn remove(&mut self, row: usize) -> Option<usize> {
        let (start, document) = *self.starts.get(row)?;
        let end = self
            .starts
            .get(row + 1)
            .map_or(self.tuples.len(), |(start, _)| *start);
        self.tuples.drain(start..end);
        self.starts.remove(row);
        for (later, _) in &mut self.starts[row..] {
            *later -= end - start;
        }
        Some(document)
    }
}

impl Packed {
    /// What the batch amounts to. Adds up by construction.
    pub fn tally(&self) -> Tally {
        Tally {
            read: self.documents.len() as u64,
            loaded: self.rows.len() as u64,
            quarantined: self.rejects.len() as u64,
            skipped: 0,
            bytes: self.documents.iter().map(|body| body.len() as u64).sum(),
            billed: self.billed,
        }
    }

    /// Puts row `row` aside because Postgres refused it.
    pub fn refuse(&mut self, row: usize, detail: String, column: Option<String>) {
        if let Some(document) = self.rows.remove(row) {
            self.rejects.push((
                document,
                Reject {
                    reason: Reason::RefusedByPostgres,
                    column,
                    detail,
                },
            ));
        }
    }
}

/// Packs `batch` for `table`. Pure apart from counting; takes about a microsecond a document.
pub fn pack(batch: Batch, table: &Table, root: &str, exact_vectors: bool) -> Packed {
    let packer = Packer::new(table, root, exact_vectors);
    let mut rows = Rows {
        tuples: Vec::with_capacity(batch.bytes()),
        starts: Vec::with_capacity(batch.documents.len()),
    };
    let (mut rejects, mut rounded, mut overflowed) = (Vec::new(), 0, 0);
    for (place, body) in batch.documents.iter().enumerate() {
        let start = rows.tuples.len();
        let packed = transforms::firestore::document(body)
            .map_err(Reject::from)
            .and_then(|document| packer.pack(&document, &mut rows.tuples));
        match packed {
            Ok(notes) => {
                rows.starts.push((start, place));
                rounded += u64::from(notes.rounded);
                overflowed += u64::from(notes.overflowed);
            }
            Err(reject) => rejects.push((place, reject)),
        }
    }
    metrics::packed(rounded, overflowed);
    Packed {
        span: batch.span,
        documents: batch.documents,
        rows,
        rejects,
        billed: batch.billed,
        read_at: batch.read_at,
        expected: batch.expected,
        since: batch.since,
        room: batch.room,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_a_row_out_leaves_the_others_whole() {
        let texts = ["alpha", "", "gamma", "delta-delta"];
        for gone in 0..texts.len() {
            let mut rows = Rows::default();
            for (document, text) in texts.iter().enumerate() {
                rows.starts.push((rows.tuples.len(), document));
                rows.tuples.extend_from_slice(text.as_bytes());
            }
            assert_eq!(rows.remove(gone), Some(gone));
            let left: Vec<usize> = (0..texts.len()).filter(|place| *place != gone).collect();
            for (row, document) in left.iter().enumerate() {
                let stream: Vec<u8> = rows.stream(row..row + 1).flatten().collect();
                let body = &stream[COPY_HEADER.len()..stream.len() - COPY_TRAILER.len()];
                assert_eq!(body, texts[*document].as_bytes());
                assert_eq!(rows.document(row), Some(*document));
            }
        }
    }
}
