//! The laws of the whole tool, on real parts: the binary, PostgreSQL with pgvector, the Firestore emulator.
#![allow(clippy::unwrap_used, missing_docs)]

mod campaign; // runs of every shape, made difficult in one way, from seeds
mod check; // before anything is touched: would a run work? every failure on purpose, in its own words
#[path = "../checkpoints/tests/torn/damage.rs"]
mod damage; // shared with the laws of the directory itself
mod deploy; // rules, runbook and board beside the tool ask for what it tells
mod encryption; // certificates that hold and certificates that do not
mod faults; // cut anywhere: before COMMIT, after it, in the middle of a row, in the middle of a document
mod kills; // killed a hundred times: 0 lost, 0 doubled, 0 altered
mod metrics; // what Prometheus sees is what happened, and a quota is kept
mod operator; // what a tired person is told: the words, the exit code, and nothing half-done
mod pooler; // nothing is kept on a connection, for a pooler hands out others'
mod qdrant; // a Qdrant, moved whole: points that change meanwhile, kills, and searches that answer the same
mod recovery; // another run, another process, another day: gone on with or refused, never mixed
mod refusals; // what cannot be stored is put aside, with the reason; too much of it stops the run
mod security; // strangers: no secret is told, no name obeyed, no shape too much, nobody believed without a certificate
mod shaped; // what a person makes of `etl init`: an edited mapping, loaded, looked at, and turned back
mod simulated; // a Firestore that misbehaves: every fault there is, one at a time and all together
mod steps; // stopped at every step that lasts, by its name
mod support; // servers shared by all tests, a fresh project and database for each
mod tidy; // rules of the house that a compiler does not keep
mod whole; // every document of an application arrives, and nothing else
