//! How the last start ended, kept in the checkpoint directory for whoever asks later.

use crate::exit::Exit;
use crate::summary::FailedLanes;
use crate::text::tame;
use checkpoints::{CheckpointError, CheckpointStore};
use serde::{Deserialize, Serialize};

/// What `etl status` says of the last start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ending {
    /// When, in UTC.
    pub(crate) at: String,
    pub(crate) exit_code: u8,
    pub(crate) outcome: String,
    pub(crate) error: Option<String>,
    pub(crate) failed_lanes: Vec<FailedLanes>,
    pub(crate) next: String,
}

impl Ending {
    /// Keeps it. Whoever cannot keep it has said the same on the screen.
    pub(crate) fn keep(&self, store: &impl CheckpointStore) {
        let noted = serde_json::to_vec(self)
            .map_err(|error| error.to_string())
            .and_then(|bytes| store.note_ending(Some(&bytes)).map_err(|error| error.to_string()));
        if let Err(why) = noted {
            tracing::warn!("`etl status` will not know how this start ended: {why}");
        }
    }

    /// The ending of the last start; none while one is under way, or when it was killed.
    pub(crate) fn of(store: &impl CheckpointStore) -> Result<Option<Ending>, CheckpointError> {
        let bytes = store.ending()?;
        // Another version may have noted it in other words; nothing hangs on it.
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Whether it is worth a word: of a start that ended well the lanes say everything.
    pub(crate) fn is_news(&self) -> bool {
        self.exit_code != Exit::Complete as u8
    }

    /// Lines for people.
    pub(crate) fn told(&self) -> String {
        let mut told = format!("last start: ended {}, {}\n", self.at, self.outcome);
        match &self.error {
            Some(error) if self.failed_lanes.is_empty() => told.push_str(&format!("error: {error}\n")),
            _ => told.extend(self.failed_lanes.iter().map(FailedLanes::told)),
        }
        tame(&told).into_owned()
    }
}
