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

/// What is done, and how long each round of it took.
struct Step<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<Duration>,
}

fn step<'a>(name: &'static str, run: impl FnMut() + 'a) -> Step<'a> {
    let (run, times) = (Box::new(run), Vec::new());
    Step { name, run, times }
}

/// Measures and tells. `tables` are what the packer is made for, below `root`.
pub(crate) fn compare(tables: &[Table], root: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let rocks = Rocks::open(folder.path(), "the bench").unwrap();
    rocks.begin(b"plan", &[(LaneId(0), Progress::default())]).unwrap();
    let mut batch = 0;
    let quota = ReadQuota::new(NonZeroU32::new(u32::MAX), 1.0, false);
    let mut steps = [
        step("make a packer of the plan", || {
            black_box(Packer::new(black_box(tables), root, false));
        }),
        step("checkpoint: a receipt moves its lane", || {
            rocks.advance(LaneId(0), &receipt(batch)).unwrap();
            batch += 1;
        }),
        step("quota: every document noted", || {
            (0..DOCUMENTS).for_each(|_| black_box(&quota).note(1));
        }),
    ];
    for _ in 0..ROUNDS {
        for step in &mut steps {
            let began = Instant::now();
            (0..BATCHES).for_each(|_| (step.run)());
            step.times.push(began.elapsed());
        }
    }
    println!("a batch of {DOCUMENTS} documents; medians of {ROUNDS} rounds\n");
    println!("{:<42} {:>12} {:>12}", "step", "µs/batch", "ns/document");
    for Step { name, times, .. } in &mut steps {
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
