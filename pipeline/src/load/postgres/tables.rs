//! The run's tables before and after the load.
//!
//! Rows are copied straight into tables that this run created or found empty; anything else is refused before a
//! document is read.

use super::{Ledger, ServerFacts};
use crate::fault::{Fault, Part};
use crate::plan::Plan;
use config::mapping::{Load, Records, Type};
use std::collections::BTreeMap;
use tokio_postgres::types::Type as SqlType;
use transforms::{Relation, quote};

/// What stands in the target under the name of a planned table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    Absent,
    /// A table without rows and with the planned columns.
    EmptyAndFitting,
    /// A table that rows are merged into.
    Merged,
    /// Something rows cannot be copied into, and why.
    InTheWay(String),
}

impl Ledger {
    /// What stands in the way of each planned table.
    pub async fn existing(&self, plan: &Plan) -> Result<Vec<Existing>, Fault> {
        let relations: Vec<Relation<'_>> = plan.relations().collect();
        self.standing(&relations, &plan.mapping.schema).await
    }

    async fn standing(&self, relations: &[Relation<'_>], schema: &str) -> Result<Vec<Existing>, Fault> {
        let mut existing = Vec::new();
        let names: Vec<&str> = relations.iter().map(Relation::name).collect();
        for relation in relations {
            existing.push(self.stands(relation, schema, &names).await?);
        }
        Ok(existing)
    }

    async fn stands(&self, table: &Relation<'_>, schema: &str, planned: &[&str]) -> Result<Existing, Fault> {
        let action = format!("look at table {}", table.name());
        let columns = "select a.attname::text, format_type(a.atttypid, a.atttypmod) from pg_attribute a \
                       join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace \
                       where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped order by a.attnum";
        let rows = self
            .rows(
                &action,
                columns,
                &[(&schema, SqlType::TEXT), (&table.name(), SqlType::TEXT)],
            )
            .await?;
        let merged = table.table().load == Load::Merge;
        if rows.is_empty() && merged {
            let why = "it is not there, and load = \"merge\" needs one to merge into";
            return Ok(Existing::InTheWay(why.to_owned()));
        }
        if rows.is_empty() {
            return Ok(Existing::Absent);
        }
        let there: BTreeMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for (name, sql_type) in layout(table) {
            match there.get(&name) {
                None => return Ok(Existing::InTheWay(format!("it has no column {name} {sql_type}"))),
                // pgvector may lie in a schema of its own, and then its types carry it.
                Some(found) if found != &sql_type && !found.ends_with(&format!(".{sql_type}")) => {
                    let why = format!("its column {name} is {found}, the plan needs {sql_type}");
                    return Ok(Existing::InTheWay(why));
                }
                Some(_) => {}
            }
        }
        if merged {
            return Ok(match self.has_key(table, schema, &action).await? {
                true => Existing::Merged,
                false => Existing::InTheWay(format!(
                    "no unique index of it has the columns of the mapping's key, by which rows are found; first run: \
                     CREATE UNIQUE INDEX ON {} ({})",
                    table.qualified(schema),
                    table
                        .table()
                        .key
                        .iter()
                        .map(|name| quote(name))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            });
        }
        let any = format!("select exists (select 1 from {})", table.qualified(schema));
        let has_rows = self
            .rows(&action, &any, &[])
            .await?
            .first()
            .is_some_and(|row| row.get(0));
        if has_rows {
            return Ok(Existing::InTheWay("it already has rows".to_owned()));
        }
        Ok(match self.foreign_key(table, schema, planned, &action).await? {
            Some(name) => Existing::InTheWay(format!(
                "its foreign key {name} would refuse rows that come before those they refer to; drop it, and the run \
                 makes those of the mapping when all rows are there"
            )),
            None => Existing::EmptyAndFitting,
        })
    }

    /// Whether a unique index of the table has exactly the columns of its key.
    async fn has_key(&self, table: &Relation<'_>, schema: &str, action: &str) -> Result<bool, Fault> {
        let find = "select exists (select from pg_index i join pg_class c on c.oid = i.indrelid \
                    join pg_namespace n on n.oid = c.relnamespace \
                    where n.nspname = $1 and c.relname = $2 and i.indisunique and i.indisvalid and i.indpred is null \
                    and i.indexprs is null and (select array_agg(a.attname::text order by a.attname::text) \
                    from pg_attribute a where a.attrelid = c.oid and a.attnum = any (i.indkey[:i.indnkeyatts - 1])) = $3)";
        let mut key = table.table().key.clone();
        key.sort();
        let values: [(&(dyn tokio_postgres::types::ToSql + Sync), SqlType); 3] = [
            (&schema, SqlType::TEXT),
            (&table.name(), SqlType::TEXT),
            (&key, SqlType::TEXT_ARRAY),
        ];
        let rows = self.rows(action, find, &values).await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    /// A foreign key of the table to one that is planned as well, if it has any. What it refers to elsewhere is the
    /// operator's.
    async fn foreign_key(
        &self,
        table: &Relation<'_>,
        schema: &str,
        planned: &[&str],
        action: &str,
    ) -> Result<Option<String>, Fault> {
        let first = "select o.conname::text from pg_constraint o join pg_class c on c.oid = o.conrelid \
                     join pg_namespace n on n.oid = c.relnamespace join pg_class f on f.oid = o.confrelid \
                     where n.nspname = $1 and c.relname = $2 and o.contype = 'f' and f.relnamespace = n.oid \
                     and f.relname = any ($3) order by 1 limit 1";
        let names: [(&(dyn tokio_postgres::types::ToSql + Sync), SqlType); 3] = [
            (&schema, SqlType::TEXT),
            (&table.name(), SqlType::TEXT),
            (&planned, SqlType::TEXT_ARRAY),
        ];
        let rows = self.rows(action, first, &names).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// The statements that create what is absent, or the refusal that names everything in the way.
    pub async fn creation(&self, plan: &Plan, facts: &ServerFacts) -> Result<String, Fault> {
        let relations: Vec<Relation<'_>> = plan.relations().collect();
        let schema = &plan.mapping.schema;
        let mut sql = self.creation_of(&relations, schema, facts).await?;
        sql.extend(plan.views.iter().map(|view| view.create_sql(schema)));
        Ok(sql)
    }

    /// The same for tables that are not planned yet.
    pub(crate) async fn creation_of(
        &self,
        relations: &[Relation<'_>],
        schema: &str,
        facts: &ServerFacts,
    ) -> Result<String, Fault> {
        let existing = self.standing(relations, schema).await?;
        let mut obstacles = Vec::new();
        let mut sql = extension_sql(relations, facts)?;
        sql.push_str(&format!("create schema if not exists {};\n", quote(schema)));
        for (table, found) in relations.iter().zip(existing) {
            match found {
                Existing::Absent => sql.push_str(&table.create_sql(schema)),
                Existing::EmptyAndFitting | Existing::Merged => {}
                Existing::InTheWay(why) => obstacles.push(format!("table {}: {why}", table.name())),
            }
            sql.push('\n');
        }
        if obstacles.is_empty() {
            return Ok(sql);
        }
        let message = format!("the target has tables in the way: {}", obstacles.join("; "));
        Err(Fault::permanent(Part::Identity, "create the tables", message)
            .with_cause("in_the_way")
            .with_remedy("load into another schema with --schema NAME, or rename or drop these tables"))
    }

    /// Rows in `table`, counted by the server, and fresh statistics for its planner.
    pub async fn count(&self, table: &Relation<'_>, schema: &str) -> Result<u64, Fault> {
        let action = format!("count table {}", table.name());
        let qualified = table.qualified(schema);
        let rows = self
            .rows(&action, &format!("select count(*) from {qualified}"), &[])
            .await?;
        self.rows(&action, &format!("analyze {qualified}"), &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0) as u64))
    }
}

/// The planned columns with their types as PostgreSQL prints them.
fn layout(table: &Relation<'_>) -> Vec<(String, String)> {
    let printed = |sql: String| sql.replace("timestamptz", "timestamp with time zone");
    let columns = table.columns().into_iter();
    columns.map(|column| (column.name, printed(column.sql))).collect()
}

/// pgvector, if the tables need it: created where it is missing, found where it lies.
fn extension_sql(relations: &[Relation<'_>], facts: &ServerFacts) -> Result<String, Fault> {
    let needs_pgvector = |sql: Type| matches!(sql, Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_));
    let mut columns = relations.iter().flat_map(Relation::mapped);
    if !columns.any(|column| needs_pgvector(column.sql)) {
        return Ok(String::new());
    }
    let many = relations
        .first()
        .map_or_else(Records::default, |relation| relation.table().of)
        .many();
    match (&facts.vector_schema, facts.vector_offered) {
        (Some(schema), _) => Ok(format!("set local search_path = {}, pg_catalog;\n", quote(schema))),
        (None, true) => Ok("create extension if not exists vector with schema public;\nset local search_path = public, pg_catalog;\n".to_owned()),
        (None, false) => Err(Fault::permanent(
            Part::Target,
            "create the tables",
            format!("the {many} hold vectors, but the server does not have the extension pgvector"),
        )
        .with_cause("no_pgvector")
        .with_remedy("install pgvector on the server (package postgresql-NN-pgvector; managed services offer it as \"vector\"), then start the same command again")),
    }
}
