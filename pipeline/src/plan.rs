//! What a run will do, decided once and never redrawn.
//!
//! The plan names the source, the snapshot time, every table with its columns and every lane with its bounds.
//! It is kept in Postgres and in the checkpoint directory; a restart goes by it and by nothing else, so lanes
//! cannot shift under the positions that were recorded for them.

mod identity;
mod read;

pub use identity::Identity;
pub use read::Unreadable;

use config::mapping::{self, Column, Misfit, Nul, Table, Zero};
use serde::{Deserialize, Serialize};
use std::fmt;
use transforms::{Relation, quote};
use uuid::Uuid;

/// The version of the plan's own form.
pub const PLAN_VERSION: u32 = 2;

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

/// What the operator asked for that changes where and how documents land. It may not change between starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// The collections asked for; nothing means all.
    pub collections: Option<Vec<String>>,
    /// The target schema.
    pub schema: String,
    /// Whether vectors keep their exact doubles beside the 32-bit column.
    pub exact_vectors: bool,
    /// The tables as written; what is not written is inferred.
    pub tables: mapping::Mapping,
}

impl Mapping {
    /// What is asked for in the settings of both ends.
    pub fn asked(source: &config::Source, target: &config::Target, tables: &mapping::Mapping) -> Mapping {
        Mapping {
            collections: source.collections().map(<[String]>::to_vec),
            schema: target.schema.clone(),
            exact_vectors: target.exact_vectors,
            tables: tables.clone(),
        }
    }
}

/// The dimension of every column that holds the embedding of a text.
pub(crate) fn embedded_dimensions(mapping: &mapping::Mapping) -> Vec<usize> {
    let columns = mapping.tables.iter().flat_map(|table| &table.columns);
    let embedded = columns.filter(|column| matches!(column.from, mapping::Source::Embedding(_)));
    embedded.filter_map(|column| column.sql.dimension()).collect()
}

/// One lane: a key range of one collection group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its number, equal to its place in [`Plan::lanes`].
    pub id: u32,
    /// Its collection's place in [`Plan::collections`].
    pub collection: usize,
    /// The shard key that its points were stored under, as JSON writes it; only of a Qdrant collection whose sharding
    /// is custom, where an id may be there once under every key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// First path of the range, inclusive; nothing means from the beginning.
    pub from: Option<String>,
    /// End of the range, exclusive; nothing means to the end.
    pub to: Option<String>,
    /// Documents counted in it at the snapshot time.
    pub documents: u64,
}

/// All collections of one id, and the tables their documents go to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collection {
    /// The collection id.
    pub id: String,
    /// The tables, in the order their patterns are asked.
    pub tables: Vec<Table>,
}

impl Collection {
    /// The tables in PostgreSQL: each table of documents, followed by those of their elements.
    pub fn relations(&self) -> Vec<Relation<'_>> {
        transforms::relations(&self.tables)
    }

    /// Whether a column of its tables holds the embedding of a text.
    pub fn embeds(&self) -> bool {
        let mut columns = self.tables.iter().flat_map(|table| &table.columns);
        columns.any(|column| matches!(column.from, mapping::Source::Embedding(_)))
    }

    /// The id as messages and the ledger spell it.
    pub fn visible(&self) -> String {
        transforms::visible(&self.id).into_owned()
    }
}

/// A collection that the mapping leaves where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// The collection id.
    pub id: String,
    /// Its documents at the snapshot time.
    pub documents: u64,
}

/// Another name that a collection goes by: a view of its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The name, which is the view's too.
    pub name: String,
    /// The table.
    pub table: String,
}

impl View {
    /// The statement that makes it.
    pub fn create_sql(&self, schema: &str) -> String {
        let (schema, name, table) = (quote(schema), quote(&self.name), quote(&self.table));
        format!("CREATE VIEW {schema}.{name} AS SELECT * FROM {schema}.{table};\n")
    }
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
    /// What is moved, and the tables it goes to.
    pub collections: Vec<Collection>,
    /// Other names of what is moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    /// What the mapping leaves behind.
    pub left_behind: Vec<LeftBehind>,
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

    /// The collection `lane` is a part of.
    pub fn collection_of(&self, lane: &Lane) -> &Collection {
        &self.collections[lane.collection]
    }

