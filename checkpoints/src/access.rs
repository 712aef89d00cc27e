//! Who else may get at a checkpoint directory.
//!
//! What is made in it is its user's alone: an identity of documents is in every position, and vectors are made of their
//! texts. The folders that databases lie in are made so, and made so again where somebody loosened them. The directory
//! itself is the operator's choice and may be many things, `.` among them: taking rights away from it could lock others
//! out of what is theirs. Whether others may swap what lies in it is told instead.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// Its user's, and nobody else's.
const PRIVATE: u32 = 0o700;

/// Makes the folder and those above it, or takes from one that is there what others may do with it.
pub(crate) fn private(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(PRIVATE).create(folder)?;
    match std::fs::metadata(folder)?.mode() & 0o077 {
        0 => Ok(()),
        _ => std::fs::set_permissions(folder, Permissions::from_mode(PRIVATE)),
    }
}

/// Whether any user of this machine may put something else in the place of what lies in `dir`. Where it is not there,
/// nobody may; a directory such as `/tmp` leaves to each what is his.
pub fn is_open_to_all(dir: &Path) -> bool {
    const WRITTEN_BY_OTHERS: u32 = 0o002;
    const EACH_TO_HIS_OWN: u32 = 0o1000;
    std::fs::metadata(dir)
        .is_ok_and(|facts| facts.mode() & (WRITTEN_BY_OTHERS | EACH_TO_HIS_OWN) == WRITTEN_BY_OTHERS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Rocks, Vectors};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_nobody_else_may_use_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        for found in [0o500, 0o2700] {
            set(dir.path(), found);
            private(dir.path()).unwrap();
            assert_eq!(mode(dir.path()), found);
        }
    }

    #[test]
    fn folders_that_were_loosened_are_private_again_and_the_directory_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("named by the operator");
        std::fs::create_dir(&dir).unwrap();
        set(&dir, 0o755);
        drop((Rocks::open(&dir, "one").unwrap(), Vectors::open(&dir).unwrap()));
        for folder in ["state", "vectors"] {
            assert_eq!(mode(&dir.join(folder)), 0o700);
            set(&dir.join(folder), 0o777);
        }
        drop((Rocks::open(&dir, "two").unwrap(), Vectors::open(&dir).unwrap()));
        let modes = ["", "state", "vectors"].map(|folder| mode(&dir.join(folder)));
        assert_eq!(modes, [0o755, 0o700, 0o700]);
    }

    #[test]
    fn a_directory_that_anybody_may_write_to_is_told_from_others() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, open) in [
            (0o700, false),
            (0o775, false),
            (0o777, true),
            (0o1777, false),
            (0o702, true),
        ] {
            set(dir.path(), mode);
            assert_eq!(is_open_to_all(dir.path()), open, "{mode:o}");
        }
        assert!(!is_open_to_all(&dir.path().join("absent")));
    }
}
