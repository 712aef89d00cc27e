//! The laws of the whole tool, on real parts: the binary, PostgreSQL with pgvector, the Firestore emulator.
#![allow(clippy::unwrap_used, missing_docs)]

mod support; // servers shared by all tests, a fresh project and database for each
mod whole; // every document of an application arrives, and nothing else
