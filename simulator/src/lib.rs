//! A Firestore that obeys the laws, runs fast, and misbehaves on demand.
//!
//! It speaks google.firestore.v1 over gRPC, and the part of its REST interface that reads and writes documents, on one
//! port. What lies in a database is made on the fly from a seed ([`dataset`]), and what is written lies on top with
//! every version it ever had. How it misbehaves stands in a [`fault::Plan`], which may be changed while it runs. What
//! it behaves like is held by one suite of laws that runs against it and against the official emulator.

mod clock;
mod control; // pages for programs that drive it
mod database; // documents: generated ones below, written ones on top, as of any moment
pub mod dataset; // what lies in a database before anybody wrote to it
pub mod fault; // what goes wrong, when, and how often
mod grpc; // messages, streams and statuses as the wire has them
mod meter; // what is billed, and how much may be read
mod path;
pub mod qdrant; // the other source: points instead of documents
mod rest; // the same methods as JSON

mod server; // connections, and what can happen to them
mod service; // the methods
mod simulator; // all of it, running
mod state; // what the methods share

pub use clock::{Clock, Moment};
pub use meter::Bill;
pub use path::{BadName, Id, Path};
pub use simulator::{Options, Simulator};
