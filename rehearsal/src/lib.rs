//! Brings the real parts up on this machine: PostgreSQL with pgvector, the official Firestore emulator,
//! a proxy that fails on demand, and an application's data with its own judge; and tries laws on many cases from seeds.
//! Everything started here ends with the process that started it, however that process ends.
//! It knows nothing of the product; tests, benches and the demo put the two together.

pub mod application;
pub mod campaign;
pub mod embeddings;
pub mod emulator;
pub mod judge;
mod keeper;
pub mod machines;
pub mod parts;
pub mod pooler;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod rest;
pub mod seam;
pub mod tls;
mod unique;
