//! The rule in RocksDB: the local memory of a run, in `--checkpoint-dir`.
//!
//! All but the plan lies under the plan's mark: what a damaged or mixed-up directory still holds of another plan's lanes
//! is not seen. Every change is synced to the write-ahead log before the call returns, one process writes at a time (the
//! second is told which one holds the directory), and readers need no lock. Losing the directory costs
//! nothing: Postgres holds the plan and the positions too.

use crate::access;
use crate::encoding::{mark, progress_from_bytes, progress_to_bytes, unversioned, versioned};
use crate::memory::step;
use crate::position::LaneId;
use crate::receipt::{Progress, Receipt};
use crate::store::{CheckpointError, CheckpointStore};
use crate::unending;
use rocksdb::properties::{CUR_SIZE_ALL_MEM_TABLES, TOTAL_SST_FILES_SIZE};
use rocksdb::{BlockBasedOptions, DB, IteratorMode, Options, WriteBatch, WriteOptions};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const PLAN: &[u8] = b"plan";
const LANE: &[u8] = b"lane/";
const ENDING: &[u8] = b"ending";
const PLANNING_READS: &[u8] = b"planning_reads";
pub(crate) const OWNER: &str = "owner";
pub(crate) const STATE: &str = "state";

/// A checkpoint directory, opened.
#[derive(Debug)]
pub struct Rocks {
    db: DB,
    // Read, check, write must be one step; the handle alone would let two receipts interleave.
    writing: Mutex<()>,
    /// The mark of the plan, 0 where there is none.
    mark: AtomicU64,
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
        "the checkpoint directory {path} cannot be used: {cause}; it must be a writable directory with free space; \
         if its files are damaged, move it away: the run is rebuilt from Postgres"
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
        let db = open(dir, STATE, &options())?;
        let unusable = |cause: String| OpenError::Unusable {
            path: dir.to_owned(),
            cause,
        };
        std::fs::write(dir.join(OWNER), introduction).map_err(|error| unusable(error.to_string()))?;
        Rocks::over(db).map_err(unusable)
    }

    /// Opens `dir` to look at it, also while another process writes to it.
    pub fn open_read_only(dir: &Path) -> Result<Rocks, OpenError> {
        let state = dir.join(STATE);
        if !state.join("CURRENT").exists() {
            return Err(OpenError::Absent { path: dir.to_owned() });
        }
        let unusable = |cause: String| OpenError::Unusable {
            path: dir.to_owned(),
            cause,
        };
        unending::nothing_in(&state).map_err(unusable)?;
        let opened = DB::open_for_read_only(&options(), &state, false);
        let db = opened.map_err(|error| unusable(error.into_string()))?;
        Rocks::over(db).map_err(unusable)
    }

    fn over(db: DB) -> Result<Rocks, String> {
        let plan = db.get(PLAN).map_err(rocksdb::Error::into_string)?;
        Ok(Rocks {
            db,
            writing: Mutex::new(()),
            mark: AtomicU64::new(plan.as_deref().map_or(0, mark)),
        })
    }

    /// Where something is kept that belongs to the plan.
    fn key(&self, what: &[u8]) -> Vec<u8> {
        key_under(self.mark.load(Ordering::Acquire), what)
    }

    fn lane_key(&self, lane: LaneId) -> Vec<u8> {
        self.key(&lane_name(lane))
    }

    fn write(&self, batch: WriteBatch) -> Result<(), CheckpointError> {
        self.db.write_opt(batch, &synced()).map_err(storage)
    }

    fn read_progress(&self, lane: LaneId) -> Result<Progress, CheckpointError> {
        match self.db.get(self.lane_key(lane)).map_err(storage)? {
            None => Ok(Progress::default()),
            Some(bytes) => progress_from_bytes(&bytes).map_err(|detail| CheckpointError::Damaged {
                what: format!("lane {lane}"),
                detail,
            }),
        }
    }

    fn put_progress(&self, lane: LaneId, progress: &Progress) -> Result<(), CheckpointError> {
        let mut batch = WriteBatch::default();
        batch.put(self.lane_key(lane), progress_to_bytes(progress));
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
        let plan = versioned(plan);
        let mark = mark(&plan);
        batch.put(PLAN, plan);
        for (lane, progress) in lanes {
            batch.put(key_under(mark, &lane_name(*lane)), progress_to_bytes(progress));
        }
        self.write(batch)?;
        self.mark.store(mark, Ordering::Release);
        Ok(())
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

    fn ending(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        self.db.get(self.key(ENDING)).map_err(storage)
    }

    fn note_ending(&self, ending: Option<&[u8]>) -> Result<(), CheckpointError> {
        let mut batch = WriteBatch::default();
        match ending {
            Some(ending) => batch.put(self.key(ENDING), ending),
            None => batch.delete(self.key(ENDING)),
        }
        self.write(batch)
    }

    fn planning_reads(&self) -> Result<u64, CheckpointError> {
        let Some(bytes) = self.db.get(self.key(PLANNING_READS)).map_err(storage)? else {
            return Ok(0);
        };
        let number = <[u8; 8]>::try_from(bytes.as_slice());
        number
            .map(u64::from_be_bytes)
            .map_err(|_| CheckpointError::Damaged {
                what: "the reads of earlier plans".to_owned(),
                detail: "it is no number",
            })
    }

    fn note_planning_reads(&self, reads: u64) -> Result<(), CheckpointError> {
        let mut batch = WriteBatch::default();
        batch.put(self.key(PLANNING_READS), reads.to_be_bytes());
        self.write(batch)
    }

    fn bytes(&self) -> u64 {
        let property = |name| self.db.property_int_value(name).ok().flatten();
        [TOTAL_SST_FILES_SIZE, CUR_SIZE_ALL_MEM_TABLES]
            .into_iter()
            .filter_map(property)
            .sum()
    }
}

