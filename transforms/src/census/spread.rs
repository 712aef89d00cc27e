//! How large a thing was: smallest, largest, and all of them together.

/// Sizes of things of one sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    /// How many things.
    pub(crate) count: u64,
    /// The smallest; 0 where there is none.
    pub(crate) least: u64,
    /// The largest.
    pub(crate) most: u64,
    /// All together.
    pub(crate) total: u64,
}

impl Spread {
    pub(crate) fn add(&mut self, size: u64) {
        self.merge(Spread {
            count: 1,
            least: size,
            most: size,
            total: size,
        });
    }

    pub(crate) fn merge(&mut self, other: Spread) {
        if other.count == 0 {
            return;
        }
        self.least = if self.count == 0 {
            other.least
        } else {
            self.least.min(other.least)
        };
        self.most = self.most.max(other.most);
        self.count += other.count;
        self.total += other.total;
    }

    /// The mean, rounded.
    pub(crate) fn mean(&self) -> u64 {
        (self.total + self.count / 2).checked_div(self.count).unwrap_or(0)
    }
}
