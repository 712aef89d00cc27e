//! What a batch costs beside its documents: the plan made ready, the checkpoint moved, the quota told.

use checkpoints::{CheckpointStore, LaneId, Position, Progress, Receipt, Rocks, Span, Tally};
use pipeline::quota::ReadQuota;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};
use transforms::Packer;
use transforms::mapping::Table;

const ROUNDS: usize = 15;
/// Batches of a round, and documents of a batch: of 600 bytes, eight mebibytes are about so many.
const BATCHES: u64 = 200;
const DOCUMENTS: u64 = 14_000;

/// Measures and tells. `tables` are what the packer is made for, below `root`.
pub(crate) fn compare(tables: &[Table], root: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let rocks = Rocks::open(folder.path(), "the bench").unwrap();
    rocks.begin(b"plan", &[(LaneId(0), Progress::default())]).unwrap();
    let mut batch = 0;
    let quota = ReadQuota::new(NonZeroU32::new(u32::MAX), 1.0, false);
    let mut steps: [(&str, Box<dyn FnMut() + '_>, Vec<Duration>); 3] = [
        (
            "make a packer of the plan",
            Box::new(|| {
                black_box(Packer::new(black_box(tables), root, false));
            }),
            Vec::new(),
        ),
        (
            "checkpoint: a receipt moves its lane",
            Box::new(|| {
                rocks.advance(LaneId(0), &receipt(batch)).unwrap();
                batch += 1;
            }),
            Vec::new(),
        ),
        (
            "quota: every document noted",
            Box::new(|| (0..DOCUMENTS).for_each(|_| black_box(&quota).note(1))),
            Vec::new(),
        ),
    ];
    for _ in 0..ROUNDS {
        for (_, step, times) in &mut steps {
            let began = Instant::now();
            (0..BATCHES).for_each(|_| step());
            times.push(began.elapsed());
        }
    }
    println!("a batch of {DOCUMENTS} documents; medians of {ROUNDS} rounds\n");
    println!("{:<42} {:>12} {:>12}", "step", "µs/batch", "ns/document");
    for (name, _, times) in &mut steps {
        times.sort();
        let each = times[ROUNDS / 2].as_secs_f64() / BATCHES as f64;
        println!(
            "{name:<42} {:>12.2} {:>12.3}",
            each * 1e6,
            each * 1e9 / DOCUMENTS as f64
        );
    }
    println!();
}

/// Of batch `number` of the lane.
fn receipt(number: u64) -> Receipt {
    let position = |number: u64| match number {
        0 => Position::Start,
        _ => Position::at(format!("orders/order-{number:08}")),
    };
    let span = Span {
        from: position(number),
        to: position(number + 1),
    };
    let tally = Tally {
        read: DOCUMENTS,
        loaded: DOCUMENTS,
        ..Tally::default()
    };
    Receipt::after_commit(span, tally)
}
