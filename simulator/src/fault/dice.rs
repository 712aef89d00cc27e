//! Decisions from a seed: the same numbers roll the same dice, in any order and on any machine.

/// Independent rolls for one decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(u64);

/// What a roll is for; rolls for different ends are independent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Roll {
    Whether = 1,
    Where = 2,
    HowLong = 3,
}

impl Dice {
    /// The dice of the `call`-th call that matches rule `rule`.
    pub(crate) fn new(seed: u64, rule: u64, call: u64) -> Dice {
        Dice(mix(mix(mix(seed) ^ rule) ^ call))
    }

    /// A number from 0 up to and without 1.
    pub(crate) fn share(self, roll: Roll) -> f64 {
        // The upper 53 bits, which is what a double holds exactly.
        (self.bits(roll) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number from `least` to `most`, both included.
    pub(crate) fn between(self, roll: Roll, least: u64, most: u64) -> u64 {
        let wide = u128::from(most.saturating_sub(least)) + 1;
        let part = (u128::from(self.bits(roll)) * wide) >> 64;
        least.saturating_add(u64::try_from(part).unwrap_or(0))
    }

    fn bits(self, roll: Roll) -> u64 {
        mix(self.0 ^ roll as u64)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of the output.
fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_share_is_met_within_what_chance_allows() {
        for (seed, share) in [(1, 0.5), (2, 0.01), (3, 0.99), (4, 0.1)] {
            let calls = 100_000;
            let struck = (1..=calls)
                .filter(|call| Dice::new(seed, 1, *call).share(Roll::Whether) < share)
                .count();
            let (calls, struck) = (calls as f64, struck as f64);
            let deviation = (calls * share * (1.0 - share)).sqrt();
            assert!(
                (struck - calls * share).abs() < 4.0 * deviation,
                "{share}: {struck} of {calls}"
            );
        }
    }

    #[test]
    fn rules_calls_and_rolls_are_independent() {
        let pairs = |one: fn(u64) -> f64, other: fn(u64) -> f64| {
            let both = (1..=100_000).filter(|n| one(*n) < 0.5 && other(*n) < 0.5).count();
            // A quarter, four standard deviations of it either way.
            assert!((24_452..25_548).contains(&both), "{both}");
        };
        pairs(
            |n| Dice::new(7, 1, n).share(Roll::Whether),
            |n| Dice::new(7, 2, n).share(Roll::Whether),
        );
        pairs(
            |n| Dice::new(7, 1, n).share(Roll::Whether),
            |n| Dice::new(7, 1, n + 1).share(Roll::Whether),
        );
        pairs(
            |n| Dice::new(7, 1, n).share(Roll::Whether),
            |n| Dice::new(8, 1, n).share(Roll::Whether),
        );
        pairs(
            |n| Dice::new(7, 1, n).share(Roll::Whether),
            |n| Dice::new(7, 1, n).share(Roll::Where),
        );
        pairs(
            |n| Dice::new(7, 1, n).share(Roll::Where),
            |n| Dice::new(7, 1, n).share(Roll::HowLong),
        );
    }

    #[test]
    fn every_place_between_two_ends_comes_up() {
        let mut seen = [0; 5];
        for call in 0..1_000 {
            seen[Dice::new(1, 1, call).between(Roll::Where, 3, 7) as usize - 3] += 1;
        }
        assert!(seen.iter().all(|times| (150..250).contains(times)), "{seen:?}");
    }

    proptest! {
        #[test]
        fn a_number_lies_between_its_ends(seed: u64, call: u64, a: u64, b: u64) {
            let (least, most) = (a.min(b), a.max(b));
            prop_assert!((least..=most).contains(&Dice::new(seed, 1, call).between(Roll::Where, least, most)));
            let share = Dice::new(seed, 1, call).share(Roll::Whether);
            prop_assert!((0.0..1.0).contains(&share));
        }
    }
}
