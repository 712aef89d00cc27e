//! What a document of a collection holds, as a function of its index: the usual documents, field by field.
//!
//! Unusual ones, and which documents are unusual, are `odd`'s.

use super::collection::Collection;
use super::corpus::{Corpus, corpus};
use super::dice::Dice;
use super::ids::{Ids, Siblings};
use super::mix::{Field, Kind};
use super::scribe::{Leaf, Nest, Scribe, Slot};
use super::spread::Spread;
use super::wire::{tag, timestamp, width};
use crate::clock::Moment;
use std::ops::RangeInclusive;

/// 2016-01-01, in microseconds: no generated document is older.
const FIRST: i64 = 1_451_606_400_000_000;
/// 365 days, in microseconds.
const YEAR: u64 = 365 * 86_400 * 1_000_000;

/// The documents that references name.
#[derive(Debug)]
pub(super) struct Referees {
    /// `projects/P/databases/D/documents/users/`
    pub(super) prefix: Vec<u8>,
    pub(super) ids: Siblings<Ids>,
}

/// What all documents of a collection have in common.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) seed: u64,
    pub(super) fields: Vec<Field>,
    bytes: RangeInclusive<usize>,
    referees: Referees,
    /// Of 2^32 documents so many hold U+0000.
    pub(super) spoiled: u64,
    /// Of 2^32 documents so many are odd or hold U+0000.
    pub(super) unusual: u64,
    /// The oversized documents among all.
    pub(super) oversized: Spread,
    pub(super) corpus: Corpus,
}

/// One document while it is composed.
pub(super) struct Draft<'a> {
    pub(super) content: &'a Content,
    pub(super) index: u64,
    pub(super) dice: Dice,
    /// For long texts; used again for every document.
    pub(super) room: &'a mut String,
    /// The size to reach before the times are written.
    size: usize,
}

impl Content {
    pub(super) fn new(of: &Collection, seed: u64, referees: Referees) -> Content {
        let chance = |share: f64| (share * (1_u64 << 32) as f64) as u64;
        Content {
            seed,
            fields: of.mix.fields(of.vector),
            bytes: of.bytes.range(),
            referees,
            spoiled: chance(of.nul),
            unusual: chance(of.nul) + chance(of.odd),
            oversized: Spread {
                parents: of.documents,
                children: of.oversized,
            },
            corpus: corpus(),
        }
    }

    /// When document `index` was created and last updated: half of them were never updated.
    pub(super) fn times(&self, index: u64) -> (Moment, Moment) {
        times(&mut Dice::new(self.seed, index))
    }

    /// Hands the fields of document `index` to `scribe`, and gives back its times.
    #[inline]
    pub(super) fn compose<S: Scribe>(
        &self,
        index: u64,
        room: &mut String,
        scribe: &mut S,
    ) -> (Moment, Moment) {
        let mut dice = Dice::new(self.seed, index);
        let (created, updated) = times(&mut dice);
        let unusual = self.unusual(index, &mut dice);
        let (least, most) = (*self.bytes.start(), *self.bytes.end());
        let size = least + dice.below((most - least) as u64 + 1) as usize;
        let mut draft = Draft {
            content: self,
            index,
            dice,
            room,
            size: size.saturating_sub(length_of_times(created, updated)),
        };
        match unusual {
            None => self
                .fields
                .iter()
                .for_each(|(key, kind)| draft.usual(Slot::Key(key), *kind, scribe)),
            Some(unusual) => draft.compose_unusual(unusual, scribe),
        }
        (created, updated)
    }
}

/// How many bytes the two times take at the end of a document.
#[inline(always)]
fn length_of_times(created: Moment, updated: Moment) -> usize {
    let times = [timestamp(tag::CREATED, created), timestamp(tag::UPDATED, updated)];
    times.iter().flatten().map(|time| time.length).sum()
}

fn times(dice: &mut Dice) -> (Moment, Moment) {
    let created = FIRST + dice.below(5 * YEAR) as i64;
    let chance = dice.throw();
    let later = if chance.is_multiple_of(2) {
        chance % YEAR
    } else {
        0
    };
    (Moment(created), Moment(created + later as i64))
}

