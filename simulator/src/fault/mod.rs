//! What goes wrong, when, and how often.
//!
//! A [`Plan`] holds rules, each a [`Fault`]; [`Faults`] decides by it, when a call begins, what will befall the call.
//! A rule's decision for its n-th matching call depends on the plan's seed, the rule's number and n, and on nothing
//! else, so that a seed replays. Carrying the decision out is left to those who answer calls.

mod course; // what will befall one call
mod dice; // decisions from a seed
mod faults; // the plan that holds, and what it did so far
mod forms; // what values in a file may look like
mod method; // the calls there are
mod page; // a file while it is read
mod plan; // rules, built in code
mod preset; // plans that are ready
mod read; // rules, read from a file
mod strike; // the things that can go wrong
mod time; // durations as people write them
mod words; // statuses in Google's words
mod write; // rules, written to a file

pub(crate) use course::{Blow, Course, Cut, Watch};
pub(crate) use dice::{Dice, Roll};
pub(crate) use faults::{Call, HOUR, WEEK};
pub use faults::{Faults, Struck};
pub use jiff::SignedDuration;
pub use method::Method;
pub use page::{Problem, Problems};
pub use plan::{Fault, Plan};
pub use strike::Strike;
pub(crate) use time::read_duration;
pub(crate) use words::{datastore_mode, quota_exceeded};

#[cfg(test)]
mod tests;
