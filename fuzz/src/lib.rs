//! The laws of everything in the tool that reads bytes, as functions of bytes: one for each parser.
//!
//! Two callers share them. `make fuzz` has libFuzzer look for bytes that break one, guided by the branches of our code
//! that bytes reach; `make test` plays what it found worth keeping (`corpus/`), and mutations of that from a seed. A law
//! is broken by a panic. What makes and judges documents is that of other suites, shared by its path.
#![forbid(unsafe_code)]

pub mod laws;
mod target;

pub use target::{TARGETS, Target, named};

#[allow(dead_code)]
#[path = "../../transforms/tests/laws/expectations.rs"]
mod expectations;
#[allow(dead_code)]
#[path = "../../transforms/tests/laws/campaign/judge.rs"]
mod judge;
#[allow(dead_code)]
#[path = "../../transforms/tests/laws/mappings/mod.rs"]
mod mappings;
#[allow(dead_code)]
#[path = "../../transforms/tests/laws/rebuilt.rs"]
mod rebuilt;
#[allow(dead_code)]
#[path = "../../transforms/tests/laws/reference.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../transforms/tests/laws/sent.rs"]
mod sent;
