//! How far a run got.
//!
//! A lane moves only by handing in a [`Receipt`], a receipt exists only after a loader's COMMIT returned,
//! and a store refuses a receipt that does not start exactly where the lane stands: the wrong order cannot
//! be written. What a document is, and what a plan says, this crate leaves to its users; where Postgres and
//! a store disagree, Postgres is right and [`CheckpointStore::adopt`] says so. Beside the bookmark lies what was
//! paid for and need not be paid for again: a [`VectorCache`].

mod access;
mod encoding;
mod holder;
pub mod laws;
mod memory;
mod position;
mod receipt;
mod rocks;
mod store;
mod unending;
mod vectors;

pub use access::is_open_to_all;
pub use holder::holder;
pub use memory::Memory;
pub use position::{LaneId, Position, Span, Token};
pub use receipt::{Progress, Receipt, Tally};
pub use rocks::{OpenError, Rocks};
pub use store::{CheckpointError, CheckpointStore};
pub use vectors::{Digest, VectorCache, Vectors};
