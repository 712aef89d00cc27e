//! What a run will do, decided once and never redrawn.
//!
//! The plan names the source, the snapshot time, every table with its columns and every lane with its bounds.
//! It is kept in Postgres and in the checkpoint directory; a restart goes by it and by nothing else, so lanes
//! cannot shift under the positions that were recorded for them.

use serde::{Deserialize, Serialize};
use std::fmt;
use transforms::Table;
use uuid::Uuid;

/// The version of the plan's own form.
pub const PLAN_VERSION: u32 = 1;

/// A moment of the source, in whole microseconds since 1970: the precision Firestore accepts for reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadTime(pub i64);

impl ReadTime {
    /// Whole seconds and the nanoseconds above them.
    pub fn parts(self) -> (i64, i32) {
        // The remainder is below 10^9, so the cast cannot lose anything.
        (
            self.0.div_euclid(1_000_000),
            (self.0.rem_euclid(1_000_000) * 1_000) as i32,
        )
    }
}

impl fmt::Display for ReadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment:.6}"),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

/// Which database a run reads. Two runs with equal identities read the same documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `firestore`.
    pub kind: String,
    /// The Google Cloud project.
    pub project: String,
    /// The database inside it, usually `(default)`.
    pub database: String,
    /// Whether it is an emulator's: its data are not the project's.
    pub emulator: bool,
}

impl Identity {
    /// The resource name below which every document lies.
    pub fn root(&self) -> String {
        format!("projects/{}/databases/{}/documents", self.project, self.database)
    }
}

impl From<&config::Firestore> for Identity {
    fn from(source: &config::Firestore) -> Identity {
        Identity {
            kind: "firestore".to_owned(),
            project: source.project.clone(),
            database: source.database.clone(),
            emulator: source.emulator.is_some(),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity {
            kind,
            project,
            database,
            emulator,
        } = self;
        write!(f, "{kind} project {project}, database {database}")?;
        if *emulator {
            f.write_str(" (emulator)")
        } else {
            Ok(())
        }
    }
}

/// What the operator asked for that changes where and how documents land. It may not change between starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The collections asked for; nothing means all.
    pub collections: Option<Vec<String>>,
    /// The target schema.
    pub schema: String,
    /// Whether vectors keep their exact doubles beside the 32-bit column.
    pub exact_vectors: bool,
}

impl Mapping {
    /// What is asked for in the settings of both ends.
    pub fn asked(source: &config::Firestore, target: &config::Target) -> Mapping {
        Mapping {
            collections: source.collections.clone(),
            schema: target.schema.clone(),
            exact_vectors: target.exact_vectors,
        }
    }
}

/// One lane: a key range of one collection group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its number, equal to its place in [`Plan::lanes`].
    pub id: u32,
    /// Its table's place in [`Plan::tables`].
    pub table: usize,
    /// First path of the range, inclusive; nothing means from the beginning.
    pub from: Option<String>,
    /// End of the range, exclusive; nothing means to the end.
    pub to: Option<String>,
    /// Documents counted in it at the snapshot time.
    pub documents: u64,
}

/// A run, decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`] of the build that made it.
    pub version: u32,
    /// The run's identity.
    pub run: Uuid,
    /// What is read.
    pub source: Identity,
    /// The snapshot time all lanes read at.
    pub snapshot: ReadTime,
    /// What the operator asked for.
    pub mapping: Mapping,
    /// The tables, one a collection.
    pub tables: Vec<Table>,
    /// The lanes, in the order they are worked.
    pub lanes: Vec<Lane>,
    /// What a person should know: renames, fields left to the overflow.
    pub remarks: Vec<String>,
    /// Reads the source bills for making this plan.
    pub planning_reads: u64,
}

impl Plan {
    /// Documents counted at the snapshot time, over all lanes.
    pub fn documents(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.documents).sum()
    }

    /// The table `lane` loads into.
    pub fn table_of(&self, lane: &Lane) -> &Table {
        &self.tables[lane.table]
    }

    /// The statements that create the tables, as `--dry-run` shows them.
    pub fn create_sql(&self) -> String {
        let tables = self
            .tables
            .iter()
            .map(|table| table.create_sql(&self.mapping.schema));
        tables.collect::<Vec<_>>().join("\n")
    }

    /// Why this plan cannot serve what is asked for now, if it cannot.
    pub fn refusal(&self, source: &Identity, mapping: &Mapping) -> Option<String> {
        if self.version != PLAN_VERSION {
            return Some(format!(
                "it was made in form {}, this build reads form {PLAN_VERSION}",
                self.version
            ));
        }
        if self.source != *source {
            return Some(format!("it reads {}, but {source} is asked for now", self.source));
        }
        let (was, is) = (&self.mapping, mapping);
        if was.schema != is.schema {
            return Some(format!(
                "it loads into schema {}, but {} is asked for now",
                was.schema, is.schema
            ));
        }
        if was.collections != is.collections {
            let name =
                |list: &Option<Vec<String>>| list.as_ref().map_or("all".to_owned(), |ids| ids.join(","));
            return Some(format!(
                "it moves collections {}, but {} are asked for now",
                name(&was.collections),
                name(&is.collections)
            ));
        }
        (was.exact_vectors != is.exact_vectors).then(|| "--exact-vectors was set differently".to_owned())
    }
}
