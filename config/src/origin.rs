//! Where something was written, and what is wrong with it.
//! Problems sort the way an operator works through them: files by line, then environment, then flags, then
//! what is missing altogether.
//! What counts as a problem is left to the parts that look at values.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::told::{in_line, is_obeyed};

/// Where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// On a line of a settings file; line 0 is the file as a whole.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// In an environment variable.
    Environment(&'static str),
    /// On the command line.
    Flag(&'static str),
    /// Nowhere: the default holds.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line: 0 } => f.write_str(&named(path)),
            Origin::File { path, line } => write!(f, "{} line {line}", named(path)),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(flag) => f.write_str(flag),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A path as it may stand in a message.
fn named(path: &Path) -> String {
    in_line(&path.to_string_lossy())
}

/// One thing that keeps the settings from being relied on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// What is wrong; after a semicolon, what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            // Something missing stands nowhere; the text itself says where it could be written.
            Origin::Default => f.write_str(&self.what),
            origin => write!(f, "{origin}: {}", self.what),
        }
    }
}

/// Every problem at once, in the order of [`Origin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Invalid(pub Vec<Problem>);

impl Invalid {
    /// Sorted by origin only: problems of one place keep the order they were found in.
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        Invalid(problems)
    }
}

/// A value as it may stand in a message: on one line, and not for ever.
pub(crate) fn shown(text: &str) -> String {
    let line: String = text
        .trim()
        .chars()
        .map(|c| if is_obeyed(c) { '\u{fffd}' } else { c })
        .collect();
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
