//! The laws of a lane and of many lanes, with a source and a target that follow a script: order, faults at every
//! place, the memory bound, draining, letting go.
#![allow(clippy::unwrap_used, missing_docs)]

mod laws; // one lane: order, faults, resumption
mod limits; // several lanes: memory, draining, aborting
mod script; // the source and the target
mod told; // what is told of them
mod troubles; // lanes that fail among others
