//! `etl run` from Qdrant, as an operator starts it.

use crate::case::Case;
use crate::ends::{Ends, Figures};
use crate::process::beside;
use std::process::Command;

/// What is asked of a run. There is never an index for search: what building it takes says nothing about moving.
#[derive(Clone, Copy)]
pub(crate) struct Moving {
    /// When keys are made.
    keys: &'static str,
    /// What is promised about points that change.
    consistency: &'static str,
    /// Lanes that the points are cut into; as many as a run makes by itself where it is 0.
    lanes: u64,
}

impl Moving {
    /// The points, once.
    pub(crate) const LOAD: Moving = Moving {
        keys: "none",
        consistency: "fuzzy",
        lanes: 0,
    };
    /// The same in lanes of a sixteenth, so that several are read at a time however few points there are.
    pub(crate) const CUT: Moving = Moving {
        lanes: 16,
        ..Moving::LOAD
    };
    /// Keys as well.
    pub(crate) const KEYED: Moving = Moving {
        keys: "after-load",
        ..Moving::LOAD
    };
    /// And the source read again until nothing is different: what a run does unless it is told otherwise.
    pub(crate) const SWEPT: Moving = Moving {
        consistency: "sweeps",
        ..Moving::KEYED
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
        std::fs::write(folder.path().join("etl.toml"), mapping(case)).unwrap();
        let mut command = Command::new(beside("etl"));
        command
            .args(["run", "--source", "qdrant", "--collections", case.collection])
            .args([
                "--checkpoint-dir",
                "checkpoints",
                "--output",
                "json",
                "--metrics-listen",
                "off",
            ])
            .args(["--consistency", self.consistency, "--primary-key", self.keys])
            .current_dir(folder.path())
            .env("DATABASE_URL", url)
            .env("QDRANT_URL", &ends.place);
        if let Some(documents) = case.points.checked_div(self.lanes) {
            command.args(["--lane-documents", &documents.to_string()]);
        }
        let (figures, summary) = ends.measure(&mut command);
        assert_eq!(summary["complete"], true, "{summary:#}");
        let rows = ends.asked(url, &format!("select count(*) from {}", case.collection));
        assert_eq!(rows, case.points.to_string());
        figures
    }
}

fn mapping(case: &Case) -> String {
    let Case { collection, size, .. } = case;
    format!(
        "[tables.{collection}]\nfrom = \"{collection}\"\nof = \"points\"\nkey = [\"id\"]\ntoast_tuple_target = 8160\n\
         [tables.{collection}.columns]\nid = {{ from = \"$id\", type = \"bigint\" }}\n\
         embedding = {{ from = \"vector\", type = \"vector({size})\" }}\npayload = {{ type = \"jsonb\" }}\n"
    )
}
