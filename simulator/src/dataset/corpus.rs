//! The words that texts are cut from: mostly plain, with the quotes, line breaks and other scripts that people write.

use super::dice::Dice;
use std::sync::LazyLock;

/// Long enough that texts differ, short enough to stay in a processor's nearest cache.
const BYTES: usize = 16 * 1024;

/// One in eight needs escaping somewhere, or more than a byte for a letter.
const WORDS: [&str; 48] = [
    "please",
    "ring",
    "twice",
    "the",
    "parcel",
    "is",
    "large",
    "and",
    "heavy",
    "leave",
    "it",
    "with",
    "neighbours",
    "if",
    "nobody",
    "opens",
    "door",
    "thank",
    "you",
    "order",
    "paid",
    "in",
    "full",
    "on",
    "delivery",
    "to",
    "first",
    "floor",
    "left",
    "of",
    "lift",
    "before",
    "noon",
    "call",
    "me",
    "when",
    "near",
    "street",
    "gate",
    "code",
    "1234",
    "green",
    "Straße",
    "café",
    "\"gift\"",
    "don't",
    "東京",
    "😀",
];

/// What texts are cut from. A type of its own, so that nobody prints all of it.
#[derive(Clone, Copy)]
pub(crate) struct Corpus(&'static str);

impl std::fmt::Debug for Corpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Corpus")
    }
}

/// What texts are cut from.
pub(crate) fn corpus() -> Corpus {
    static CORPUS: LazyLock<String> = LazyLock::new(|| {
        let mut dice = Dice::new(1, 1);
        let mut text = String::with_capacity(BYTES + 16);
        while text.len() < BYTES {
            text.push_str(dice.pick(&WORDS));
            text.push_str(dice.pick(&[" ", " ", " ", " ", " ", " ", " ", ", ", ". ", "\n"]));
        }
        text
    });
    Corpus(&CORPUS)
}

impl Corpus {
    /// The first words, up to a place that chance chooses, and those after it.
    pub(super) fn halves(self, dice: &mut Dice) -> (&'static str, &'static str) {
        self.0[..self.0.floor_char_boundary(64)].split_at(self.0.floor_char_boundary(dice.below(60) as usize))
    }

    /// A text of about `length` bytes: never more, and up to three less per end where a letter would be cut.
    ///
    /// Longer ones than the words there are come out of `room`, which they overwrite.
    #[inline]
    pub(crate) fn cut<'a>(self, length: usize, dice: &mut Dice, room: &'a mut String) -> &'a str {
        let Some(spare) = self.0.len().checked_sub(length) else {
            return self.long(length, dice, room);
        };
        let from = self.0.floor_char_boundary(dice.below(spare as u64 + 1) as usize);
        &self.0[from..self.0.floor_char_boundary(from + length)]
    }

    fn long<'a>(self, length: usize, dice: &mut Dice, room: &'a mut String) -> &'a str {
        room.clear();
        let from = self
            .0
            .floor_char_boundary(dice.below(self.0.len() as u64) as usize);
        room.push_str(&self.0[from..]);
        while room.len() < length {
            room.push_str(self.0);
        }
        room.truncate(room.floor_char_boundary(length));
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_has_about_the_length_asked_for(length in 0_usize..40_000, seed: u64) {
            let mut room = String::new();
            let text = corpus().cut(length, &mut Dice::new(seed, 0), &mut room);
            prop_assert!(text.len() <= length && text.len() + 3 >= length, "{}", text.len());
        }
    }
}
