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

use machine::{Case, Machine};
use moving::{Keys, Moving};
use report::Row;

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
    for case in [items, wide] {
        let mut ways = ways(&machine, case, python.as_deref().ok());
        if std::ptr::eq(case, items) {
            ways.push((
                "etl, load alone, half as many",
                Box::new(|| Moving::LOAD.run(&machine, half)),
            ));
        }
        let mut rows: Vec<Row> = ways.iter().map(|(name, _)| Row::new(name)).collect();
        for _ in 0..rounds {
            for (row, (_, way)) in rows.iter_mut().zip(&ways) {
                row.rounds.push(way());
            }
        }
        report::print(case, &rows);
    }
    if let Ok(python) = &python {
        println!("{}", python::offsets_as_ids(&machine, python));
    }
}

type Way<'a> = (&'static str, Box<dyn Fn() -> machine::Figures + 'a>);

/// All ways to move the points of `case`.
fn ways<'a>(machine: &'a Machine, case: &'a Case, python: Option<&'a std::path::Path>) -> Vec<Way<'a>> {
    let copied = copying::Packed::by_etl(machine, case);
    let (one, two) = (copied.clone(), copied);
    let mut ways: Vec<Way<'a>> = vec![
        (
            "scroll, thrown away",
            Box::new(|| scrolling::run(machine, case, 1)),
        ),
        ("  four at a time", Box::new(|| scrolling::run(machine, case, 4))),
        ("COPY of packed rows", Box::new(move || one.run(machine, 1))),
        ("  two connections", Box::new(move || two.run(machine, 2))),
        ("etl, load alone", Box::new(|| Moving::LOAD.run(machine, case))),
        (
            "etl, with keys",
            Box::new(|| {
                Moving {
                    keys: Keys::Made,
                    ..Moving::LOAD
                }
                .run(machine, case)
            }),
        ),
        (
            "etl, keys and sweeps",
            Box::new(|| {
                Moving {
                    keys: Keys::Made,
                    sweeps: true,
                }
                .run(machine, case)
            }),
        ),
    ];
    if let Some(python) = python {
        for peer in &python::PEERS {
            ways.push((peer.name, Box::new(|| peer.run(machine, case, python))));
        }
    }
    ways
}
