//! Chance that is the same every time: dice thrown from a seed and a name.
//! It promises that the same seed and the same name give the same throws on every machine.
//! What is made of them is left to the collections.

/// A stream of throws (SplitMix64 over an FNV-1a start).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(seed: u64, name: &str) -> Self {
        let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(name.bytes().fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    pub(super) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..sides`.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        (self.throw() % sides as u64) as usize
    }

    /// A number in `low..high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.throw() % (high - low) as u64) as i64
    }

    /// True once in `n` throws.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A number in `0.0..1.0`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.throw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About a normal distribution: the sum of four uniform throws.
    pub(super) fn bell(&mut self) -> f64 {
        (0..4).map(|_| self.unit() - 0.5).sum::<f64>() * 1.732
    }

    /// `length` letters and digits, as Firestore makes its ids.
    pub(super) fn id(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(LETTERS[self.below(62)])).collect()
    }

    /// `count` words in a row.
    pub(super) fn words(&mut self, count: usize) -> String {
        let all: Vec<&str> = WORDS.split(' ').collect();
        (0..count).map(|_| self.pick(&all)).collect::<Vec<_>>().join(" ")
    }

    /// A moment in microseconds, between 2019 and 2024.
    pub(super) fn moment(&mut self) -> i64 {
        self.between(1_546_300_800_000_000, 1_735_689_600_000_000)
    }
}

const WORDS: &str = "the parcel arrived late but colour matches our kitchen very well please send an invoice to my \
    address größer als erwartet très bien emballé 素敵 な 商品 thanks again quick question about delivery on friday \
    👍 it's a \"perfect\" gift half price 100% cotton handle broke after two weeks";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_throw_the_same_and_others_do_not() {
        let throws = |seed, name| {
            (0..8)
                .map(|_| 0)
                .scan(Dice::of(seed, name), |dice, _: i32| Some(dice.throw()))
                .collect::<Vec<_>>()
        };
        assert_eq!(throws(7, "users/a"), throws(7, "users/a"));
        assert_ne!(throws(7, "users/a"), throws(8, "users/a"));
        assert_ne!(throws(7, "users/a"), throws(7, "users/b"));
    }

    #[test]
    fn a_throw_stays_within_its_bounds() {
        let mut dice = Dice::of(1, "bounds");
        for _ in 0..10_000 {
            assert!((-3..4).contains(&dice.between(-3, 4)));
            assert!((0.0..1.0).contains(&dice.unit()));
        }
    }
}
