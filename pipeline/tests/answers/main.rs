//! Firestore read through answers that may each be wrong in every way there is: what comes out is what lies in it, or a
//! fault that says why not.
#![allow(clippy::unwrap_used)]

mod campaign;
mod granted; // what an answer did not bring, granted again
mod reading; // a plan, and its lanes read side by side, let go of and taken up again
mod truth; // what lies in the database: known to the one who made it up
mod weather; // what goes wrong, and how often
