//! The laws of reading Qdrant, against a Qdrant of our own: every point once, whatever happens on the way.
#![allow(clippy::unwrap_used, missing_docs)]

mod answers; // what is asked before a run
mod changes; // points written and deleted while a lane is read
mod encryption; // certificates
mod faults; // everything that goes wrong, at every call
mod points; // every point once, for every kind of id, shard key and cut
mod shards; // shards read one by one
mod sizes; // pages, batches and memory
mod stage; // a server, a source and a lane
