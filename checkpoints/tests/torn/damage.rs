//! What may happen to a checkpoint directory when nobody looks.
//! Nothing here knows its surroundings: the tests of the whole tool include this file by its path.

use rand::RngExt;
use rand::rngs::StdRng;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Damage {
    Truncated,
    BitTurned,
    Overwritten,
    Missing,
    Emptied,
    /// Replaced by what it was at an earlier moment.
    Older,
    /// Its end is zeros, as after power was lost.
    ZerosAtTheEnd,
    ZerosBehind,
    /// The whole directory, or one of its databases, is an earlier copy.
    OlderDirectory,
    OlderDatabase,
    /// A lock whose process is gone.
    LockLeft,
    /// A file that names the others is damaged.
    Directory(/* of what */ &'static str),
}

/// Does something to `dir`; `copies` are what it was at earlier moments.
pub(crate) fn damage(dir: &Path, copies: &[PathBuf], dice: &mut StdRng) -> Option<Damage> {
    use Damage::*;
    let older = &copies[dice.random_range(0..copies.len())];
    let all = files(dir);
    let file = &all[dice.random_range(0..all.len())];
    let kinds = [
        Truncated,
        BitTurned,
        Overwritten,
        Missing,
        Emptied,
        Older,
        ZerosAtTheEnd,
        ZerosBehind,
        OlderDirectory,
        OlderDatabase,
        LockLeft,
        Directory("CURRENT"),
        Directory("MANIFEST"),
    ];
    let kind = kinds[dice.random_range(0..kinds.len())];
    match kind {
        Missing => fs::remove_file(file).unwrap(),
        Older => {
            let was = older.join(file.strip_prefix(dir).unwrap());
            fs::copy(was.exists().then_some(was)?, file).unwrap();
        }
        OlderDirectory => {
            fs::remove_dir_all(dir).unwrap();
            cp(older, dir);
        }
        OlderDatabase => {
            let name = if dice.random() { "state" } else { "vectors" };
            let was = older.join(name);
            if !was.exists() {
                return None;
            }
            let _ = fs::remove_dir_all(dir.join(name));
            cp(&was, &dir.join(name));
        }
        LockLeft => fs::write(dir.join("state/LOCK"), b"12345").unwrap(),
        Directory(name) => {
            let named = |file: &&PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with(name);
            let found: Vec<_> = all.iter().filter(named).collect();
            if found.is_empty() {
                return None;
            }
            let file = found[dice.random_range(0..found.len())];
            let bytes = [Truncated, BitTurned, Overwritten, ZerosAtTheEnd][dice.random_range(0..4)];
            change(file, bytes, dice)?;
        }
        bytes => change(file, bytes, dice)?,
    }
    Some(kind)
}

/// Damages the bytes of a file.
fn change(file: &Path, kind: Damage, dice: &mut StdRng) -> Option<()> {
    let mut bytes = fs::read(file).unwrap();
    if bytes.is_empty() && kind != Damage::ZerosBehind {
        return None;
    }
    // Mostly in the tail, where the last writes are.
    let length = bytes.len();
    let tail = length - length.min(300);
    let from = if dice.random() { tail } else { 0 };
    let at = dice.random_range(from.min(length.saturating_sub(1))..length.max(1));
    match kind {
        Damage::Truncated => bytes.truncate(at),
        Damage::BitTurned => bytes[at] ^= 1 << dice.random_range(0..8),
        Damage::Overwritten => {
            let end = length.min(at + dice.random_range(1..64));
            dice.fill(&mut bytes[at..end]);
        }
        Damage::Emptied => bytes.clear(),
        Damage::ZerosAtTheEnd => bytes[at..].fill(0),
        _ => bytes.extend(std::iter::repeat_n(0, dice.random_range(1..5000))),
    }
    fs::write(file, bytes).unwrap();
    Some(())
}

/// Every file, in an order that is always the same.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(place) = open.pop() {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

pub(crate) fn cp(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}
