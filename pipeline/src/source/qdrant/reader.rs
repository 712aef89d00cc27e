//! Reading one lane of points, a batch at a time.
//!
//! A batch is made of whole pages. Its memory is taken before its first page is asked for, and a page that would not fit
//! is not taken: only a single point that is larger than a batch may be goes all the same, alone. What is counted at the
//! end of a lane is what came: a collection may change while it is read, and which promise holds then is the plan's.

use super::client::{Asked, Client};
use super::pages::Pages;
use super::scroll::{self, Scroll, Turn};
use super::shard;
use crate::fault::{Fault, Part};
use crate::metrics::Arrivals;
use crate::plan::Lane;
use crate::room::{LARGEST_DOCUMENT, Room, Rooms};
use crate::source::{Batch, BatchLimits, Reader, Standing};
use crate::stop::Stop;
use checkpoints::{Position, Span};
use std::sync::Arc;
use tokio::time::Instant;
use transforms::qdrant::PointId;

/// What a reader needs from its source.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) client: Arc<Client>,
    pub(super) rooms: Rooms,
    pub(super) limits: BatchLimits,
    pub(super) pages: Pages,
    pub(super) stop: Stop,
}

/// The reading of one lane.
#[derive(Debug)]
pub struct LaneReader {
    parts: Parts,
    /// The rest of the lane, or why it cannot be read.
    scroll: Result<Scroll, Option<Fault>>,
    position: Position,
    standing: Standing,
    /// Points of the lane read so far, earlier starts included.
    read: u64,
    arrivals: Arrivals,
}

impl LaneReader {
    pub(super) fn new(parts: Parts, lane: &Lane, collection: &str, standing: Standing) -> Self {
        let scroll = rest(&parts, lane, collection, &standing.progress.position);
        LaneReader {
            scroll: scroll.map_err(Some),
            position: standing.progress.position.clone(),
            read: standing.progress.tally.read,
            arrivals: Arrivals::new(),
            standing,
            parts,
        }
    }

    async fn fill(&mut self, mut room: Room) -> Result<Option<Batch>, Fault> {
        let since = Instant::now();
        let Parts { limits, stop, .. } = &self.parts;
        let scroll = match &mut self.scroll {
            Ok(scroll) => scroll,
            Err(fault) => return fault.take().map_or(Ok(None), Err),
        };
        let (mut documents, mut bytes, mut last) = (Vec::new(), 0, None);
        while documents.len() < limits.rows && bytes < limits.bytes && !scroll.has_ended() {
            let left = scroll::Room {
                points: limits.rows - documents.len(),
                bytes: limits.bytes + LARGEST_DOCUMENT - bytes,
                empty: documents.is_empty(),
            };
            let turn = tokio::select! {
                biased;
                () = stop.draining() => break,
                turn = scroll.read_on(left) => turn?,
            };
            match turn {
                Turn::Points(points) => {
                    for (id, point) in points {
                        self.arrivals.document(point.len(), 0);
                        bytes += point.len();
                        last = Some(id);
                        documents.push(point);
                    }
                    self.arrivals.tell();
                }
                Turn::Again => {}
                Turn::NoRoom => break,
            }
        }
        self.read += documents.len() as u64;
        let to = match last {
            _ if scroll.has_ended() => {
                self.standing.expected = self.read;
                Position::End
            }
            Some(last) => Position::at(last.to_string().as_bytes()),
            // Draining was asked for before a point came.
            None => return Ok(None),
        };
        room.shrink(documents.len(), bytes);
        let span = Span {
            from: std::mem::replace(&mut self.position, to.clone()),
            to,
        };
        Ok(Some(Batch {
            span,
            documents,
            billed: 0,
            read_at: self.standing.read_at,
            expected: self.standing.expected,
            since,
            room,
        }))
    }
}

impl Reader for LaneReader {
    async fn next(&mut self) -> Result<Option<Batch>, Fault> {
        if self.position.is_end() {
            return Ok(None);
        }
        let stop = self.parts.stop.clone();
        let room = tokio::select! {
            biased;
            () = stop.draining() => return Ok(None),
            room = self.parts.rooms.take() => room,
        };
        self.fill(room).await
    }
}

/// What is left of a lane from a position on.
fn rest(parts: &Parts, lane: &Lane, collection: &str, position: &Position) -> Result<Scroll, Fault> {
    let (from, to) = left(lane, position)?;
    let asked = Asked {
        collection: collection.to_owned(),
        shard: lane.shard.as_deref().map(shard::key).transpose()?,
        ids_only: false,
        filter: None,
    };
    let action = format!("read lane {} of collection {collection}", lane.id);
    let client = Arc::clone(&parts.client);
    Ok(Scroll::new(
        client,
        asked,
        action,
        parts.pages.clone(),
        (from, to),
    ))
}

/// Where what is left of a lane begins, nothing where no id can follow, and where it ends unless it is open.
pub(super) fn left(lane: &Lane, position: &Position) -> Result<(Option<PointId>, Option<PointId>), Fault> {
    let (mut from, to) = stretch(lane.from.as_deref(), lane.to.as_deref())?;
    if let Position::At(token) = position {
        from = id(&String::from_utf8_lossy(&token.0))?.successor();
    }
    Ok((from, to))
}

/// Whether whoever stands there has not come to the point called `name`.
pub(super) fn is_before(position: &Position, name: &str) -> bool {
    let at = |text: &str| text.parse::<PointId>().ok();
    match position {
        Position::Start => true,
        Position::At(token) => {
            let here = at(&String::from_utf8_lossy(&token.0));
            here.zip(at(name)).is_some_and(|(here, there)| here < there)
        }
        Position::End => false,
    }
}

/// The first id of a range, and its end where it is not open.
pub(super) fn stretch(
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(Option<PointId>, Option<PointId>), Fault> {
    let from = from.map_or(Ok(FIRST), id)?;
    Ok((Some(from), to.map(id).transpose()?))
}

fn id(text: &str) -> Result<PointId, Fault> {
    text.parse().map_err(|error: transforms::qdrant::NoPointId| {
        Fault::permanent(Part::Source, "read where a lane stands", error.to_string()).with_cause("position")
    })
}

/// The first id there can be.
pub(super) const FIRST: PointId = PointId::Number(0);
