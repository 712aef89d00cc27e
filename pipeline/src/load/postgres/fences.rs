//! The fences that lanes are held under.

use super::Held;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// No lane is ever held under it.
const NONE: i64 = -1;

/// The fence of each lane that this process holds; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Fences(Arc<Mutex<BTreeMap<u32, i64>>>);

impl Fences {
    fn held(&self) -> MutexGuard<'_, BTreeMap<u32, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `lane` is held under `fence` from here on.
    pub(crate) fn raise(&self, lane: u32, fence: i64) {
        self.held().insert(lane, fence);
    }

    /// `lane` is not held any more.
    pub(crate) fn lower(&self, lane: u32) {
        self.held().remove(&lane);
    }

    /// The lanes that are held.
    pub(crate) fn lanes(&self) -> Vec<u32> {
        self.held().keys().copied().collect()
    }

    /// The fence of `lane`; one that changes nothing where it is not held.
    pub(super) fn of(&self, lane: u32) -> i64 {
        self.held().get(&lane).copied().unwrap_or(NONE)
    }
}

impl From<Vec<Held>> for Fences {
    /// The lanes of a plan, in its order.
    fn from(held: Vec<Held>) -> Fences {
        let fences = (0..).zip(held).map(|(lane, held)| (lane, held.fence)).collect();
        Fences(Arc::new(Mutex::new(fences)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_holds_from_when_it_is_raised_until_it_is_lowered() {
        let fences = Fences::default();
        let shared = fences.clone();
        fences.raise(3, 7);
        fences.raise(5, 2);
        assert_eq!((shared.of(3), shared.lanes()), (7, vec![3, 5]));
        shared.lower(3);
        assert_eq!((fences.of(3), fences.lanes()), (NONE, vec![5]));
        assert!(fences.of(5) > NONE);
    }
}
