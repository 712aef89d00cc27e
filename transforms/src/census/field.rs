//! One field path: what stood there, of which types, and what the values had in common.
//! Every count is a sum, a smallest, a largest or a set, so that neither order nor grouping of the documents matters.

use std::collections::BTreeMap;

use super::composites::{Arrays, Maps, References};
use super::distinct::Distinct;
use super::scalars::{Moments, Numbers, Texts};
use super::{Look, Spread, size};
use crate::Value;

/// A Firestore type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Integer,
    Double,
    Timestamp,
    Text,
    Bytes,
    Reference,
    Point,
    Array,
    Map,
    Vector,
}

impl Kind {
    pub(crate) const ALL: [Kind; 12] = [
        Kind::Null,
        Kind::Boolean,
        Kind::Integer,
        Kind::Double,
        Kind::Timestamp,
        Kind::Text,
        Kind::Bytes,
        Kind::Reference,
        Kind::Point,
        Kind::Array,
        Kind::Map,
        Kind::Vector,
    ];

    fn of(value: &Value<'_>) -> Kind {
        match value {
            Value::Null => Kind::Null,
            Value::Boolean(_) => Kind::Boolean,
            Value::Integer(_) => Kind::Integer,
            Value::Double(_) => Kind::Double,
            Value::Timestamp(_) => Kind::Timestamp,
            Value::Text(_) => Kind::Text,
            Value::Bytes(_) => Kind::Bytes,
            Value::Reference(_) => Kind::Reference,
            Value::GeoPoint { .. } => Kind::Point,
            Value::Array(_) => Kind::Array,
            Value::Map(_) => Kind::Map,
            Value::Vector(_) | Value::Floats(_) | Value::Sparse(_) => Kind::Vector,
        }
    }

    /// Firestore's own word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Timestamp => "timestamp",
            Kind::Text => "string",
            Kind::Bytes => "bytes",
            Kind::Reference => "reference",
            Kind::Point => "geopoint",
            Kind::Array => "array",
            Kind::Map => "map",
            Kind::Vector => "vector",
        }
    }
}

/// What stood at one path.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Field {
    counts: [u64; Kind::ALL.len()],
    /// Bytes on the wire.
    pub(crate) size: Spread,
    /// Sum of the places among the other fields, from 0.
    places: u64,
    /// Texts and references with U+0000.
    pub(crate) nul: u64,
    /// Different values, of the types where that says something.
    pub(crate) distinct: Distinct,
    pub(crate) numbers: Option<Box<Numbers>>,
    pub(crate) texts: Option<Box<Texts>>,
    pub(crate) moments: Option<Box<Moments>>,
    pub(crate) references: Option<Box<References>>,
    pub(crate) arrays: Option<Box<Arrays>>,
    pub(crate) maps: Option<Box<Maps>>,
    /// Vectors by their number of components.
    pub(crate) vectors: BTreeMap<usize, u64>,
}

impl Field {
    /// Counts a value that is the field number `place` of its map, and answers with its bytes on the wire.
    pub(crate) fn observe(&mut self, value: &Value<'_>, place: usize, look: &mut Look<'_>) -> u64 {
        self.counts[Kind::of(value) as usize] += 1;
        self.places += place as u64;
        let size = match value {
            Value::Array(values) => self.arrays.get_or_insert_default().observe(values, look),
            Value::Map(entries) => {
                let maps = self.maps.get_or_insert_default();
                1 + size::framed(maps.observe(entries, look))
            }
            _ => {
                self.scalar(value, look);
                size::of(value)
            }
        };
        self.size.add(size);
        size
    }

