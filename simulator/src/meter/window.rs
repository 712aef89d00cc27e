//! What was read within the last seconds, whenever they begin, in little room.

use std::collections::VecDeque;

/// In microseconds.
pub(super) const SECOND: u64 = 1_000_000;

/// What was read within the last `LONG` microseconds.
#[derive(Debug, Default)]
pub(super) struct Window<const LONG: u64> {
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

impl<const LONG: u64> Window<LONG> {
    /// Reads nearer together than this are remembered as one, at the time of the last, so that there are at most 10,000
    /// entries. They are remembered too long by that much, never too short.
    pub(super) const GRAIN: u64 = LONG / 10_000;

    /// The reads granted in the time up to `now`.
    pub(super) fn taken(&mut self, now: u64) -> u64 {
        while let Some(old) = self
            .reads
            .pop_front_if(|reads| reads.last.saturating_add(LONG) <= now)
        {
            self.sum -= old.number;
        }
        self.sum
    }

    /// Grants some more.
    pub(super) fn take(&mut self, now: u64, number: u64) {
        self.sum = self.sum.saturating_add(number);
        match self.reads.back_mut() {
            Some(reads) if now < reads.first.saturating_add(Self::GRAIN) => {
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

    /// Strict by a grain at most: never less than the time held, never more than a grain more than that.
    fn holds_what_was_read_in_it<const LONG: u64>(reads: Vec<(u64, u64)>) {
        let (mut window, mut now, mut all) = (Window::<LONG>::default(), 0, Vec::new());
        for (pause, number) in reads {
            now += pause;
            window.take(now, number);
            all.push((now, number));
            let since = |time: u64| -> u64 {
                let late = all.iter().filter(|(at, _)| at + time > now);
                late.map(|(_, number)| number).sum()
            };
            let strict = since(LONG)..=since(LONG + Window::<LONG>::GRAIN);
            assert!(strict.contains(&window.taken(now)), "{strict:?}");
        }
    }

    proptest! {
        #[test]
        fn a_window_holds_what_was_read_in_it(reads in prop::collection::vec((0..1_500u64, 0..9u64), 0..3_000)) {
            holds_what_was_read_in_it::<SECOND>(reads.clone());
            holds_what_was_read_in_it::<{ 10 * SECOND }>(
                reads.into_iter().map(|(pause, number)| (10 * pause, number)).collect(),
            );
        }
    }

    #[test]
    fn many_small_reads_are_remembered_in_little_room() {
        let mut window = Window::<SECOND>::default();
        for now in 0..2 * SECOND {
            window.taken(now);
            window.take(now, 1);
        }
        assert!(window.reads.len() as u64 <= SECOND / Window::<SECOND>::GRAIN + 1);
    }
}
