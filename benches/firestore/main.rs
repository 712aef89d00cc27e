//! What moving documents into PostgreSQL comes to, beside what the machine allows and how others do it: `make bench`.
//!
//! Every way is a process of its own that is measured from outside: so are Firestore, played by the simulator, and
//! PostgreSQL. The ceilings are clients that do half of the work and think about none of it: one takes messages and
//! throws them away, one copies rows that `etl` itself packed into the table that `etl` itself made. Rounds of all ways
//! are interleaved, and medians are told. All parts share this machine, which is the hardest case for whoever decodes
//! and packs; what the ceilings leave to that is told as well.
//!
//! `ETL_DOCUMENTS` says how many documents, `ETL_SIZE` how large they are in KiB (0.2, 0.6, 4 or 64), `ETL_ROUNDS` how
//! often. `-- sizes` asks for what a run costs by the size of documents and by how many there are, `-- starting` for what
//! it takes to start, `-- pacing` for how it does far away and under a quota, `-- workers` for how several do
//! together.

#![allow(clippy::unwrap_used, missing_docs)]

mod bytes; // the ceiling of the source: messages that nobody looks at
mod case; // documents from a seed
#[path = "../common/copying.rs"]
mod copying; // the ceiling of the target: rows that are packed already
#[path = "../common/ends.rs"]
mod ends; // Firestore, PostgreSQL, and what each process costs
#[path = "../common/lanes.rs"]
mod lanes; // lanes worked as a run works them
mod link; // a line to somewhere far away
mod memory; // a source that is in memory
mod moving; // etl itself
mod node; // what others do it with
mod pacing; // far away, and under a quota
mod peers; // how others do it
mod pieces; // parts of etl
mod plot; // lines over sizes
#[path = "../common/process.rs"]
mod process; // what the system counts
#[path = "../common/python.rs"]
mod python; // what others do it with
#[path = "../common/raw.rs"]
mod raw; // messages as the bytes they are
#[path = "../common/report.rs"]
mod report; // the tables
mod sizes; // what a run costs by how much there is
mod starting; // what it takes to start, and to go on
mod workers; // whether eight are eight times as fast as one

use bytes::As;
use case::{COLLECTION, Case};
use copying::Packed;
use ends::Ends;
use moving::Moving;
use peers::Peers;
use pieces::Piece;
use process::number;
use report::{Kind, Table, Way, rounds_of, way};
use std::rc::Rc;

/// As `etl` has it: pieces of it run in this program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` adds a flag that says what everybody knows.
    let words = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench");
    match words.collect::<Vec<_>>()[..] {
        ["sizes"] => sizes::compare(),
        ["drawn", file] => sizes::drawn(file),
        ["starting"] => starting::compare(),
        ["pacing"] => pacing::compare(),
        ["workers"] => workers::compare(),
        [word, documents, size, host, streams] if As::of(word).is_some() => {
            let (case, streams) = (Case::parse(documents, size), streams.parse().unwrap());
            bytes::client(&case, host, streams, As::of(word).unwrap())
        }
        ["copy", url, table, connections, ref files @ ..] => {
            copying::client(url, table, connections.parse().unwrap(), files)
        }
        [word, documents, size, host, url] if Piece::of(word).is_some() => {
            let piece = Piece::of(word).unwrap();
            piece.client(&Case::parse(documents, size), host, url)
        }
        _ => {
            compare();
            starting::compare();
        }
    }
}

fn compare() {
    let size = std::env::var("ETL_SIZE").unwrap_or("0.6".to_owned());
    let case = Case::parse(&number("ETL_DOCUMENTS", 200_000).to_string(), &size);
    let rounds = number("ETL_ROUNDS", 3) as usize;
    let ends = case.ends();
    println!(
        "{}; {}; Firestore played by the simulator",
        process::machine(),
        ends.told()
    );
    let peers = Peers::found();
    let rows = rounds_of(&ways(&ends, &case, &peers), rounds);
    let table = Table {
        heading: case.told(),
        records: "documents",
        bytes: case.bytes(),
        rows: &rows,
    };
    table.print();
}

/// All ways to move the documents of `case`.
fn ways<'a>(ends: &'a Ends, case: &'a Case, peers: &'a Peers) -> Vec<Way<'a>> {
    let url = ends.database();
    Moving::LOAD.into(ends, case, &url);
    let packed = Rc::new(Packed::of(ends, url, COLLECTION));
    let read = |streams| move || bytes::run(ends, case, streams, As::Bytes);
    let tree = move || bytes::run(ends, case, 2, As::Tree);
    let copy = |connections| {
        let packed = Rc::clone(&packed);
        move || packed.run(ends, connections)
    };
    let etl = |moving: Moving| move || moving.run(ends, case);
    let piece = |piece: Piece| move || piece.run(ends, case);
    let ours = [
        way(Kind::Beside, "documents made, not sent", read(0)),
        way(Kind::Source, "bytes, thrown away", read(1)),
        way(Kind::Source, "  two streams", read(2)),
        way(Kind::Source, "  four streams", read(4)),
        way(Kind::Beside, "prost's trees, thrown away", tree),
        way(Kind::Target, "COPY of packed rows", copy(1)),
        way(Kind::Target, "  two connections", copy(2)),
        way(Kind::Beside, "etl, rows thrown away", piece(Piece::WithoutTarget)),
        way(Kind::Beside, "etl, from memory", piece(Piece::FromMemory)),
        way(Kind::Load, "etl, load alone", etl(Moving::LOAD)),
        way(Kind::Load, "  in sixteen lanes", etl(Moving::CUT)),
        way(Kind::Beside, "etl, with keys", etl(Moving::KEYED)),
    ];
    let others = peers.able().map(|peer| {
        let mut theirs = way(Kind::Peer, peer.name, move || peers.run(peer, ends, case));
        theirs.once = peer.is_long();
        theirs
    });
    ours.into_iter().chain(others).collect()
}
