//! Several at once, each with a Firestore emulator of its own, which all of its tests share: to start one takes longer
//! than most tests. It is replaced now and then, for it keeps in memory whatever it was ever given.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, anyhow};
use rehearsal::emulator::Emulator;
use tokio::runtime::Runtime;

use crate::run::{self, Batch, Desk, Run};

/// How many tests one emulator is asked by.
const TESTS: usize = 120;

/// Where one worker runs tests.
#[derive(Debug)]
pub(crate) struct Worker {
    runtime: Runtime,
    emulator: Emulator,
    asked: usize,
    scratch: PathBuf,
}

impl Worker {
    fn new(scratch: PathBuf) -> anyhow::Result<Worker> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("start a runtime")?;
        let emulator = runtime.block_on(Emulator::start())?;
        Ok(Worker {
            runtime,
            emulator,
            asked: 0,
            scratch,
        })
    }

    /// Runs `batch`.
    pub(crate) fn run(&mut self, batch: &Batch) -> anyhow::Result<Run> {
        // Only whole runs of the tool talk to it.
        if batch.executable.name == "etl/real" {
            self.asked += batch.tests.len();
        }
        if self.asked > TESTS {
            self.emulator = self.runtime.block_on(Emulator::start())?;
            self.asked = batch.tests.len();
        }
        let desk = Desk {
            emulator: self.emulator.host(),
            scratch: &self.scratch,
        };
        run::run(batch, &desk)
    }
}

/// Does `work` for each item, by so many workers at once; the first error ends it all.
pub(crate) fn work<T: Send>(
    count: usize,
    scratch: &Path,
    items: Vec<T>,
    work: impl Fn(&mut Worker, T) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let count = count.min(items.len());
    let items = Mutex::new(VecDeque::from(items));
    let next = || items.lock().ok().and_then(|mut items| items.pop_front());
    let one = |number: usize| {
        let mut worker = Worker::new(scratch.join(number.to_string()))?;
        while let Some(item) = next() {
            if let Err(error) = work(&mut worker, item) {
                // The others need not begin what comes next.
                if let Ok(mut items) = items.lock() {
                    items.clear();
                }
                return Err(error);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..count)
            .map(|number| scope.spawn(move || one(number)))
            .collect();
        all.into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker died"))?)
    })
}
