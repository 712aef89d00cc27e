//! A source whose documents are in memory, lane by lane, before anybody asks.

use crate::case::{Case, root};
use ::bytes::Bytes;
use checkpoints::{Position, Span};
use pipeline::fault::Fault;
use pipeline::plan::{Lane, Plan};
use pipeline::room::Rooms;
use pipeline::source::firestore::BatchLimits;
use pipeline::source::{Batch, Reader, Source, Standing};
use simulator::dataset::Sequence;
use tokio::time::Instant;

/// The documents of each lane.
pub(crate) struct InMemory {
    lanes: Vec<Vec<Bytes>>,
    rooms: Rooms,
    limits: BatchLimits,
}

/// One lane, read.
pub(crate) struct Reading {
    documents: std::vec::IntoIter<Bytes>,
    rooms: Rooms,
    limits: BatchLimits,
    standing: Standing,
    position: Position,
}

impl InMemory {
    /// Makes all documents of `plan`.
    pub(crate) fn of(case: &Case, plan: &Plan, rooms: Rooms, limits: BatchLimits) -> InMemory {
        let sequence = case.sequence();
        let bound = |path: &Option<String>, otherwise: u64| match path {
            Some(path) => sequence.lower_bound(&simulator::Path::parse(path).unwrap()),
            None => otherwise,
        };
        let lanes = plan.lanes.iter().map(|lane| {
            let (from, to) = (bound(&lane.from, 0), bound(&lane.to, sequence.len()));
            bodies(&sequence, from, to)
        });
        InMemory {
            lanes: lanes.collect(),
            rooms,
            limits,
        }
    }
}

fn bodies(sequence: &Sequence, from: u64, to: u64) -> Vec<Bytes> {
    let mut walk = sequence.walk(from);
    let body = |_| {
        let mut body = Vec::new();
        walk.append(&mut body);
        Bytes::from(body)
    };
    (from..to).map(body).collect()
}

impl Source for InMemory {
    type Reader = Reading;

    fn reader(&self, lane: &Lane, _: &str, standing: Standing) -> Reading {
        Reading {
            // The bytes stay where they are.
            documents: self.lanes[lane.id as usize].clone().into_iter(),
            rooms: self.rooms.clone(),
            limits: self.limits,
            position: Position::Start,
            standing,
        }
    }
}

impl Reader for Reading {
    async fn next(&mut self) -> Result<Option<Batch>, Fault> {
        if self.position.is_end() {
            return Ok(None);
        }
        let (mut room, since) = (self.rooms.take().await, Instant::now());
        let (mut documents, mut bytes) = (Vec::new(), 0);
        while documents.len() < self.limits.rows && bytes < self.limits.bytes {
            let Some(body) = self.documents.next() else { break };
            bytes += body.len();
            documents.push(body);
        }
        room.shrink(documents.len(), bytes);
        let to = match documents.last() {
            Some(last) if self.documents.len() > 0 => {
                let name = transforms::firestore::name(last).unwrap();
                Position::at(transforms::below(name, &root()).unwrap())
            }
            _ => Position::End,
        };
        Ok(Some(Batch {
            span: Span {
                from: std::mem::replace(&mut self.position, to.clone()),
                to,
            },
            billed: 0,
            read_at: self.standing.read_at,
            expected: self.standing.expected,
            documents,
            since,
            room,
        }))
    }
}
