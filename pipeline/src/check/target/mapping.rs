//! Whether what the mapping asks for could be made on this server: everything is made on empty tables, in a
//! transaction that is rolled back.

use super::{Session, Wanted};
use crate::check::Finding;
use crate::fault::Fault;
use crate::load::postgres::after::{After, Refused};
use crate::load::postgres::{Ledger, Postgres};
use crate::plan::Identity;
use crate::progress::Progress;
use config::mapping::{Column, Records, Type};
use std::time::Duration;
use transforms::{Relation, relations};

pub(super) const MAPPING: &str = "target.mapping";
/// How long making everything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What a mapping that cannot be made means.
fn refusal(records: Records) -> String {
    format!("a run would be refused before a {} is read", records.one())
}

/// The first version of pgvector with `halfvec` and `sparsevec`.
const MORE_TYPES: (u32, u32) = (0, 7);

/// What the mapping asks for, found fit or not: types first, then tables that are in the way, then what PostgreSQL
/// itself refuses. That an endpoint is named where texts are embedded was seen to with the settings.
pub(super) async fn mapping(
    session: &Session,
    postgres: &Postgres,
    config: &config::Target,
    wanted: Wanted<'_>,
) -> Result<Finding, Fault> {
    let relations = relations(&wanted.mapping.tables);
    let records = wanted.source.records();
    let extensions = Extensions::ask(session).await?;
    let columns = relations.iter().flat_map(Relation::mapped);
    if let Some(lacking) = columns
        .into_iter()
        .find_map(|column| extensions.lack(column, records))
    {
        return Ok(lacking);
    }
    let action = "try the mapping on the server";
    let tried = tokio::time::timeout(PATIENCE, Box::pin(tried(postgres, config, wanted, &relations)));
    match tried.await {
        Ok(Ok(finding)) => Ok(finding),
        Ok(Err(fault)) if fault.is_transient() => Err(fault),
        Ok(Err(fault)) => Ok(refused(fault, records)),
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            let why = format!("could not {action}: it took longer than {seconds} seconds");
            Ok(Finding::skipped(MAPPING, why))
        }
    }
}

async fn tried(
    postgres: &Postgres,
    config: &config::Target,
    wanted: Wanted<'_>,
    relations: &[Relation<'_>],
) -> Result<Finding, Fault> {
    let (ledger, schema) = (Ledger::new(postgres.clone()), &config.schema);
    if ledger.exists().await?
        && let Some(plan) = ledger.newest(&Identity::from(wanted.source), schema).await?
    {
        let run = plan.run;
        return Ok(Finding::skipped(
            MAPPING,
            format!(
                "run {run} made its tables already; checkpoints.run tells whether it goes on with this mapping"
            ),
        ));
    }
    let facts = postgres.facts().await?;
    let creation = ledger.creation_of(relations, schema, &facts).await?;
    let progress = Progress::default();
    let after = After {
        postgres,
        tables: &wanted.mapping.tables,
        schema,
        keys: config.primary_key == config::PrimaryKey::AfterLoad,
        memory: config.maintenance_memory,
        progress: &progress,
    };
    let mut refused = after.trial(&creation).await?;
    // A key ends a run, so it is told before anything else.
    refused.sort_by_key(|refused| !refused.step.is_key());
    let Some(Refused { step, fault }) = refused.into_iter().next() else {
        let (tables, steps) = (relations.len(), after.steps().len());
        let found = format!(
            "what it asks for can be made (tables: {tables}; keys, indexes and foreign keys: {steps}): tried on empty \
             tables and rolled back"
        );
        return Ok(Finding::pass(MAPPING, found));
    };
    let found = told(&fault);
    // Whoever may not make one of them may make none.
    if fault.cause == "42501" {
        let table = &step.table;
        let next = format!(
            "make the role of the run the owner of table {table}, or drop the table for the run to make it"
        );
        let means = refusal(wanted.source.records());
        return Ok(Finding::fail(MAPPING, found, means, next));
    }
    let next = fault.remedy.unwrap_or_else(|| "mend the mapping".to_owned());
    Ok(match step.is_key() {
        true => Finding::fail(MAPPING, found, refusal(wanted.source.records()), next),
        false => {
            let means = "a run loads every row, then goes without it and says so";
            Finding::warn(MAPPING, found, means, next)
        }
    })
}

fn told(fault: &Fault) -> String {
    format!("could not {}: {}", fault.action, fault.message)
}

fn refused(fault: Fault, records: Records) -> Finding {
    let found = told(&fault);
    let next = fault
        .remedy
        .unwrap_or_else(|| "mend the mapping, or what the server names".to_owned());
    Finding::fail(MAPPING, found, refusal(records), next)
}

/// What the server has of the extensions whose types a mapping can name.
struct Extensions {
    /// The version that is installed.
    pgvector: Option<String>,
    /// The version that would be.
    pgvector_offered: Option<String>,
    postgis: bool,
    postgis_offered: bool,
}

impl Extensions {
    async fn ask(session: &Session) -> Result<Extensions, Fault> {
        let sql = "select (select extversion from pg_extension where extname = 'vector'), \
                   (select default_version from pg_available_extensions where name = 'vector'), \
                   exists (select from pg_type where typname = 'geography'), \
                   exists (select from pg_available_extensions where name = 'postgis')";
        let row = session.row("ask for the types of the mapping", sql, &[]).await?;
        Ok(Extensions {
            pgvector: row.get(0),
            pgvector_offered: row.get(1),
            postgis: row.get(2),
            postgis_offered: row.get(3),
        })
    }

    /// What a column's type wants that is not there.
    fn lack(&self, column: &Column, records: Records) -> Option<Finding> {
        let (name, sql) = (&column.name, column.sql);
        let install = "install pgvector on the server (package postgresql-NN-pgvector; managed services offer it as \
                       \"vector\")";
        let (what, next) = match sql {
            Type::Geography if self.postgis => return None,
            Type::Geography if self.postgis_offered => (
                "PostGIS is offered and not installed".to_owned(),
                "run as an administrator: CREATE EXTENSION postgis; or write type = \"point\"".to_owned(),
            ),
            Type::Geography => (
                "the server does not have PostGIS".to_owned(),
                "install PostGIS on the server, or write type = \"point\"".to_owned(),
            ),
            Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_) => {
                let version = self.pgvector.as_ref().or(self.pgvector_offered.as_ref());
                match version {
                    None => ("the server does not have pgvector".to_owned(), install.to_owned()),
                    Some(version) if !matches!(sql, Type::Vector(_)) && is_before(version, MORE_TYPES) => (
                        format!("pgvector {version} does not have that type, 0.7.0 does"),
                        "upgrade pgvector, then run: ALTER EXTENSION vector UPDATE; or write type = \"vector\" with \
                         at most 2,000 dimensions where it is indexed"
                            .to_owned(),
                    ),
                    Some(_) => return None,
                }
            }
            Type::Scalar(_) | Type::Array(_) | Type::Json | Type::Point | Type::Tsvector => return None,
        };
        let found = format!("column {name} is {sql}: {what}");
        Some(Finding::fail(MAPPING, found, refusal(records), next))
    }
}

/// Whether a version is older. One that is no number is somebody's own build, and taken to be new.
fn is_before(version: &str, than: (u32, u32)) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) < than,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_sparse_vectors_came_with_0_7() {
        for (version, before) in [
            ("0.6.2", true),
            ("0.7.0", false),
            ("0.10.1", false),
            ("1.0", false),
            ("main", false),
        ] {
            assert_eq!(is_before(version, MORE_TYPES), before, "{version}");
        }
    }
}
