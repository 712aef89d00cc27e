//! The way of the data: source → transform → load → checkpoint.
//!
//! A run begins where Postgres says it stands ([`recovery`]), or makes its plan once ([`planning`], [`plan`]).
//! Its lanes are worked several at a time ([`supervisor`]); in each, three stages hand batches on over channels
//! that hold one ([`lane`]): a [`source`] reads documents as bytes, [`pack`] turns them into rows or puts them
//! aside with a reason, [`load`] commits rows, quarantine and position in one transaction and gives back the
//! receipt that moves the checkpoint. Memory ([`room`]), reads a second ([`quota`]) and attempts ([`retry`]) are
//! limited for all lanes together. Nothing counts as done before the sums add up ([`finish`]).

/// The target of spans that say of which run and which lane an event is.
pub const CONTEXT: &str = "context";
/// The target of spans that say what a stage does with a batch.
pub const TRACE: &str = "trace";

pub mod breaker;
pub mod budget;
mod cgroup;
pub mod check;
pub mod dictionary;
pub mod embed;
mod embedding;
pub mod export;
pub mod fault;
pub mod finish;
pub mod forecast;
pub mod init;
pub mod lane;
pub mod lanes;
pub mod load;
pub mod metrics;
pub mod pack;
pub mod parity;
pub mod plan;
pub mod planning;
pub mod progress;
pub mod quota;
mod record;
pub mod recovery;
pub mod redrive;
pub mod retry;
pub mod room;
pub mod run;
pub mod source;
pub mod stop;
pub mod store;
pub mod supervisor;
pub mod survey;
pub mod sweep;
mod trust;
pub mod verify;
mod workers;
