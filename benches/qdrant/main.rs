//! What moving points into pgvector comes to, beside what the machine allows and how others do it: `make bench`.
//!
//! Every way is a process of its own that is measured from outside: so are Qdrant, played by the simulator, and
//! PostgreSQL. The ceilings are clients that do half of the work and think about none of it: one takes pages and throws
//! them away, one copies rows that `etl` itself packed into the table that `etl` itself made. Rounds of all ways are
//! interleaved, and medians are told. All parts share this machine, which is the hardest case for whoever decodes and
//! packs; what the ceilings leave to that is told as well.
//!
//! `ETL_POINTS` and `ETL_POINTS_WIDE` say how many points of 384 and of 1,536 components, `ETL_ROUNDS` how often.

#![allow(clippy::unwrap_used, missing_docs)]

mod case; // collections of points
#[path = "../common/copying.rs"]
mod copying; // the ceiling of the target: rows that are packed already
#[path = "../common/ends.rs"]
mod ends; // Qdrant, PostgreSQL, and what each process costs
mod moving; // etl itself
mod peers; // how others do it
#[path = "../common/process.rs"]
mod process; // what the system counts
#[path = "../common/python.rs"]
mod python; // what others do it with
#[path = "../common/raw.rs"]
mod raw; // messages as the bytes they are
#[path = "../common/report.rs"]
mod report; // the tables
mod scrolling; // the ceiling of the source: pages that nobody looks at

use case::Case;
use copying::Packed;
use ends::Ends;
use moving::Moving;
use process::number;
use report::{Kind, Table, Way, rounds_of, way};
use std::path::Path;
use std::rc::Rc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["scroll", url, collection, points, streams, limit] => scrolling::client(
            url,
            collection,
            [points, streams, limit].map(|number| number.parse().unwrap()),
        ),
        ["copy", url, table, connections, ref files @ ..] => {
            copying::client(url, table, connections.parse().unwrap(), files)
        }
        _ => compare(),
    }
}

fn compare() {
    let points = number("ETL_POINTS", 100_000);
    let wide = number("ETL_POINTS_WIDE", 10_000);
    let rounds = number("ETL_ROUNDS", 3) as usize;
    let cases = [
        Case::new("items", points, 384),
        Case::new("half", points / 2, 384),
        Case::new("wide", wide, 1536),
    ];
    let ends = case::ends_of(&cases);
    let [items, half, wide] = &cases;
    println!(
        "{}; {}; Qdrant played by the simulator, as version {}\n",
        process::machine(),
        ends.told(),
        simulator::qdrant::Version::default()
    );
    let python = python::interpreter("bench-python", &peers::PACKAGES);
    if let Err(why) = &python {
        println!("NOT MEASURED: how others do it, in Python. {why}\n");
    }
    let python = python.as_deref().ok();
    let halved = way(Kind::Beside, "etl, half as many points", || {
        Moving::LOAD.run(&ends, half)
    });
    let mut measured = ways(&ends, items, python);
    measured.push(halved);
    let measured = rounds_of(&measured, rounds);
    print(items, &measured);
    print(wide, &rounds_of(&ways(&ends, wide, python), rounds));
    if let Some(python) = python {
        println!("{}", peers::offsets_as_ids(&ends, python));
    }
    let whole = measured.iter().find(|row| row.kind == Kind::Load).unwrap();
    case::flat(measured.last().unwrap(), whole);
}

fn print(case: &Case, rows: &[report::Row]) {
    let heading = format!(
        "{} points of {} components, plain payload",
        case.points, case.size
    );
    let table = Table {
        heading,
        records: "points",
        bytes: case.bytes() as f64,
        rows,
    };
    table.print();
}

/// All ways to move the points of `case`.
fn ways<'a>(ends: &'a Ends, case: &'a Case, python: Option<&'a Path>) -> Vec<Way<'a>> {
    let url = ends.database();
    Moving::LOAD.into(ends, case, &url);
    let packed = Rc::new(Packed::of(ends, url, case.collection));
    let scroll = |streams| move || scrolling::run(ends, case, streams);
    let copy = |connections| {
        let packed = Rc::clone(&packed);
        move || packed.run(ends, connections)
    };
    let etl = |moving: Moving| move || moving.run(ends, case);
    let ours = [
        way(Kind::Source, "scroll, thrown away", scroll(1)),
        way(Kind::Source, "  four pages at a time", scroll(4)),
        way(Kind::Target, "COPY of packed rows", copy(1)),
        way(Kind::Target, "  two connections", copy(2)),
        way(Kind::Load, "etl, load alone", etl(Moving::LOAD)),
        way(Kind::Load, "  in sixteen lanes", etl(Moving::CUT)),
        way(Kind::Beside, "etl, with keys", etl(Moving::KEYED)),
        way(Kind::Beside, "etl, with keys and sweeps", etl(Moving::SWEPT)),
    ];
    let peers = peers::PEERS.iter().flat_map(|peer| {
        python.map(|python| way(Kind::Peer, peer.name, move || peer.run(ends, case, python)))
    });
    ours.into_iter().chain(peers).collect()
}
