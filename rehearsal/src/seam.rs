//! Strikes at any step of a program that the outside can see: what it does to files of a folder, and what it says to and
//! hears from the two ends. The program is the one that is shipped; nothing in it knows of this (`seam/seam.c`).
//!
//! Steps are counted by kind. At the n-th the program is ended, before it, after it or half-way through, or the step
//! fails. What the files would be after a loss of power can be made, and the time of day can be moved under its feet.

use crate::process::Program;
use anyhow::Context;
use std::fs;
use std::io;
use std::os::unix::fs::{DirEntryExt, FileExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Which steps count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// What is done to files and folders of the folder: made, written, synced, renamed, cut, removed.
    Files,
    /// What is said to and heard from PostgreSQL, on a unix socket.
    Target,
    /// The same with all others.
    Source,
}

/// What becomes of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strike {
    /// SIGKILL before it.
    Before,
    /// SIGKILL after it.
    After,
    /// SIGKILL when half of what it writes is written; where it writes nothing, after it.
    Half,
    /// It fails for want of space, and so does every later one that takes some.
    Full,
    /// It fails with this errno; a socket is broken from then on.
    Fails(i32),
}

/// One strike at one step, or none.
#[derive(Debug)]
pub struct Seam {
    dir: TempDir,
    of: Of,
    says: Option<String>,
    /// Counted from 1; at 0 nothing is struck.
    at: u64,
    strike: Strike,
    keeps: bool,
}

impl Seam {
    /// Counts and strikes nothing.
    pub fn counting(of: Of) -> anyhow::Result<Seam> {
        Seam::at(of, 0, Strike::Before)
    }

    /// Strikes the step `at`, counted from 1.
    pub fn at(of: Of, at: u64, strike: Strike) -> anyhow::Result<Seam> {
        Ok(Seam {
            dir: TempDir::new()?,
            of,
            says: None,
            at,
            strike,
            keeps: false,
        })
    }

    /// Counts only steps that say these words among the first, or that are called so; what cannot be printed is a point.
    #[must_use]
    pub fn saying(mut self, words: &str) -> Seam {
        self.says = Some(words.to_owned());
        self
    }

    /// Keeps what a loss of power would leave of the folder.
    #[must_use]
    pub fn keeping(mut self) -> Seam {
        self.keeps = true;
        self
    }

    /// The program with this between it and the system; its files are those of `folder`.
    pub fn around(&self, program: Program, folder: &Path) -> anyhow::Result<Program> {
        let strike = match self.strike {
            Strike::Before => "before".to_owned(),
            Strike::After => "after".to_owned(),
            Strike::Half => "half".to_owned(),
            Strike::Full => "full".to_owned(),
            Strike::Fails(errno) => errno.to_string(),
        };
        let of = match self.of {
            Of::Files => "files",
            Of::Target => "target",
            Of::Source => "source",
        };
        fs::write(self.clock(), 0i64.to_ne_bytes())?;
        let mut program = program
            .env("LD_PRELOAD", concat!(env!("OUT_DIR"), "/seam.so"))
            .env("ETL_SEAM_FOLDER", folder)
            .env("ETL_SEAM_OF", of)
            .env("ETL_SEAM_AT", self.at.to_string())
            .env("ETL_SEAM_STRIKE", strike)
            .env("ETL_SEAM_LOG", self.log())
            .env("ETL_SEAM_CLOCK", self.clock());
        if let Some(says) = &self.says {
            program = program.env("ETL_SEAM_SAYS", says);
        }
        if self.keeps {
            fs::create_dir_all(self.kept())?;
            self.keep(folder, folder)?;
            program = program.env("ETL_SEAM_KEPT", self.kept());
        }
        Ok(program)
    }

    /// How many steps there were.
    pub fn steps(&self) -> u64 {
        self.text().lines().count() as u64
    }

    /// What was struck, if the program came to it: what kind of step it was, and the beginning of what it said.
    pub fn struck(&self) -> Option<String> {
        let at = format!("{} ", self.at);
        let text = self.text();
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(&at));
        lines.next().map(str::to_owned)
    }

    /// Moves the time of day of a program that runs, by so many seconds from what it is.
    pub fn turn_clock(&self, seconds: i64) -> anyhow::Result<()> {
        // In place: the program looks at the page, not at the name.
        let file = fs::OpenOptions::new().write(true).open(self.clock())?;
        let nanos = seconds.saturating_mul(1_000_000_000);
        Ok(file.write_all_at(&nanos.to_ne_bytes(), 0)?)
    }

    /// Makes `folder` what a loss of power would have left of it: files as they were when they were last synced, under
    /// the names that their folder had when that was. A file that was never synced is empty; one whose name never was
    /// is not there. Folders are there.
    pub fn lose_power(&self, folder: &Path) -> anyhow::Result<()> {
        self.left(folder, folder)
            .with_context(|| format!("take the power from {}", folder.display()))
    }

    /// Keeps what is there already: it was there before the power could fail.
    fn keep(&self, folder: &Path, top: &Path) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        let mut names = String::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.keep(&entry.path(), top)?;
                continue;
            }
            let number = entry.ino();
            fs::copy(entry.path(), self.kept().join(number.to_string()))?;
            names += &format!("{number} {}\n", entry.file_name().to_string_lossy());
        }
        fs::write(self.names(folder, top), names)
    }

    /// Where the names of a folder's files are kept.
    fn names(&self, folder: &Path, top: &Path) -> PathBuf {
        let below = folder.strip_prefix(top).unwrap_or(folder);
        let parts = below.iter().map(|part| format!("%{}", part.to_string_lossy()));
        self.kept().join(format!("names{}", parts.collect::<String>()))
    }

    fn left(&self, folder: &Path, top: &Path) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => self.left(&entry.path(), top)?,
                false => fs::remove_file(entry.path())?,
            }
        }
        let names = fs::read_to_string(self.names(folder, top)).unwrap_or_default();
        for (number, name) in names.lines().filter_map(|line| line.split_once(' ')) {
            let bytes = fs::read(self.kept().join(number)).unwrap_or_default();
            fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn clock(&self) -> PathBuf {
        self.dir.path().join("clock")
    }

    fn kept(&self) -> PathBuf {
        self.dir.path().join("kept")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }
}
