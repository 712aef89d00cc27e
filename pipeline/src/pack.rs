//! The transform stage: documents become rows, or are put aside with the reason.
//!
//! Every document of a batch ends in exactly one of the two; the wire bytes are kept until the batch is durable,
//! because a row Postgres refuses is put aside as the document it was.

use crate::dictionary::Numbers;
use crate::embedding::Vectors;
use crate::metrics;
use crate::plan::{Identity, Lane, Plan, ReadTime};
use crate::record::Account;
use crate::room::Room;
use crate::source::Batch;
use bytes::Bytes;
use checkpoints::{Span, Tally};
use std::ops::Range;
use tokio::time::Instant;
use transforms::{Amendment, COPY_HEADER, COPY_TRAILER, Notes, Packer, Reason, Reject, Tuples};

/// Bytes sent at once. Anything from 64 KiB to 8 MiB measures the same; small keeps memory small.
const PIECE: usize = 256 << 10;

/// A batch ready to be loaded.
#[derive(Debug)]
pub struct Packed {
    /// The stretch it covers.
    pub span: Span,
    /// The documents, in the lane's order, as they came.
    pub documents: Vec<Bytes>,
    /// The rows of each of the collection's tables, in the order of [`crate::plan::Collection::relations`].
    pub rows: Vec<Rows>,
    /// Documents put aside: their place in `documents`, and why.
    pub rejects: Vec<(usize, Reject)>,
    /// Values stored otherwise than they are, because the mapping says so, with their document's place.
    pub amendments: Vec<(usize, Amendment)>,
    /// Values left behind, because the mapping says so: how many, with their document's place.
    pub dropped: Vec<(usize, u32)>,
    /// What its documents come to, where there is no snapshot to read them at again.
    pub account: Option<Account>,
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

/// Rows of one table in binary COPY form.
#[derive(Debug, Default)]
pub struct Rows {
    /// The tuples, without header and trailer. They leave in slices, so nothing is copied on its way to the socket.
    bytes: Bytes,
    /// Where each tuple begins.
    starts: Vec<usize>,
    /// The place of each row's document in the batch.
    documents: Vec<usize>,
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The place in the batch's documents of row `row`.
    pub fn document(&self, row: usize) -> Option<usize> {
        self.documents.get(row).copied()
    }

    fn new(tuples: Tuples, documents: Vec<usize>) -> Rows {
        Rows {
            bytes: tuples.bytes.into(),
            starts: tuples.starts,
            documents,
        }
    }

    /// Bytes of the tuples.
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn start(&self, row: usize) -> usize {
        self.starts.get(row).copied().unwrap_or(self.bytes.len())
    }

    /// The COPY stream of the rows `range` in pieces, header and trailer included.
    pub fn stream(&self, range: Range<usize>) -> impl Iterator<Item = Bytes> + '_ {
        let (start, end) = (self.start(range.start), self.start(range.end));
        let piece = move |from| self.bytes.slice(from..end.min(from + PIECE));
        let body = (start..end).step_by(PIECE).map(piece);
        std::iter::once(Bytes::from_static(&COPY_HEADER))
            .chain(body)
            .chain([Bytes::from_static(&COPY_TRAILER)])
    }

    /// The rows of the batch's documents `range`: they lie together, because rows keep the documents' order.
    pub fn of(&self, range: &Range<usize>) -> Range<usize> {
        let first = |document: usize| self.documents.partition_point(|place| *place < document);
        first(range.start)..first(range.end)
    }

    /// Takes out every row of `document`.
    fn remove(&mut self, document: usize) {
        let rows = self.of(&(document..document + 1));
        let (start, end) = (self.start(rows.start), self.start(rows.end));
        self.bytes = [&self.bytes[..start], &self.bytes[end..]].concat().into();
        self.starts.drain(rows.clone());
        self.documents.drain(rows.clone());
        for later in &mut self.starts[rows.start..] {
            *later -= end - start;
        }
    }
}

impl Packed {
    /// What the batch amounts to. Adds up by construction.
    pub fn tally(&self) -> Tally {
        let (read, quarantined) = (self.documents.len() as u64, self.rejects.len() as u64);
        Tally {
            read,
            loaded: read - quarantined,
            quarantined,
            skipped: 0,
            bytes: self.documents.iter().map(|body| body.len() as u64).sum(),
            billed: self.billed,
        }
    }

    /// How many rows go into each table.
    pub fn row_counts(&self) -> Vec<u64> {
        self.rows.iter().map(|rows| rows.len() as u64).collect()
    }

