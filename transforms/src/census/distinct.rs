//! How many different values there were: exactly while there are few, then by a sketch of four kilobytes.
//! The answer depends on the set of values only, not on their order, and is the same on every machine: the hash is
//! SipHash with a fixed key. What is worth counting is the field's affair.

use std::hash::{BuildHasher, Hasher};

use hyperloglockless::{DefaultHasher, HyperLogLog};

/// So many hashes take the memory that the sketch takes.
const EXACT: usize = 512;
/// 2^12 registers: a standard error of 1.6 %. Not 11: the crate's table for it is wrong by more than the count itself.
const PRECISION: u8 = 12;
/// Any, but always the same.
const KEY: [u8; 16] = *b"etl's own census";
/// Of longer values the length and both ends tell them apart.
const END: usize = 64;

/// The hash by which values, names and ids are told apart.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::seeded(&KEY).build_hasher();
    match bytes {
        [start @ .., _] if start.len() >= 2 * END => {
            hasher.write(&bytes[..END]);
            hasher.write(&bytes[bytes.len() - END..]);
            hasher.write_u64(bytes.len() as u64);
        }
        _ => hasher.write(bytes),
    }
    hasher.finish()
}

/// A set of which only the size is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Distinct {
    /// Sorted hashes.
    Few(Vec<u64>),
    /// A HyperLogLog sketch.
    Many(Box<HyperLogLog>),
}

impl Default for Distinct {
    fn default() -> Self {
        Distinct::Few(Vec::new())
    }
}

impl Distinct {
    /// Adds a value by its bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.add_hash(hash(bytes));
    }

    fn add_hash(&mut self, hash: u64) {
        match self {
            Distinct::Many(sketch) => insert(sketch, hash),
            Distinct::Few(hashes) => {
                let Err(place) = hashes.binary_search(&hash) else {
                    return;
                };
                hashes.insert(place, hash);
                if hashes.len() > EXACT {
                    *self = Distinct::Many(Box::new(sketch(hashes)));
                }
            }
        }
    }

    /// Adds everything that is in the other.
    pub(crate) fn merge(&mut self, other: &Distinct) {
        match (&mut *self, other) {
            (_, Distinct::Few(hashes)) => hashes.iter().for_each(|hash| self.add_hash(*hash)),
            (Distinct::Few(hashes), Distinct::Many(theirs)) => {
                let mut union = theirs.clone();
                hashes.iter().for_each(|hash| insert(&mut union, *hash));
                *self = Distinct::Many(union);
            }
            // Both have 2^PRECISION registers, so they can be united.
            (Distinct::Many(ours), Distinct::Many(theirs)) => ours.union(theirs).unwrap_or_default(),
        }
    }

    /// How many: exact up to 512, an estimate beyond.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Distinct::Few(hashes) => hashes.len() as u64,
            Distinct::Many(sketch) => (sketch.count() as u64).max(EXACT as u64 + 1),
        }
    }

    /// Whether [`Distinct::count`] is exact.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self, Distinct::Few(_))
    }
}

fn sketch(hashes: &[u64]) -> HyperLogLog {
    let mut sketch = HyperLogLog::with_hasher(PRECISION, DefaultHasher::seeded(&KEY));
    hashes.iter().for_each(|hash| insert(&mut sketch, *hash));
    sketch
}

fn insert(sketch: &mut HyperLogLog, hash: u64) {
    // The registers count the zeros at the end; the highest bits choose the register. A bit between them ends the
    // count within the table of powers that the crate has.
    sketch.insert_hash(hash | 1 << 50);
}
