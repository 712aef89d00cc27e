//! What a run costs by the size of documents and by how many there are: `make sizes`.
//!
//! Each cell has servers of its own, whose disk is given back before the next. Small cells are measured three times and
//! the medians told, large ones once. What would leave too little of the disk is left out, and said.
//! `ETL_LARGEST` asks for fewer documents than ten million. `-- drawn FILE` draws what was printed before.

use crate::case::{Case, SIZES, Size};
use crate::ends::Figures;
use crate::moving::Moving;
use crate::plot::{Line, Panel, plot};
use crate::process::{self, number};
use std::path::PathBuf;
use std::process::Command;

const MEBIBYTE: f64 = (1 << 20) as f64;
/// In MiB: what a run is granted unless it is told otherwise, and what it may take beside.
const GRANTED: f64 = 512.0;
const BESIDE: f64 = 64.0;
const SMALLEST: u64 = 10_000;
/// Bytes of documents that are moved more than once.
const SMALL: f64 = 200e6;
/// What a cell takes of the disk for each byte of its documents (rows, their overhead; of documents that PostgreSQL
/// compresses, less than they are long) and beside (the log), and what it has to leave.
const TAKEN: f64 = 1.6;
const COMPRESSED: [(&str, f64); 2] = [("4", 0.6), ("64", 0.5)];
const LOG: f64 = 5e9;
const LEFT: f64 = 8e9;

/// Measures all cells, and draws them.
pub(crate) fn compare() {
    let largest = number("ETL_LARGEST", 10_000_000);
    println!("{}; load alone, no keys\n", process::machine());
    println!(
        "{:>8} {:>10} {:>8} {:>9} {:>7} | {:>8} {:>8} {:>10} {:>7} | {:>7} {:>10} {:>8}",
        "KiB",
        "documents",
        "wall s",
        "a second",
        "MiB/s",
        "client s",
        "source s",
        "PostgreSQL",
        "others",
        "RSS MiB",
        "reads",
        "log MiB"
    );
    let mut cells = Vec::new();
    for size in SIZES {
        for documents in numbers(largest) {
            cells.extend(cell(documents, size));
        }
        // After each size: whoever has seen enough may stop.
        draw(&cells);
    }
}

/// What is drawn of a cell.
struct Cell {
    size: String,
    documents: f64,
    a_second: f64,
    /// In MiB.
    peak: f64,
}

/// Draws the cells in a file that [`compare`] printed.
pub(crate) fn drawn(file: &str) {
    let told = std::fs::read_to_string(file).unwrap();
    let cells = told.lines().filter_map(|line| {
        let mut parts = line
            .split('|')
            .map(|part| part.split_whitespace().collect::<Vec<_>>());
        let (first, _, last) = (parts.next()?, parts.next()?, parts.next()?);
        let [size, documents, _, a_second, _] = first[..] else {
            return None;
        };
        Some(Cell {
            size: size.to_owned(),
            documents: documents.parse().ok()?,
            a_second: a_second.parse().ok()?,
            peak: last.first()?.parse().ok()?,
        })
    });
    draw(&cells.collect::<Vec<_>>());
}

fn draw(cells: &[Cell]) {
    let lines = |take: fn(&Cell) -> f64| {
        let line = |size: Size| Line {
            name: format!("{} KiB", size.name),
            points: cells
                .iter()
                .filter(|cell| cell.size == size.name)
                .map(|cell| (cell.documents, take(cell)))
                .collect(),
        };
        SIZES.map(line).into()
    };
    let panels = [
        Panel {
            title: "documents a second",
            logarithmic: true,
            lines: lines(|cell| cell.a_second),
            bound: None,
        },
        Panel {
            title: "peak RSS of etl, MiB",
            logarithmic: false,
            lines: lines(|cell| cell.peak),
            bound: Some((GRANTED + BESIDE, format!("--memory {GRANTED} MiB, and {BESIDE}"))),
        },
    ];
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/sizes.svg");
    std::fs::write(&file, plot(&panels)).unwrap();
    println!("\ndrawn in benches/sizes.svg");
}

/// 10,000, 100,000, and so on.
fn numbers(largest: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(SMALLEST), |documents| Some(documents * 10))
        .take_while(move |documents| *documents <= largest)
}

/// Why a cell is left out.
fn omitted(size: Size, bytes: f64) -> Option<String> {
    let compressed = COMPRESSED.iter().find(|(name, _)| *name == size.name);
    let taken = compressed.map_or(TAKEN, |(_, taken)| *taken);
    let (taken, free) = (bytes * taken + LOG, free("/tmp"));
    (taken + LEFT > free).then(|| {
        let [taken, free, left] = [taken, free, LEFT].map(|bytes| bytes / 1e9);
        format!("it takes {taken:.0} GB of a disk that has {free:.0} free, and is to leave {left:.0}")
    })
}

fn cell(documents: u64, size: Size) -> Option<Cell> {
    let case = Case { documents, size };
    let bytes = case.bytes() * documents as f64;
    if let Some(why) = omitted(size, bytes) {
        println!("{:>8} {documents:>10} NOT MEASURED: {why}", size.name);
        return None;
    }
    let (ends, rounds) = (case.ends(), if bytes < SMALL { 3 } else { 1 });
    let mut figures: Vec<Figures> = (0..rounds).map(|_| Moving::LOAD.run(&ends, &case)).collect();
    figures.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let middle = figures.swap_remove(rounds / 2);
    println!(
        "{:>8} {documents:>10} {:>8.2} {:>9.0} {:>7.1} | {:>8.2} {:>8.2} {:>10.2} {:>5.0} % | {:>7.0} {:>10.0} {:>8.0}",
        size.name,
        middle.seconds,
        middle.records / middle.seconds,
        bytes / middle.seconds / MEBIBYTE,
        middle.client,
        middle.source,
        middle.postgres,
        middle.others / process::cores() as f64 * 100.0,
        middle.peak / MEBIBYTE,
        middle.reads,
        middle.wal / MEBIBYTE,
    );
    Some(Cell {
        size: size.name.to_owned(),
        documents: documents as f64,
        a_second: middle.records / middle.seconds,
        peak: middle.peak / MEBIBYTE,
    })
}

/// Bytes that are free on the disk that holds `place`.
fn free(place: &str) -> f64 {
    let told = Command::new("df")
        .args(["--output=avail", "-B1", place])
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    told.lines().nth(1).unwrap().trim().parse().unwrap()
}