    /// How many values the mapping left behind.
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().map(|(_, values)| u64::from(*values)).sum()
    }

    /// Puts the document of this place aside because Postgres refused a row of it: all its rows leave.
    pub fn refuse(&mut self, document: usize, detail: String, column: Option<String>) {
        for rows in &mut self.rows {
            rows.remove(document);
        }
        self.amendments.retain(|(place, _)| *place != document);
        self.dropped.retain(|(place, _)| *place != document);
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

/// Packs `batch` for its collection's tables. Pure apart from counting; takes about a microsecond a document.
pub(crate) fn pack(
    batch: Batch,
    plan: &Plan,
    lane: &Lane,
    vectors: Vec<Vectors>,
    numbers: Option<&Numbers>,
) -> Packed {
    let (collection, root) = (plan.collection_of(lane), plan.source.root());
    let mut packer = Packer::new(&collection.tables, &root, plan.mapping.exact_vectors).among(plan.tables());
    if let Some(numbers) = numbers {
        packer = packer.with_dictionary(numbers);
    }
    let mut packing = Packing::new(collection.relations().len(), &batch);
    let mut direct = matches!(plan.source, Identity::Firestore { .. }).then(|| packer.direct());
    let mut vectors = vectors.into_iter();
    for (place, body) in batch.documents.iter().enumerate() {
        let packed = direct
            .as_mut()
            .and_then(|direct| direct.pack(body, &mut packing.tuples));
        if let Some(notes) = packed {
            packing.note(place, Ok(notes));
            continue;
        }
        let vectors = vectors.next().unwrap_or_else(|| Ok(Vec::new()));
        let packed = plan
            .document(lane, body)
            .map_err(Reject::from)
            .and_then(|document| packer.pack(&document, &vectors?, &mut packing.tuples));
        packing.note(place, packed);
    }
    packing.done(plan.account(&batch.documents), batch)
}

/// A batch while it is packed.
struct Packing {
    tuples: Vec<Tuples>,
    documents: Vec<Vec<usize>>,
    rejects: Vec<(usize, Reject)>,
    amendments: Vec<(usize, Amendment)>,
    dropped: Vec<(usize, u32)>,
    rounded: u64,
    zeros: u64,
    overflowed: u64,
}

impl Packing {
    fn new(relations: usize, batch: &Batch) -> Packing {
        let mut tuples: Vec<Tuples> = (0..relations).map(|_| Tuples::default()).collect();
        if let [only] = tuples.as_mut_slice() {
            // Most rows are shorter than their documents; those of vectors, which come as compactly as they are
            // stored, are a little longer.
            only.bytes
                .reserve(batch.bytes() / 8 * 9 + 64 * batch.documents.len());
        }
        Packing {
            tuples,
            documents: vec![Vec::new(); relations],
            rejects: Vec::new(),
            amendments: Vec::new(),
            dropped: Vec::new(),
            rounded: 0,
            zeros: 0,
            overflowed: 0,
        }
    }

    /// What became of the document of this place.
    fn note(&mut self, place: usize, packed: Result<Notes, Reject>) {
        match packed {
            Ok(notes) => {
                for (tuples, documents) in self.tuples.iter().zip(&mut self.documents) {
                    documents.resize(tuples.starts.len(), place);
                }
                self.rounded += u64::from(notes.rounded);
                self.zeros += u64::from(notes.zeros);
                self.overflowed += u64::from(notes.overflowed);
                if notes.dropped > 0 {
                    self.dropped.push((place, notes.dropped));
                }
                let amendments = notes.amendments.into_iter();
                self.amendments
                    .extend(amendments.map(|amendment| (place, amendment)));
            }
            Err(reject) => self.rejects.push((place, reject)),
        }
    }

    fn done(self, account: Option<Account>, batch: Batch) -> Packed {
        metrics::packed(self.rounded, self.zeros, self.overflowed);
        let rows = self.tuples.into_iter().zip(self.documents);
        Packed {
            span: batch.span,
            documents: batch.documents,
            rows: rows
                .map(|(tuples, documents)| Rows::new(tuples, documents))
                .collect(),
            rejects: self.rejects,
            amendments: self.amendments,
            dropped: self.dropped,
            account,
            billed: batch.billed,
            read_at: batch.read_at,
            expected: batch.expected,
            since: batch.since,
            room: batch.room,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str], documents: &[usize]) -> Rows {
        let mut tuples = Tuples::default();
        for text in texts {
            tuples.starts.push(tuples.bytes.len());
            tuples.bytes.extend_from_slice(text.as_bytes());
        }
        Rows::new(tuples, documents.to_vec())
    }

    #[test]
    fn taking_a_document_out_leaves_the_rows_of_the_others_whole() {
        // Documents with one row, with none, and with several.
        let (texts, documents) = (["alpha", "", "gamma", "delta-delta", "e"], [0, 2, 2, 2, 3]);
        for gone in 0..5 {
            let mut rows = rows(&texts, &documents);
            rows.remove(gone);
            let left: Vec<usize> = (0..5).filter(|row| documents[*row] != gone).collect();
            assert_eq!(rows.len(), left.len());
            for (row, was) in left.iter().enumerate() {
                let stream: Vec<u8> = rows.stream(row..row + 1).flatten().collect();
                let body = &stream[COPY_HEADER.len()..stream.len() - COPY_TRAILER.len()];
                assert_eq!(body, texts[*was].as_bytes());
                assert_eq!(rows.document(row), Some(documents[*was]));
            }
        }
    }

    #[test]
    fn the_rows_of_some_documents_lie_together() {
        let rows = rows(&["a", "b", "c", "d"], &[0, 2, 2, 5]);
        assert_eq!(rows.of(&(0..1)), 0..1);
        assert_eq!(rows.of(&(1..2)), 1..1);
        assert_eq!(rows.of(&(1..5)), 1..3);
        assert_eq!(rows.of(&(0..9)), 0..4);
    }
}
