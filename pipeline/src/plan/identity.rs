//! Which store a run reads: the same for two runs that read the same records.

use config::mapping::Records;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which database a run reads. Two runs with equal identities read the same records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Identity {
    /// A Firestore database.
    Firestore {
        /// The Google Cloud project.
        project: String,
        /// The database inside it, usually `(default)`.
        database: String,
        /// Whether it is an emulator's: its data are not the project's.
        emulator: bool,
    },
    /// A Qdrant server or cluster.
    Qdrant {
        /// Its address, without credentials.
        url: String,
    },
}

impl Identity {
    /// What its records are called.
    pub fn records(&self) -> Records {
        match self {
            Identity::Firestore { .. } => Records::Documents,
            Identity::Qdrant { .. } => Records::Points,
        }
    }

    /// The name below which every record lies.
    pub fn root(&self) -> String {
        match self {
            Identity::Firestore {
                project, database, ..
            } => {
                format!("projects/{project}/databases/{database}/documents")
            }
            Identity::Qdrant { .. } => "points".to_owned(),
        }
    }

    /// Whether it is an emulator's, where nobody is billed.
    pub fn is_emulator(&self) -> bool {
        matches!(self, Identity::Firestore { emulator: true, .. })
    }
}

impl From<&config::Firestore> for Identity {
    fn from(source: &config::Firestore) -> Identity {
        Identity::Firestore {
            project: source.project.clone(),
            database: source.database.clone(),
            emulator: source.emulator.is_some(),
        }
    }
}

impl From<&config::Source> for Identity {
    fn from(source: &config::Source) -> Identity {
        match source {
            config::Source::Firestore(source) => source.into(),
            config::Source::Qdrant(source) => Identity::Qdrant {
                url: source.url.clone(),
            },
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Identity::Firestore {
                project,
                database,
                emulator,
            } => {
                let emulator = if *emulator { " (emulator)" } else { "" };
                write!(f, "firestore project {project}, database {database}{emulator}")
            }
            Identity::Qdrant { url } => write!(f, "qdrant at {url}"),
        }
    }
}
