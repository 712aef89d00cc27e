//! A directory that was written to by one process after another, and every state that it was ever in.

use crate::damage::files;
use checkpoints::{
    CheckpointError, CheckpointStore, Digest, LaneId, Position, Progress, Receipt, Rocks, Span, Tally,
    VectorCache, Vectors,
};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Lanes there may be.
pub(crate) const LANES: u32 = 6;
/// Vectors there may be.
pub(crate) const VECTORS: u8 = 12;

/// All that a directory says of its run.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct State {
    pub(crate) plan: Option<Vec<u8>>,
    /// Lanes that stand anywhere but at the start.
    pub(crate) lanes: BTreeMap<LaneId, Progress>,
    pub(crate) reads: u64,
}

impl State {
    /// What a store says now.
    pub(crate) fn of(store: &impl CheckpointStore) -> Result<State, CheckpointError> {
        let mut lanes = BTreeMap::new();
        for lane in (0..LANES).map(LaneId) {
            let progress = store.progress(lane)?;
            if progress != Progress::default() {
                lanes.insert(lane, progress);
            }
        }
        Ok(State {
            plan: store.plan()?,
            lanes,
            reads: store.planning_reads()?,
        })
    }
}

impl fmt::Debug for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = |plan: &Vec<u8>| String::from_utf8_lossy(&plan[..plan.len().min(7)]).into_owned();
        let lanes: Vec<_> = self
            .lanes
            .iter()
            .map(|(lane, progress)| format!("{lane} {} {}", progress.position, progress.tally.read))
            .collect();
        write!(
            out,
            "{:?}, {} reads, lanes {lanes:?}",
            self.plan.as_ref().map(begins),
            self.reads
        )
    }
}

/// The directory and its past.
pub(crate) struct History {
    folder: TempDir,
    /// Every state, in order.
    pub(crate) states: Vec<State>,
    /// Copies of the directory at earlier moments, as a process that was killed would have left it.
    pub(crate) copies: Vec<PathBuf>,
    begun: u64,
}

/// Who has the directory open.
struct Process {
    store: Rocks,
    vectors: Option<Vectors>,
}

impl History {
    /// So many steps of it.
    pub(crate) fn of(steps: usize, dice: &mut StdRng) -> History {
        let mut history = History {
            folder: memory(),
            states: vec![State::default()],
            copies: Vec::new(),
            begun: 0,
        };
        let mut process = history.open(dice);
        for _ in 0..steps {
            match dice.random_range(0..20) {
                0 => {
                    drop(process);
                    process = history.open(dice);
                }
                1 => history.copy(),
                _ => history.step(&process, dice),
            }
        }
        if dice.random() {
            drop(process);
        }
        history.copy();
        history
    }

    /// Where a directory of this history may be damaged.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dir(&self) -> PathBuf {
        self.place("dir")
    }

    fn open(&self, dice: &mut StdRng) -> Process {
        let store = Rocks::open(&self.dir(), "etl run, process 1").unwrap();
        let vectors = dice.random::<bool>().then(|| Vectors::open(&self.dir()).unwrap());
        Process { store, vectors }
    }

    /// Also while the directory is written to: like whatever was killed then. Files that RocksDB tidies away meanwhile
    /// would make it a copy of no moment; then it is made once more.
    fn copy(&mut self) {
        let copy = self.place(&format!("copy-{}", self.copies.len()));
        loop {
            let before = files(&self.dir());
            let copied = Command::new("cp")
                .arg("-a")
                .args([&self.dir(), &copy])
                .output()
                .unwrap();
            if copied.status.success() && files(&self.dir()) == before {
                break;
            }
            fs::remove_dir_all(&copy).unwrap();
        }
        self.copies.push(copy);
    }

    /// One write, and what the directory says from then on.
    fn step(&mut self, process: &Process, dice: &mut StdRng) {
        let mut state = self.states.last().unwrap().clone();
        let lane = LaneId(dice.random_range(0..LANES));
        match dice.random_range(0..20) {
            0 => {
                self.begun += 1;
                let plan = plan(self.begun, dice);
                let lanes: Vec<_> = (0..dice.random_range(0..LANES))
                    .map(|lane| (LaneId(lane), progress(dice)))
                    .collect();
                process.store.begin(&plan, &lanes).unwrap();
                state = State {
                    plan: Some(plan),
                    lanes: lanes.into_iter().collect(),
                    reads: 0,
                };
            }
            1 => {
                state.reads = dice.random_range(1..1000);
                process.store.note_planning_reads(state.reads).unwrap();
            }
            2 | 3 => {
                let progress = progress(dice);
                process.store.adopt(lane, &progress).unwrap();
                state.lanes.insert(lane, progress);
            }
            4 | 5 => {
                if let Some(vectors) = &process.vectors {
                    let numbers = (0..dice.random_range(1..4)).map(|_| dice.random_range(0..VECTORS));
                    let kept: Vec<_> = numbers.map(|number| (key(number), vector(number))).collect();
                    vectors.keep(&kept).unwrap();
                }
            }
            _ => {
                let progress = state.lanes.entry(lane).or_default();
                let receipt = receipt(progress, dice);
                process.store.advance(lane, &receipt).unwrap();
                progress.position = receipt.span().to.clone();
                progress.tally += receipt.tally();
            }
        }
        // One that stands where it would without a word is not among them.
        state.lanes.retain(|_, progress| *progress != Progress::default());
        self.states.push(state);
    }
}

/// A folder that nothing has to be synced for, where there is one.
fn memory() -> TempDir {
    TempDir::new_in("/dev/shm").unwrap_or_else(|_| TempDir::new().unwrap())
}

fn plan(number: u64, dice: &mut StdRng) -> Vec<u8> {
    let mut plan = format!("plan {number} ").into_bytes();
    plan.extend((0..dice.random_range(0..6000)).map(|_| dice.random::<u8>()));
    plan
}

fn position(dice: &mut StdRng) -> Position {
    match dice.random_range(0..8) {
        0 => Position::Start,
        1 => Position::End,
        _ => Position::at(dice.random::<[u8; 12]>()),
    }
}

fn progress(dice: &mut StdRng) -> Progress {
    Progress {
        position: position(dice),
        tally: tally(dice),
    }
}

fn tally(dice: &mut StdRng) -> Tally {
    let loaded = dice.random_range(0..1000);
    Tally {
        read: loaded,
        loaded,
        ..Tally::default()
    }
}

pub(crate) fn receipt(progress: &Progress, dice: &mut StdRng) -> Receipt {
    let span = Span {
        from: progress.position.clone(),
        to: position(dice),
    };
    Receipt::after_commit(span, tally(dice))
}

pub(crate) fn key(number: u8) -> Digest {
    [number; 32]
}

pub(crate) fn vector(number: u8) -> Vec<f32> {
    (0..64).map(|at| f32::from(number) + at as f32 / 64.0).collect()
}
