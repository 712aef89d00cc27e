//! Firestore's laws, stated once and asked of two places: the official emulator, which is the judge, and the simulator,
//! which must not be told apart from it except where a law says why.
//!
//! ```sh
//! cargo test --release --workspace --test laws               # all laws in both places
//! cargo test --release --workspace --test laws cursor        # those with "cursor" in their name
//! LAWS_AT=emulator cargo test --release --workspace --test laws
//! ```
//! It ends with a table, the differences with their reasons, and 1 as exit code if a law failed where it must hold.

mod ask; // queries, built
mod expect; // what a law compares
mod law; // a law, and where it holds
mod make; // documents, values and writes, built
mod place; // a fresh project of a server, and the calls
mod report; // the table
mod watch; // a Listen stream, told as events

mod aggregation; // RunAggregationQuery: COUNT
mod batch_write; // BatchWrite
mod collections; // ListCollectionIds
mod commit; // Commit: what it does to documents
mod conditions; // Commit: all or nothing, and preconditions
mod cursors; // RunQuery: cursors, limits, offsets
mod fields; // what a document may hold, and how it comes back
mod get; // GetDocument, BatchGetDocuments
mod limits; // names, sizes and depths that are allowed and refused
mod list; // ListDocuments
mod listen; // Listen: a target from ADD to REMOVE
mod listen_changes; // Listen: what is told of commits
mod listen_resume; // Listen: going on after a break
mod order; // RunQuery: what it ranges over, and in which order
mod partition; // PartitionQuery
mod single; // CreateDocument, UpdateDocument, DeleteDocument
mod snapshots; // reading the past
mod stream; // RunQuery: the messages of an answer
mod transforms; // Commit: values the server works out

use law::{Law, Server};
use report::Report;
use std::process::ExitCode;

fn laws() -> Vec<Law> {
    let by_method = [
        order::laws(),
        cursors::laws(),
        stream::laws(),
        snapshots::laws(),
        aggregation::laws(),
        partition::laws(),
        collections::laws(),
        list::laws(),
        get::laws(),
        commit::laws(),
        conditions::laws(),
        transforms::laws(),
        batch_write::laws(),
        single::laws(),
        fields::laws(),
        limits::laws(),
        listen::laws(),
        listen_changes::laws(),
        listen_resume::laws(),
    ];
    by_method.into_iter().flatten().collect()
}

/// What `cargo test` may hand over: options are accepted and have no effect, a word is a filter.
struct Wanted {
    words: Vec<String>,
    list: bool,
}

impl Wanted {
    fn read(mut arguments: impl Iterator<Item = String>) -> Wanted {
        let mut wanted = Wanted {
            words: Vec::new(),
            list: false,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => wanted.list = true,
                "--test-threads" | "--skip" | "--format" | "--color" | "--logfile" | "--shuffle-seed"
                | "-Z" => {
                    arguments.next();
                }
                option if option.starts_with('-') => {}
                _ => wanted.words.push(argument),
            }
        }
        wanted
    }

    fn wants(&self, law: &Law) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| law.name().contains(word.as_str()))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let wanted = Wanted::read(std::env::args().skip(1));
    let laws: Vec<Law> = laws().into_iter().filter(|law| wanted.wants(law)).collect();
    if wanted.list {
        laws.iter().for_each(|law| println!("{}: test", law.name()));
        return ExitCode::SUCCESS;
    }
    if laws.is_empty() {
        println!("no law has such a name");
        return ExitCode::SUCCESS;
    }
    let servers: &[Server] = match std::env::var("LAWS_AT").as_deref() {
        Ok("emulator") => &[Server::Emulator],
        Ok("simulator") => &[Server::Simulator],
        _ => &[Server::Emulator, Server::Simulator],
    };
    let report = Report::new(&laws);
    tokio::select! {
        () = law::ask_all(&laws, servers, &report) => {}
        // Without a time limit of their own, laws that wait for an answer are told when the patience of others ends.
        () = interrupted() => println!("\ninterrupted: laws that have not been answered yet count as failed"),
    }
    report.print(servers)
}

async fn interrupted() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(_) => return std::future::pending().await,
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
