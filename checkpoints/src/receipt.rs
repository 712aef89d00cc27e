//! Proof that a span is durable, and what it held.

use crate::Span;
use crate::position::Position;
use std::ops::AddAssign;

/// What became of the documents of a span. `read = loaded + quarantined + skipped`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Documents read.
    pub read: u64,
    /// Documents that are rows now.
    pub loaded: u64,
    /// Documents kept in quarantine with their reason.
    pub quarantined: u64,
    /// Documents left alone on purpose: the target already held a newer version.
    pub skipped: u64,
    /// Bytes of the documents as they came over the wire.
    pub bytes: u64,
    /// Reads the source bills for them, repeated reads after a broken stream included.
    pub billed: u64,
}

impl Tally {
    /// Whether every document read is in exactly one place.
    pub fn adds_up(&self) -> bool {
        self.read == self.loaded + self.quarantined + self.skipped
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.read += other.read;
        self.loaded += other.loaded;
        self.quarantined += other.quarantined;
        self.skipped += other.skipped;
        self.bytes += other.bytes;
        self.billed += other.billed;
    }
}

/// Where a lane stands and what it has done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The last durable position.
    pub position: Position,
    /// Sums over all receipts of the lane.
    pub tally: Tally,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            position: Position::Start,
            tally: Tally::default(),
        }
    }
}

/// Proof that a span is durable in the target. Only a loader makes one, after its COMMIT returned (or after
/// it read back that the lost answer was a yes).
#[must_use = "a lane moves only when its receipt is handed in"]
#[derive(Debug)]
pub struct Receipt {
    span: Span,
    tally: Tally,
}

impl Receipt {
    /// To be called by a loader once the transaction holding `span` is known to be committed.
    pub fn after_commit(span: Span, tally: Tally) -> Self {
        Receipt { span, tally }
    }

    /// The stretch that is durable.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// What it held.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Tally = Tally {
        read: 60,
        loaded: 10,
        quarantined: 20,
        skipped: 30,
        bytes: 400,
        billed: 5_000,
    };

    #[test]
    fn it_adds_up_when_each_document_read_is_in_one_place() {
        assert!(ALL.adds_up() && Tally::default().adds_up());
        for wrong in [
            Tally { read: 61, ..ALL },
            Tally { loaded: 9, ..ALL },
            Tally {
                quarantined: 19,
                ..ALL
            },
            Tally { skipped: 29, ..ALL },
        ] {
            assert!(!wrong.adds_up(), "{wrong:?}");
        }
    }

    #[test]
    fn sums_are_made_field_by_field() {
        let mut sum = ALL;
        sum += Tally {
            read: 6,
            loaded: 1,
            quarantined: 2,
            skipped: 3,
            bytes: 40,
            billed: 500,
        };
        let added = Tally {
            read: 66,
            loaded: 11,
            quarantined: 22,
            skipped: 33,
            bytes: 440,
            billed: 5_500,
        };
        assert_eq!(sum, added);
    }
}
