//! The parts, brought up for real: what the other test suites rely on is proved here.
#![allow(clippy::unwrap_used)]

mod embeddings; // what a real model makes of texts
mod emulator; // a document there and back, and a project of one's own
mod postgres; // starting, restarting, running out of disk, and ending with the owner
mod process; // what a program sees, says, and how it ends
mod proxy; // faults exactly where they were asked for
mod seam; // strikes at any step of a program
