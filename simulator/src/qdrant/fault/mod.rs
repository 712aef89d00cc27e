//! What goes wrong, when, and how often: a plan of rules, in Qdrant's words.
//!
//! A rule's decision for its n-th matching call depends on the plan's seed, the rule's number and n, and on nothing
//! else, so that a seed replays.

mod faults; // the plan that holds, and what it did so far
mod lie; // pages that are not true
mod plan; // rules, built in code or read from a file
mod strike; // the things that can go wrong

pub use faults::Struck;
pub(super) use faults::{Call, Faults};
pub(super) use lie::Wrong;
pub use plan::{Fault, Plan};
pub use strike::Strike;
pub(super) use strike::exhausted;
