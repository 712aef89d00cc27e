//! Which mutants the tests catch. Each is let live while the tests that come by it run: first those that caught others
//! in the same function, then the short and special ones, together in one process as far as they belong to one program.
//!
//! A failure of a test that takes long, an end of the process, and a test that does not end may have other causes than
//! the mutant, on a machine with more to do than usual. Then the same is run again without a mutant, and counts only if
//! that passes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use crate::list::Mutant;
use crate::order;
use crate::reach::Pass;
use crate::run::{Batch, Verdict};
use crate::suite::{self, Keeping, Record, Test};
use crate::workers::{self, Worker};

/// A failure of a test that takes longer is looked at again.
const LONG: Duration = Duration::from_secs(5);

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) number: u32,
    pub(crate) end: End,
    /// For so many seconds tests were run.
    pub(crate) spent: f64,
    /// Of so many that there were.
    pub(crate) budget: f64,
    /// So many of those that come by it were run.
    pub(crate) ran: usize,
    pub(crate) of: usize,
}

/// How that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    /// A test failed, or the process of it ended.
    Caught(String),
    /// A test did not end.
    Hung(String),
    /// No test said anything.
    Lived,
    /// No test said anything as long as there was time.
    Undecided,
}

/// What is asked of whom.
#[derive(Debug)]
pub(crate) struct Hunt<'a> {
    pub(crate) pass: &'a Pass<'a>,
    /// What the tests showed without mutants.
    pub(crate) records: &'a [Record],
    /// So long tests are run for one mutant.
    pub(crate) budget: Duration,
    /// Who caught whom so far: in functions, and in files.
    caught: Mutex<HashMap<String, Vec<Test>>>,
}

impl<'a> Hunt<'a> {
    pub(crate) fn new(pass: &'a Pass<'a>, records: &'a [Record], budget: Duration) -> Hunt<'a> {
        Hunt {
            pass,
            records,
            budget,
            caught: Mutex::default(),
        }
    }

    /// Lets each of `mutants` live that has not, and tells what became of all.
    pub(crate) fn hunt(&self, mutants: &[&Mutant]) -> anyhow::Result<Vec<Outcome>> {
        let file = self.pass.results;
        let done = last(suite::kept(file));
        let is_left = |mutant: &&Mutant| {
            let reaching = self.reaching(mutant).len();
            let outcome = done.get(&mutant.number);
            reaching > 0 && !outcome.is_some_and(|outcome| self.is_final(outcome, reaching))
        };
        let left: Vec<&Mutant> = mutants.iter().copied().filter(is_left).collect();
        let all = left.len();
        println!("which mutants are caught: {all} to go");
        let keeping = Mutex::new((Keeping::at(file)?, 0));
        workers::work(self.pass.workers, self.pass.scratch, left, |worker, mutant| {
            let outcome = self.one(worker, mutant)?;
            let mut keeping = keeping.lock().map_err(|_| anyhow!("a worker died"))?;
            keeping.0.keep(&outcome)?;
            keeping.1 += 1;
            println!("{}/{all} {} {:?}", keeping.1, mutant.key, outcome.end);
            Ok(())
        })?;
        Ok(suite::kept(file))
    }

    /// Whether there is nothing more to find out: with more time, or more tests, there may be.
    fn is_final(&self, outcome: &Outcome, reaching: usize) -> bool {
        match outcome.end {
            End::Caught(_) | End::Hung(_) => true,
            End::Lived => outcome.of >= reaching,
            End::Undecided => outcome.budget >= self.budget.as_secs_f64(),
        }
    }

    /// The tests that come by a mutant and can be relied on.
    fn reaching(&self, mutant: &Mutant) -> Vec<&'a Record> {
        let all = self.records.iter();
        all.filter(|record| record.passed && record.reached.contains(&mutant.number))
            .collect()
    }

