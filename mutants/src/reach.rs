//! Which test comes by which mutants, and how long it takes: every test once, by itself, with no mutant alive.
//! A test that fails then says nothing about mutants, and is told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::anyhow;

use crate::build::Executable;
use crate::run::{Batch, Run, Verdict};
use crate::suite::{self, Keeping, Record, Test};
use crate::workers::{self, Worker};

/// No test takes longer.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Where results are, and how many are made at once.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) executables: &'a [Executable],
    pub(crate) workers: usize,
    pub(crate) scratch: &'a Path,
    /// What this pass appends to.
    pub(crate) results: &'a Path,
}

/// Runs what was not run yet, or failed when it was, the short ones first as far as `before` says how long they take,
/// and returns all.
pub(crate) fn pass(pass: &Pass, before: &[Record]) -> anyhow::Result<Vec<Record>> {
    let tests = suite::tests(pass.executables)?;
    suite::must_be_some(&tests)?;
    let known = latest(pass.results);
    let passed = known.iter().filter(|record| record.passed);
    let done: BTreeSet<&Test> = passed.map(|record| &record.test).collect();
    let took: BTreeMap<&Test, f64> = before.iter().map(|record| (&record.test, record.took)).collect();
    let mut left: Vec<&Test> = tests.iter().filter(|test| !done.contains(test)).collect();
    left.sort_by(|a, b| {
        let took = |test| took.get(test).copied().unwrap_or(0.0);
        took(a).total_cmp(&took(b))
    });
    println!(
        "which tests reach which mutants: {} of {} tests",
        left.len(),
        tests.len()
    );
    let keeping = Mutex::new(Keeping::at(pass.results)?);
    workers::work(pass.workers, pass.scratch, left, |worker, test| {
        let record = once(pass, worker, test)?;
        let mut keeping = keeping.lock().map_err(|_| anyhow!("a worker died"))?;
        keeping.keep(&record)
    })?;
    Ok(latest(pass.results))
}

/// The last that is known of each test.
pub(crate) fn latest(results: &Path) -> Vec<Record> {
    let kept = suite::kept(results).into_iter();
    let latest: BTreeMap<Test, Record> = kept.map(|record: Record| (record.test.clone(), record)).collect();
    latest.into_values().collect()
}

fn once(pass: &Pass, worker: &mut Worker, test: &Test) -> anyhow::Result<Record> {
    let name = format!("reached-{:?}", std::thread::current().id()).replace(['(', ')'], "");
    let file = pass.scratch.join(name);
    let _ = fs::remove_file(&file);
    let Run { verdict, took, said } = worker.run(&Batch {
        executable: suite::executable(pass.executables, &test.of)?,
        tests: vec![&test.name],
        mutant: None,
        reached: Some(&file),
        patience: PATIENCE,
    })?;
    let passed = verdict == Verdict::Passed;
    if !passed {
        println!(
            "FAILS WITHOUT A MUTANT, so it is not asked: {} {}: {verdict:?}\n{said}\n",
            test.of, test.name
        );
    }
    let reached = fs::read_to_string(&file).unwrap_or_default();
    let reached = reached.lines().filter_map(|line| line.parse().ok()).collect();
    Ok(Record {
        test: test.clone(),
        passed,
        took: took.as_secs_f64(),
        reached,
    })
}
