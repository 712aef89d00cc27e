//! What numbers, texts and moments had in common.
//! Only what the schema may hang on is counted: ranges, looks, what PostgreSQL could not take.

use super::Spread;
use super::style::{self, STYLES, Style};
use crate::Timestamp;

/// Beyond this not every integer is a double.
const EXACT: u64 = 1 << 53;
/// Longer texts do not fit into a btree index: a third of a page.
pub(crate) const LONGEST_KEY: usize = 2704;
/// The years 2000 to 2100, in seconds since 1970.
const PLAUSIBLE: std::ops::RangeInclusive<i64> = 946_684_800..=4_102_444_800;

/// Units that a number of an epoch may count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Epoch {
    Seconds,
    Millis,
    Micros,
}

/// What integers and doubles had in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Numbers {
    /// The smallest and the largest integer.
    pub(crate) integers: Option<(i64, i64)>,
    /// Integers that a double does not tell from their neighbours.
    pub(crate) inexact: u64,
    /// Doubles without a fraction.
    pub(crate) integral: u64,
    /// Doubles that 32 bits hold as well.
    pub(crate) single: u64,
    /// NaN and the infinities.
    pub(crate) not_finite: u64,
    /// Numbers that could be a moment, by unit.
    epochs: [u64; 3],
}

impl Numbers {
    pub(crate) fn integer(&mut self, integer: i64) {
        let (least, most) = self.integers.unwrap_or((integer, integer));
        self.integers = Some((least.min(integer), most.max(integer)));
        self.inexact += u64::from(integer.unsigned_abs() > EXACT);
        self.epoch(integer);
    }

    pub(crate) fn double(&mut self, double: f64) {
        if !double.is_finite() {
            self.not_finite += 1;
            return;
        }
        self.single += u64::from(f64::from(double as f32).to_bits() == double.to_bits());
        if double.fract() == 0.0 {
            self.integral += 1;
            // A cast of a float ends at the ends of the integers.
            self.epoch(double as i64);
        }
    }

    fn epoch(&mut self, number: i64) {
        for (count, unit) in self.epochs.iter_mut().zip([1, 1_000, 1_000_000]) {
            *count += u64::from(PLAUSIBLE.contains(&number.div_euclid(unit)));
        }
    }

    /// The unit in which so many of the numbers are moments between 2000 and 2100.
    pub(crate) fn epoch_of(&self, numbers: u64) -> Option<Epoch> {
        let units = [Epoch::Seconds, Epoch::Millis, Epoch::Micros];
        let agreeing = |(count, unit): (&u64, Epoch)| (*count == numbers && numbers > 0).then_some(unit);
        self.epochs.iter().zip(units).find_map(agreeing)
    }

    pub(crate) fn merge(&mut self, other: &Numbers) {
        for integer in other.integers.into_iter().flat_map(|(least, most)| [least, most]) {
            let (least, most) = self.integers.unwrap_or((integer, integer));
            self.integers = Some((least.min(integer), most.max(integer)));
        }
        self.inexact += other.inexact;
        self.integral += other.integral;
        self.single += other.single;
        self.not_finite += other.not_finite;
        self.epochs
            .iter_mut()
            .zip(other.epochs)
            .for_each(|(ours, theirs)| *ours += theirs);
    }
}

/// What texts had in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Texts {
    /// Characters.
    pub(crate) length: Spread,
    styles: [u64; STYLES],
    /// Texts that a btree index cannot take.
    pub(crate) long: u64,
    /// Texts that repeat the document's own id.
    pub(crate) own_id: u64,
}

impl Texts {
    pub(crate) fn add(&mut self, text: &str) {
        self.length.add(text.chars().count() as u64);
        self.styles[style::of(text) as usize] += 1;
        self.long += u64::from(text.len() > LONGEST_KEY);
    }

    /// How many of the texts looked so.
    pub(crate) fn looking(&self, style: Style) -> u64 {
        self.styles[style as usize]
    }

    pub(crate) fn merge(&mut self, other: &Texts) {
        self.length.merge(other.length);
        self.styles
            .iter_mut()
            .zip(other.styles)
            .for_each(|(ours, theirs)| *ours += theirs);
        self.long += other.long;
        self.own_id += other.own_id;
    }
}

/// What moments had in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Moments {
    /// The first and the last.
    pub(crate) range: Option<(Timestamp, Timestamp)>,
    /// Those at the beginning of a day in UTC.
    pub(crate) midnights: u64,
}

impl Moments {
    pub(crate) fn add(&mut self, moment: Timestamp) {
        self.extend(moment);
        self.midnights += u64::from(moment.nanos == 0 && moment.seconds.rem_euclid(86_400) == 0);
    }

    fn extend(&mut self, moment: Timestamp) {
        let (first, last) = self.range.unwrap_or((moment, moment));
        self.range = Some((first.min(moment), last.max(moment)));
    }

    pub(crate) fn merge(&mut self, other: &Moments) {
        if let Some((first, last)) = other.range {
            self.extend(first);
            self.extend(last);
        }
        self.midnights += other.midnights;
    }
}
