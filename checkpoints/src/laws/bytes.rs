//! The laws of what lies in a checkpoint directory, whatever its bytes are: a value is read as what would be written so,
//! or refused; a log is gone through once.

use std::path::Path;

use crate::Rocks;
use crate::encoding::{progress_from_bytes, progress_to_bytes, unversioned, versioned};
use crate::unending::is_unending;
use crate::vectors::{bytes_of, vector_of};

/// Whatever is read of a value is what would be written as these bytes.
///
/// # Panics
/// When it is not.
pub fn a_value_is_what_it_was_written_from(bytes: &[u8]) {
    if let Ok(progress) = progress_from_bytes(bytes) {
        assert_eq!(progress_to_bytes(&progress), bytes);
        let spelled = progress.position.to_string();
        assert!(!spelled.contains(char::is_control), "{spelled:?}");
    }
    if let Some(vector) = vector_of(bytes) {
        assert_eq!(bytes_of(&vector), bytes);
    }
    if let Ok(payload) = unversioned(bytes) {
        assert_eq!(versioned(payload), bytes);
    }
}

/// A log is refused for one of its records, whatever stands behind that.
///
/// # Panics
/// When more bytes acquit it.
pub fn a_log_is_refused_for_good(log: &[u8]) {
    for end in [log.len() / 2, log.len().saturating_sub(1)] {
        if is_unending(&log[..end]) {
            assert!(is_unending(log), "the first {end} bytes are refused");
        }
    }
}

/// A directory opens or is refused, whatever its MANIFEST holds; a law that does not come back is broken as well.
/// `scratch` is a directory that nobody else uses.
///
/// # Panics
/// When `scratch` cannot be written to.
pub fn a_manifest_is_read_or_refused(scratch: &Path, manifest: &[u8]) {
    let state = scratch.join(crate::rocks::STATE);
    let ready = std::fs::create_dir_all(&state)
        .and_then(|()| std::fs::write(state.join("CURRENT"), "MANIFEST-000001\n"))
        .and_then(|()| std::fs::write(state.join("MANIFEST-000001"), manifest));
    assert!(ready.is_ok(), "{ready:?}");
    drop(Rocks::open_read_only(scratch));
}
