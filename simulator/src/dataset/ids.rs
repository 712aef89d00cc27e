//! Ids that ascend with their place among siblings, in Firestore's order, and look like what applications use.
//!
//! An id is a function of a seed and a place, so that any is made and any is found without a list of them.

use super::awkward;
use super::dice::{Dice, mix, scaled};
use crate::path::Id;
use serde::Deserialize;
use std::borrow::Borrow;
use std::cmp::Ordering;

/// What the ids of a collection look like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// Twenty letters and digits, as Firestore's clients make them.
    #[default]
    Auto,
    /// Twenty-eight letters and digits, as Firebase gives its users.
    User,
    /// A number with leading zeros after this text.
    Numbered(String),
    /// `__id7__`: what numbers became that Datastore had as ids.
    Imported,
    /// A random UUID.
    Uuid,
    /// All that is legal and easily gets lost: numbers up to the ends of their range, spaces, line breaks, quotes,
    /// `%2F`, backslashes, other scripts, 1,500 bytes.
    Awkward,
}

/// The ten letters and digits at the beginning of an id that carry its order.
const LETTERS: u64 = 62_u64.pow(10);
/// Datastore's own ids have up to sixteen digits.
const NUMBERS: u64 = 1 << 53;
/// The bits of a UUID before its version.
const HEX: u64 = 1 << 48;
/// No numbered id is narrower.
const WIDTH: usize = 6;

/// The ids of the documents of one parent in one collection.
#[derive(Debug, Clone)]
pub(super) struct Siblings<I> {
    ids: I,
    seed: u64,
    /// How many there are.
    pub(super) count: u64,
    /// How far apart two neighbours are before chance moves each of them, by less than this.
    step: u64,
}

impl<I: Borrow<Ids>> Siblings<I> {
    pub(super) fn new(ids: I, seed: u64, count: u64) -> Siblings<I> {
        let step = ids.borrow().room() / count.max(1);
        Siblings {
            ids,
            seed,
            count,
            step,
        }
    }

    /// Appends the id at `place`, which is below `count`.
    #[inline]
    pub(super) fn write(&self, place: u64, to: &mut Vec<u8>) {
        let mut dice = Dice::new(self.seed, place);
        let value = place * self.step + scaled(dice.throw(), self.step);
        match self.ids.borrow() {
            Ids::Auto => letters(value, [dice.throw(), 0], false, to),
            Ids::User => letters(value, [dice.throw(), dice.throw()], true, to),
            Ids::Uuid => to.extend_from_slice(&uuid(value, &mut dice)),
            Ids::Numbered(prefix) => numbered(prefix, place + 1, self.count, to),
            Ids::Imported => to.extend_from_slice(format!("__id{}__", value + 1).as_bytes()),
            Ids::Awkward => awkward::write(self.seed, place, self.count, to),
        }
    }

    /// The id at `place`.
    pub(super) fn id(&self, place: u64) -> Id {
        let mut text = Vec::with_capacity(40);
        self.write(place, &mut text);
        let text = String::from_utf8_lossy(&text);
        Id::parse(&text).unwrap_or_else(|_| Id::Text(text.as_ref().into()))
    }

    /// The first place whose id is not before `id`, and whether it is `id`.
    pub(super) fn lower_bound(&self, id: &Id) -> (u64, bool) {
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = from + (to - from) / 2;
            match self.id(middle).cmp(id) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return (middle, true),
                Ordering::Greater => to = middle,
            }
        }
        (from, false)
    }
}

impl Ids {
    /// How many values the ordered part of an id can have.
    fn room(&self) -> u64 {
        match self {
            Ids::Auto | Ids::User => LETTERS,
            Ids::Imported => NUMBERS,
            Ids::Uuid => HEX,
            Ids::Numbered(_) | Ids::Awkward => 0,
        }
    }
}

/// The letters and digits in the order of their bytes.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Two at a time halve the divisions. The first letter is the lower byte.
static PAIRS: [u16; 62 * 62] = pairs();

const fn pairs() -> [u16; 62 * 62] {
    let mut pairs = [0; 62 * 62];
    let mut at = 0;
    while at < pairs.len() {
        pairs[at] = u16::from_le_bytes([ALPHABET[at / 62], ALPHABET[at % 62]]);
        at += 1;
    }
    pairs
}

/// Appends `value` in ten letters, and ten letters of chance, or eighteen.
#[inline(always)]
fn letters(value: u64, chance: [u64; 2], long: bool, to: &mut Vec<u8>) {
    let pair = |index: u64| u64::from(PAIRS[index as usize]);
    let digit = |power: u64| pair(value / power % 3_844);
    let random = |chance: u64, at: u32| pair((((chance >> (12 * at)) & 0xfff) * 3_844) >> 12);
    let four = |a: u64, b: u64, c: u64, d: u64| (a | b << 16 | c << 32 | d << 48).to_le_bytes();
    let [one, two] = chance;
    to.extend_from_slice(&four(
        digit(3_844 * 3_844 * 3_844 * 3_844),
        digit(3_844 * 3_844 * 3_844),
        digit(3_844 * 3_844),
        digit(3_844),
    ));
    to.extend_from_slice(&four(digit(1), random(one, 0), random(one, 1), random(one, 2)));
    if long {
        to.extend_from_slice(&four(
            random(two, 0),
            random(two, 1),
            random(two, 2),
            random(two, 3),
        ));
    }
    let end = random(one, 3) | random(one, 4) << 16;
    to.extend_from_slice(&(end as u32).to_le_bytes());
}