    /// Every table of the run.
    pub fn relations(&self) -> impl Iterator<Item = Relation<'_>> {
        self.collections.iter().flat_map(Collection::relations)
    }

    /// The documents' tables.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.collections.iter().flat_map(|collection| &collection.tables)
    }

    /// The statements that create the tables, as `--dry-run` shows them.
    pub fn create_sql(&self) -> String {
        let relations = self
            .relations()
            .map(|relation| relation.create_sql(&self.mapping.schema));
        relations.collect::<Vec<_>>().join("\n")
    }

    /// Takes over what may be asked for differently at every start: keys, indexes and foreign keys, and what becomes of
    /// values that a column cannot hold.
    pub fn adopt(&mut self, asked: &Mapping) {
        let tables = self
            .collections
            .iter_mut()
            .flat_map(|collection| &mut collection.tables);
        for table in tables {
            let Some(now) = asked.tables.tables.iter().find(|now| now.name == table.name) else {
                continue;
            };
            table.key.clone_from(&now.key);
            table.indexes.clone_from(&now.indexes);
            table.foreign_keys.clone_from(&now.foreign_keys);
            table.nul = now.nul;
            adopt_policies(&mut table.columns, &now.columns);
            for (child, now) in table.children.iter_mut().zip(&now.children) {
                child.indexes.clone_from(&now.indexes);
                adopt_policies(&mut child.columns, &now.columns);
            }
        }
        self.mapping.tables.clone_from(&asked.tables);
    }

    /// Why rows of these tables cannot stand beside those that are loaded, if they cannot.
    pub fn refuses_tables(&self, asked: &mapping::Mapping) -> Option<String> {
        let (old, new) = (rows_of(&self.mapping.tables), rows_of(asked));
        (old != new).then(|| format!("its mapping was another one: {}", other_tables(&old, &new)))
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
        if let Some(why) = self.refuses_tables(&is.tables) {
            return Some(why);
        }
        (was.exact_vectors != is.exact_vectors).then(|| "--exact-vectors was set differently".to_owned())
    }
}

/// What of a mapping decides rows that are loaded. Keys, indexes and foreign keys come after them; what becomes of values
/// that a column cannot hold is decided anew for every document that is still to come.
fn rows_of(mapping: &mapping::Mapping) -> mapping::Mapping {
    let mut rows = mapping.clone();
    for table in &mut rows.tables {
        table.key.clear();
        table.indexes.clear();
        table.foreign_keys.clear();
        table.nul = Nul::default();
        let children = table.children.iter_mut();
        for child in children {
            child.indexes.clear();
            child.columns.iter_mut().for_each(forget_policies);
        }
        table.columns.iter_mut().for_each(forget_policies);
    }
    rows
}

fn forget_policies(column: &mut Column) {
    column.misfit = Misfit::default();
    column.zero = Zero::default();
    // Where the table says otherwise, PostgreSQL refuses the row.
    column.required = false;
}

fn adopt_policies(columns: &mut [Column], now: &[Column]) {
    for (column, now) in columns.iter_mut().zip(now) {
        column.misfit = now.misfit;
        column.zero = now.zero;
        column.required = now.required;
    }
}

/// What differs between two mappings, for a person.
fn other_tables(was: &mapping::Mapping, is: &mapping::Mapping) -> String {
    let find = |mapping: &mapping::Mapping, name: &str| {
        mapping.tables.iter().find(|table| table.name == name).cloned()
    };
    let names: std::collections::BTreeSet<&str> = was
        .tables
        .iter()
        .chain(&is.tables)
        .map(|table| table.name.as_str())
        .collect();
    let changed: Vec<String> = names
        .into_iter()
        .filter_map(|name| match (find(was, name), find(is, name)) {
            (Some(_), None) => Some(format!("table {name} is no longer in it")),
            (None, Some(_)) => Some(format!("table {name} was not in it")),
            (was, is) => (was != is).then(|| format!("table {name} is written differently")),
        })
        .collect();
    if changed.is_empty() {
        "the order of its tables, or what holds for all of them, has changed".to_owned()
    } else {
        changed.join("; ")
    }
}
