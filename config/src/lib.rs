//! What the operator says: as written, then as relied on.
//! A [`Config`] comes only out of [`Written::relied_on`], so whoever holds one checks nothing again; whoever
//! is refused one is told every problem at once, each with the place it stands on.
//! Whether files exist, servers answer and credentials are good is left to the parts that use them.

mod address;
mod answers;
mod connection;
mod embed;
mod file;
mod firestore;
pub mod mapping;
mod nearest;
mod origin;
mod qdrant;
mod run;
mod sample;
mod secret;
mod setting;
mod source;
mod target;
mod telemetry;
mod told;
mod units;
mod url;
mod written;

use std::path::PathBuf;

pub use connection::{ChannelBinding, Connection, Tls};
pub use embed::Embed;
pub use firestore::Firestore;
pub use origin::{Invalid, Origin, Problem};
pub use qdrant::{Consistency, Qdrant, ReadConsistency};
pub use run::Run;
pub use sample::sample;
pub use secret::{Secret, veiled};
pub use setting::{Fallback, Form, SETTINGS, Setting};
pub use source::Source;
pub use target::{PrimaryKey, Target};
pub use telemetry::{LogFormat, Telemetry};
pub use told::{in_line, is_obeyed, spelled, told};
pub use units::{write_duration, write_money, write_size};
pub use written::Written;

/// What a verb needs; what it does not need is neither asked for nor checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The source is read.
    pub source: bool,
    /// The target is connected to.
    pub target: bool,
    /// The run's local memory is opened.
    pub checkpoint_dir: bool,
}

impl Needs {
    /// Moving documents: everything.
    pub const RUN: Needs = Needs {
        source: true,
        target: true,
        checkpoint_dir: true,
    };
    /// Looking at the source alone.
    pub const SOURCE: Needs = Needs {
        source: true,
        target: false,
        checkpoint_dir: false,
    };
    /// Comparing both ends.
    pub const BOTH: Needs = Needs {
        source: true,
        target: true,
        checkpoint_dir: false,
    };
    /// Looking at a run's local memory, with both ends down.
    pub const STATUS: Needs = Needs {
        source: false,
        target: false,
        checkpoint_dir: true,
    };
    /// Working on the target alone.
    pub const TARGET: Needs = Needs {
        source: false,
        target: true,
        checkpoint_dir: false,
    };
}

/// Everything a verb relies on; nothing in it is left to check.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where documents come from, when the verb needs it.
    pub source: Option<Source>,
    /// Where rows go to, when the verb needs it.
    pub target: Option<Target>,
    /// What embeds texts, when the verb moves documents and an endpoint is named.
    pub embed: Option<Embed>,
    /// Where the run keeps its local memory; present whenever the verb needs it, or when it was written.
    pub checkpoint_dir: Option<PathBuf>,
    /// How the run goes.
    pub run: Run,
    /// What the run tells while it goes.
    pub telemetry: Telemetry,
    /// The shape of the target as far as it was written, when the verb needs either end; nothing in it contradicts
    /// itself.
    pub mapping: mapping::Mapping,
    /// What the operator should know although nothing is wrong.
    pub notices: Vec<String>,
}

impl Config {
    /// The Firestore that is read, if it is one.
    pub fn firestore(&self) -> Option<&Firestore> {
        match &self.source {
            Some(Source::Firestore(firestore)) => Some(firestore),
            _ => None,
        }
    }

    /// The Qdrant that is read, if it is one.
    pub fn qdrant(&self) -> Option<&Qdrant> {
        match &self.source {
            Some(Source::Qdrant(qdrant)) => Some(qdrant),
            _ => None,
        }
    }
}
