//! `etl run` from Firestore, as an operator starts it.

use crate::case::{COLLECTION, Case, PROJECT};
use crate::ends::{Ends, Figures};
use crate::process::beside;
use std::process::Command;

/// What is asked of a run.
#[derive(Clone, Copy)]
pub(crate) struct Moving {
    /// When keys are made.
    keys: &'static str,
    /// Lanes that the documents are cut into; as many as a run makes by itself where it is 0.
    lanes: u64,
    /// What else an operator says.
    flags: &'static [&'static str],
}

impl Moving {
    /// The documents, and nothing else.
    pub(crate) const LOAD: Moving = Moving {
        keys: "none",
        lanes: 0,
        flags: &[],
    };
    /// The same in lanes of a sixteenth, so that several are read at a time however few documents there are.
    pub(crate) const CUT: Moving = Moving {
        lanes: 16,
        ..Moving::LOAD
    };
    /// Keys as well: what a run does unless it is told otherwise.
    pub(crate) const KEYED: Moving = Moving {
        keys: "after-load",
        ..Moving::LOAD
    };
    /// In eight lanes, all of them in flight.
    pub(crate) const EIGHT: Moving = Moving {
        lanes: 8,
        flags: &["--lanes", "8", "--target-connections", "8"],
        ..Moving::LOAD
    };
    /// Kept to four fifths of a quota of ten thousand reads a second.
    pub(crate) const PACED: Moving = Moving {
        flags: &["--reads-per-second", "10000", "--quota-safety", "0.8"],
        ..Moving::LOAD
    };

    /// A run into a new database.
    pub(crate) fn run(self, ends: &Ends, case: &Case) -> Figures {
        let url = ends.database();
        let figures = self.into(ends, case, &url);
        ends.gone(&url);
        figures
    }

    /// A run into the database at `url`.
    pub(crate) fn into(self, ends: &Ends, case: &Case, url: &str) -> Figures {
        let folder = tempfile::TempDir::new().unwrap();
        let mut command = Command::new(beside("etl"));
        command
            .args(["run", "--source", "firestore", "--project", PROJECT])
            .args([
                "--checkpoint-dir",
                "checkpoints",
                "--output",
                "json",
                "--metrics-listen",
                "off",
            ])
            .args(["--primary-key", self.keys])
            .args(self.flags)
            .current_dir(folder.path())
            .env("DATABASE_URL", url)
            .env("FIRESTORE_EMULATOR_HOST", &ends.place);
        if let Some(documents) = case.documents.checked_div(self.lanes) {
            command.args(["--lane-documents", &documents.max(1).to_string()]);
        }
        let (figures, summary) = ends.measure(&mut command);
        assert_eq!(summary["complete"], true, "{summary:#}");
        let rows = ends.asked(url, &format!("select count(*) from {COLLECTION}"));
        assert_eq!(rows, case.documents.to_string());
        figures
    }
}
