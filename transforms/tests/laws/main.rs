//! The laws of the public functions, on arbitrary documents: nothing is lost, nothing panics, everyone agrees.
#![allow(clippy::unwrap_used)]

mod arbitrary;
mod campaign;
mod decoding;
mod direct;
mod expectations;
mod mapped;
mod mappings;
mod packing;
mod points;
mod proposing;
mod rebuilding;
mod rebuilt;
mod reference;
mod rest;
mod rules;
mod sent;
mod tagged_json;
mod tuple;
