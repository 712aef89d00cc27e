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
