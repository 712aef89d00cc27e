//! The run's tables before and after the load.
//!
//! Rows are copied straight into tables that this run created or found empty; anything else is refused before a
//! document is read. Keys come after the rows, which is faster and lets the key prove that no path is there
//! twice.

use super::{Ledger, ServerFacts};
use crate::fault::{Fault, Part};
use crate::plan::Plan;
use std::collections::BTreeMap;
use tokio_postgres::types::Type;
use transforms::{Kind, Table, literal, quote};

/// What stands in the target under the name of a planned table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    Absent,
    /// A table without rows and with the planned columns.
    EmptyAndFitting,
    /// Something rows cannot be copied into, and why.
    InTheWay(String),
}

impl Ledger {
    /// What stands in the way of each planned table.
    pub async fn existing(&self, plan: &Plan) -> Result<Vec<Existing>, Fault> {
        let mut existing = Vec::with_capacity(plan.tables.len());
        for table in &plan.tables {
            existing.push(self.stands(table, &plan.mapping.schema).await?);
        }
        Ok(existing)
    }

    async fn stands(&self, table: &Table, schema: &str) -> Result<Existing, Fault> {
        let action = format!("look at table {}", table.name);
        let columns = "select a.attname::text, format_type(a.atttypid, a.atttypmod) from pg_attribute a \
                       join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace \
                       where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped order by a.attnum";
        let rows = self
            .rows(
                &action,
                columns,
                &[(&schema, Type::TEXT), (&table.name, Type::TEXT)],
            )
            .await?;
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
        let any = format!("select exists (select 1 from {})", table.qualified(schema));
        let has_rows = self
            .rows(&action, &any, &[])
            .await?
            .first()
            .is_some_and(|row| row.get(0));
        Ok(if has_rows {
            Existing::InTheWay("it already has rows".to_owned())
        } else {
            Existing::EmptyAndFitting
        })
    }

    /// The statements that create what is absent, or the refusal that names everything in the way.
    pub async fn creation(&self, plan: &Plan, facts: &ServerFacts) -> Result<String, Fault> {
        let existing = self.existing(plan).await?;
        let mut obstacles = Vec::new();
        let mut sql = extension_sql(plan, facts)?;
        sql.push_str(&format!(
            "create schema if not exists {};\n",
            quote(&plan.mapping.schema)
        ));
        for (table, found) in plan.tables.iter().zip(existing) {
            match found {
                Existing::Absent => sql.push_str(&table.create_sql(&plan.mapping.schema)),
                Existing::EmptyAndFitting => {}
                Existing::InTheWay(why) => obstacles.push(format!("table {}: {why}", table.name)),
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

    /// Adds the key of `table` if it is not there: it proves that every path is there once.
    pub async fn add_key(&self, table: &Table, schema: &str) -> Result<Key, Fault> {
        let action = format!("add the primary key of table {}", table.name);
        let qualified = table.qualified(schema);
        let there = format!(
            "select exists (select 1 from pg_index where indrelid = {}::regclass and (indisprimary or indisvalid and \
             pg_get_indexdef(indexrelid) like '%USING hash (_path)'))",
            literal(&qualified)
        );
        if self
            .rows(&action, &there, &[])
            .await?
            .first()
            .is_some_and(|row| row.get(0))
        {
            return Ok(Key::Primary);
        }
        let sql = format!("alter table {qualified} add primary key (_path)");
        match self.rows(&action, &sql, &[]).await {
            Ok(_) => Ok(Key::Primary),
            Err(fault) if fault.cause == "23505" => {
                let doubled = Fault::permanent(Part::Sums, action, fault.message);
                Err(doubled
                    .with_cause("doubled")
                    .with_remedy("a path is in the table twice: report this with the message"))
            }
            // A path of Firestore's full 6 KiB is longer than a btree key may be.
            Err(fault) if fault.cause == "54000" => {
                let sql = format!("create index on {qualified} using hash (_path)");
                self.rows(&action, &sql, &[]).await?;
                Ok(Key::Hash)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Rows in `table`, counted by the server, and fresh statistics for its planner.
    pub async fn count(&self, table: &Table, schema: &str) -> Result<u64, Fault> {
        let action = format!("count table {}", table.name);
        let qualified = table.qualified(schema);
        let rows = self
            .rows(&action, &format!("select count(*) from {qualified}"), &[])
            .await?;
        self.rows(&action, &format!("analyze {qualified}"), &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0) as u64))
    }
}

/// The key a table got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A primary key on the path.
    Primary,
    /// A hash index, because a path is too long for a btree.
    Hash,
}

/// The planned columns with their types as PostgreSQL prints them.
fn layout(table: &Table) -> Vec<(String, String)> {
    let time = "timestamp with time zone";
    let mut layout: Vec<(String, String)> = [("_path", "text"), ("_created_at", time), ("_updated_at", time)]
        .map(|(name, sql_type)| (name.to_owned(), sql_type.to_owned()))
        .into();
    for column in &table.columns {
        let sql_type = if column.kind == Kind::Timestamp {
            time.to_owned()
        } else {
            column.kind.sql()
        };
        layout.push((column.name.clone(), sql_type));
    }
    layout.push(("_extra".to_owned(), "jsonb".to_owned()));
    layout
}

/// pgvector, if the plan needs it: created where it is missing, found where it lies.
fn extension_sql(plan: &Plan, facts: &ServerFacts) -> Result<String, Fault> {
    let vectors = plan.tables.iter().flat_map(|table| &table.columns);
    if !vectors
        .into_iter()
        .any(|column| matches!(column.kind, Kind::Vector(_)))
    {
        return Ok(String::new());
    }
    match (&facts.vector_schema, facts.vector_offered) {
        (Some(schema), _) => Ok(format!("set local search_path = {}, pg_catalog;\n", quote(schema))),
        (None, true) => Ok("create extension if not exists vector with schema public;\nset local search_path = public, pg_catalog;\n".to_owned()),
        (None, false) => Err(Fault::permanent(
            Part::Target,
            "create the tables",
            "the documents hold vectors, but the server does not have the extension pgvector",
        )
        .with_cause("no_pgvector")
        .with_remedy("install pgvector on the server (package postgresql-NN-pgvector; managed services offer it as \"vector\"), then start the same command again")),
    }
}
