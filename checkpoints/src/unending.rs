//! Damaged files that RocksDB would read for ever, found before it opens them.
//!
//! Its log reader (11.8.1, `Reader::ReadPhysicalRecord` in db/log_reader.cc) answers a recycled record that follows an
//! ordinary one with "bad record" and does not move on, and whoever reads a MANIFEST asks again. One bit turned in the
//! byte that tells a record's kind is enough: an open that never returns. We never recycle logs, so such a kind is damage
//! wherever it stands; everything else that is wrong with a file RocksDB finds itself.

use std::io;
use std::path::Path;

/// Logs are written in blocks, and no record crosses one.
const BLOCK: usize = 32 << 10;
/// What stands before a record: a checksum, the length in two bytes, the kind.
const HEADER: usize = 7;
/// The kinds of recycled records.
const RECYCLED: [u8; 6] = [5, 6, 7, 8, 11, 131];

/// Makes sure that RocksDB comes back from opening `database`; else says why not.
pub(crate) fn nothing_in(database: &Path) -> Result<(), String> {
    match file_in(database) {
        Ok(None) => Ok(()),
        Ok(Some(file)) => Err(format!(
            "{file} is damaged: it holds a record that no log of ours has"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// The name of a file in `database` that would be read for ever, if there is one.
fn file_in(database: &Path) -> io::Result<Option<String>> {
    for entry in std::fs::read_dir(database)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_log = name.starts_with("MANIFEST-") || name.ends_with(".log");
        if !is_log || !entry.path().is_file() {
            continue;
        }
        match std::fs::read(entry.path()) {
            Ok(log) if is_unending(&log) => return Ok(Some(name)),
            Ok(_) => {}
            // Whoever writes to the directory has done with it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Whether a record is of a recycled kind. Records are gone through as RocksDB does, but for checksums: what does not fit
/// into its block ends the block.
pub(crate) fn is_unending(log: &[u8]) -> bool {
    log.chunks(BLOCK).any(|block| {
        let mut rest = block;
        while let Some([_, _, _, _, low, high, kind]) = rest.first_chunk::<HEADER>() {
            if RECYCLED.contains(kind) {
                return true;
            }
            let length = HEADER + usize::from(u16::from_le_bytes([*low, *high]));
            let is_padding = *kind == 0 && length == HEADER;
            match rest.split_at_checked(length) {
                Some((_, after)) if !is_padding => rest = after,
                _ => break,
            }
        }
        false
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{CheckpointStore, OpenError, Rocks};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Where each record's kind stands in a log of one block.
    fn kinds(log: &[u8]) -> Vec<usize> {
        let mut places = Vec::new();
        let mut at = 0;
        while let Some(header) = log.get(at..at + HEADER) {
            places.push(at + 6);
            at += HEADER + usize::from(u16::from_le_bytes([header[4], header[5]]));
        }
        places
    }

    #[test]
    fn a_bit_turned_in_the_kind_of_any_record_never_hangs_an_open() {
        let dir = tempfile::tempdir().unwrap();
        let store = Rocks::open(dir.path(), "a test").unwrap();
        store.begin(b"plan", &[]).unwrap();
        store.note_planning_reads(1).unwrap();
        drop(store);
        let state = dir.path().join("state");
        assert_eq!(file_in(&state).unwrap(), None);
        let logs: Vec<_> = std::fs::read_dir(&state)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.to_str()
                    .is_some_and(|path| path.contains("MANIFEST-") || path.ends_with(".log"))
            })
            .collect();
        assert_eq!(logs.len(), 2, "{logs:?}");
        for path in logs {
            let whole = std::fs::read(&path).unwrap();
            let places = kinds(&whole);
            assert!(places.len() > 1);
            for place in places {
                let mut damaged = whole.clone();
                damaged[place] ^= 4;
                std::fs::write(&path, damaged).unwrap();
                for refused in [
                    Rocks::open(dir.path(), "a test"),
                    Rocks::open_read_only(dir.path()),
                ] {
                    let refused = refused.unwrap_err();
                    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
                    assert!(refused.to_string().contains("is damaged"), "{refused}");
                }
            }
            std::fs::write(&path, whole).unwrap();
        }
        assert_eq!(
            Rocks::open(dir.path(), "a test")
                .unwrap()
                .plan()
                .unwrap()
                .unwrap(),
            b"plan"
        );
    }

    #[test]
    fn what_is_no_log_is_not_read_as_one() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("000007.sst"), [5; HEADER]).unwrap();
        std::fs::create_dir(dir.path().join("old.log")).unwrap();
        assert_eq!(file_in(dir.path()).unwrap(), None);
        std::fs::write(dir.path().join("000008.log"), [5; HEADER]).unwrap();
        assert_eq!(file_in(dir.path()).unwrap().as_deref(), Some("000008.log"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let dir = tempfile::tempdir().unwrap();
        // A file as any other, but that nobody can read its beginning.
        std::os::unix::fs::symlink("/proc/self/mem", dir.path().join("MANIFEST-000001")).unwrap();
        let error = file_in(dir.path()).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(nothing_in(dir.path()).unwrap_err(), error.to_string());
    }

    #[test]
    fn files_that_come_and_go_are_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let (log, looking) = (dir.path().join("000007.log"), AtomicBool::new(true));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while looking.load(Ordering::Relaxed) {
                    std::fs::write(&log, []).unwrap();
                    std::fs::remove_file(&log).unwrap();
                }
            });
            let looks: io::Result<Vec<_>> = (0..20_000).map(|_| file_in(dir.path())).collect();
            looking.store(false, Ordering::Relaxed);
            assert!(looks.unwrap().iter().all(Option::is_none));
        });
    }

    #[test]
    fn records_are_followed_from_block_to_block() {
        let record = |kind: u8, length: usize| {
            let mut record = vec![0; HEADER + length];
            record[4..6].copy_from_slice(&(length as u16).to_le_bytes());
            record[6] = kind;
            record
        };
        // The first record fills its block but for less than a header.
        let first = record(2, BLOCK - HEADER - 3);
        let log = |second: u8| [first.clone(), vec![5; 3], record(4, 10), record(second, 0)].concat();
        assert!(!is_unending(&log(1)));
        assert!(is_unending(&log(131)));
        // What lies in a record is no header, and what comes after padding is not looked at.
        assert!(!is_unending(
            &[record(1, 20), vec![0; 6 * HEADER], record(5, 0)].concat()
        ));
        assert!(!is_unending(&[]));
    }
}