impl Draft<'_> {
    /// What a field of this kind usually holds.
    #[inline(always)]
    pub(super) fn usual<S: Scribe>(&mut self, slot: Slot<'_>, kind: Kind, scribe: &mut S) {
        match kind {
            Kind::Moment => {
                let time = FIRST + self.dice.below(6 * YEAR) as i64;
                scribe.put(slot, Leaf::Moment(Moment(time)));
            }
            Kind::Boolean => scribe.put(slot, Leaf::Boolean(self.dice.below(2) == 0)),
            Kind::Number => scribe.put(slot, Leaf::Integer(100_000 + self.index as i64)),
            Kind::Price => scribe.put(slot, Leaf::Double(self.dice.below(100_000) as f64 / 100.0)),
            Kind::Discount => {
                let chance = self.dice.below(200);
                let discount = if chance < 100 {
                    Leaf::Null
                } else {
                    Leaf::Double(chance as f64 / 8.0)
                };
                scribe.put(slot, discount);
            }
            Kind::Word(words) => scribe.put(slot, Leaf::Text(self.dice.pick(words))),
            Kind::Email => self.email(slot, scribe),
            Kind::Bytes => {
                let (one, other) = (self.dice.throw().to_le_bytes(), self.dice.throw().to_le_bytes());
                let mut bytes = [0; 12];
                bytes[..8].copy_from_slice(&one);
                bytes[8..].copy_from_slice(&other[..4]);
                scribe.put(slot, Leaf::Bytes(&bytes));
            }
            Kind::Reference => {
                let referees = &self.content.referees;
                let place = self.dice.below(referees.ids.count);
                scribe.refer(slot, |name| {
                    name.extend_from_slice(&referees.prefix);
                    referees.ids.write(place, name);
                });
            }
            Kind::Point => scribe.put(slot, Leaf::Point(self.degrees(90), self.degrees(180))),
            Kind::Items => self.items(slot, scribe),
            Kind::Tags => {
                scribe.open(slot, Nest::Array);
                for _ in 0..=self.dice.below(3) {
                    scribe.put(
                        Slot::Element,
                        Leaf::Text(self.dice.pick(&["new", "gift", "fragile", "B2B"])),
                    );
                }
                scribe.close();
            }
            Kind::Address => {
                scribe.open(slot, Nest::Map);
                scribe.put(
                    Slot::Field("city"),
                    Leaf::Text(self.dice.pick(&["Bern", "Köln", "Oslo", "Pécs"])),
                );
                scribe.put(
                    Slot::Field("zip"),
                    Leaf::Integer(10_000 + self.dice.below(90_000) as i64),
                );
                scribe.close();
            }
            Kind::Vector(dimensions) => self.vector(slot, dimensions, scribe),
            Kind::Filler => self.filler(slot, scribe),
        }
    }

    fn email<S: Scribe>(&mut self, slot: Slot<'_>, scribe: &mut S) {
        let mut email = *b"user-00000000@example.com";
        let mut chance = self.dice.throw();
        for digit in &mut email[5..13] {
            *digit = b'0' + (chance % 10) as u8;
            chance /= 10;
        }
        let email = std::str::from_utf8(&email).unwrap_or_default();
        scribe.put(slot, Leaf::Text(email));
    }

    /// A coordinate in steps of about ten meters, never quite zero.
    fn degrees(&mut self, most: u64) -> f64 {
        let steps = self.dice.below(most * 10_000);
        (steps as f64 + 0.5) / 5_000.0 - most as f64
    }

    #[inline]
    fn items<S: Scribe>(&mut self, slot: Slot<'_>, scribe: &mut S) {
        scribe.open(slot, Nest::Array);
        for _ in 0..=self.dice.below(2) {
            let chance = self.dice.throw();
            scribe.open(Slot::Element, Nest::Map);
            scribe.put(
                Slot::Field("price"),
                Leaf::Double((chance % 10_000) as f64 / 100.0),
            );
            scribe.put(
                Slot::Field("quantity"),
                Leaf::Integer(1 + (chance >> 32) as i64 % 9),
            );
            scribe.close();
        }
        scribe.close();
    }

    fn vector<S: Scribe>(&mut self, slot: Slot<'_>, dimensions: u32, scribe: &mut S) {
        scribe.open(slot, Nest::Map);
        scribe.put(Slot::Field("__type__"), Leaf::Text("__vector__"));
        scribe.open(Slot::Field("value"), Nest::Array);
        for _ in 0..dimensions {
            // Single precision, as models give it out and as vectors are stored elsewhere.
            let part = (self.dice.throw() >> 40) as f32 / (1 << 23) as f32 - 1.0;
            scribe.put(Slot::Element, Leaf::Double(f64::from(part)));
        }
        scribe.close();
        scribe.close();
    }

    #[inline]
    fn filler<S: Scribe>(&mut self, slot: Slot<'_>, scribe: &mut S) {
        let length = self.lacking(slot, scribe);
        let text = self.content.corpus.cut(length, &mut self.dice, self.room);
        scribe.put(slot, Leaf::Text(text));
    }

    /// How long a text in field `name` has to be for the document to reach its size; a few bytes at least.
    pub(super) fn lacking<S: Scribe>(&self, slot: Slot<'_>, scribe: &S) -> usize {
        let lacking = self.size.saturating_sub(scribe.written());
        // The tags of field, name, value and text take five bytes, and each has its length.
        let name = slot.name();
        let around = 5 + width(name.len()) + name.len() + 3 * width(lacking);
        lacking.saturating_sub(around).max(8)
    }
}
