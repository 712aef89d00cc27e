//! Documents unlike the others of their collection, all of them legal: what a schema guessed from a few has to survive.

use super::content::{Content, Draft};
use super::dice::Dice;
use super::mix::Field;
use super::scribe::{Leaf, Nest, Scribe, Slot};
use super::strange::{self, Strange};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How a document is unlike the others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unusual {
    /// Legal, and more than 4 MiB on the wire.
    Oversized,
    /// With U+0000 in a text.
    Spoiled,
    /// In one way or two.
    Odd,
}

/// What a field of an unusual document holds.
enum Held<'a> {
    Usual(&'a Field),
    Null,
    Strange(Strange),
    Deep,
    /// So many empty texts in an array.
    Empties(u64),
    Spoiled,
}

type Fields<'a> = BTreeMap<Cow<'static, str>, Held<'a>>;

/// An empty text counts one byte towards the size of a document, and takes five on the wire; null, with four, does not
/// get there. So many exceed 4 MiB, and the most there are leave room in the 1 MiB a document may have.
const EMPTIES: std::ops::Range<u64> = 840_000..1_000_000;

/// Maps in maps, as deep as Firestore allows.
const DEEPEST: usize = 20;

impl Content {
    /// Whether document `index` is unlike the others. One throw either way.
    #[inline]
    pub(super) fn unusual(&self, index: u64, dice: &mut Dice) -> Option<Unusual> {
        let chance = dice.throw() >> 32;
        if self.oversized.children > 0 && !self.oversized.of(index).is_empty() {
            return Some(Unusual::Oversized);
        }
        if chance >= self.unusual {
            return None;
        }
        Some(if chance < self.spoiled {
            Unusual::Spoiled
        } else {
            Unusual::Odd
        })
    }
}

impl<'a> Draft<'a> {
    /// Hands the fields of an unusual document to `scribe`.
    #[cold]
    pub(super) fn compose_unusual<S: Scribe>(&mut self, unusual: Unusual, scribe: &mut S) {
        for (name, held) in self.unusual_fields(unusual) {
            let slot = Slot::Field(&name);
            match held {
                Held::Usual((key, kind)) => self.usual(Slot::Key(key), *kind, scribe),
                Held::Null => scribe.put(slot, Leaf::Null),
                Held::Strange(strange) => strange.write(slot, scribe),
                Held::Deep => deep(slot, scribe),
                Held::Empties(number) => empties(slot, number, scribe),
                Held::Spoiled => self.spoiled(slot, scribe),
            }
        }
    }

    fn unusual_fields(&mut self, unusual: Unusual) -> Fields<'a> {
        let usual = self.content.fields.iter();
        let mut fields: Fields<'a> = usual
            .map(|field| (field.0.name().into(), Held::Usual(field)))
            .collect();
        match unusual {
            Unusual::Oversized => {
                let number = EMPTIES.start + self.dice.below(EMPTIES.end - EMPTIES.start);
                fields.insert("large".into(), Held::Empties(number));
            }
            Unusual::Spoiled => {
                let name = self.content.fields.last().map(|(key, _)| key.name().into());
                fields.insert(name.unwrap_or_default(), Held::Spoiled);
            }
            Unusual::Odd => {
                for _ in 0..=self.dice.below(2) {
                    self.make_odd(&mut fields);
                }
            }
        }
        fields
    }

    fn make_odd(&mut self, fields: &mut Fields<'a>) {
        match self.dice.below(8) {
            0 => fields.clear(),
            1 => fields.retain(|_, _| self.dice.below(2) == 0),
            2 => {
                for held in fields.values_mut() {
                    if self.dice.below(3) == 0 {
                        *held = Held::Null;
                    }
                }
            }
            3 => drop(fields.insert("nested".into(), Held::Deep)),
            4 | 5 => {
                for _ in 0..=self.dice.below(4) {
                    fields.insert(
                        strange::name(&mut self.dice),
                        Held::Strange(Strange::any(&mut self.dice)),
                    );
                }
            }
            _ => {
                let place = self.dice.below(fields.len().max(1) as u64) as usize;
                if let Some(held) = fields.values_mut().nth(place) {
                    *held = Held::Strange(Strange::any(&mut self.dice));
                }
            }
        }
    }

    /// A text with U+0000 somewhere in it, by itself or in a map.
    fn spoiled<S: Scribe>(&mut self, slot: Slot<'_>, scribe: &mut S) {
        let (before, after) = self.content.corpus.halves(&mut self.dice);
        let text = format!("{before}\0{after}");
        if self.dice.below(2) == 0 {
            return scribe.put(slot, Leaf::Text(&text));
        }
        scribe.open(slot, Nest::Map);
        scribe.put(Slot::Field("text"), Leaf::Text(&text));
        scribe.close();
    }
}

fn deep<S: Scribe>(slot: Slot<'_>, scribe: &mut S) {
    scribe.open(slot, Nest::Map);
    for _ in 1..DEEPEST {
        scribe.put(Slot::Field("a"), Leaf::Boolean(true));
        scribe.open(Slot::Field("deeper"), Nest::Map);
    }
    scribe.put(Slot::Field("end"), Leaf::Integer(DEEPEST as i64));
    for _ in 0..DEEPEST {
        scribe.close();
    }
}

fn empties<S: Scribe>(slot: Slot<'_>, number: u64, scribe: &mut S) {
    scribe.open(slot, Nest::Array);
    for _ in 0..number {
        scribe.put(Slot::Element, Leaf::Text(""));
    }
    scribe.close();
}
