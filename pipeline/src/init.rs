//! Where a migration begins: the source is surveyed, and tables are proposed.

use crate::fault::{Fault, Part};
use crate::load::postgres::after::steps;
use crate::metrics;
use crate::plan::{Identity, Mapping, ReadTime};
use crate::planning::{self, Wish};
use crate::progress::Progress;
use crate::source::firestore::Firestore;
use crate::source::qdrant::Qdrant;
use crate::stop::Stop;
use crate::store::{Habits, at_once, reach_firestore};
use crate::survey::{Depth, Lookup, survey};
use config::mapping::{self, Table};
use std::collections::BTreeMap;
use std::sync::Arc;
use transforms::{Proposal, quote};

/// What looking at the source needs to know.
#[derive(Debug)]
pub struct Init<'c> {
    /// The source.
    pub source: &'c config::Source,
    /// The schema that the tables will be in.
    pub schema: &'c str,
    /// Limits and habits.
    pub habits: &'c config::Run,
    /// Whether every document is looked at, and not a sample.
    pub full: bool,
    /// Asked whether to go on.
    pub stop: Stop,
    /// Told how it goes.
    pub progress: Arc<Progress>,
}

/// What was seen, and the tables that follow from it.
#[derive(Debug)]
pub struct Surveyed {
    /// The moment it was true at.
    pub snapshot: ReadTime,
    /// Documents counted.
    pub documents: u64,
    /// Documents looked at.
    pub looked_at: u64,
    /// Reads billed for it.
    pub reads: u64,
    /// References looked up.
    pub lookups: Vec<Lookup>,
    /// The tables and why they look so.
    pub proposal: Proposal,
}

impl Init<'_> {
    /// Looks, and proposes.
    pub async fn survey(&self) -> Result<Surveyed, Fault> {
        match self.source {
            config::Source::Firestore(source) => self.documents(source).await,
            config::Source::Qdrant(source) => self.points(source).await,
        }
    }

    /// What a Qdrant says of its collections, and a pass over their ids, draw the tables; points are hardly read.
    async fn points(&self, settings: &config::Qdrant) -> Result<Surveyed, Fault> {
        let source = Qdrant::for_questions(settings).await.map_err(at_once)?;
        source.greet().await.map_err(at_once)?;
        let wish = Wish {
            source: Identity::from(self.source),
            mapping: Mapping {
                collections: settings.collections.clone(),
                schema: self.schema.to_owned(),
                exact_vectors: false,
                tables: mapping::Mapping::default(),
            },
            sample: settings.sample.get(),
            lane_documents: self.habits.lane_documents.get(),
            lanes: self.habits.lanes.get(),
        };
        let plan = planning::draw(&source, &wish, &self.progress).await?;
        let documents = plan.documents();
        let tables = plan
            .collections
            .into_iter()
            .flat_map(|collection| collection.tables);
        Ok(Surveyed {
            snapshot: plan.snapshot,
            documents,
            looked_at: documents,
            reads: 0,
            lookups: Vec::new(),
            proposal: Proposal {
                mapping: mapping::Mapping {
                    tables: tables.collect(),
                    ..mapping::Mapping::default()
                },
                evidence: BTreeMap::new(),
                remarks: plan.remarks,
            },
        })
    }

    async fn documents(&self, asked: &config::Firestore) -> Result<Surveyed, Fault> {
        let source = self.connect(asked).await?;
        let depth = Depth {
            only: asked.collections.clone(),
            sample: (!self.full).then(|| asked.sample.get()),
            readers: self.habits.lanes.get(),
        };
        let root = Identity::from(asked).root();
        let found = survey(&source, &root, &depth, &self.progress).await?;
        if found.counts.is_empty() {
            return Err(nothing(asked));
        }
        Ok(Surveyed {
            snapshot: found.snapshot,
            documents: found.counts.values().sum(),
            looked_at: found.censuses.values().map(transforms::Census::documents).sum(),
            reads: metrics::reads_billed(),
            proposal: transforms::propose(&found.censuses, &found.counts),
            lookups: found.lookups,
        })
    }

    async fn connect(&self, source: &config::Firestore) -> Result<Firestore, Fault> {
        let rows = self.habits.batch_rows.get();
        let budget = Arc::default();
        let habits = Habits {
            run: self.habits,
            rows,
            stop: &self.stop,
        };
        let (firestore, _) = reach_firestore(source, habits, &budget).await?;
        firestore.greet().await.map_err(at_once)?;
        Ok(firestore)
    }
}

fn nothing(source: &config::Firestore) -> Fault {
    let message = format!("there is no document in {}", Identity::from(source));
    Fault::permanent(Part::Source, "propose tables", message)
        .with_cause("empty")
        .with_remedy(
            "check --project and --database: an unknown project of an emulator looks like an empty database",
        )
}

/// A migration that creates the tables, for `etl run` to find empty.
pub fn tables_sql(tables: &[Table], schema: &str) -> String {
    let mut sql = format!(
        "-- The tables that etl run fills. It creates them itself where they are not there yet.\n\n\
         create schema if not exists {};\n",
        quote(schema)
    );
    if tables.iter().any(needs_pgvector) {
        sql.push_str("create extension if not exists vector;\n");
    }
    for relation in transforms::relations(tables) {
        sql.push('\n');
        sql.push_str(&relation.create_sql(schema));
    }
    sql
}

fn needs_pgvector(table: &Table) -> bool {
    use config::mapping::Type::{Halfvec, Sparsevec, Vector};
    let elements = table.children.iter().flat_map(|child| &child.columns);
    let mut columns = table.columns.iter().chain(elements);
    columns.any(|column| matches!(column.sql, Vector(_) | Halfvec(_) | Sparsevec(_)))
}

/// A migration that adds keys, indexes and references. `etl run` does the same when the rows are there; applied
/// before it, the rows go in several times slower.
pub fn after_sql(tables: &[Table], schema: &str) -> String {
    let mut sql = "-- Keys, indexes and references. etl run makes them itself when the rows are there: then this finds nothing \
                   left to do.\n-- Applied before a run it is right as well, but loading takes several times as long; references \
                   are then\n-- left to the run, for they would refuse rows that come before those they refer to.\n"
        .to_owned();
    for step in steps(tables, schema, true) {
        sql.push_str(&format!(
            "\n-- {}\n{}",
            step.sentence.replace(['\n', '\r'], " "),
            step.migration_sql()
        ));
    }
    sql
}
