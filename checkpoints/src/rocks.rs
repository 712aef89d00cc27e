//! The rule in RocksDB: the local memory of a run, in `--checkpoint-dir`.
//!
//! Every change is synced to the write-ahead log before the call returns, one process writes at a time (the
//! second is told which one holds the directory), and readers need no lock. Losing the directory costs
//! nothing: Postgres holds the plan and the positions too.

use crate::encoding::{progress_from_bytes, progress_to_bytes, unversioned, versioned};
use crate::memory::step;
use crate::position::LaneId;
use crate::receipt::{Progress, Receipt};
use crate::store::{CheckpointError, CheckpointStore};
use rocksdb::{DB, IteratorMode, Options, WriteBatch, WriteOptions};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const PLAN: &[u8] = b"plan";
const LANE: &[u8] = b"lane/";
pub(crate) const OWNER: &str = "owner";
pub(crate) const STATE: &str = "state";

/// A checkpoint directory, opened.
#[derive(Debug)]
pub struct Rocks {
    db: DB,
    // Read, check, write must be one step; the handle alone would let two receipts interleave.
    writing: Mutex<()>,
}

/// Why a checkpoint directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error(
        "the checkpoint directory {path} is in use by {owner}; wait for it, stop it, or name another directory"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The process that holds it, as it introduced itself.
        owner: String,
    },
    /// It is not there, and was to be read only.
    #[error("{0} holds no run yet; start one with `etl run --checkpoint-dir {0}`", .path.display())]
    Absent {
        /// The directory.
        path: PathBuf,
    },
    /// It cannot be created, read or written.
    #[error(
        "the checkpoint directory {path} cannot be used: {cause}; it must be a writable directory with free space"
    )]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
}

impl Rocks {
    /// Opens `dir` for writing, creating it (readable by its owner alone) when it is not there.
    ///
    /// `introduction` is what a second process is told about this one, such as "etl run, process 12 on web-1".
    pub fn open(dir: &Path, introduction: &str) -> Result<Rocks, OpenError> {
        let unusable = |cause: String| OpenError::Unusable {
            path: dir.to_owned(),
            cause,
        };
        let state = dir.join(STATE);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&state)
            .map_err(|error| unusable(error.to_string()))?;
        let db = DB::open(&options(), &state).map_err(|error| {
            let cause = error.into_string();
            if cause.contains("lock") {
                let owner = std::fs::read_to_string(dir.join(OWNER)).unwrap_or_default();
                let owner = if owner.is_empty() {
                    "another process".to_owned()
                } else {
                    owner
                };
                OpenError::InUse {
                    path: dir.to_owned(),
                    owner,
                }
            } else {
                unusable(cause)
            }
        })?;
        std::fs::write(dir.join(OWNER), introduction).map_err(|error| unusable(error.to_string()))?;
        Ok(Rocks {
            db,
            writing: Mutex::new(()),
        })
    }

    /// Opens `dir` to look at it, also while another process writes to it.
    pub fn open_read_only(dir: &Path) -> Result<Rocks, OpenError> {
        let state = dir.join(STATE);
        if !state.join("CURRENT").exists() {
            return Err(OpenError::Absent { path: dir.to_owned() });
        }
        let db = DB::open_for_read_only(&options(), &state, false).map_err(|error| OpenError::Unusable {
            path: dir.to_owned(),
            cause: error.into_string(),
        })?;
        Ok(Rocks {
            db,
            writing: Mutex::new(()),
        })
    }

    fn write(&self, batch: WriteBatch) -> Result<(), CheckpointError> {
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        self.db.write_opt(batch, &synced).map_err(storage)
    }

    fn read_progress(&self, lane: LaneId) -> Result<Progress, CheckpointError> {
        match self.db.get(lane_key(lane)).map_err(storage)? {
            None => Ok(Progress::default()),
            Some(bytes) => progress_from_bytes(&bytes).map_err(|detail| CheckpointError::Damaged {
                what: format!("lane {lane}"),
                detail,
            }),
        }
    }

    fn put_progress(&self, lane: LaneId, progress: &Progress) -> Result<(), CheckpointError> {
        let mut batch = WriteBatch::default();
        batch.put(lane_key(lane), progress_to_bytes(progress));
        self.write(batch)
    }
}

impl CheckpointStore for Rocks {
    fn plan(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        let Some(bytes) = self.db.get(PLAN).map_err(storage)? else {
            return Ok(None);
        };
        let damaged = |detail| CheckpointError::Damaged {
            what: "the plan".to_owned(),
            detail,
        };
        Ok(Some(unversioned(&bytes).map_err(damaged)?.to_vec()))
    }

