//! A map from names to counts that never grows beyond its bounds.
//! Which names it keeps depends on the set of names seen and not on their order, and what is counted of a kept name
//! is complete: of too many names those with the lowest hashes stay. Names that look like data (ids, dates, numbers)
//! have places of their own, so that they never push out the names that a person chose.

use std::collections::HashMap;

use super::distinct::{Distinct, hash};
use super::style;

/// How many names of each sort are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    /// Names that a person chose.
    pub(crate) chosen: usize,
    /// Names that look like data.
    pub(crate) data: usize,
}

/// What is known by name.
#[derive(Debug, Clone)]
pub(crate) struct Bounded<V> {
    places: Places,
    /// In no order that means anything.
    known: Vec<Entry<V>>,
    index: HashMap<Box<str>, usize>,
    /// By sort: the lowest hash that had no place, once there was one.
    bars: [Option<u64>; 2],
    taken: [usize; 2],
    /// All names ever seen, from the moment one had to go.
    names: Option<Box<Distinct>>,
}

#[derive(Debug, Clone)]
struct Entry<V> {
    name: Box<str>,
    hash: u64,
    data: bool,
    of: V,
}

impl<V: Default> Bounded<V> {
    pub(crate) fn new(places: Places) -> Self {
        Bounded {
            places,
            known: Vec::new(),
            index: HashMap::new(),
            bars: [None; 2],
            taken: [0; 2],
            names: None,
        }
    }

    /// What is counted of a name, and whether it looks like data; nothing if there is no place for it.
    /// Names mostly come in the same order: `likely` says where to look before hashing.
    pub(crate) fn of(&mut self, name: &str, likely: usize) -> Option<(&mut V, bool)> {
        let at = match self.known.get(likely) {
            Some(entry) if *entry.name == *name => likely,
            _ => match self.index.get(name) {
                Some(at) => *at,
                None => self.admit(name)?,
            },
        };
        let entry = &mut self.known[at];
        Some((&mut entry.of, entry.data))
    }

    fn admit(&mut self, name: &str) -> Option<usize> {
        let (hash, data) = (hash(name.as_bytes()), style::is_data(name));
        if let Some(names) = &mut self.names {
            names.add(name.as_bytes());
        }
        let sort = usize::from(data);
        if self.bars[sort].is_some_and(|bar| hash >= bar) {
            return None;
        }
        self.index.insert(name.into(), self.known.len());
        self.known.push(Entry {
            name: name.into(),
            hash,
            data,
            of: V::default(),
        });
        self.taken[sort] += 1;
        let places = if data {
            self.places.data
        } else {
            self.places.chosen
        };
        if self.taken[sort] > places {
            self.make_room(data);
        }
        self.index.get(name).copied()
    }

    /// Lets the name with the highest hash go. Rare: of n names that come, about the logarithm of n get here.
    fn make_room(&mut self, data: bool) {
        if self.names.is_none() {
            let mut names = Distinct::default();
            self.known
                .iter()
                .for_each(|entry| names.add(entry.name.as_bytes()));
            self.names = Some(Box::new(names));
        }
        let same = self.known.iter().filter(|entry| entry.data == data);
        if let Some(bar) = same.map(|entry| entry.hash).max() {
            self.lower_bar(data, bar);
        }
    }

    /// Lets the names go that have no place under this bar.
    fn lower_bar(&mut self, data: bool, bar: u64) {
        let sort = usize::from(data);
        let bar = self.bars[sort].map_or(bar, |before| before.min(bar));
        self.bars[sort] = Some(bar);
        let before = self.known.len();
        self.known.retain(|entry| entry.data != data || entry.hash < bar);
        if self.known.len() < before {
            self.taken[sort] -= before - self.known.len();
            let names = self.known.iter().map(|entry| entry.name.clone());
            self.index = names.zip(0..).collect();
        }
    }

    /// Everything known, by name.
    pub(crate) fn sorted(&self) -> Vec<(&str, &V)> {
        let mut all: Vec<_> = self.known.iter().map(|entry| (&*entry.name, &entry.of)).collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.known.iter().map(|entry| &entry.of)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.known.iter_mut().map(|entry| &mut entry.of)
    }

    /// How many different names there were, kept or not.
    pub(crate) fn count(&self) -> u64 {
        let kept = self.known.len() as u64;
        self.names.as_ref().map_or(kept, |names| names.count().max(kept))
    }

    /// How many of them are not kept.
    pub(crate) fn cut(&self) -> u64 {
        self.count() - self.known.len() as u64
    }

    /// Forgets every name.
    pub(crate) fn clear(&mut self) {
        *self = Bounded::new(self.places);
    }

    /// Adds everything that is in the other.
    pub(crate) fn merge(&mut self, other: &Self, add: impl Fn(&mut V, &V)) {
        for (place, entry) in other.known.iter().enumerate() {
            if let Some((of, _)) = self.of(&entry.name, place) {
                add(of, &entry.of);
            }
        }
        for data in [false, true] {
            // What the other had to let go is not complete here either.
            if let Some(bar) = other.bars[usize::from(data)] {
                self.lower_bar(data, bar);
            }
        }
        if let Some(theirs) = &other.names {
            let ours = self.names.get_or_insert_default();
            self.known
                .iter()
                .for_each(|entry| ours.add(entry.name.as_bytes()));
            ours.merge(theirs);
        }
    }
}

/// The order in which names came is no difference.
impl<V: Default + PartialEq> PartialEq for Bounded<V> {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
            && (self.places, self.bars, &self.names) == (other.places, other.bars, &other.names)
    }
}
