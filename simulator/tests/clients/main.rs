//! Applications can use the simulator: the crate `firestore`, unchanged, and Google's own client for Node, told nothing
//! but FIRESTORE_EMULATOR_HOST, read from it exactly what the generator says lies there, document by document and value
//! by value, write to it, and listen to it. Each promise is kept to both clients.

#![allow(clippy::unwrap_used)]

mod errand; // what a client is to do, and its program
mod oracle; // what lies in the database
mod rust; // the crate's program; client.js is Node's
mod spelling; // documents as lines
mod watching; // the crate's listener, told like Node's

mod faults; // what clients make of streams that break
mod reads; // all documents of a place
mod singles; // documents, collections, writes
mod stage; // a simulator and a client

/// One test for each client.
macro_rules! kept_to_both {
    ($($promise:path as $name:ident),* $(,)?) => {
        mod node { $(#[tokio::test] async fn $name() { $promise(crate::errand::Client::Node).await.unwrap() })* }
        mod the_crate { $(#[tokio::test] async fn $name() { $promise(crate::errand::Client::Rust).await.unwrap() })* }
    };
}

kept_to_both! {
    crate::reads::pages as pages_are_whole_and_in_order,
    crate::reads::streams as streams_are_whole_and_in_order,
    crate::reads::partitions as partitions_are_whole_and_hold_no_document_twice,
    crate::reads::counts as counts_are_right,
    crate::reads::projections as projections_hold_the_fields_asked_for,
    crate::singles::collections as collections_are_named,
    crate::singles::lists as lists_are_whole,
    crate::singles::gets as documents_are_found_by_name,
    crate::singles::copies as what_is_written_is_read_back,
    crate::singles::watches as a_listener_sees_what_is_there_then_changes_then_deletions,
}
