//! Directories that were damaged: refused with what to do about it, or standing where they once stood.
#![allow(clippy::unwrap_used)]

mod campaign;
mod damage; // what may happen to files
mod history; // directories that were written to, and everything they ever said
mod judge; // whether a damaged directory tells the truth
