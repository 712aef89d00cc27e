//! What lies in a checkpoint directory: values, logs, and tokens that the sources left in positions.

use checkpoints::laws::bytes;
use checkpoints::{CheckpointStore, Position, Rocks};
use std::path::Path;
use tempfile::TempDir;
use transforms::qdrant::PointId;

/// A value of whatever bytes is what would be written as these, or refused; so is a token. A log is gone through once.
pub fn values(data: &[u8]) {
    bytes::a_value_is_what_it_was_written_from(data);
    bytes::a_log_is_refused_for_good(data);
    // As readers take a token.
    let token = String::from_utf8_lossy(data);
    if let Ok(id) = token.parse::<PointId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.successor().is_none_or(|next| next > id));
    }
    assert!(!Position::at(data).to_string().contains(char::is_control));
}

/// RocksDB comes back from opening a directory with this MANIFEST.
pub fn manifest(data: &[u8]) {
    // On a disk that is memory, where there is one: nothing of it is to stay.
    let memory = Path::new("/dev/shm");
    let scratch = match memory.is_dir() {
        true => TempDir::new_in(memory),
        false => TempDir::new(),
    };
    bytes::a_manifest_is_read_or_refused(scratch.unwrap().path(), data);
}

/// Values of each kind, and logs.
pub fn seeds_of_values() -> Vec<Vec<u8>> {
    let counts = [0, 0, 0, 0, 0, 0, 0, 9].repeat(6);
    let progress = |position: &[u8]| [&[1], counts.as_slice(), position].concat();
    let mut seeds = vec![
        progress(&[0]),
        progress(&[2]),
        progress(b"\x01items/some id"),
        progress(b"\x0118446744073709551615"),
        b"\x01\0\0\x80\x3f\0\0\xc0\x7f".to_vec(),
        b"01234567-89ab-cdef-0123-456789abcdef".to_vec(),
        b"18446744073709551615".to_vec(),
    ];
    seeds.extend(logs(".log"));
    seeds
}

/// Such as RocksDB writes.
pub fn seeds_of_manifests() -> Vec<Vec<u8>> {
    logs("MANIFEST-")
}

/// The files of a store's directory whose names hold `name`, at two moments of its life.
fn logs(name: &str) -> Vec<Vec<u8>> {
    let dir = TempDir::new().unwrap();
    let mut found = Vec::new();
    for _ in 0..2 {
        let store = Rocks::open(dir.path(), "a seed").unwrap();
        store.begin(b"plan", &[]).unwrap();
        store.note_planning_reads(3).unwrap();
        drop(store);
        for entry in std::fs::read_dir(dir.path().join("state")).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(name) {
                found.push(std::fs::read(path).unwrap());
            }
        }
    }
    found.retain(|log| !log.is_empty());
    found
}
