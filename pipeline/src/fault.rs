//! The only error the runtime looks at.
//!
//! A connector knows what an error means and says so in a [`Class`]; the runtime decides from the class
//! alone; the operator reads what was being done, where, why it failed and what to do next. Secrets never
//! get in: connectors build faults from messages of servers, never from connection strings, and what a server
//! repeats of a secret is taken out, as is all that a terminal would obey.

use config::told;
use std::fmt;
use std::time::Duration;

/// What the runtime may do about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Trying again may help, not sooner than the source or target asked for.
    Transient {
        /// The wait that was asked for, if any.
        retry_after: Option<Duration>,
    },
    /// Trying again will not help.
    Permanent,
    /// Somebody else holds the lane now; whatever this process does must change nothing.
    Fenced,
}

/// How much of a run a fault that is final stands in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The lane that met it.
    Lane,
    /// All lanes of its collection: what is wrong is wrong with their tables.
    Collection,
    /// Everything: nobody would get further.
    Run,
}

/// The part of the world a fault comes from; it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The database that is read.
    Source,
    /// PostgreSQL.
    Target,
    /// The endpoint that embeds texts.
    Embedding,
    /// The checkpoint directory.
    Checkpoints,
    /// The plan, the directory and the target do not belong together.
    Identity,
    /// What was counted and what was found differ.
    Sums,
    /// The operator's limit on reads.
    Budget,
}

impl Part {
    /// How far faults of it mostly reach. One range of a source may be ill and the next one not; a target that refuses
    /// one batch refuses them all, and each that is tried has been read, and paid for.
    fn extent(self) -> Extent {
        match self {
            Part::Source | Part::Sums => Extent::Lane,
            Part::Embedding => Extent::Collection,
            Part::Target | Part::Checkpoints | Part::Identity | Part::Budget => Extent::Run,
        }
    }

    /// Its name, as metrics have it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Part::Source => "source",
            Part::Target => "target",
            Part::Embedding => "embedding",
            Part::Checkpoints => "checkpoints",
            Part::Identity => "identity",
            Part::Sums => "sums",
            Part::Budget => "budget",
        }
    }
}

/// Something that went wrong, ready to be acted upon and to be read.
#[derive(Debug)]
pub struct Fault {
    /// What the runtime may do about it.
    pub class: Class,
    /// Where it comes from.
    pub part: Part,
    /// How much it stands in the way of, once it is final.
    pub extent: Extent,
    /// It might have got better, and did not for as long as was allowed.
    pub given_up: bool,
    /// A short label for metrics, such as `unavailable` or an SQLSTATE.
    pub cause: String,
    /// What was being done, in bare verb form: "read collection orders".
    pub action: String,
    /// What the other side said.
    pub message: String,
    /// What the operator should do next.
    pub remedy: Option<String>,
}

impl Fault {
    /// A fault that trying again will not mend.
    pub fn permanent(part: Part, action: impl Into<String>, message: impl Into<String>) -> Self {
        Fault {
            class: Class::Permanent,
            part,
            extent: part.extent(),
            given_up: false,
            cause: "permanent".to_owned(),
            action: told(&action.into()),
            message: told(&message.into()),
            remedy: None,
        }
    }

    /// A fault that trying again may mend.
    pub fn transient(part: Part, action: impl Into<String>, message: impl Into<String>) -> Self {
        let class = Class::Transient { retry_after: None };
        Fault {
            class,
            cause: "transient".to_owned(),
            ..Fault::permanent(part, action, message)
        }
    }

    /// The same fault, with the next step for the operator.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same fault, labelled for metrics.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = cause.into();
        self
    }

    /// The same fault, which reaches so far.
    #[must_use]
    pub fn with_extent(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    /// What happened, on one line.
    pub fn said(&self) -> String {
        told(&format!("could not {}: {}", self.action, self.message))
    }

    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self.class, Class::Transient { .. })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said())?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  next: {}", told(remedy)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

impl From<checkpoints::CheckpointError> for Fault {
    fn from(error: checkpoints::CheckpointError) -> Self {
        Fault::permanent(Part::Checkpoints, "keep the checkpoint", error.to_string())
            .with_cause("checkpoint")
            .with_remedy("make room or move the directory away; the run is rebuilt from Postgres and goes on")
    }
}
