//! Which mutant is alive. This file is put into each crate that has mutants, as its module `mutant`.
//!
//! `MUTANT` is the number of the one that lives, and none does without it. `MUTANTS_REACHED` names a file that gets the
//! number of each mutant whose place the program comes by, once, alive or not.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// More than there are.
const MOST: usize = 8192;

static ALIVE: LazyLock<u32> = LazyLock::new(|| {
    let named = std::env::var("MUTANT").ok();
    named.and_then(|number| number.parse().ok()).unwrap_or(0)
});
static REACHED: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("MUTANTS_REACHED").map(PathBuf::from));
static SEEN: [AtomicBool; MOST] = [const { AtomicBool::new(false) }; MOST];

/// Whether it is this one; numbers begin at one.
pub(crate) fn is(number: u32) -> bool {
    if let Some(file) = &*REACHED {
        note(number, file);
    }
    *ALIVE == number
}

/// A process may be killed at any time, so that each is written when it is reached; a line is one write.
fn note(number: u32, file: &PathBuf) {
    let first = SEEN
        .get(number as usize)
        .is_none_or(|seen| !seen.swap(true, Ordering::Relaxed));
    if first && let Ok(mut file) = OpenOptions::new().append(true).create(true).open(file) {
        let _ = file.write_all(format!("{number}\n").as_bytes());
    }
}
