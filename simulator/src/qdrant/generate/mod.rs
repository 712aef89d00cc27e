//! Points from a seed: any number of them, each made when it is asked for.
//!
//! A point is a function of its collection's description, its shard key and its place, and ids ascend with the place.
//! So nothing is kept: a hundred million points take no memory, and any of them is found by bisection.

mod ids;
mod payload;
mod vectors;

pub use ids::Ids;
pub use payload::Mix;

use super::collection::Collection;
use super::id::PointId;
use super::point::{Point, ShardKey, Vector};
use super::value::Payload;
use crate::dataset::dice::{Dice, mix, mix_text};
use std::sync::Arc;

/// The generated points of a collection, or of one of its shard keys.
#[derive(Debug, Clone)]
pub(super) struct Generated {
    collection: Arc<Collection>,
    /// The same under every key, so that the same ids come up under all of them.
    ids: u64,
    seed: u64,
}

/// What a roll is for; rolls for different ends are independent.
#[derive(Debug, Clone, Copy)]
enum Part {
    Payload,
    Vector(usize),
}

impl Generated {
    pub(super) fn new(collection: Arc<Collection>, key: Option<&ShardKey>) -> Generated {
        let ids = mix_text(collection.seed, &collection.name);
        let seed = key.map_or(ids, |key| mix_text(ids, &key.to_string()));
        Generated {
            collection,
            ids,
            seed,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.collection.points
    }

    /// The id at `place`, which is below the count.
    pub(super) fn id(&self, place: u64) -> PointId {
        self.collection.ids.at(self.ids, place, self.count())
    }

    /// The first place whose id is not before `id`, and whether it is `id`.
    pub(super) fn find(&self, id: PointId) -> (u64, bool) {
        self.collection.ids.find(self.ids, id, self.count())
    }

    /// The payload at `place`.
    pub(super) fn payload(&self, place: u64) -> Payload {
        let odds = &self.collection.odds;
        payload::make(
            self.collection.payload,
            odds,
            place,
            &mut self.dice(place, Part::Payload),
        )
    }

    /// The vectors at `place` that are wanted, by name.
    pub(super) fn vectors(&self, place: u64, wanted: &dyn Fn(&str) -> bool) -> Vec<(String, Vector)> {
        let dense = self.collection.dense().map(|(name, params)| (name, Ok(params)));
        let sparse = self.collection.sparse.iter();
        let all = dense.chain(sparse.map(|(name, params)| (name.as_str(), Err(params))));
        let mut made = Vec::new();
        for (which, (name, params)) in all.enumerate().filter(|(_, (name, _))| wanted(name)) {
            let dice = &mut self.dice(place, Part::Vector(which));
            let vector = vectors::make(params, &self.collection.odds, dice);
            made.extend(vector.map(|vector| (name.to_owned(), vector)));
        }
        made
    }

    /// All of the point at `place`.
    pub(super) fn point(&self, place: u64) -> Point {
        Point {
            id: self.id(place),
            payload: self.payload(place),
            vectors: self.vectors(place, &|_| true),
        }
    }

    fn dice(&self, place: u64, part: Part) -> Dice {
        let number = match part {
            Part::Payload => 0,
            Part::Vector(which) => which as u64 + 1,
        };
        Dice::new(mix(self.seed, place), number)
    }
}

/// Whether a share of chances hits.
fn hits(share: f64, dice: &mut Dice) -> bool {
    // Without a throw where nobody asked for any, which is nearly always.
    share > 0.0 && (dice.throw() >> 11) as f64 / ((1_u64 << 53) as f64) < share
}
