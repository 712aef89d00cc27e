//! How fast points come: some of them are read, and timed.

use super::client::Asked;
use super::reader::stretch;
use super::scroll::{Room, Scroll, Turn};
use super::{Qdrant, shard};
use crate::fault::Fault;
use crate::plan::Lane;
use crate::source::Pace;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;

/// What one lane gave.
#[derive(Default)]
struct Timed {
    points: Vec<Bytes>,
    /// Points after the first page, whose size nobody could choose.
    after_first: u64,
    /// When the first page had come, and the last.
    between: Option<(Instant, Instant)>,
}

impl Qdrant {
    /// Reads about `points` of a collection from as many of its lanes as are worked `at_once`, in pages like a run's, and
    /// hands each to `look`.
    pub(crate) async fn pace(
        &self,
        collection: &str,
        lanes: &[&Lane],
        points: u64,
        at_once: usize,
        mut look: impl FnMut(&[u8]),
    ) -> Result<Pace, Fault> {
        let streams = lanes.len().min(at_once).max(1);
        let each = points.div_ceil(streams as u64);
        let chosen = lanes.iter().step_by((lanes.len() / streams).max(1)).take(streams);
        let all = chosen.map(|lane| self.some(collection, lane, each));
        let all = futures::future::try_join_all(all).await?;
        let mut pace = Pace::default();
        for timed in &all {
            pace.documents += timed.after_first;
            timed.points.iter().for_each(|point| look(point));
        }
        let between = || all.iter().filter_map(|timed| timed.between);
        let first = between().map(|(first, _)| first).min();
        let last = between().map(|(_, last)| last).max();
        if let (Some(first), Some(last)) = (first, last) {
            pace.took = last.duration_since(first);
        }
        Ok(pace)
    }

    async fn some(&self, collection: &str, lane: &Lane, points: u64) -> Result<Timed, Fault> {
        let asked = Asked {
            collection: collection.to_owned(),
            shard: lane.shard.as_deref().map(shard::key).transpose()?,
            ids_only: false,
            filter: None,
        };
        let action = "read some points to see how fast they come".to_owned();
        let ids = stretch(lane.from.as_deref(), lane.to.as_deref())?;
        let mut scroll = Scroll::new(Arc::clone(&self.client), asked, action, self.pages.clone(), ids);
        let mut timed = Timed::default();
        let points = usize::try_from(points).unwrap_or(usize::MAX);
        while timed.points.len() < points && !scroll.has_ended() {
            let room = Room {
                points: points - timed.points.len(),
                bytes: self.limits.bytes,
                empty: true,
            };
            let Turn::Points(came) = scroll.read_on(room).await? else {
                continue;
            };
            let now = Instant::now();
            if timed.between.is_some() {
                timed.after_first += came.len() as u64;
            }
            timed.between = Some((timed.between.map_or(now, |(first, _)| first), now));
            timed.points.extend(came.into_iter().map(|(_, point)| point));
        }
        Ok(timed)
    }
}
