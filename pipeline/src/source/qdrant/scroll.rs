//! A stretch of a collection's ids, read page by page in the order of ids.
//!
//! Every point of the stretch comes once, or not at all: an answer that repeats, strays or cannot be understood is
//! dropped, and asked for again from the last point that was good. A page that takes too long or is too large is asked
//! for again in half. The stretch has ended only when the server showed what lies beyond, or said twice that nothing
//! follows: an answer that was cut short somewhere on its way says so once.
//!
//! Reading goes on after the last point that came and not at the offset that the server offers: what is written between
//! the two meanwhile comes too.

use super::client::{Asked, Client, LARGEST_ANSWER};
use super::pages::Pages;
use super::status;
use crate::fault::{Fault, Part};
use crate::retry::Retry;
use bytes::Bytes;
use std::sync::Arc;
use tonic::Status;
use transforms::qdrant::{Page, PointId};

/// A stretch being read.
#[derive(Debug)]
pub(super) struct Scroll {
    client: Arc<Client>,
    asked: Asked,
    /// What is being done, for messages.
    action: String,
    pages: Pages,
    retry: Retry,
    /// The first id that may come next; none once the stretch has ended.
    next: Option<PointId>,
    /// The end of the stretch, exclusive; none where it is open.
    to: Option<PointId>,
    /// The last answer said that nothing follows.
    told_end: bool,
}

/// What became of an attempt to read on.
pub(super) enum Turn {
    /// Points, in order; none where the stretch ended without any more.
    Points(Vec<(PointId, Bytes)>),
    /// Nothing came; the next attempt is a fresh one.
    Again,
    /// The next point alone is larger than there is room for.
    NoRoom,
}

/// What there is room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) points: usize,
    pub(super) bytes: usize,
    /// Nothing else is there: a point larger than the room is taken all the same.
    pub(super) empty: bool,
}

impl Scroll {
    /// Reads from `from` up to `to`.
    pub(super) fn new(
        client: Arc<Client>,
        asked: Asked,
        action: String,
        pages: Pages,
        (from, to): (Option<PointId>, Option<PointId>),
    ) -> Scroll {
        let retry = client.retry();
        let next = from.filter(|from| to.is_none_or(|to| *from < to));
        Scroll {
            client,
            asked,
            action,
            pages,
            retry,
            next,
            to,
            told_end: false,
        }
    }

    /// Whether everything of the stretch came.
    pub(super) fn has_ended(&self) -> bool {
        self.next.is_none()
    }

    /// A page further, or not yet. Dropping it half-way loses nothing.
    pub(super) async fn read_on(&mut self, room: Room) -> Result<Turn, Fault> {
        let Some(from) = self.next else {
            return Ok(Turn::Points(Vec::new()));
        };
        let points = u32::try_from(room.points)
            .unwrap_or(u32::MAX)
            .clamp(1, self.pages.points());
        // One point is as little as can be asked for.
        let alone = room.empty && points == 1;
        let largest = if alone {
            LARGEST_ANSWER
        } else {
            room.bytes.min(LARGEST_ANSWER)
        };
        // A call has a long way through the client; on the heap it need not be moved.
        let page = Box::pin(self.client.page(&self.asked, from, points, largest));
        match page.await {
            Ok(body) => match self.understand(from, &body) {
                Ok(came) => {
                    self.pages.came(came.len(), body.len());
                    self.retry.progress();
                    Ok(Turn::Points(came))
                }
                Err(fault) => {
                    self.retry.again(fault).await?;
                    Ok(Turn::Again)
                }
            },
            Err(status) if status::is_too_large(&status) && !alone => {
                self.pages.too_much(points);
                Ok(if points == 1 { Turn::NoRoom } else { Turn::Again })
            }
            Err(status) => self.failed(&status, points).await,
        }
    }

    async fn failed(&mut self, status: &Status, points: u32) -> Result<Turn, Fault> {
        if status::is_slow(status) {
            self.pages.too_much(points);
        }
        if status::is_beyond_limits(status) {
            self.client.forget(&self.asked.collection);
        }
        self.retry.again(status::fault(&self.action, status)).await?;
        Ok(Turn::Again)
    }

    /// Takes a page in whole, or not at all.
    fn understand(&mut self, from: PointId, body: &Bytes) -> Result<Vec<(PointId, Bytes)>, Fault> {
        let malformed = |error: transforms::Malformed| {
            self.amiss(
                "malformed",
                format!("an answer that is no page of Qdrant: {error}"),
            )
        };
        let Page { points, next } = transforms::qdrant::page(body).map_err(malformed)?;
        let (mut came, mut least, mut beyond) = (Vec::with_capacity(points.len()), Some(from), false);
        for range in points {
            let point = body.slice(range);
            let id = transforms::qdrant::id(&point).map_err(malformed)?;
            if least.is_none_or(|least| id < least) {
                return Err(self.strayed(id));
            }
            least = id.successor();
            beyond |= self.is_beyond(id);
            if !beyond {
                came.push((id, point));
            }
        }
        match next {
            Some(next) if least.is_none_or(|least| next < least) => return Err(self.strayed(next)),
            // A page without a point must lead on at least.
            Some(next) if came.is_empty() && !beyond && next == from => return Err(self.strayed(next)),
            Some(next) if came.is_empty() => least = Some(next),
            _ => {}
        }
        let told_end = next.is_none() && !beyond;
        let ended = beyond || next.is_some_and(|next| self.is_beyond(next));
        let confirmed = told_end && self.told_end && came.is_empty();
        self.told_end = told_end;
        self.next = least.filter(|least| !ended && !confirmed && !self.is_beyond(*least));
        Ok(came)
    }

    fn is_beyond(&self, id: PointId) -> bool {
        self.to.is_some_and(|to| id >= to)
    }

    fn strayed(&self, id: PointId) -> Fault {
        self.amiss(
            "out_of_order",
            format!("the answer repeats or strays: point {id}"),
        )
    }

    fn amiss(&self, cause: &str, message: String) -> Fault {
        Fault::transient(Part::Source, &*self.action, message)
            .with_cause(cause)
            .with_remedy(
                "make sure that the address is Qdrant's and that nothing between rewrites its answers",
            )
    }
}
