//! What the documents of a sample become: how large they are, how many rows they make, what happens to them.

use crate::budget::Budget;
use crate::plan::{Collection, Plan};
use crate::record;
use bytes::Bytes;
use config::mapping::{Source, Type};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use transforms::{COPY_HEADER, COPY_TRAILER, Dictionary, Notes, Packer, Policy, Tuples};

/// Bytes of documents kept of a collection: enough for means, and little memory.
const KEPT: usize = 16 << 20;
/// Bytes sent at once.
const PIECE: usize = 256 << 10;
/// Times the sample is packed, to see how long that takes.
const PASSES: usize = 4;

/// Documents kept, by collection.
#[derive(Debug, Default)]
pub struct Kept(BTreeMap<String, Vec<Bytes>>);

impl Kept {
    /// Keeps a document of `collection`, unless there are enough.
    pub fn keep(&mut self, collection: &str, document: &[u8]) {
        let kept = self.0.entry(collection.to_owned()).or_default();
        if kept.iter().map(Bytes::len).sum::<usize>() + document.len() <= KEPT || kept.is_empty() {
            kept.push(Bytes::copy_from_slice(document));
        }
    }

    fn of(&self, collection: &str) -> &[Bytes] {
        self.0.get(collection).map_or(&[], Vec::as_slice)
    }
}

/// Stands for the numbers that a run gives to the indices of sparse vectors: as many, and as large.
#[derive(Debug)]
struct Places;

impl Dictionary for Places {
    fn numbers(&self, _: &str, _: &str, indices: &[u32]) -> Option<Vec<u32>> {
        u32::try_from(indices.len()).ok().map(|most| (0..most).collect())
    }

    fn indices(&self, _: &str, _: &str, numbers: &[u32]) -> Option<Vec<u32>> {
        Some(numbers.to_vec())
    }
}

/// What the mapping does to documents beyond moving them, in the sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Altered {
    /// Documents looked at.
    pub looked_at: u64,
    /// Of these, documents that go to the quarantine.
    pub quarantined: u64,
    /// Values stored as another type.
    pub cast: u64,
    /// Values that do not fit and become NULL.
    pub nulled: u64,
    /// Texts that lose U+0000.
    pub stripped: u64,
    /// Values left behind.
    pub dropped: u64,
}

/// The sample of one collection, packed.
#[derive(Debug)]
pub(crate) struct Sampled<'p> {
    pub(crate) collection: &'p Collection,
    /// Documents counted at the snapshot time.
    pub(crate) documents: u64,
    /// Documents looked at.
    pub(crate) looked_at: u64,
    /// Their bytes on the wire.
    pub(crate) wire: u64,
    /// The reads they cost.
    pub(crate) reads: u64,
    /// The rows they make, one entry for each relation.
    pub(crate) rows: Vec<Tuples>,
    pub(crate) altered: Altered,
    /// What packing one takes.
    pub(crate) packing: Duration,
}

/// Every collection of the plan with its sample.
pub(crate) fn pack<'p>(plan: &'p Plan, kept: &Kept, budget: &Budget) -> Vec<Sampled<'p>> {
    let places = plan.collections.iter().enumerate();
    places
        .map(|(place, collection)| {
            let lanes = plan.lanes.iter().filter(|lane| lane.collection == place);
            let documents = lanes.map(|lane| lane.documents).sum();
            packed(plan, collection, documents, kept.of(&collection.id), budget)
        })
        .collect()
}

