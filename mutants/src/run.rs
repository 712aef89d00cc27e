//! Tests of one program, run in one process, with one mutant alive or none: how they ended, and how long it took.
//!
//! The first failure ends it, and so does a test that takes much longer than it should: the process and all that it
//! started. What is left in folders for temporary files goes as well.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::build::Executable;
use crate::groups;

/// Long enough not to be felt; whether a process has ended is looked at so often.
const GLANCE: Duration = Duration::from_millis(100);

/// What is run.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) executable: &'a Executable,
    /// By their whole names.
    pub(crate) tests: Vec<&'a str>,
    /// The mutant that is alive.
    pub(crate) mutant: Option<u32>,
    /// What is given the mutants that are reached.
    pub(crate) reached: Option<&'a Path>,
    /// How long it may go on after a test has ended without another one ending.
    pub(crate) patience: Duration,
}

/// Where it is run: nothing that two runs at once would share.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    /// Where the emulator of Firestore listens.
    pub(crate) emulator: &'a str,
    /// For temporary files; emptied after each run.
    pub(crate) scratch: &'a Path,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// A test failed; this one.
    Failed(String),
    /// The process ended before its tests had.
    Died(String),
    /// It took too long; these had not ended.
    Hung(Vec<String>),
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
    /// The last lines that it said.
    pub(crate) said: String,
}

/// Runs `batch`.
pub(crate) fn run(batch: &Batch, desk: &Desk) -> anyhow::Result<Run> {
    fs::create_dir_all(desk.scratch).context("create a folder for temporary files")?;
    let began = Instant::now();
    let mut command = command(batch, desk);
    let mut child = command
        .spawn()
        .with_context(|| format!("start {}", batch.executable.path.display()))?;
    groups::started(&child);
    let lines = child.stdout.take().map(listen).context("read what tests say")?;
    let watched = watch(&mut child, &lines, batch);
    groups::end(&mut child);
    let (verdict, said) = watched?;
    let took = began.elapsed();
    // What a process that was killed a moment ago still holds is for the next time.
    let _ = fs::remove_dir_all(desk.scratch);
    Ok(Run { verdict, took, said })
}

fn command(batch: &Batch, desk: &Desk) -> Command {
    let mut command = Command::new(&batch.executable.path);
    command
        .arg("--exact")
        .args(&batch.tests)
        .current_dir(&batch.executable.folder)
        .env("FIRESTORE_EMULATOR_HOST", desk.emulator)
        .env("TMPDIR", desk.scratch)
        .env("RUST_TEST_THREADS", "2")
        .env("RUST_BACKTRACE", "0")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(mutant) = batch.mutant {
        command.env("MUTANT", mutant.to_string());
    }
    if let Some(file) = batch.reached {
        command.env("MUTANTS_REACHED", file);
    }
    command
}

/// Its lines, as they come.
fn listen(out: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line).into_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Waits for its end, for a failure, or until patience ends.
fn watch(child: &mut Child, lines: &Receiver<String>, batch: &Batch) -> anyhow::Result<(Verdict, String)> {
    let mut left: BTreeSet<&str> = batch.tests.iter().copied().collect();
    let (mut said, mut last) = (Vec::new(), Instant::now());
    loop {
        match lines.recv_timeout(GLANCE) {
            Ok(line) => {
                if let Some((test, passed)) = ended(&line) {
                    // Only a batch is ended early: of a single test, what it says afterwards is of interest.
                    if !passed && batch.tests.len() > 1 {
                        return Ok((Verdict::Failed(test.to_owned()), line));
                    }
                    left.remove(test);
                    last = Instant::now();
                }
                said.push(line);
            }
            Err(RecvTimeoutError::Timeout) if last.elapsed() > batch.patience => {
                let left = left.into_iter().map(str::to_owned).collect();
                return Ok((Verdict::Hung(left), tail(&said)));
            }
            // Something that it started may hold its output open.
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait().context("look after a test")? {
                    said.extend(lines.try_iter());
                    return Ok((verdict(status, batch), tail(&said)));
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                // It has said all that it will; what a mutant makes of a process without output can only be guessed.
                if let Some(status) = wait(child, batch.patience)? {
                    return Ok((verdict(status, batch), tail(&said)));
                }
                let left = left.into_iter().map(str::to_owned).collect();
                return Ok((Verdict::Hung(left), tail(&said)));
            }
        }
    }
}

/// The test that has ended, and whether it passed, if that is what the line says.
fn ended(line: &str) -> Option<(&str, bool)> {
    let (test, how) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let test = test.split(" - should panic").next()?;
    match how {
        "ok" => Some((test, true)),
        "FAILED" => Some((test, false)),
        _ => how.starts_with("ignored").then_some((test, true)),
    }
}

fn verdict(status: ExitStatus, batch: &Batch) -> Verdict {
    match (status.code(), batch.tests.as_slice()) {
        (Some(0), _) => Verdict::Passed,
        (Some(101), [test]) => Verdict::Failed((*test).to_owned()),
        _ => Verdict::Died(status.to_string()),
    }
}

fn wait(child: &mut Child, patience: Duration) -> anyhow::Result<Option<ExitStatus>> {
    let (began, (_sender, never)) = (Instant::now(), mpsc::channel::<()>());
    while began.elapsed() < patience {
        if let Some(status) = child.try_wait().context("look after a test")? {
            return Ok(Some(status));
        }
        let _ = never.recv_timeout(GLANCE);
    }
    Ok(None)
}

fn tail(said: &[String]) -> String {
    let from = said.len().saturating_sub(25);
    said[from..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tests_are_understood() {
        assert_eq!(ended("test a::b ... ok"), Some(("a::b", true)));
        assert_eq!(ended("test a::b ... FAILED"), Some(("a::b", false)));
        assert_eq!(ended("test a - should panic ... ok"), Some(("a", true)));
        assert_eq!(ended("test a ... ignored, why"), Some(("a", true)));
        assert_eq!(ended("test a has been running for over 60 seconds"), None);
        assert_eq!(ended("running 2 tests"), None);
    }
}
