//! What there is to change, as cargo-mutants lists it: it knows how to break code, and builds once for each way to.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

/// What is mutated: what remembers how far a run got, what moves lanes, what commits.
const SCOPE: [&str; 7] = [
    "checkpoints/src/**",
    "pipeline/src/lane.rs",
    "pipeline/src/lane/**",
    "pipeline/src/supervisor.rs",
    "pipeline/src/supervisor/**",
    "pipeline/src/load.rs",
    "pipeline/src/load/**",
];

/// Tests of stores, which are a library because several suites ask them.
const BESIDE: [&str; 2] = ["checkpoints/src/laws.rs", "checkpoints/src/laws/**"];

/// What kind of change it is, in the words of cargo-mutants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub(crate) enum Genre {
    /// A function that returns something else at once.
    FnValue,
    /// Another operator between the same operands.
    BinaryOperator,
    /// A `!` or `-` that is not there.
    UnaryOperator,
    /// An arm that never matches.
    MatchArm,
    /// Another condition of an arm.
    MatchArmGuard,
    /// A field that comes from the rest of the structure.
    StructField,
    /// What later versions know.
    #[serde(other)]
    Unknown,
}

/// A place in a file as a person counts it: lines and columns, from one.
pub(crate) type Place = (usize, usize);

/// One change.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    /// Its number, from one, in the order of the list.
    pub(crate) number: u32,
    /// The file, from the root.
    pub(crate) file: String,
    /// The function, where it is in one.
    pub(crate) function: String,
    pub(crate) genre: Genre,
    pub(crate) at: Place,
    /// What takes the place of what is there.
    pub(crate) replacement: String,
    /// What is changed, in words.
    pub(crate) change: String,
    /// A name that stays the same when lines move: file and change, and which of them where there are several.
    pub(crate) key: String,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    function: Option<Function>,
    genre: Genre,
    name: String,
    replacement: String,
    span: Span,
}

#[derive(Deserialize)]
struct Function {
    function_name: String,
}

#[derive(Deserialize)]
struct Span {
    start: Start,
}

#[derive(Deserialize)]
struct Start {
    line: usize,
    column: usize,
}

/// Every mutant of the project at `root`.
pub(crate) fn all(root: &Path) -> anyhow::Result<Vec<Mutant>> {
    let there = Command::new("cargo").args(["mutants", "--version"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        bail!(
            "cargo-mutants lists what to change, and is not installed: cargo install --locked cargo-mutants"
        )
    }
    let mut command = Command::new("cargo");
    command
        .args(["mutants", "--list", "--json", "--workspace"])
        .current_dir(root);
    command.args(SCOPE.iter().flat_map(|files| ["--file", files]));
    command.args(BESIDE.iter().flat_map(|files| ["--exclude", files]));
    let output = command.output().context("run cargo mutants")?;
    if !output.status.success() {
        bail!("cargo mutants: {}", String::from_utf8_lossy(&output.stderr))
    }
    let mutants = read(&output.stdout)?;
    if mutants.is_empty() {
        bail!("cargo mutants lists nothing")
    }
    Ok(mutants)
}

/// The list in `json`, each with its number and name.
pub(crate) fn read(json: &[u8]) -> anyhow::Result<Vec<Mutant>> {
    let listed: Vec<Listed> = serde_json::from_slice(json).context("read the list of cargo mutants")?;
    let mut mutants: Vec<Mutant> = (1..)
        .zip(listed)
        .map(|(number, one)| mutant(number, one))
        .collect();
    let (mut times, mut seen) = (HashMap::new(), HashMap::new());
    for mutant in &mutants {
        *times.entry(mutant.key.clone()).or_insert(0) += 1;
    }
    for mutant in &mut mutants {
        if times.get(&mutant.key).is_some_and(|times| *times > 1) {
            let nth = seen.entry(mutant.key.clone()).or_insert(0);
            *nth += 1;
            mutant.key = format!("{} #{nth}", mutant.key);
        }
    }
    Ok(mutants)
}

fn mutant(number: u32, listed: Listed) -> Mutant {
    let change = listed
        .name
        .split_once(": ")
        .map_or(listed.name.clone(), |(_, change)| change.to_owned());
    Mutant {
        number,
        key: format!("{}: {change}", listed.file),
        file: listed.file,
        function: listed
            .function
            .map(|function| function.function_name)
            .unwrap_or_default(),
        genre: listed.genre,
        at: (listed.span.start.line, listed.span.start.column),
        replacement: listed.replacement,
        change,
    }
}