    fn begin(&self, plan: &[u8], lanes: &[(LaneId, Progress)]) -> Result<(), CheckpointError> {
        let _one_writer = self.writing.lock();
        let mut batch = WriteBatch::default();
        for entry in self.db.iterator(IteratorMode::Start) {
            batch.delete(entry.map_err(storage)?.0);
        }
        batch.put(PLAN, versioned(plan));
        for (lane, progress) in lanes {
            batch.put(lane_key(*lane), progress_to_bytes(progress));
        }
        self.write(batch)
    }

    fn progress(&self, lane: LaneId) -> Result<Progress, CheckpointError> {
        self.read_progress(lane)
    }

    fn advance(&self, lane: LaneId, receipt: &Receipt) -> Result<(), CheckpointError> {
        let _one_writer = self.writing.lock();
        let mut progress = self.read_progress(lane)?;
        step(lane, &mut progress, receipt)?;
        self.put_progress(lane, &progress)
    }

    fn adopt(&self, lane: LaneId, progress: &Progress) -> Result<(), CheckpointError> {
        let _one_writer = self.writing.lock();
        self.put_progress(lane, progress)
    }
}

fn lane_key(lane: LaneId) -> Vec<u8> {
    [LANE, &lane.0.to_be_bytes()].concat()
}

fn storage(error: rocksdb::Error) -> CheckpointError {
    CheckpointError::Storage(error.into_string())
}

/// A few kilobytes of state do not need a storage engine's usual appetite.
fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_write_buffer_size(1 << 20);
    options.set_max_write_buffer_number(2);
    options.set_max_total_wal_size(4 << 20);
    options.set_max_background_jobs(2);
    options.set_max_open_files(32);
    options.set_keep_log_file_num(2);
    options
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Position, Span, Tally};
    use std::os::unix::fs::PermissionsExt;

    /// A store with the folder it lies in, so that both go together.
    struct Lent(Rocks, #[allow(dead_code)] tempfile::TempDir);

    impl CheckpointStore for Lent {
        fn plan(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
            self.0.plan()
        }
        fn begin(&self, plan: &[u8], lanes: &[(LaneId, Progress)]) -> Result<(), CheckpointError> {
            self.0.begin(plan, lanes)
        }
        fn progress(&self, lane: LaneId) -> Result<Progress, CheckpointError> {
            self.0.progress(lane)
        }
        fn advance(&self, lane: LaneId, receipt: &Receipt) -> Result<(), CheckpointError> {
            self.0.advance(lane, receipt)
        }
        fn adopt(&self, lane: LaneId, progress: &Progress) -> Result<(), CheckpointError> {
            self.0.adopt(lane, progress)
        }
    }

    #[test]
    fn the_directory_keeps_the_laws() {
        crate::laws::all(|| {
            let dir = tempfile::tempdir().unwrap();
            Lent(Rocks::open(dir.path(), "a test").unwrap(), dir)
        });
    }

    fn step_to_end(store: &Rocks) {
        let span = Span {
            from: Position::Start,
            to: Position::End,
        };
        store
            .advance(LaneId(4), &Receipt::after_commit(span, Tally::default()))
            .unwrap();
    }

    #[test]
    fn a_reopened_directory_remembers() {
        let dir = tempfile::tempdir().unwrap();
        let store = Rocks::open(dir.path(), "first").unwrap();
        store.begin(b"plan", &[]).unwrap();
        step_to_end(&store);
        drop(store);
        let store = Rocks::open(dir.path(), "second").unwrap();
        assert_eq!(store.plan().unwrap().unwrap(), b"plan");
        assert!(store.progress(LaneId(4)).unwrap().position.is_end());
    }

    #[test]
    fn a_second_writer_is_told_who_holds_the_directory_and_a_reader_is_let_in() {
        let dir = tempfile::tempdir().unwrap();
        let store = Rocks::open(dir.path(), "etl run, process 42").unwrap();
        step_to_end(&store);
        let refused = Rocks::open(dir.path(), "etl run, process 43").unwrap_err();
        assert!(refused.to_string().contains("process 42"), "{refused}");
        let reader = Rocks::open_read_only(dir.path()).unwrap();
        assert!(reader.progress(LaneId(4)).unwrap().position.is_end());
    }

    #[test]
    fn only_the_owner_may_look_inside() {
        let dir = tempfile::tempdir().unwrap();
        let _store = Rocks::open(dir.path(), "a test").unwrap();
        let mode = std::fs::metadata(dir.path().join(STATE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_directory_without_a_run_says_so() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            Rocks::open_read_only(dir.path()),
            Err(OpenError::Absent { .. })
        ));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("occupied");
        std::fs::write(&path, "x").unwrap();
        let refused = Rocks::open(&path, "a test").unwrap_err();
        assert!(refused.to_string().contains("occupied"), "{refused}");
    }
}
