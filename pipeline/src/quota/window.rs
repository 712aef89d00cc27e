//! How many reads may be asked for now: no more than fit into a second, and spread over it.
//!
//! A read counts from the moment it is granted until a second after the latest moment it can have been billed at. So no
//! second holds more than are allowed, wherever it begins, and whether the source counts reads or who reads. What every
//! answer takes at least lies between granting and billing or between billing and arriving, and shifts all reads alike:
//! it is left out, or reading from far away would be slower. A bucket beside it spreads reads over the second.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
/// Reads nearer together than this are remembered as one, too long by so much and never too short.
const GRAIN: Duration = Duration::from_millis(1);
/// A wait that ends when somebody gives reads back, or makes them.
const NOTICE: Duration = Duration::from_secs(1);

/// How many reads somebody wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    /// So many.
    Exactly(u32),
    /// A page, which takes what is there, up to so many.
    Page(u32),
}

/// What was read within the last second, and what may be on its way.
#[derive(Debug)]
pub(super) struct Window {
    /// Granted, and not answered yet.
    open: u64,
    /// Answered, and the latest moment they can have been billed at, oldest first.
    past: VecDeque<(Instant, u64)>,
    /// Sum of `past`.
    answered: u64,
    /// What the bucket holds; less than nothing where more was granted at once.
    level: f64,
    filled: Instant,
    /// The shortest time that any answer took to begin.
    least: Option<Duration>,
}

impl Window {
    pub(super) fn new(now: Instant) -> Window {
        Window {
            open: 0,
            past: VecDeque::new(),
            answered: 0,
            level: f64::INFINITY,
            filled: now,
            least: None,
        }
    }

    /// Grants reads, or says after which time to ask again.
    pub(super) fn grant(&mut self, rate: f64, wanted: Wanted, now: Instant) -> Result<u32, Duration> {
        self.turn(rate, now);
        let (least, most) = match wanted {
            Wanted::Exactly(reads) => (reads, reads),
            Wanted::Page(most) => (least_page(rate).min(most), largest_page(rate).min(most)),
        };
        let taken = self.open + self.answered;
        let free = (rate as u64).saturating_sub(taken);
        // What never fits goes when nothing else is there.
        if u64::from(least) > free && taken > 0 {
            return Err(self
                .past
                .front()
                .map_or(NOTICE, |(at, _)| (*at + SECOND).duration_since(now))
                .max(GRAIN));
        }
        let needed = f64::from(least.min(largest_page(rate)));
        if self.level < needed {
            return Err(Duration::from_secs_f64((needed - self.level) / rate).max(GRAIN));
        }
        let there = u32::try_from(free).unwrap_or(u32::MAX).min(self.level as u32);
        let granted = there.clamp(least, most);
        self.level -= f64::from(granted);
        self.open += u64::from(granted);
        Ok(granted)
    }

    /// So many of the reads granted at `granted` were answered by now.
    pub(super) fn answered(&mut self, reads: u64, granted: Instant, now: Instant) {
        self.open -= reads;
        self.billed(
            reads,
            now.checked_sub(self.least.unwrap_or_default())
                .map_or(granted, |at| at.max(granted)),
        );
    }

    /// An answer began so long after it was asked for.
    pub(super) fn began(&mut self, after: Duration) {
        self.least = Some(self.least.map_or(after, |least| least.min(after)));
    }

    /// So many of the reads that were granted are not made.
    pub(super) fn give_back(&mut self, reads: u64) {
        self.open -= reads;
        self.level += reads as f64;
    }

    /// The source billed reads that nobody could ask for, for nobody knew how many.
    pub(super) fn owe(&mut self, reads: u64, now: Instant) {
        self.level -= reads as f64;
        self.billed(reads, now);
    }

    fn billed(&mut self, reads: u64, at: Instant) {
        self.answered += reads;
        match self.past.back_mut() {
            // Never earlier than what is there: what is remembered too long is safe.
            Some((last, number)) if at <= *last => *number += reads,
            _ => self.past.push_back((at + GRAIN, reads)),
        }
    }

    /// Reads that may have been billed within the last second, or still are.
    pub(super) fn held(&mut self, now: Instant) -> u64 {
        self.forget(now);
        self.open + self.answered
    }

    /// Forgets what is older than a second.
    fn forget(&mut self, now: Instant) {
        while let Some((_, reads)) = self.past.pop_front_if(|(at, _)| *at + SECOND <= now) {
            self.answered -= reads;
        }
    }

    /// Forgets what is older than a second, and fills the bucket.
    fn turn(&mut self, rate: f64, now: Instant) {
        self.forget(now);
        let come = now.duration_since(self.filled).as_secs_f64() * rate;
        self.level = (self.level + come).min(f64::from(largest_page(rate)));
        self.filled = now;
    }
}

/// An eighth of a second's worth: what one request may ask for, and what may be made at once.
pub(super) fn largest_page(rate: f64) -> u32 {
    ((rate / 8.0) as u32).max(1)
}

/// What a page waits for: little, for half of it stands unused on average; and worth a request.
fn least_page(rate: f64) -> u32 {
    ((rate / 128.0) as u32).max(8).min(largest_page(rate))
}
