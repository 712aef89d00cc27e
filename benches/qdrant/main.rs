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

mod copying; // the ceiling of the target: rows that are packed already
mod machine; // Qdrant, PostgreSQL, and what each process costs
mod moving; // etl itself
mod python; // how others do it
#[path = "../source/raw.rs"]
mod raw; // messages as the bytes they are
mod report; // the tables
mod scrolling; // the ceiling of the source: pages that nobody looks at

use copying::Packed;
use machine::{Case, Figures, Machine};
use moving::Moving;
use report::{Kind, Row};
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

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
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
    let machine = Machine::start(&cases);
    let [items, half, wide] = &cases;
    println!("{}\n", machine.told());
    let python = python::interpreter();
    if let Err(why) = &python {
        println!("NOT MEASURED: how others do it, in Python. {why}\n");
    }
    let python = python.as_deref().ok();
    let mut ways_of_items = ways(&machine, items, python);
    ways_of_items.push(way(Kind::Half, "etl, half as many points", || {
        Moving::LOAD.run(&machine, half)
    }));
    let measured = rounds_of(&ways_of_items, rounds);
    report::print(items, &measured);
    report::print(wide, &rounds_of(&ways(&machine, wide, python), rounds));
    if let Some(python) = python {
        println!("{}", python::offsets_as_ids(&machine, python));
    }
    report::flat(&measured);
}

/// A way to move points.
struct Way<'a> {
    kind: Kind,
    name: &'static str,
    run: Box<dyn Fn() -> Figures + 'a>,
}

fn way<'a>(kind: Kind, name: &'static str, run: impl Fn() -> Figures + 'a) -> Way<'a> {
    let run = Box::new(run);
    Way { kind, name, run }
}

/// All ways to move the points of `case`.
fn ways<'a>(machine: &'a Machine, case: &'a Case, python: Option<&'a Path>) -> Vec<Way<'a>> {
    let packed = Rc::new(Packed::by_etl(machine, case));
    let scroll = |streams| move || scrolling::run(machine, case, streams);
    let copy = |connections| {
        let packed = Rc::clone(&packed);
        move || packed.run(machine, connections)
    };
    let etl = |moving: Moving| move || moving.run(machine, case);
    let ours = [
        way(Kind::Scroll, "scroll, thrown away", scroll(1)),
        way(Kind::Scroll, "  four pages at a time", scroll(4)),
        way(Kind::Copy, "COPY of packed rows", copy(1)),
        way(Kind::Copy, "  two connections", copy(2)),
        way(Kind::Load, "etl, load alone", etl(Moving::LOAD)),
        way(Kind::Load, "  in sixteen lanes", etl(Moving::CUT)),
        way(Kind::Whole, "etl, with keys", etl(Moving::KEYED)),
        way(Kind::Whole, "etl, with keys and sweeps", etl(Moving::SWEPT)),
    ];
    let peers = python::PEERS.iter().flat_map(|peer| {
        python.map(|python| way(Kind::Peer, peer.name, move || peer.run(machine, case, python)))
    });
    ours.into_iter().chain(peers).collect()
}

/// Runs every way so many times, in turn.
fn rounds_of(ways: &[Way<'_>], rounds: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = ways.iter().map(|way| Row::new(way.kind, way.name)).collect();
    for _ in 0..rounds {
        for (row, way) in rows.iter_mut().zip(ways) {
            row.rounds.push((way.run)());
        }
    }
    rows
}
