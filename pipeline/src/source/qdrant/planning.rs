//! The pass over all ids of a collection: how many there are, of which kinds, and where to cut.
//!
//! Ids alone cost a server next to nothing: a million and more come in a second. The ranges tile the space of all ids,
//! numbers and UUIDs apart, so whatever id appears later belongs to a range too; and each holds exactly as many points as
//! were counted in it. Only the cuts are kept in memory.

use super::client::Asked;
use super::pages::Pages;
use super::reader::{FIRST, is_before, left};
use super::scroll::{Room, Scroll, Turn};
use super::{Qdrant, shard};
use crate::fault::Fault;
use crate::plan::Lane;
use crate::source::{Range, Standing};
use checkpoints::Position;
use std::sync::Arc;
use transforms::qdrant::PointId;

/// Ids in a page: it takes a server about 6 ms and 200 kB.
pub(super) const PAGE: u32 = 10_000;
/// More bytes than a page of ids has.
pub(super) const LARGEST_PAGE: usize = 16 << 20;

/// What the ids of a collection, or of one of its shard keys, are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// How many.
    pub count: u64,
    /// The ids that are numbers.
    pub numbers: Option<Extent>,
    /// The ids that are UUIDs.
    pub uuids: Option<Extent>,
    /// Ranges for lanes, in order: first those of numbers, then those of UUIDs, one of each kind at least.
    pub ranges: Vec<Range>,
}

/// All ids of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many.
    pub count: u64,
    /// The smallest.
    pub least: PointId,
    /// The largest.
    pub most: PointId,
}

impl Qdrant {
    /// Looks at all ids of a collection, under one shard key where its sharding is custom, and cuts them into ranges of
    /// `size` points; the last of each kind has what is left.
    pub async fn ids_pass(&self, collection: &str, shard: Option<&str>, size: u64) -> Result<Ids, Fault> {
        let asked = Asked {
            collection: collection.to_owned(),
            shard: shard.map(shard::key).transpose()?,
            ids_only: true,
            filter: None,
        };
        let numbers = (FIRST, Some(PointId::FIRST_UUID));
        let uuids = (PointId::FIRST_UUID, None);
        let (numbers, uuids) = tokio::try_join!(
            self.walk(asked.clone(), numbers, size),
            self.walk(asked, uuids, size)
        )?;
        let end_of_numbers = PointId::FIRST_UUID.to_string();
        let mut ranges = numbers.ranges(None, Some(end_of_numbers.clone()), size);
        ranges.extend(uuids.ranges(Some(end_of_numbers), None, size));
        Ok(Ids {
            count: numbers.count + uuids.count,
            numbers: numbers.extent(),
            uuids: uuids.extent(),
            ranges,
        })
    }

    /// A part of what is left of `lane` that can be cut off: half of it, by its ids.
    pub(crate) async fn halve(
        &self,
        lane: &Lane,
        collection: &str,
        standing: &Standing,
    ) -> Result<Option<Range>, Fault> {
        let (Some(from), to) = left(lane, &standing.progress.position)? else {
            return Ok(None);
        };
        let asked = Asked {
            collection: collection.to_owned(),
            shard: lane.shard.as_deref().map(shard::key).transpose()?,
            ids_only: true,
            filter: None,
        };
        let half = standing
            .expected
            .saturating_sub(standing.progress.tally.read)
            .div_ceil(2);
        let walked = self.walk(asked, (from, to), half).await?;
        Ok(walked.cuts.first().map(|cut| Range {
            from: Some(cut.to_string()),
            to: lane.to.clone(),
            documents: walked.count - half.max(1),
        }))
    }

    /// Whether whoever stands there has not come to the point called `name`.
    pub(crate) fn is_before(position: &Position, name: &str) -> bool {
        is_before(position, name)
    }

    async fn walk(
        &self,
        asked: Asked,
        (from, to): (PointId, Option<PointId>),
        size: u64,
    ) -> Result<Walked, Fault> {
        let action = format!("read the ids of collection {}", asked.collection);
        let pages = Pages::of(PAGE);
        let client = Arc::clone(&self.client);
        let mut scroll = Scroll::new(client, asked, action, pages, (Some(from), to));
        let mut walked = Walked::default();
        while !scroll.has_ended() {
            let room = Room {
                points: PAGE as usize,
                bytes: LARGEST_PAGE,
                empty: true,
            };
            if let Turn::Points(points) = scroll.read_on(room).await? {
                points.iter().for_each(|(id, _)| walked.pass(*id, size));
            }
        }
        Ok(walked)
    }
}

/// What is remembered of ids that were passed.
#[derive(Debug, Default)]
struct Walked {
    count: u64,
    ends: Option<(PointId, PointId)>,
    /// The first id of every range but the first.
    cuts: Vec<PointId>,
}

impl Walked {
    fn pass(&mut self, id: PointId, size: u64) {
        if self.count > 0 && self.count.is_multiple_of(size.max(1)) {
            self.cuts.push(id);
        }
        self.count += 1;
        self.ends = Some((self.ends.map_or(id, |(least, _)| least), id));
    }

    fn extent(&self) -> Option<Extent> {
        let (least, most) = self.ends?;
        Some(Extent {
            count: self.count,
            least,
            most,
        })
    }

    /// From one end of the kind to the other, cut.
    fn ranges(&self, from: Option<String>, to: Option<String>, size: u64) -> Vec<Range> {
        let cuts = self.cuts.iter().map(|cut| Some(cut.to_string()));
        let begins = std::iter::once(from).chain(cuts.clone());
        let ends = cuts.chain(std::iter::once(to));
        let full = self.cuts.len();
        let before_last = size.max(1) * full as u64;
        let counts = std::iter::repeat_n(size.max(1), full).chain(std::iter::once(self.count - before_last));
        begins
            .zip(ends)
            .zip(counts)
            .map(|((from, to), documents)| Range { from, to, documents })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever ids there are: every one is in exactly one range, and each range holds what it says.
        #[test]
        fn ranges_tile_and_hold_what_they_say(
            ids in proptest::collection::btree_set(any::<u64>(), 0..200), size in 0..50u64,
        ) {
            let mut walked = Walked::default();
            ids.iter().for_each(|id| walked.pass(PointId::Number(*id), size));
            let ranges = walked.ranges(None, Some("z".to_owned()), size);
            prop_assert!(ranges.first().unwrap().from.is_none());
            prop_assert_eq!(ranges.last().unwrap().to.as_deref(), Some("z"));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].to == pair[1].from));
            let bound = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u64>().ok());
            for range in &ranges {
                let inside = ids.iter().filter(|id| {
                    bound(&range.from).is_none_or(|from| **id >= from) && bound(&range.to).is_none_or(|to| **id < to)
                });
                prop_assert_eq!(inside.count() as u64, range.documents);
                prop_assert!(range.documents <= size.max(1));
                prop_assert!(range.documents > 0 || ids.is_empty());
            }
            prop_assert_eq!(walked.extent().map(|extent| extent.count).unwrap_or(0), ids.len() as u64);
        }
    }
}
