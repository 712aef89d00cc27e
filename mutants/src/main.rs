//! `make mutants`: what the checkpoints, the lanes and the loader do is changed in every way that cargo-mutants knows,
//! and the tests have to notice. A build takes minutes, so all mutants are in one build, and a variable says which of
//! them lives (`chosen.rs`).
//!
//! The passes: the list (`list.rs`), the rewritten sources (`find.rs`, `rewrite.rs`, `tree.rs`), the build without what
//! does not compile (`build.rs`, `viable.rs`), which tests come by which mutants (`reach.rs`), which of those notice
//! (`kill.rs`), and what became of all (`report.rs`). Results are kept one by one: what was interrupted goes on.

mod build;
mod caught;
mod find;
mod groups;
mod kill;
mod list;
mod order;
mod reach;
mod report;
mod rewrite;
mod run;
mod suite;
mod tree;
mod viable;
mod workers;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;
use rustix::process::{Resource, Rlimit};

use caught::Caught;
use kill::Hunt;
use list::Mutant;
use reach::Pass;
use report::Facts;
use suite::Record;
use tree::Tree;

/// No process of a test needs as much; what a mutant may take for ever ends there, and not at the machine's end.
const MEMORY: u64 = 6 << 30;

/// Mutants of the checkpoints, the lanes and the loader, and which of them the tests notice.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many are tried at once
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// For how many seconds tests are run for one mutant
    #[arg(long, default_value_t = 300)]
    budget: u64,
    /// Only mutants whose file, function or change has this in it
    #[arg(long, default_value = "")]
    only: String,
    /// Say what is known, and run nothing
    #[arg(long)]
    report: bool,
    /// Where cargo builds
    #[arg(long, env = "CARGO_TARGET_DIR")]
    target: PathBuf,
}

/// Where things are kept.
struct Places {
    root: PathBuf,
    base: PathBuf,
}

fn main() -> ExitCode {
    match mutants(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mutants: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn mutants(arguments: &Arguments) -> anyhow::Result<bool> {
    let places = Places {
        root: root()?,
        base: arguments.target.join("mutants"),
    };
    fs::create_dir_all(places.base.join("tree")).context("create the folder of mutants")?;
    let all = list::all(&places.root)?;
    println!("{} mutants are listed", all.len());
    let tree = Tree::new(&places.root, &places.base.join("tree"));
    let began = Instant::now();
    let known = places.base.join("unviable.json");
    let viable = viable::build(&tree, &places.base.join("target"), &all, &known)?;
    println!(
        "{} of them are built, in {} s",
        all.len() - viable.unviable.len() - viable.mutated.unplaced.len(),
        began.elapsed().as_secs()
    );
    bound()?;
    groups::end_with_us()?;
    let facts = facts(arguments, &places, &all, viable)?;
    let (text, is_good) = report::report(&all, &facts);
    let file = places.base.join("mutants.txt");
    fs::write(&file, &text).with_context(|| format!("write {}", file.display()))?;
    println!("\n{text}\nthe same is in {}", file.display());
    Ok(is_good)
}

/// Both passes, as far as they are not done.
fn facts(
    arguments: &Arguments,
    places: &Places,
    all: &[Mutant],
    viable: viable::Viable,
) -> anyhow::Result<Facts> {
    let results = places.base.join("results").join(&viable.mutated.mark);
    let scratch = places.base.join("scratch");
    for folder in [&results, &scratch] {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let (reached, killed) = (results.join("reached.jsonl"), results.join("killed.jsonl"));
    let mut pass = Pass {
        executables: &viable.executables,
        workers: arguments.workers,
        scratch: &scratch,
        results: &reached,
    };
    let records = if arguments.report {
        reach::latest(&reached)
    } else {
        reached_by(&pass, &places.base.join("before.jsonl"))?
    };
    pass.results = &killed;
    let caught = Caught::kept(&places.root, all)?;
    let known = |mutant: &Mutant| caught.of(mutant, &records);
    let asked: Vec<&Mutant> = all
        .iter()
        .filter(|mutant| mutant.key.contains(&arguments.only) && known(mutant).is_none())
        .collect();
    let outcomes = if arguments.report {
        suite::kept(&killed)
    } else {
        Hunt::new(&pass, &records, Duration::from_secs(arguments.budget)).hunt(&asked)?
    };
    let mut outcomes = kill::last(outcomes);
    for before in all.iter().filter_map(known) {
        outcomes.entry(before.number).or_insert(before);
    }
    caught.keep(&places.root, all, &outcomes)?;
    let unplaced = viable.mutated.unplaced.into_iter();
    Ok(Facts {
        unplaced: unplaced.map(|(number, why)| (number, why.to_owned())).collect(),
        unviable: viable.unviable,
        reached: counted(&records),
        outcomes,
        explained: explained(&places.root)?,
    })
}

/// The reach pass; what it takes is known the next time, whatever else has changed.
fn reached_by(pass: &Pass, before: &Path) -> anyhow::Result<Vec<Record>> {
    let began = Instant::now();
    let records = reach::pass(pass, &suite::kept(before))?;
    fs::copy(pass.results, before).context("keep how long tests take")?;
    let failed = records.iter().filter(|record| !record.passed).count();
    println!(
        "{} tests, {failed} of them fail without a mutant; {:.0} s of tests, in {} s",
        records.len(),
        records.iter().map(|record| record.took).sum::<f64>(),
        began.elapsed().as_secs()
    );
    Ok(records)
}

/// How many tests that can be relied on come by each mutant.
fn counted(records: &[Record]) -> BTreeMap<u32, usize> {
    let mut counted = BTreeMap::new();
    for record in records.iter().filter(|record| record.passed) {
        for number in &record.reached {
            *counted.entry(*number).or_default() += 1;
        }
    }
    counted
}

/// Why mutants that live may: `mutants/survivors.toml`.
fn explained(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let file = root.join("mutants/survivors.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    toml::from_str(&text).with_context(|| format!("read {}", file.display()))
}

/// The root of the project: where this is called.
fn root() -> anyhow::Result<PathBuf> {
    let root = std::env::current_dir().context("find the current folder")?;
    if !root.join("mutants/survivors.toml").exists() {
        bail!("{} is not the root of the project", root.display())
    }
    Ok(root)
}

/// Bounds the memory of every process that is started from now on.
fn bound() -> anyhow::Result<()> {
    let limit = Rlimit {
        current: Some(MEMORY),
        maximum: Some(MEMORY),
    };
    rustix::process::setrlimit(Resource::Data, limit).context("bound the memory of tests")
}
