//! What fuzzing kept, and what it began with, played again with every change; and mutations of both.

mod campaign;
mod found;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fuzz::{TARGETS, Target, named};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The inputs that are kept for the target, with their names.
fn kept(target: Target) -> Vec<(String, Vec<u8>)> {
    let folder = std::fs::read_dir(corpus().join(target.name)).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let input = |file: PathBuf| (file.display().to_string(), std::fs::read(file).unwrap());
    files.into_iter().map(input).collect()
}

/// Says which input it was, for a law that panics does not know.
fn obeyed(target: Target, input: &str, data: &[u8]) {
    let tried = std::panic::catch_unwind(|| (target.law)(data));
    assert!(tried.is_ok(), "{} breaks the law of {}", input, target.name);
}

#[test]
fn what_is_kept_obeys_the_laws() {
    for target in TARGETS {
        let kept = kept(target);
        assert!(kept.len() > 5, "hardly anything is kept for {}", target.name);
        kept.iter().for_each(|(name, data)| obeyed(target, name, data));
    }
}

#[test]
fn what_real_ends_would_hand_over_obeys_the_laws() {
    for target in TARGETS {
        for (number, data) in (target.seeds)().iter().enumerate() {
            obeyed(target, &format!("seed {number}"), data);
        }
    }
}

/// A law about nothing would hold as well: most seeds are read.
#[test]
fn seeds_are_read() {
    use transforms::{firestore, json, qdrant};
    let is_read = |name: &str, data: &[u8]| match name {
        "answer" => firestore::answer(data).is_ok(),
        "document" => firestore::document(&data[1..]).is_ok(),
        "json" => json::read(std::str::from_utf8(data).unwrap(), "r").is_ok(),
        "plan" => pipeline::plan::Plan::read(data).is_ok(),
        "point" => qdrant::point(&data[1..], "c").is_ok(),
        _ => true,
    };
    for target in TARGETS {
        let seeds = (target.seeds)();
        let read = seeds.iter().filter(|data| is_read(target.name, data)).count();
        assert!(
            read > 1 && read * 10 >= seeds.len() * 7,
            "{}: {read} of {}",
            target.name,
            seeds.len()
        );
    }
}

#[test]
fn the_corpora_are_small_and_each_has_its_target() {
    let mut bytes = 0;
    let mut found = BTreeSet::new();
    for folder in std::fs::read_dir(corpus()).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        let target = named(&name).unwrap_or_else(|| panic!("{name} is the corpus of no target"));
        bytes += kept(target).iter().map(|(_, data)| data.len()).sum::<usize>();
        found.insert(name);
    }
    assert_eq!(found.len(), TARGETS.len());
    assert!(bytes < 300_000, "{bytes} bytes are kept");
}
