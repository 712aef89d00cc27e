//! Chance that repeats itself: the same seed throws the same numbers on every machine, in any order of asking.

/// The golden ratio's bits: an odd number whose multiples lie far apart.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A new seed out of a seed and a number; neighbouring numbers give seeds that have nothing in common.
///
/// This is the finalizer of SplitMix64.
#[inline]
pub(crate) fn mix(seed: u64, number: u64) -> u64 {
    let z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(GOLDEN));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A new seed out of a seed and a text.
pub(crate) fn mix_text(seed: u64, text: &str) -> u64 {
    text.bytes().fold(mix(seed, text.len() as u64), |seed, byte| {
        mix(seed, u64::from(byte))
    })
}

/// The part of `range` that `chance` is of all 64-bit numbers: below `range`, and evenly so.
#[inline]
pub(crate) fn scaled(chance: u64, range: u64) -> u64 {
    ((u128::from(chance) * u128::from(range)) >> 64) as u64
}

/// A throw after the other.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of thing `number` under `seed`.
    #[inline]
    pub(crate) fn new(seed: u64, number: u64) -> Dice {
        Dice(mix(seed, number))
    }

    /// 64 bits (wyrand's step: one multiplication).
    #[inline]
    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0xa076_1d64_78bd_642f);
        let product = u128::from(self.0) * u128::from(self.0 ^ 0xe703_7ed1_a0b4_28db);
        (product >> 64) as u64 ^ product as u64
    }

    /// A number below `range`.
    #[inline]
    pub(crate) fn below(&mut self, range: u64) -> u64 {
        scaled(self.throw(), range)
    }

    /// One of `all`, which is never empty.
    #[inline]
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn seeds_of_neighbours_differ() {
        let seeds: BTreeSet<u64> = (0..1_000).flat_map(|n| [mix(1, n), mix(2, n)]).collect();
        assert_eq!(seeds.len(), 2_000);
        assert_ne!(mix_text(1, "a/*/b"), mix_text(1, "a/*/c"));
    }

    #[test]
    fn every_number_of_a_range_is_thrown() {
        let mut dice = Dice::new(7, 0);
        let thrown: BTreeSet<u64> = (0..500).map(|_| dice.below(20)).collect();
        assert_eq!(thrown, (0..20).collect());
    }

    proptest! {
        #[test]
        fn a_throw_stays_below_its_range(seed: u64, number: u64, range in 1_u64..) {
            prop_assert!(Dice::new(seed, number).below(range) < range);
        }
    }
}
