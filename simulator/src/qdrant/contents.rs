//! What lies in a collection, or under one of its shard keys: generated points, and what was written on top of them.

use super::generate::Generated;
use super::id::PointId;
use super::point::{Point, Vector};
use super::value::Payload;
use std::borrow::Cow;
use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;

/// Points by their ids.
#[derive(Debug)]
pub(super) struct Contents {
    generated: Generated,
    /// What hides a generated point: another one, or nothing.
    written: BTreeMap<PointId, Option<Point>>,
    count: u64,
}

/// A point, not made yet if it is a generated one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) id: PointId,
    origin: Origin<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Origin<'a> {
    Generated(&'a Generated, u64),
    Written(&'a Point),
}

impl<'a> Entry<'a> {
    /// Its payload.
    pub(super) fn payload(self) -> Cow<'a, Payload> {
        match self.origin {
            Origin::Generated(generated, place) => Cow::Owned(generated.payload(place)),
            Origin::Written(point) => Cow::Borrowed(&point.payload),
        }
    }

    /// Its vectors that are wanted.
    pub(super) fn vectors(self, wanted: &dyn Fn(&str) -> bool) -> Vec<(String, Vector)> {
        match self.origin {
            Origin::Generated(generated, place) => generated.vectors(place, wanted),
            Origin::Written(point) => {
                let vectors = point.vectors.iter().filter(|(name, _)| wanted(name));
                vectors.cloned().collect()
            }
        }
    }

    /// All of it.
    pub(super) fn point(self) -> Point {
        match self.origin {
            Origin::Generated(generated, place) => generated.point(place),
            Origin::Written(point) => point.clone(),
        }
    }

    /// Whether it is one of the last so many generated ones.
    fn is_among_last(self, number: u64) -> bool {
        match self.origin {
            Origin::Generated(generated, place) => place >= generated.count().saturating_sub(number),
            Origin::Written(_) => false,
        }
    }
}

impl Contents {
    pub(super) fn new(generated: Generated) -> Contents {
        Contents {
            count: generated.count(),
            generated,
            written: BTreeMap::new(),
        }
    }

    /// All there are, from that id on, in order.
    pub(super) fn from(&self, first: PointId) -> Scan<'_> {
        let (place, _) = self.generated.find(first);
        Scan {
            generated: &self.generated,
            place,
            next: self.generated_at(place),
            written: self.written.range(first..).peekable(),
        }
    }

    /// Those of them that a read sees while the last so many generated ones are not indexed yet.
    pub(super) fn visible_from(&self, first: PointId, deferred: u64) -> impl Iterator<Item = Entry<'_>> {
        self.from(first)
            .filter(move |entry| deferred == 0 || !entry.is_among_last(deferred))
    }

    /// The point of that id.
    pub(super) fn get(&self, id: PointId) -> Option<Entry<'_>> {
        self.from(id).next().filter(|entry| entry.id == id)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Puts a point there, in place of the one with its id.
    pub(super) fn put(&mut self, point: Point) {
        self.count += u64::from(self.get(point.id).is_none());
        self.written.insert(point.id, Some(point));
    }

    /// Takes the point of that id away.
    pub(super) fn remove(&mut self, id: PointId) {
        if self.get(id).is_none() {
            return;
        }
        self.count -= 1;
        match self.generated.find(id) {
            (_, true) => self.written.insert(id, None),
            (_, false) => self.written.remove(&id),
        };
    }

    fn generated_at(&self, place: u64) -> Option<PointId> {
        (place < self.generated.count()).then(|| self.generated.id(place))
    }
}

/// Points in the order of their ids.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    generated: &'a Generated,
    place: u64,
    /// The generated id at that place.
    next: Option<PointId>,
    written: Peekable<btree_map::Range<'a, PointId, Option<Point>>>,
}

impl<'a> Scan<'a> {
    fn generated(&mut self, id: PointId) -> Entry<'a> {
        let origin = Origin::Generated(self.generated, self.place);
        self.place += 1;
        self.next = (self.place < self.generated.count()).then(|| self.generated.id(self.place));
        Entry { id, origin }
    }
}

impl<'a> Iterator for Scan<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let Some((written, _)) = self.written.peek() else {
                let id = self.next?;
                return Some(self.generated(id));
            };
            match self.next {
                Some(id) if id < **written => return Some(self.generated(id)),
                Some(id) if id == **written => drop(self.generated(id)),
                _ => {}
            }
            if let Some((id, Some(point))) = self.written.next() {
                return Some(Entry {
                    id: *id,
                    origin: Origin::Written(point),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qdrant::{Collection, Ids};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn bare(id: PointId) -> Point {
        Point {
            id,
            payload: Payload::new(),
            vectors: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn contents_are_a_map(
            ids in prop::sample::select(vec![Ids::Dense, Ids::Gaps, Ids::Mixed]),
            count in 0_u64..30,
            writes in prop::collection::vec((0_u64..70, any::<bool>()), 0..40),
            first in 0_u64..70,
        ) {
            let generated = Generated::new(Arc::new(Collection::new("c", count).ids(ids)), None);
            let mut model: BTreeMap<PointId, Point> =
                (0..count).map(|place| (generated.id(place), generated.point(place))).collect();
            let mut contents = Contents::new(generated.clone());
            for (place, puts) in writes {
                // Ids that are generated, and others between and behind them.
                let id = match place.checked_sub(40) {
                    None if place < count => generated.id(place),
                    None => PointId::Uuid(u128::from(place) << 100),
                    Some(number) => PointId::Number(number),
                };
                match puts {
                    true => {
                        contents.put(bare(id));
                        model.insert(id, bare(id));
                    }
                    false => {
                        contents.remove(id);
                        model.remove(&id);
                    }
                }
                prop_assert_eq!(contents.get(id).map(Entry::point), model.get(&id).cloned());
            }
            prop_assert_eq!(contents.count(), model.len() as u64);
            let first = PointId::Number(first);
            let read: Vec<Point> = contents.from(first).map(Entry::point).collect();
            let known: Vec<Point> = model.range(first..).map(|(_, point)| point.clone()).collect();
            prop_assert_eq!(read, known);
        }
    }
}
