//! What a run costs by the size of documents and by how many there are: `make sizes`.
//!
//! Each cell has servers of its own. Small ones are measured three times and the medians told, large ones once. Cells
//! whose rows would not fit on the disk are left out, and said. `ETL_LARGEST` asks for more than a million documents.

use crate::case::{Case, SIZES, Size};
use crate::ends::Figures;
use crate::moving::Moving;
use crate::plot::{Line, plot};
use crate::process::{self, number};
use std::path::PathBuf;

const MEBIBYTE: f64 = (1 << 20) as f64;
const SMALLEST: u64 = 10_000;
/// Bytes of documents that are moved more than once.
const SMALL: f64 = 200e6;
/// What a cell may take of the disk, and what it takes for each byte of its documents: rows, their overhead, the log.
const DISK: f64 = 20e9;
const TAKEN: f64 = 2.5;

/// Measures all cells, and draws them.
pub(crate) fn compare() {
    let largest = number("ETL_LARGEST", 1_000_000);
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
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/sizes.svg");
    let mut panels = [
        ("documents a second", Vec::new()),
        ("peak RSS of etl, MiB", Vec::new()),
    ];
    for size in SIZES {
        let cells: Vec<(u64, Figures)> = numbers(largest)
            .filter_map(|documents| Some((documents, cell(documents, size)?)))
            .collect();
        let line = |take: fn(&Figures) -> f64| Line {
            name: format!("{} KiB", size.name),
            points: cells
                .iter()
                .map(|(documents, it)| (*documents as f64, take(it)))
                .collect(),
        };
        panels[0].1.push(line(|it| it.records / it.seconds));
        panels[1].1.push(line(|it| it.peak / MEBIBYTE));
        // After each size: whoever has seen enough may stop.
        std::fs::write(&file, plot(&panels)).unwrap();
    }
    println!("\ndrawn in benches/sizes.svg");
}

/// 10,000, 100,000, and so on.
fn numbers(largest: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(SMALLEST), |documents| Some(documents * 10))
        .take_while(move |documents| *documents <= largest)
}

fn cell(documents: u64, size: Size) -> Option<Figures> {
    let case = Case { documents, size };
    let bytes = case.bytes() * documents as f64;
    if bytes * TAKEN > DISK {
        println!(
            "{:>8} {documents:>10} NOT MEASURED: it would take {:.0} GB of disk",
            size.name,
            bytes * TAKEN / 1e9
        );
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
    Some(middle)
}
