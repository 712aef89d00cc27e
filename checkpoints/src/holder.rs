//! Who writes to a checkpoint directory, found out by looking at the system's table of locks and touching nothing.
//!
//! Trying the lock would be a change: RocksDB rotates its files when it is opened, and the directory would say that
//! we were there. What the table does not show (locks across machines, or beyond a container) is not seen.

use crate::rocks::{OWNER, STATE};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The process that writes to `dir`, as it introduced itself, if one is seen to.
pub fn holder(dir: &Path) -> Option<String> {
    let lock = std::fs::metadata(dir.join(STATE).join("LOCK")).ok()?;
    let table = std::fs::read_to_string("/proc/locks").ok()?;
    let introduction = std::fs::read_to_string(dir.join(OWNER)).unwrap_or_default();
    let held = table.lines().any(|line| is_of(line, &lock, &introduction));
    held.then(|| match introduction.trim() {
        "" => "another process".to_owned(),
        introduced => introduced.to_owned(),
    })
}

/// Whether a line of the table is about this lock: `1: POSIX ADVISORY WRITE 4711 fe:00:10289395 0 EOF`.
fn is_of(line: &str, lock: &Metadata, introduction: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, "WRITE", process, place, ..] = words[..] else {
        return false;
    };
    let mut place = place.split(':');
    let mut hexadecimal = || u64::from_str_radix(place.next()?, 16).ok();
    let device = (hexadecimal(), hexadecimal());
    let file: Option<u64> = place.next().and_then(|number| number.parse().ok());
    // Some file systems call their device otherwise in the table; then the process must be the one that introduced
    // itself.
    let introduced = || introduction.contains(&format!("process {process} "));
    file == Some(lock.ino()) && (device == numbers(lock.dev()) || introduced())
}

/// Major and minor number of a device, as Linux puts them together.
fn numbers(device: u64) -> (Option<u64>, Option<u64>) {
    let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
    let minor = (device & 0xff) | (device >> 12 & 0xffff_ff00);
    (Some(major), Some(minor))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rocks;

    #[test]
    fn whoever_holds_the_directory_is_seen_and_whoever_let_go_is_not() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()), None);
        let store = Rocks::open(dir.path(), "etl run, process 42").unwrap();
        assert_eq!(holder(dir.path()).as_deref(), Some("etl run, process 42"));
        drop(store);
        assert_eq!(holder(dir.path()), None);
    }

    #[test]
    fn devices_are_numbered_as_the_table_numbers_them() {
        assert_eq!(numbers(0xfe00), (Some(0xfe), Some(0)));
        assert_eq!(numbers(0x10_0301), (Some(3), Some(0x101)));
        assert_eq!(numbers(0x0001_2000_0000_0100), (Some(0x1_2001), Some(0)));
    }
}