    fn scalar(&mut self, value: &Value<'_>, look: &mut Look<'_>) {
        match value {
            Value::Integer(integer) => {
                self.distinct.add(&integer.to_le_bytes());
                self.numbers.get_or_insert_default().integer(*integer);
            }
            Value::Double(double) => {
                self.distinct.add(&double.to_bits().to_le_bytes());
                self.numbers.get_or_insert_default().double(*double);
            }
            Value::Timestamp(moment) => {
                let nanos = i128::from(moment.seconds) * 1_000_000_000 + i128::from(moment.nanos);
                self.distinct.add(&nanos.to_le_bytes());
                self.moments.get_or_insert_default().add(*moment);
            }
            Value::Text(text) => {
                self.distinct.add(text.as_bytes());
                self.nul += u64::from(text.as_bytes().contains(&0));
                let texts = self.texts.get_or_insert_default();
                texts.add(text);
                texts.own_id += u64::from(*text == look.id);
            }
            Value::Bytes(bytes) => self.distinct.add(bytes),
            Value::Reference(name) => {
                self.distinct.add(name.as_bytes());
                self.nul += u64::from(name.as_bytes().contains(&0));
                self.references.get_or_insert_default().observe(name, look);
            }
            Value::Vector(components) => *self.vectors.entry(components.len()).or_default() += 1,
            Value::Floats(components) => *self.vectors.entry(components.len()).or_default() += 1,
            Value::Null | Value::Boolean(_) | Value::GeoPoint { .. } | Value::Sparse(_) => {}
            // Not scalars; counted where they are looked into.
            Value::Array(_) | Value::Map(_) => {}
        }
    }

    /// How many of a type.
    pub(crate) fn count(&self, kind: Kind) -> u64 {
        self.counts[kind as usize]
    }

    /// In how many places something stood, explicit nulls included.
    pub(crate) fn seen(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// In how many places something stood that was not null.
    pub(crate) fn present(&self) -> u64 {
        self.seen() - self.count(Kind::Null)
    }

    /// The types by how often they occurred, the most frequent first; nulls are none.
    pub(crate) fn kinds(&self) -> Vec<(Kind, u64)> {
        let mut kinds: Vec<_> = Kind::ALL
            .into_iter()
            .skip(1)
            .map(|kind| (kind, self.count(kind)))
            .filter(|(_, count)| *count > 0)
            .collect();
        kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        kinds
    }

    /// The usual place among the other fields, in thousandths.
    pub(crate) fn place(&self) -> u64 {
        (self.places * 1000).checked_div(self.seen()).unwrap_or(0)
    }

    /// Adds everything that is in the other.
    pub(crate) fn merge(&mut self, other: &Field) {
        for (ours, theirs) in self.counts.iter_mut().zip(other.counts) {
            *ours += theirs;
        }
        self.size.merge(other.size);
        self.places += other.places;
        self.nul += other.nul;
        self.distinct.merge(&other.distinct);
        merge(&mut self.numbers, &other.numbers, Numbers::merge);
        merge(&mut self.texts, &other.texts, Texts::merge);
        merge(&mut self.moments, &other.moments, Moments::merge);
        merge(&mut self.references, &other.references, References::merge);
        merge(&mut self.arrays, &other.arrays, Arrays::merge);
        merge(&mut self.maps, &other.maps, Maps::merge);
        for (dimension, count) in &other.vectors {
            *self.vectors.entry(*dimension).or_default() += count;
        }
    }

    /// Whether a text or a name anywhere in it holds U+0000.
    pub(crate) fn holds_nul(&self) -> bool {
        let below = |field: &Field| field.holds_nul();
        self.nul > 0
            || self.arrays.as_ref().is_some_and(|arrays| below(&arrays.elements))
            || self.maps.as_ref().is_some_and(|maps| maps.holds_nul())
    }

    /// How many paths it describes, its own included.
    pub(super) fn nodes(&self) -> usize {
        let elements = self.arrays.as_ref().map_or(0, |arrays| arrays.elements.nodes());
        let fields = self.maps.as_ref().map_or(0, |maps| maps.nodes());
        1 + elements + fields
    }

    /// Forgets the names in maps that lie `levels` maps further in, and deeper.
    pub(super) fn prune(&mut self, levels: usize) {
        if let Some(arrays) = &mut self.arrays {
            arrays.elements.prune(levels);
        }
        if let Some(maps) = &mut self.maps {
            maps.prune(levels);
        }
    }
}

fn merge<T: Clone>(ours: &mut Option<Box<T>>, theirs: &Option<Box<T>>, add: impl Fn(&mut T, &T)) {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => add(ours, theirs),
        (ours @ None, Some(theirs)) => *ours = Some(theirs.clone()),
        (_, None) => {}
    }
}
