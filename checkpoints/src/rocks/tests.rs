//! The directory keeps the laws, remembers, and lets one writer in at a time.
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
    fn ending(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        self.0.ending()
    }
    fn note_ending(&self, ending: Option<&[u8]>) -> Result<(), CheckpointError> {
        self.0.note_ending(ending)
    }
    fn planning_reads(&self) -> Result<u64, CheckpointError> {
        self.0.planning_reads()
    }
    fn note_planning_reads(&self, reads: u64) -> Result<(), CheckpointError> {
        self.0.note_planning_reads(reads)
    }
    fn bytes(&self) -> u64 {
        self.0.bytes()
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
    store.note_planning_reads(7).unwrap();
    drop(store);
    let store = Rocks::open(dir.path(), "another").unwrap();
    assert_eq!(store.planning_reads().unwrap(), 7);
    store.begin(b"plan", &[]).unwrap();
    assert_eq!(store.planning_reads().unwrap(), 0);
    step_to_end(&store);
    drop(store);
    let store = Rocks::open(dir.path(), "second").unwrap();
    assert_eq!(store.plan().unwrap().unwrap(), b"plan");
    assert!(store.progress(LaneId(4)).unwrap().position.is_end());
}

/// Where the end of a MANIFEST was lost, RocksDB opens with the plan of one run and writes of the next.
#[test]
fn lanes_of_another_plan_are_not_seen() {
    let dir = tempfile::tempdir().unwrap();
    let store = Rocks::open(dir.path(), "first").unwrap();
    store.begin(b"one", &[]).unwrap();
    step_to_end(&store);
    store.note_ending(Some(b"ended")).unwrap();
    store.note_planning_reads(7).unwrap();
    let mut mixed_up = WriteBatch::default();
    mixed_up.put(PLAN, versioned(b"two"));
    store.write(mixed_up).unwrap();
    drop(store);
    let store = Rocks::open(dir.path(), "second").unwrap();
    assert_eq!(store.plan().unwrap().unwrap(), b"two");
    assert_eq!(store.progress(LaneId(4)).unwrap(), Progress::default());
    assert_eq!(
        (store.ending().unwrap(), store.planning_reads().unwrap()),
        (None, 0)
    );
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
    // Whoever holds it may not have introduced itself yet.
    std::fs::write(dir.path().join(OWNER), "").unwrap();
    let refused = Rocks::open(dir.path(), "etl run, process 43").unwrap_err();
    assert!(refused.to_string().contains("another process"), "{refused}");
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
