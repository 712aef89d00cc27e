//! Listen over the wire: what a client is told, what it is billed, and what becomes of it when things go wrong.

#![allow(clippy::unwrap_used)]

mod faults; // what befalls a stream on purpose
mod follower; // a client that follows the protocol
mod following; // it ends with what the database has, whatever happens
mod place; // a database, and streams on it
mod protocol; // the order of things, resuming, and the bill