/// `value` in the first twelve digits of a UUID of version 4, and chance behind them.
fn uuid(value: u64, dice: &mut Dice) -> [u8; 36] {
    let high = value << 16 | 0x4000 | dice.throw() & 0x0fff;
    let low = 1 << 63 | dice.throw() >> 2;
    let bits = u128::from(high) << 64 | u128::from(low);
    let mut text = [b'-'; 36];
    let mut shift = 128;
    for (at, digit) in text.iter_mut().enumerate() {
        if !matches!(at, 8 | 13 | 18 | 23) {
            shift -= 4;
            *digit = b"0123456789abcdef"[(bits >> shift & 0xf) as usize];
        }
    }
    text
}

fn numbered(prefix: &str, number: u64, most: u64, to: &mut Vec<u8>) {
    let width = most
        .checked_ilog10()
        .map_or(1, |power| power as usize + 1)
        .max(WIDTH);
    to.extend_from_slice(prefix.as_bytes());
    let from = to.len();
    to.resize(from + width, b'0');
    let mut number = number;
    for digit in to[from..].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Appends `value` in `width` letters that ascend with it.
pub(super) fn ordered(value: u64, width: usize, to: &mut Vec<u8>) {
    let from = to.len();
    to.resize(from + width, b'0');
    let mut value = value;
    for letter in to[from..].iter_mut().rev() {
        *letter = ALPHABET[(value % 62) as usize];
        value /= 62;
    }
}

/// The seed of the ids below parent `number` of a pattern.
pub(super) fn family(pattern_seed: u64, number: u64) -> u64 {
    mix(pattern_seed ^ 0x1d5, number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_ids() -> impl Strategy<Value = Ids> {
        prop_oneof![
            Just(Ids::Auto),
            Just(Ids::User),
            Just(Ids::Numbered("order-".to_owned())),
            Just(Ids::Imported),
            Just(Ids::Uuid),
            Just(Ids::Awkward),
        ]
    }

    fn text(ids: &Ids) -> String {
        Siblings::new(ids, 7, 1_000).id(500).to_string()
    }

    #[test]
    fn they_look_like_what_they_are_called() {
        assert_eq!(text(&Ids::Auto).len(), 20);
        assert_eq!(text(&Ids::User).len(), 28);
        assert_eq!(text(&Ids::Numbered("order-".to_owned())), "order-000501");
        let uuid = text(&Ids::Uuid);
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"), "{uuid}");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
    }

    #[test]
    fn imported_numbers_are_not_in_the_order_of_their_texts() {
        let siblings = Siblings::new(&Ids::Imported, 7, 1_000);
        let texts: Vec<String> = (0..1_000).map(|place| siblings.id(place).to_string()).collect();
        assert!(!texts.is_sorted());
    }

    #[test]
    fn ids_of_two_parents_differ() {
        let one = Siblings::new(&Ids::Auto, family(1, 0), 10).id(3);
        assert_ne!(one, Siblings::new(&Ids::Auto, family(1, 1), 10).id(3));
    }

    proptest! {
        #[test]
        fn ids_ascend_and_are_legal(ids in any_ids(), seed: u64, count in 2_u64..1_000_000_000_000, at: u64) {
            let siblings = Siblings::new(&ids, seed, count);
            let place = at % (count - 1);
            let (one, next) = (siblings.id(place), siblings.id(place + 1));
            prop_assert!(one < next, "{} {}", one, next);
            prop_assert_eq!(Id::parse(&one.to_string()), Ok(one));
        }

        #[test]
        fn few_ids_ascend_from_first_to_last(ids in any_ids(), seed: u64, count in 1_u64..300) {
            let siblings = Siblings::new(&ids, seed, count);
            let all: Vec<Id> = (0..count).map(|place| siblings.id(place)).collect();
            prop_assert!(all.is_sorted_by(|one, next| one < next), "{:?}", all);
        }

        #[test]
        fn an_id_is_found_where_it_was_made(ids in any_ids(), seed: u64, count in 1_u64..100_000_000, at: u64) {
            let siblings = Siblings::new(&ids, seed, count);
            let place = at % count;
            let id = siblings.id(place);
            prop_assert_eq!(siblings.lower_bound(&id), (place, true));
            let after = Id::Text(format!("{id}\0").into());
            let bound = if matches!(id, Id::Number(_)) { siblings.lower_bound(&after).0 } else { place + 1 };
            prop_assert_eq!(siblings.lower_bound(&after), (bound, false));
        }
    }
}
