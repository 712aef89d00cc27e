//! Who watches: whoever asks for the metrics again and again sees the last of them before the process is gone.
//!
//! A run of which nobody saw that its last lanes have ended looks, from outside, like one that died.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Pauses that tell how often somebody asks. Where there are two who do, some of them are short.
const PAUSES: usize = 4;
/// Nobody who asks more rarely is waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// When the page was asked for; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched(Arc<Mutex<VecDeque<Instant>>>);

impl Watched {
    /// Somebody asks at this moment.
    pub(crate) fn note(&self, now: Instant) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push_back(now);
        while asked.len() > PAUSES + 1 {
            asked.pop_front();
        }
    }

    /// How long it takes until everybody who asks has asked once more: the longest of the last pauses and half of it, for
    /// nobody is quite on time. None at all where nobody has asked twice.
    fn pause(&self) -> Duration {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pauses = asked.iter().zip(asked.iter().skip(1));
        let longest = pauses.map(|(one, next)| *next - *one).max();
        longest
            .map_or(Duration::ZERO, |longest| longest * 3 / 2)
            .min(LONGEST)
    }

    /// Returns when everybody who watches has seen what there is to see by now.
    pub(crate) async fn last_look(&self) {
        tokio::time::sleep(self.pause()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_again_and_again_is_waited_for_and_nobody_else() {
        let watched = Watched::default();
        let start = Instant::now();
        let seconds = Duration::from_secs;
        assert_eq!(watched.pause(), Duration::ZERO);
        for (at, wait) in [
            (0, 0),
            (10, 15),
            (20, 15),
            (21, 15),
            (22, 15),
            (23, 15),
            (24, 1),
            (44, 30),
            (144, 60),
        ] {
            watched.note(start + seconds(at));
            assert_eq!(watched.pause().as_secs(), wait, "after {at} s");
        }
    }
}
