//! What is there already, by what it is rather than by its name.
//!
//! Whether an index in the catalog is the one asked for is PostgreSQL's to say: the index asked for is made on an
//! empty copy of the table, compared field by field with those of the table, and rolled back.

use super::definition::Definition;
use super::foreign::Foreign;
use super::session::Session;
use super::steps::Step;
use crate::fault::Fault;
use transforms::{literal, quote};
use uuid::Uuid;

/// An index of a table that is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    /// It is whole; otherwise its build was interrupted, and nobody reads it.
    pub(super) valid: bool,
    /// It belongs to a constraint.
    pub(super) constraint: bool,
}

/// A foreign key of a table that is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) validated: bool,
}

/// What has a name that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Nobody,
    /// An index of the same table whose build was interrupted.
    Leftover,
    SomethingElse,
}

/// The columns of a key or an index, by name and in order.
fn names(numbers: &str, relation: &str) -> String {
    format!(
        "array(select a.attname::text from unnest({numbers}) with ordinality k (attnum, place) \
         join pg_attribute a on a.attrelid = {relation} and a.attnum = k.attnum order by k.place)"
    )
}

fn text_array(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    format!("array[{}]::text[]", names.join(", "))
}

impl Session<'_> {
    /// Indexes of the step's table that are what `definition` says.
    pub(super) async fn found(
        &self,
        step: &Step,
        definition: &Definition,
        schema: &str,
        pgvector: Option<&str>,
    ) -> Result<Vec<Found>, Fault> {
        let copy = format!(
            "{}.{}",
            quote(schema),
            quote(&format!("trial_{}", Uuid::new_v4().simple()))
        );
        let index = format!("trial_{}", Uuid::new_v4().simple());
        let make = format!(
            "create table {copy} (like {}); {}",
            step.qualified,
            definition.sql(&index, &copy, false, pgvector)
        );
        let fields = |index: &str, class: &str| {
            format!(
                "({class}.relam, {index}.indisunique, {index}.indclass::oid[], {index}.indoption::int2[], \
                 {index}.indcollation::oid[], {class}.reloptions, {}, {index}.indnkeyatts, {index}.indexprs is null, \
                 pg_get_expr({index}.indpred, {index}.indrelid))",
                names(&format!("{index}.indkey::int2[]"), &format!("{index}.indrelid"))
            )
        };
        let ask = format!(
            "select c.relname::text, i.indisvalid and i.indisready, \
             exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u')) from pg_index i join pg_class c on c.oid = i.indexrelid, \
             pg_index w join pg_class v on v.oid = w.indexrelid \
             where i.indrelid = {}::regclass and w.indrelid = {}::regclass and i.indimmediate \
             and {} is not distinct from {} order by c.relname",
            literal(&step.qualified),
            literal(&copy),
            fields("i", "c"),
            fields("w", "v"),
        );
        let rows = self.imagine(&looking(step), &make, &ask).await?;
        let found = rows.iter().map(|row| Found {
            name: row.get(0),
            valid: row.get(1),
            constraint: row.get(2),
        });
        Ok(found.collect())
    }

    /// The columns of the table's primary key, if it has one.
    pub(super) async fn primary_key(&self, step: &Step) -> Result<Option<Vec<String>>, Fault> {
        let ask = format!(
            "select {} from pg_constraint c where c.conrelid = {}::regclass and c.contype = 'p'",
            names("c.conkey", "c.conrelid"),
            literal(&step.qualified)
        );
        let rows = self.ask(&looking(step), &ask).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// Which of `columns` the table lets be NULL.
    pub(super) async fn nullable(&self, step: &Step, columns: &[String]) -> Result<Vec<String>, Fault> {
        let ask = format!(
            "select a.attname::text from pg_attribute a where a.attrelid = {}::regclass and not a.attnotnull \
             and not a.attisdropped and a.attname = any({}) order by a.attnum",
            literal(&step.qualified),
            text_array(columns)
        );
        let rows = self.ask(&looking(step), &ask).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The foreign key of the step's table that is what `foreign` says: a validated one if there is any.
    pub(super) async fn declared(&self, step: &Step, foreign: &Foreign) -> Result<Option<Declared>, Fault> {
        let ask = format!(
            "select c.conname::text, c.convalidated from pg_constraint c \
             where c.contype = 'f' and c.conrelid = {}::regclass and c.confrelid = to_regclass({}) and {} = {} and {} = {} \
             order by c.convalidated desc, c.conname limit 1",
            literal(&step.qualified),
            literal(&foreign.qualified),
            names("c.conkey", "c.conrelid"),
            text_array(&foreign.columns),
            names("c.confkey", "c.confrelid"),
            text_array(&foreign.to),
        );
        let rows = self.ask(&looking(step), &ask).await?;
        Ok(rows.first().map(|row| Declared {
            name: row.get(0),
            validated: row.get(1),
        }))
    }

    /// Who has the name of an index to be made on the step's table.
    pub(super) async fn holder(&self, step: &Step, name: &str) -> Result<Holder, Fault> {
        let ask = format!(
            "select coalesce(i.indrelid = t.oid and not i.indisvalid, false) from pg_class t \
             join pg_class c on c.relnamespace = t.relnamespace left join pg_index i on i.indexrelid = c.oid \
             where t.oid = {}::regclass and c.relname = {}",
            literal(&step.qualified),
            literal(name)
        );
        let rows = self.ask(&looking(step), &ask).await?;
        Ok(match rows.first().map(|row| row.get(0)) {
            None => Holder::Nobody,
            Some(true) => Holder::Leftover,
            Some(false) => Holder::SomethingElse,
        })
    }

    /// Whether a constraint of the step's table has this name.
    pub(super) async fn constraint(&self, step: &Step, name: &str) -> Result<bool, Fault> {
        let ask = format!(
            "select 1 from pg_constraint where conrelid = {}::regclass and conname = {}",
            literal(&step.qualified),
            literal(name)
        );
        Ok(!self.ask(&looking(step), &ask).await?.is_empty())
    }

    /// Whether somebody is building an index of the step's table right now.
    pub(super) async fn building(&self, step: &Step) -> Result<bool, Fault> {
        let ask = format!(
            "select 1 from pg_stat_progress_create_index where relid = {}::regclass and datname = current_database()",
            literal(&step.qualified)
        );
        Ok(!self.ask(&looking(step), &ask).await?.is_empty())
    }
}

fn looking(step: &Step) -> String {
    format!("look for the {}", step.sentence)
}
