//! What was read within the last second, whichever second that is, in little room.

use std::collections::VecDeque;

/// In microseconds.
pub(super) const SECOND: u64 = 1_000_000;
/// Reads nearer together than this are remembered as one, at the time of the last, so that a second has at most
/// 10,000 entries. They are remembered too long by that much, never too short.
pub(super) const GRAIN: u64 = 100;

/// What was read within the last second.
#[derive(Debug, Default)]
pub(super) struct Second {
    reads: VecDeque<Reads>,
    sum: u64,
}

/// Reads that came together, times in microseconds.
#[derive(Debug)]
struct Reads {
    first: u64,
    last: u64,
    number: u64,
}

impl Second {
    /// The reads granted in the second up to `now`.
    pub(super) fn taken(&mut self, now: u64) -> u64 {
        while let Some(old) = self
            .reads
            .pop_front_if(|reads| reads.last.saturating_add(SECOND) <= now)
        {
            self.sum -= old.number;
        }
        self.sum
    }

    /// Grants some more.
    pub(super) fn take(&mut self, now: u64, number: u64) {
        self.sum = self.sum.saturating_add(number);
        match self.reads.back_mut() {
            Some(reads) if now < reads.first.saturating_add(GRAIN) => {
                reads.last = reads.last.max(now);
                reads.number = reads.number.saturating_add(number);
            }
            _ => self.reads.push_back(Reads {
                first: now,
                last: now,
                number,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Strict by a grain at most: never less than the second held, never more than a grain more than that.
        #[test]
        fn a_second_holds_what_was_read_in_it(reads in prop::collection::vec((0..1_500u64, 0..9u64), 0..3_000)) {
            let (mut second, mut now, mut all) = (Second::default(), 0, Vec::new());
            for (pause, number) in reads {
                now += pause;
                second.take(now, number);
                all.push((now, number));
                let since = |time: u64| all.iter().filter(move |(at, _)| at + time > now).map(|(_, n)| n).sum::<u64>();
                prop_assert!((since(SECOND)..=since(SECOND + GRAIN)).contains(&second.taken(now)));
            }
        }
    }

    #[test]
    fn many_small_reads_are_remembered_in_little_room() {
        let mut second = Second::default();
        for now in 0..2 * SECOND {
            second.taken(now);
            second.take(now, 1);
        }
        assert!(second.reads.len() as u64 <= SECOND / GRAIN + 1);
    }
}