fn packed<'p>(
    plan: &'p Plan,
    collection: &'p Collection,
    documents: u64,
    bodies: &[Bytes],
    budget: &Budget,
) -> Sampled<'p> {
    let root = plan.source.root();
    let packer = Packer::new(&collection.tables, &root, plan.mapping.exact_vectors).with_dictionary(&Places);
    let pass = || {
        let began = Instant::now();
        let (rows, altered) = pack_all(&packer, plan, collection, bodies);
        (began.elapsed(), rows, altered)
    };
    let (mut took, rows, altered) = pass();
    // The fastest of a few: what took longer was kept from working.
    for _ in 1..PASSES {
        took = took.min(pass().0);
    }
    Sampled {
        collection,
        documents,
        looked_at: bodies.len() as u64,
        wire: bodies.iter().map(|body| body.len() as u64).sum(),
        reads: bodies.iter().map(|body| budget.cost(body.len())).sum(),
        rows,
        altered,
        packing: took
            .checked_div(u32::try_from(bodies.len()).unwrap_or(u32::MAX))
            .unwrap_or_default(),
    }
}

fn pack_all(
    packer: &Packer<'_>,
    plan: &Plan,
    collection: &Collection,
    bodies: &[Bytes],
) -> (Vec<Tuples>, Altered) {
    let mut rows: Vec<Tuples> = collection.relations().iter().map(|_| Tuples::default()).collect();
    let mut altered = Altered {
        looked_at: bodies.len() as u64,
        ..Altered::default()
    };
    let embeddings = embeddings(collection);
    for body in bodies {
        let Ok(document) = record::document(&plan.source, &collection.id, body) else {
            altered.quarantined += 1;
            continue;
        };
        let texts = packer.texts(&document);
        let embedded: Vec<Option<Vec<f32>>> = texts
            .iter()
            .zip(embeddings.iter().cycle())
            .map(|(text, embedding)| text.as_ref().map(|_| embedding.clone()))
            .collect();
        match packer.pack(&document, &embedded, &mut rows) {
            Ok(notes) => altered.note(&notes),
            Err(_) => altered.quarantined += 1,
        }
    }
    (rows, altered)
}

/// In place of what an endpoint would make of a text, which costs money: vectors of the same size.
fn embeddings(collection: &Collection) -> Vec<Vec<f32>> {
    let columns = collection.tables.iter().flat_map(|table| &table.columns);
    let embedded = columns.filter(|column| matches!(column.from, Source::Embedding(_)));
    embedded
        .map(|column| {
            let dimensions = match column.sql {
                Type::Vector(dimensions) | Type::Halfvec(dimensions) => dimensions,
                _ => 0,
            };
            // Like real ones, they cannot be compressed.
            (0..u32::from(dimensions))
                .map(|place| (place.wrapping_mul(2_654_435_761) % 2_000) as f32 / 1_000.0 - 1.0)
                .collect()
        })
        .collect()
}

impl Altered {
    fn note(&mut self, notes: &Notes) {
        self.dropped += u64::from(notes.dropped);
        for amendment in &notes.amendments {
            match amendment.policy {
                Policy::Cast => self.cast += 1,
                Policy::Null => self.nulled += 1,
                Policy::Strip => self.stripped += 1,
            }
        }
    }
}

impl Sampled<'_> {
    /// `sum` over the documents looked at, for all of them.
    pub(crate) fn scaled(&self, sum: u64) -> f64 {
        match self.looked_at {
            0 => 0.0,
            looked_at => sum as f64 * self.documents as f64 / looked_at as f64,
        }
    }

    /// Rows that each relation will have.
    pub(crate) fn rows_of(&self, relation: usize) -> u64 {
        let rows = self.rows.get(relation).map_or(0, |tuples| tuples.starts.len());
        self.scaled(rows as u64).round() as u64
    }

    /// Bytes of the packed rows of all documents looked at.
    pub(crate) fn packed_bytes(&self) -> usize {
        self.rows.iter().map(|tuples| tuples.bytes.len()).sum()
    }
}

/// The COPY stream of these tuples, so many times over.
pub(crate) fn stream(tuples: &Tuples, times: usize) -> impl Iterator<Item = Bytes> + '_ {
    let pieces = move || tuples.bytes.chunks(PIECE).map(Bytes::copy_from_slice);
    std::iter::once(Bytes::from_static(&COPY_HEADER))
        .chain((0..times).flat_map(move |_| pieces()))
        .chain([Bytes::from_static(&COPY_TRAILER)])
}
