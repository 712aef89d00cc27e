//! What the simulator can serve, and what the pipeline makes of it: `make bench`.
//!
//! The simulator runs as its own process, so that its CPU is counted apart, the generator's included. A bytes-level
//! reader takes every message and looks at nothing: the ceiling of any client. The pipeline reads, decodes and packs
//! the same documents and throws the rows away. Rounds of both are interleaved; documents per second depend on the
//! machine and what else it does, CPU per document and the ratios do much less.

#![allow(clippy::unwrap_used, missing_docs)]

mod bytes; // the ceiling: every message, and nothing done with it
mod piped; // the pipeline, with a target that keeps nothing
mod raw; // messages as the bytes they are
mod serving; // the simulator, and what it costs

use bytes::bytes;
use piped::piped;
use serving::{Serving, cpu};
use std::time::Instant;

const ROUNDS: usize = 5;

fn main() {
    let documents: u64 = std::env::var("DOCUMENTS").map_or(1_000_000, |text| text.parse().unwrap());
    let serving = Serving::start(documents);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    type Way<'a> = (&'a str, Box<dyn Fn() -> u64 + 'a>);
    let ways: [Way<'_>; 5] = [
        ("generator alone", Box::new(|| serving.generate())),
        (
            "bytes, one stream",
            Box::new(|| runtime.block_on(bytes(&serving.host, documents, 1))),
        ),
        (
            "bytes, two streams",
            Box::new(|| runtime.block_on(bytes(&serving.host, documents, 2))),
        ),
        (
            "pipeline, one lane",
            Box::new(|| runtime.block_on(piped(&serving.host, 1))),
        ),
        (
            "pipeline, four lanes",
            Box::new(|| runtime.block_on(piped(&serving.host, 4))),
        ),
    ];
    let mut rounds: Vec<Vec<Figures>> = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for (figures, (_, way)) in rounds.iter_mut().zip(&ways) {
            figures.push(measure(&serving, documents, way));
        }
    }
    println!(
        "{documents} documents of {} bytes on the wire, medians of {ROUNDS} interleaved rounds",
        serving.size
    );
    println!(
        "{:22} {:>12} {:>16} {:>16}",
        "", "documents/s", "server us/doc", "client us/doc"
    );
    for (figures, (name, _)) in rounds.iter().zip(&ways) {
        let middle = |take: fn(&Figures) -> f64| {
            let mut values: Vec<f64> = figures.iter().map(take).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (rate, server, client) = (
            middle(|it| it.rate),
            middle(|it| it.server),
            middle(|it| it.client),
        );
        println!("{name:22} {rate:>12.0} {server:>16.2} {client:>16.2}");
    }
}

/// One round of one way.
#[derive(Debug, Clone, Copy)]
struct Figures {
    /// Documents a second.
    rate: f64,
    /// CPU a document, in microseconds.
    server: f64,
    client: f64,
}

fn measure(serving: &Serving, documents: u64, way: &dyn Fn() -> u64) -> Figures {
    let (server, client, began) = (cpu(serving.child.id()), cpu(std::process::id()), Instant::now());
    assert_eq!(way(), documents);
    let micros = |seconds: f64| seconds * 1e6 / documents as f64;
    Figures {
        rate: documents as f64 / began.elapsed().as_secs_f64(),
        server: micros(cpu(serving.child.id()) - server),
        client: micros(cpu(std::process::id()) - client),
    }
}
