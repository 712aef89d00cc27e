//! The tests there are, and what is remembered of each: how long it takes, and which mutants it comes by.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::build::Executable;

/// Tests that are not asked: laws on many cases from seeds, which `make campaign` tries and which would take hours, and
/// the rules of the house, which read sources and run nothing.
const BESIDE: [&str; 2] = ["campaign::", "tidy::"];

/// A test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Test {
    /// The name of its executable.
    pub(crate) of: String,
    pub(crate) name: String,
}

/// What one run of a test without mutants showed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) test: Test,
    pub(crate) passed: bool,
    /// In seconds.
    pub(crate) took: f64,
    /// The mutants whose places it came by.
    pub(crate) reached: BTreeSet<u32>,
}

impl Record {
    pub(crate) fn took(&self) -> Duration {
        Duration::from_secs_f64(self.took)
    }
}

/// The tests of `executables` that are asked.
pub(crate) fn tests(executables: &[Executable]) -> anyhow::Result<Vec<Test>> {
    let mut tests = Vec::new();
    for executable in executables {
        let output = Command::new(&executable.path)
            .args(["--list", "--format", "terse"])
            .current_dir(&executable.folder)
            .output()
            .with_context(|| format!("start {}", executable.path.display()))?;
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        let names = names.lines().filter_map(|line| line.strip_suffix(": test"));
        let asked = names.filter(|name| !BESIDE.iter().any(|beside| name.starts_with(beside)));
        tests.extend(asked.map(|name| Test {
            of: executable.name.clone(),
            name: name.to_owned(),
        }));
    }
    Ok(tests)
}

/// The executable of a test.
pub(crate) fn executable<'a>(all: &'a [Executable], name: &str) -> anyhow::Result<&'a Executable> {
    let found = all.iter().find(|executable| executable.name == name);
    found.with_context(|| format!("there is no {name}"))
}

/// What was appended to `file`, one value a line; the last one may have been cut off.
pub(crate) fn kept<T: DeserializeOwned>(file: &Path) -> Vec<T> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines();
    lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A file that values are appended to.
#[derive(Debug)]
pub(crate) struct Keeping(File);

impl Keeping {
    pub(crate) fn at(file: &Path) -> anyhow::Result<Keeping> {
        let cut = fs::read(file).is_ok_and(|text| text.last().is_some_and(|last| *last != b'\n'));
        let opened = OpenOptions::new().create(true).append(true).open(file);
        let mut opened = opened.with_context(|| format!("open {}", file.display()))?;
        if cut {
            opened.write_all(b"\n").context("end a line")?;
        }
        Ok(Keeping(opened))
    }

    pub(crate) fn keep(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(value).context("write a line")?;
        line.push(b'\n');
        self.0.write_all(&line).context("keep a result")
    }
}

/// Ends where no test is left.
pub(crate) fn must_be_some(tests: &[Test]) -> anyhow::Result<()> {
    if tests.is_empty() {
        bail!("no test was found")
    }
    Ok(())
}