/// Values that are no checkpoint, but dear to get again: in a database of their own beside the state, so that neither
/// a start without them nor a look at the state ever opens it.
#[derive(Debug)]
pub(crate) struct Shelf(DB);

impl Shelf {
    /// Opens the shelf `name` in `dir`, creating both.
    pub(crate) fn open(dir: &Path, name: &str) -> Result<Shelf, OpenError> {
        Ok(Shelf(open(dir, name, &options_of_a_shelf())?))
    }

    /// The values of `keys`, in their order.
    pub(crate) fn read(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Vec<Option<Vec<u8>>>, CheckpointError> {
        let values = self.0.multi_get(keys).into_iter();
        values.map(|value| value.map_err(storage)).collect()
    }

    /// Puts values in their places, all or none. Durable when it returns.
    pub(crate) fn write(
        &self,
        values: impl IntoIterator<Item = (impl AsRef<[u8]>, Vec<u8>)>,
    ) -> Result<(), CheckpointError> {
        let mut batch = WriteBatch::default();
        for (key, value) in values {
            batch.put(key, value);
        }
        self.0.write_opt(batch, &synced()).map_err(storage)
    }
}

/// Opens the database `name` in `dir` for writing, creating both, readable by their owner alone.
fn open(dir: &Path, name: &str, options: &Options) -> Result<DB, OpenError> {
    let unusable = |cause: String| OpenError::Unusable {
        path: dir.to_owned(),
        cause,
    };
    let place = dir.join(name);
    access::private(&place).map_err(|error| unusable(error.to_string()))?;
    unending::nothing_in(&place).map_err(unusable)?;
    DB::open(options, &place).map_err(|error| {
        let cause = error.into_string();
        // A thread of ours has it, or another process; a block that is damaged is no lock.
        if !cause.contains("lock hold by") && !cause.contains("While lock file") {
            return unusable(cause);
        }
        let owner = std::fs::read_to_string(dir.join(OWNER)).unwrap_or_default();
        OpenError::InUse {
            path: dir.to_owned(),
            owner: match owner.as_str() {
                "" => "another process".to_owned(),
                _ => owner,
            },
        }
    })
}

fn synced() -> WriteOptions {
    let mut synced = WriteOptions::default();
    synced.set_sync(true);
    synced
}

fn lane_name(lane: LaneId) -> Vec<u8> {
    [LANE, &lane.0.to_be_bytes()].concat()
}

fn key_under(mark: u64, what: &[u8]) -> Vec<u8> {
    [&mark.to_be_bytes(), what].concat()
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

/// A shelf may grow to gigabytes and is mostly asked for what it does not have, which its filters answer.
fn options_of_a_shelf() -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_bloom_filter(10.0, false);
    let mut options = options();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(8 << 20);
    options.set_max_total_wal_size(32 << 20);
    options
}

#[cfg(test)]
mod tests;
