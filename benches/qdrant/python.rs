//! How others do it: with `qdrant-client`, psycopg and pgvector's own adapter, each as its documentation shows it.
//!
//! They read over gRPC, which is the fastest that the client offers, and move a share of the points, since what a point
//! costs them does not depend on how many there are. Their rows are narrower than `etl`'s by the path: of 384 components and
//! this payload they stay just below the two kilobytes above which PostgreSQL compresses, and moves vectors elsewhere.

use crate::machine::{Case, Figures, GAPS, Machine};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Newer ones may be slower or faster; these are what the figures are about.
const PACKAGES: [&str; 3] = [
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
    pub(crate) fn run(&self, machine: &Machine, case: &Case, python: &Path) -> Figures {
        let share = case.points / self.one_in;
        let figures = self.start(machine, case, share, python);
        assert!(figures.points >= share as f64, "{}: {figures:?}", self.name);
        figures
    }

    fn start(&self, machine: &Machine, case: &Case, most: u64, python: &Path) -> Figures {
        let url = machine.database();
        let script = [include_str!("peers/common.py"), self.script].concat();
        let mut command = Command::new(python);
        command.args(["-c", &script, &machine.url, &url, case.collection]);
        command.args([case.size, most].map(|number| number.to_string()));
        let (figures, _) = machine.measure(&mut command);
        let rows = machine.asked(&url, "select count(*) from points");
        assert_eq!(
            rows,
            figures.points.to_string(),
            "{} says how many rows it made",
            self.name
        );
        machine.gone(&url);
        figures
    }
}

/// What becomes of points whose ids have gaps where an offset is taken for an id.
pub(crate) fn offsets_as_ids(machine: &Machine, python: &Path) -> String {
    let figures = OFFSETS.start(machine, &GAPS, u64::MAX, python);
    format!(
        "{}: of {} points with gaps between their ids it makes {} rows; {}",
        OFFSETS.name,
        GAPS.points,
        figures.points,
        PACKAGES.join(", ")
    )
}

/// A Python with the packages in it, made in the cache when it is first asked for; or why there is none.
pub(crate) fn interpreter() -> Result<PathBuf, String> {
    let folder = rehearsal::parts::cache()
        .map_err(|error| error.to_string())?
        .join("bench-python");
    let python = folder.join("bin/python");
    let versions = "import importlib.metadata as m, sys\n\
                    for package in sys.argv[1:]:\n  \
                    name, version = package.split('==')\n  \
                    assert m.version(name.split('[')[0]) == version, package";
    if succeed(Command::new(&python).args(["-c", versions]).args(PACKAGES)).is_ok() {
        return Ok(python);
    }
    succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    succeed(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(PACKAGES),
    )?;
    Ok(python)
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", said.trim())),
    }
}
