//! Ids that ascend with their place, of every kind that Qdrant knows.
//!
//! An id is a function of a place, so that any is made and any is found without a list of them.

use crate::dataset::dice::{Dice, mix, scaled};
use crate::qdrant::PointId;
use serde::Deserialize;

/// What the ids of a collection look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ids {
    /// 0, 1, 2, and so on.
    #[default]
    Dense,
    /// Numbers that skip up to nineteen others.
    Gaps,
    /// Numbers without gaps, half of them above `i64::MAX`.
    AroundI64Max,
    /// Numbers all over 64 bits; the first is 0 and the last is `u64::MAX`.
    Spread,
    /// Random UUIDs.
    Uuid,
    /// Half of them numbers, as by `spread`, the other half UUIDs from all zeros to all ones.
    Mixed,
}

/// The bits of a UUID before its version: those that carry its order.
const ORDERED: u64 = 1 << 48;
/// The version 4 and the variant that random UUIDs have, and the bits that those take.
const RANDOM: u128 = 0x0000_0000_0000_4000_8000_0000_0000_0000;
const FIXED: u128 = 0x0000_0000_0000_f000_c000_0000_0000_0000;

impl Ids {
    /// The id at `place`, which is below `count`.
    pub(super) fn at(self, seed: u64, place: u64, count: u64) -> PointId {
        match self {
            Ids::Dense => PointId::Number(place),
            Ids::Gaps => PointId::Number(place * 20 + Dice::new(seed, place).below(20)),
            Ids::AroundI64Max => PointId::Number((1 << 63) - count / 2 + place),
            Ids::Spread => PointId::Number(spread(seed, place, count)),
            Ids::Uuid => PointId::Uuid(random(seed, place, count)),
            Ids::Mixed => {
                let numbers = count.div_ceil(2);
                match place.checked_sub(numbers) {
                    None => PointId::Number(spread(seed, place, numbers)),
                    Some(0) => PointId::Uuid(0),
                    Some(place) if place + 1 == count - numbers => PointId::Uuid(u128::MAX),
                    Some(place) => PointId::Uuid(random(seed, place, count - numbers)),
                }
            }
        }
    }

    /// The first place whose id is not before `id`, and whether it is `id`.
    pub(super) fn find(self, seed: u64, id: PointId, count: u64) -> (u64, bool) {
        let (mut from, mut to) = (0, count);
        while from < to {
            let middle = from + (to - from) / 2;
            match self.at(seed, middle, count) < id {
                true => from = middle + 1,
                false => to = middle,
            }
        }
        (from, from < count && self.at(seed, from, count) == id)
    }
}

/// Numbers from the first to the last there is, each somewhere in a stretch of its own.
fn spread(seed: u64, place: u64, count: u64) -> u64 {
    if place == 0 {
        return 0;
    }
    if place + 1 == count {
        return u64::MAX;
    }
    let step = u64::MAX / count;
    place * step + scaled(mix(seed, place), step)
}

/// UUIDs of version 4, each somewhere in a stretch of its own.
fn random(seed: u64, place: u64, count: u64) -> u128 {
    let mut dice = Dice::new(seed, place);
    let step = ORDERED / count.max(1);
    let ordered = place * step + scaled(dice.throw(), step);
    let low = u128::from(dice.throw()) << 64 | u128::from(dice.throw());
    let bits = u128::from(ordered) << 80 | low >> 48;
    bits & !FIXED | RANDOM
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Ids; 6] = [
        Ids::Dense,
        Ids::Gaps,
        Ids::AroundI64Max,
        Ids::Spread,
        Ids::Uuid,
        Ids::Mixed,
    ];

    #[test]
    fn ids_ascend_with_their_place_and_every_one_is_found() {
        for ids in ALL {
            for count in [1, 2, 3, 4, 5, 100, 3_001] {
                let all: Vec<PointId> = (0..count).map(|place| ids.at(7, place, count)).collect();
                assert!(all.is_sorted_by(|one, next| one < next), "{ids:?} {count}");
                for (place, id) in (0..).zip(&all) {
                    assert_eq!(ids.find(7, *id, count), (place, true), "{ids:?} {id}");
                    let between = match *id {
                        PointId::Number(number) => number.checked_add(1).map(PointId::Number),
                        PointId::Uuid(bits) => bits.checked_add(1).map(PointId::Uuid),
                    };
                    if let Some(between) = between.filter(|between| !all.contains(between)) {
                        assert_eq!(ids.find(7, between, count), (place + 1, false));
                    }
                }
            }
        }
    }

    #[test]
    fn the_ends_of_every_range_are_there() {
        let ends = |ids: Ids| (ids.at(1, 0, 100), ids.at(1, 99, 100));
        let all = (PointId::Number(0), PointId::Number(u64::MAX));
        assert_eq!(ends(Ids::Spread), all);
        assert_eq!(ends(Ids::Mixed), (PointId::Number(0), PointId::Uuid(u128::MAX)));
        assert_eq!(Ids::Mixed.at(1, 49, 100), all.1);
        assert_eq!(Ids::Mixed.at(1, 50, 100), PointId::Uuid(0));
        let edge = PointId::Number(i64::MAX as u64);
        assert_eq!(Ids::AroundI64Max.find(1, edge, 100), (49, true));
    }
}