    fn one(&self, worker: &mut Worker, mutant: &Mutant) -> anyhow::Result<Outcome> {
        let reaching = self.reaching(mutant);
        let mut outcome = Outcome {
            number: mutant.number,
            end: End::Lived,
            spent: 0.0,
            budget: self.budget.as_secs_f64(),
            ran: 0,
            of: reaching.len(),
        };
        for records in order::batches(&reaching, &self.favourites(mutant)?) {
            let longest = records.iter().map(|record| record.took).fold(0.0, f64::max);
            if outcome.spent + longest > outcome.budget && outcome.spent > 0.0 {
                outcome.end = End::Undecided;
                continue;
            }
            outcome.ran += records.len();
            if let Some(end) = self.ask(worker, mutant, &records, &mut outcome.spent)? {
                outcome.end = end;
                break;
            }
        }
        Ok(outcome)
    }

    /// Runs `records` while the mutant lives; says how it ended if that was the mutant.
    fn ask(
        &self,
        worker: &mut Worker,
        mutant: &Mutant,
        records: &[&Record],
        spent: &mut f64,
    ) -> anyhow::Result<Option<End>> {
        let mut left = records.to_vec();
        while !left.is_empty() {
            let (verdict, took) = self.run(worker, Some(mutant.number), &left)?;
            *spent += took;
            let (end, suspects) = match verdict {
                Verdict::Passed => return Ok(None),
                Verdict::Failed(test) => (End::Caught(test.clone()), vec![test]),
                Verdict::Died(how) => (
                    End::Caught(format!("{how}: {}", names(&left).join(", "))),
                    names(&left),
                ),
                Verdict::Hung(tests) => (End::Hung(tests.join(", ")), tests),
            };
            let (suspects, rest): (Vec<_>, Vec<_>) = left
                .into_iter()
                .partition(|record| suspects.contains(&record.test.name));
            let is_sure = matches!(end, End::Caught(_)) && suspects.iter().all(|record| record.took() < LONG);
            if is_sure || suspects.is_empty() || self.passes(worker, &suspects)? {
                self.remember(mutant, &suspects)?;
                return Ok(Some(end));
            }
            println!(
                "FAILS WITHOUT A MUTANT, so it does not count for {}: {end:?}",
                mutant.key
            );
            left = rest;
        }
        Ok(None)
    }

    fn passes(&self, worker: &mut Worker, records: &[&Record]) -> anyhow::Result<bool> {
        Ok(self.run(worker, None, records)?.0 == Verdict::Passed)
    }

    /// What became of tests of one program, and how many seconds it took.
    fn run(
        &self,
        worker: &mut Worker,
        mutant: Option<u32>,
        records: &[&Record],
    ) -> anyhow::Result<(Verdict, f64)> {
        let first = records.first().context("there is a test to run")?;
        let longest = records
            .iter()
            .map(|record| record.took())
            .max()
            .unwrap_or_default();
        let run = worker.run(&Batch {
            executable: suite::executable(self.pass.executables, &first.test.of)?,
            tests: records.iter().map(|record| record.test.name.as_str()).collect(),
            mutant,
            reached: None,
            patience: Duration::from_secs(30) + 8 * longest,
        })?;
        Ok((run.verdict, run.took.as_secs_f64()))
    }

    fn remember(&self, mutant: &Mutant, tests: &[&Record]) -> anyhow::Result<()> {
        let mut caught = self.caught.lock().map_err(|_| anyhow!("a worker died"))?;
        for place in [
            format!("{} {}", mutant.file, mutant.function),
            mutant.file.clone(),
        ] {
            let known = caught.entry(place).or_default();
            for record in tests.iter().take(1) {
                known.retain(|test| *test != record.test);
                known.insert(0, record.test.clone());
            }
        }
        Ok(())
    }

    /// The tests that caught others nearby, the last ones first.
    fn favourites(&self, mutant: &Mutant) -> anyhow::Result<Vec<Test>> {
        let caught = self.caught.lock().map_err(|_| anyhow!("a worker died"))?;
        let of = |place: &str, most| caught.get(place).into_iter().flatten().take(most).cloned();
        let mut all: Vec<Test> = of(&format!("{} {}", mutant.file, mutant.function), 3).collect();
        all.extend(of(&mutant.file, 2));
        Ok(all)
    }
}

fn names(records: &[&Record]) -> Vec<String> {
    records.iter().map(|record| record.test.name.clone()).collect()
}

/// The last that is known of each mutant.
pub(crate) fn last(outcomes: Vec<Outcome>) -> BTreeMap<u32, Outcome> {
    outcomes
        .into_iter()
        .map(|outcome| (outcome.number, outcome))
        .collect()
}
