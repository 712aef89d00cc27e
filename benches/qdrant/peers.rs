//! How others do it: with `qdrant-client`, psycopg and pgvector's own adapter, each as its documentation shows it.
//!
//! They read over gRPC, which is the fastest that the client offers, and move a share of the points, since what a point
//! costs them does not depend on how many there are. Their rows are narrower than `etl`'s by the path: of 384 components and
//! this payload they stay just below the two kilobytes above which PostgreSQL compresses, and moves vectors elsewhere.

use crate::case::{Case, GAPS};
use crate::ends::{Ends, Figures};
use std::path::Path;
use std::process::Command;

/// Newer ones may be slower or faster; these are what the figures are about.
pub(crate) const PACKAGES: [&str; 3] = [
    "qdrant-client==1.20.0",
    "psycopg[binary]==3.3.9",
    "pgvector==0.5.1",
];

/// A script, and its share of the points.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    script: &'static str,
    /// Of so many points one is moved.
    one_in: u64,
}

const OFFSETS: Peer = Peer {
    name: "Python: vec2pg's offsets",
    script: include_str!("peers/offsets.py"),
    one_in: 10,
};

pub(crate) const PEERS: [Peer; 3] = [
    Peer {
        name: "Python: INSERT by row",
        script: include_str!("peers/rows.py"),
        one_in: 50,
    },
    Peer {
        name: "Python: binary COPY",
        script: include_str!("peers/copy.py"),
        one_in: 10,
    },
    OFFSETS,
];

impl Peer {
    /// Moves its share of `case` into a new database.
    pub(crate) fn run(&self, ends: &Ends, case: &Case, python: &Path) -> Figures {
        let share = case.points / self.one_in;
        let figures = self.start(ends, case, share, python);
        assert!(figures.records >= share as f64, "{}: {figures:?}", self.name);
        figures
    }

    fn start(&self, ends: &Ends, case: &Case, most: u64, python: &Path) -> Figures {
        let url = ends.database();
        let script = [include_str!("peers/common.py"), self.script].concat();
        let mut command = Command::new(python);
        command.args(["-c", &script, &ends.place, &url, case.collection]);
        command.args([case.size, most].map(|number| number.to_string()));
        let (figures, _) = ends.measure(&mut command);
        let rows = ends.asked(&url, "select count(*) from points");
        assert_eq!(
            rows,
            figures.records.to_string(),
            "{} says how many rows it made",
            self.name
        );
        ends.gone(&url);
        figures
    }
}

/// What becomes of points whose ids have gaps where an offset is taken for an id.
pub(crate) fn offsets_as_ids(ends: &Ends, python: &Path) -> String {
    let figures = OFFSETS.start(ends, &GAPS, u64::MAX, python);
    format!(
        "{}: of {} points with gaps between their ids it makes {} rows; {}",
        OFFSETS.name,
        GAPS.points,
        figures.records,
        PACKAGES.join(", ")
    )
}
