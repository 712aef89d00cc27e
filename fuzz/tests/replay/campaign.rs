//! What is kept and what real ends would hand over, changed at a few places.

use fuzz::{TARGETS, Target};
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::campaign::Campaign;

use crate::kept;

/// Inputs of one case.
const INPUTS: usize = 25;
/// What parsers look for, in one form or another.
const WORDS: [&[u8]; 16] = [
    b"\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80",
    b"\x0a\x00",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9223372036854775808",
    b"\"",
    b"\\u0000",
    b"{\"$map\":",
    b"]]",
    b"null",
    b"\n",
    b"0000-00-00T00:00:00Z",
];

#[test]
fn mutations() {
    let inputs = TARGETS.map(|target| (target, inputs(target)));
    Campaign::named("mutations", 10_000).run(|case| {
        let dice = &mut case.dice;
        let (target, inputs) = &inputs[dice.random_range(0..inputs.len())];
        // Each opens a directory of RocksDB.
        let count = if target.name == "manifest" { 1 } else { INPUTS };
        for _ in 0..count {
            let mut data = one(inputs, dice).to_vec();
            for _ in 0..dice.random_range(1..=1 + case.size / 20) {
                mutate(&mut data, one(inputs, dice), dice);
            }
            (target.law)(&data);
        }
        case.note(count as u64);
    });
}

fn inputs(target: Target) -> Vec<Vec<u8>> {
    let kept = kept(target).into_iter().map(|(_, data)| data);
    kept.chain((target.seeds)()).collect()
}

fn one<'i>(inputs: &'i [Vec<u8>], dice: &mut StdRng) -> &'i [u8] {
    &inputs[dice.random_range(0..inputs.len())]
}

/// One change; some take from another input.
fn mutate(data: &mut Vec<u8>, other: &[u8], dice: &mut StdRng) {
    let at = dice.random_range(0..=data.len());
    let end = data.len().min(at + dice.random_range(1..30));
    match dice.random_range(0..9) {
        0 | 1 if at < data.len() => data[at] ^= 1 << dice.random_range(0..8),
        2 if at < data.len() => data[at] = dice.random(),
        3 => data.truncate(at),
        4 => drop(data.drain(at..end)),
        5 => {
            let again = data[at..end].to_vec();
            data.splice(at..at, again).for_each(drop);
        }
        6 | 7 => {
            let word = WORDS[dice.random_range(0..WORDS.len())];
            let over = if dice.random() { at..end } else { at..at };
            data.splice(over, word.iter().copied()).for_each(drop);
        }
        _ => {
            let from = dice.random_range(0..=other.len());
            let to = other.len().min(from + dice.random_range(1..60));
            data.splice(at..end, other[from..to].iter().copied())
                .for_each(drop);
        }
    }
}
