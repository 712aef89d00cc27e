//! Whether a run would work, found out before anything is touched.
//!
//! Source, target and checkpoint directory are looked at one thing after another, and every thing gets a
//! [`Finding`]: what was found, what that means for a run, what to do next. A failure ends nothing but what hangs on
//! it, so everything is told at once. Nothing is changed anywhere, and next to nothing is read.

mod beginning;
mod directory;
mod qdrant;
mod source;
mod target;

pub use beginning::{Others, beginning};
pub use directory::directory;
pub use qdrant::qdrant;
pub use source::source;
pub use target::{Wanted, target};

use config::told;
use serde::Serialize;

/// What was found about one thing.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Which thing: a stable name such as `target.pgvector`.
    pub check: &'static str,
    /// Whether a run can do with it.
    pub verdict: Verdict,
    /// What was found, in a sentence.
    pub found: String,
    /// What that means for a run; none where a pass says enough.
    pub means: Option<String>,
    /// What to do next.
    pub next: Option<String>,
}

/// What a finding means for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// A run would work, but not as well as it could, or not for every document.
    Warn,
    /// A run would not work.
    Fail,
    /// It could not be looked at.
    Skipped,
}

impl Finding {
    /// As it should be.
    pub fn pass(check: &'static str, found: impl Into<String>) -> Finding {
        Finding {
            check,
            verdict: Verdict::Pass,
            found: told(&found.into()),
            means: None,
            next: None,
        }
    }

    /// Something to know about, and better mended.
    pub fn warn(
        check: &'static str,
        found: impl Into<String>,
        means: impl Into<String>,
        next: impl Into<String>,
    ) -> Finding {
        Finding {
            verdict: Verdict::Warn,
            means: Some(means.into()),
            next: Some(next.into()),
            ..Finding::pass(check, found)
        }
    }

    /// Something that must be mended before a run.
    pub fn fail(
        check: &'static str,
        found: impl Into<String>,
        means: impl Into<String>,
        next: impl Into<String>,
    ) -> Finding {
        Finding {
            verdict: Verdict::Fail,
            ..Finding::warn(check, found, means, next)
        }
    }

    /// Something that could not be looked at, and why.
    pub fn skipped(check: &'static str, why: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Skipped,
            ..Finding::pass(check, why)
        }
    }
}
