//! Children shared out evenly among parents, so that any child's parent and any parent's children are a division away.
//!
//! Parent `p` has `floor((p + 1) n / P) - floor(p n / P)` of `n` children; sums of that are `floor(p n / P)`.

use std::ops::Range;

/// So many children among so many parents, both in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) parents: u64,
    pub(super) children: u64,
}

impl Spread {
    /// The first child of `parent`, and so the number of children of all parents before it.
    pub(super) fn start(&self, parent: u64) -> u64 {
        let share = u128::from(parent) * u128::from(self.children);
        narrow(share.checked_div(u128::from(self.parents)).unwrap_or(0))
    }

    /// The children of `parent`.
    pub(super) fn of(&self, parent: u64) -> Range<u64> {
        self.start(parent)..self.start(parent + 1)
    }

    /// The parent of `child`: the first one up to whose end more than `child` children lie.
    pub(super) fn parent(&self, child: u64) -> u64 {
        let share = (u128::from(child) + 1) * u128::from(self.parents);
        narrow(share.div_ceil(u128::from(self.children.max(1)))).saturating_sub(1)
    }
}

/// What is never more than a number of parents or of children.
fn narrow(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_child_is_one_of_its_parents_children(parents in 1_u64..1 << 40, children in 1_u64..1 << 40, at: u64) {
            let spread = Spread { parents, children };
            let child = at % children;
            let parent = spread.parent(child);
            prop_assert!(parent < parents);
            prop_assert!(spread.of(parent).contains(&child));
        }

        #[test]
        fn shares_differ_by_one_at_most_and_none_is_lost(parents in 1_u64..200, children in 0_u64..2_000) {
            let spread = Spread { parents, children };
            let even = children / parents;
            let mut next = 0;
            for parent in 0..parents {
                let share = spread.of(parent);
                prop_assert_eq!(share.start, next);
                prop_assert!((even..=even + 1).contains(&(share.end - share.start)));
                next = share.end;
            }
            prop_assert_eq!(next, children);
        }
    }
}
