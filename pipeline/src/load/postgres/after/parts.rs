//! Keys and indexes of a table in parts, while others use it.
//!
//! PostgreSQL builds no index of a whole partitioned table concurrently. Its way, as its manual has it: an index of the
//! parent ONLY, which is invalid; one built concurrently on every part; each attached to the parent's, which is valid
//! from the last one on. Whatever was done of this is found again, so a start goes on after any step of another.

use super::build::{Builder, Made};
use super::definition::Definition;
use super::keys::Keyed;
use super::names::other;
use super::session::{Limits, Session};
use super::steps::{Step, What, list};
use crate::fault::Fault;
use transforms::{literal, quote};

/// A part of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    name: String,
    schema: String,
}

/// The primary key of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    /// Its index, which has the constraint's name.
    name: String,
    valid: bool,
}

impl Session<'_> {
    /// The parts of the step's table; nothing where it is not in parts.
    pub(super) async fn parts(&self, step: &Step) -> Result<Option<Vec<Part>>, Fault> {
        let ask = format!(
            "select c.relkind = 'p', p.relname::text, n.nspname::text from pg_class c \
             left join pg_inherits i on i.inhparent = c.oid and c.relkind = 'p' \
             left join pg_class p on p.oid = i.inhrelid left join pg_namespace n on n.oid = p.relnamespace \
             where c.oid = {}::regclass order by p.relname",
            literal(&step.qualified)
        );
        let rows = self.ask(&looking(step), &ask).await?;
        if !rows.first().is_some_and(|row| row.get(0)) {
            return Ok(None);
        }
        let part = |row: &tokio_postgres::Row| {
            Some(Part {
                name: row.get::<_, Option<String>>(1)?,
                schema: row.get::<_, Option<String>>(2)?,
            })
        };
        Ok(Some(rows.iter().filter_map(part).collect()))
    }

    async fn key_of(&self, step: &Step) -> Result<Option<Key>, Fault> {
        let ask = format!(
            "select c.relname::text, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid \
             where i.indrelid = {}::regclass and i.indisprimary",
            literal(&step.qualified)
        );
        let rows = self.ask(&looking(step), &ask).await?;
        Ok(rows.first().map(|row| Key {
            name: row.get(0),
            valid: row.get(1),
        }))
    }
}

impl Builder<'_> {
    /// The index of a table in `parts`; `half` is the parent's, where an earlier start made it.
    pub(super) async fn index_by_parts(
        &self,
        step: &Step,
        definition: &Definition,
        parts: &[Part],
        half: Option<String>,
    ) -> Result<Made, Fault> {
        let name = match half {
            Some(name) => name,
            None => {
                let name = self.free(step, &definition.sql("", "", false, None)).await?;
                let pgvector = self.server.pgvector.as_deref();
                let only = format!("only {}", step.qualified);
                let sql = definition.sql(&name, &only, false, pgvector);
                self.quickly(step, &sql).await?;
                name
            }
        };
        for part in parts {
            let of_part = of(step, part, What::Index(definition.clone()));
            let made = Box::pin(self.index(&of_part, definition)).await?;
            self.attach(step, &name, part, &made.name).await?;
        }
        Ok(Made { name, now: true })
    }

    /// The primary key of a table in parts, where it has to be made part by part: because it is in use, or because an
    /// earlier start began so. Nothing otherwise.
    pub(super) async fn key_by_parts(&self, step: &Step, columns: &[String]) -> Result<Option<Keyed>, Fault> {
        let Some(parts) = self.session.parts(step).await? else {
            return Ok(None);
        };
        let name = match self.session.key_of(step).await? {
            Some(there) if there.valid => return Ok(None),
            Some(half) if self.session.primary_key(step).await?.as_deref() == Some(columns) => half.name,
            Some(_) => return Ok(None),
            None if !self.live => return Ok(None),
            None => {
                for column in self.session.nullable(step, columns).await? {
                    self.forbid_null(step, &column).await?;
                }
                let name = self.free(step, "primary key").await?;
                let (table, quoted) = (&step.qualified, quote(&name));
                let columns = list(columns);
                let sql = format!("alter table only {table} add constraint {quoted} primary key ({columns})");
                self.quickly(step, &sql).await?;
                name
            }
        };
        for part in &parts {
            let of_part = of(step, part, What::Key(columns.to_vec()));
            let keyed = Box::pin(self.key(&of_part, columns)).await?;
            let of_part = self.session.key_of(&of_part).await?;
            match (keyed.warning, of_part) {
                (None, Some(key)) => self.attach(step, &name, part, &key.name).await?,
                // A part without the key leaves the table without it.
                (warning, _) => {
                    let (table, name) = (&step.qualified, quote(&name));
                    self.quickly(step, &format!("alter table {table} drop constraint {name}"))
                        .await?;
                    return Ok(Some(Keyed { now: false, warning }));
                }
            }
        }
        Ok(Some(Keyed {
            now: true,
            warning: None,
        }))
    }

    async fn attach(&self, step: &Step, index: &str, part: &Part, of_part: &str) -> Result<(), Fault> {
        let (schema, parts_own) = (quote(self.after.schema), quote(&part.schema));
        let (index, of_part) = (quote(index), quote(of_part));
        // Attaching what is attached changes nothing.
        let sql = format!("alter index {schema}.{index} attach partition {parts_own}.{of_part}");
        self.quickly(step, &sql).await
    }

    /// A statement that changes the catalog alone.
    async fn quickly(&self, step: &Step, sql: &str) -> Result<(), Fault> {
        let action = format!("make the {}", step.sentence);
        self.board
            .turn_to(&step.table, format!("making the {}", step.sentence), None);
        self.session
            .run(&action, Limits::quick(self.patience()), sql)
            .await
    }
}

/// The same step of one part.
fn of(step: &Step, part: &Part, what: What) -> Step {
    Step {
        table: step.table.clone(),
        name: other(&step.name, &part.name),
        sentence: format!("{} in part {}", step.sentence, part.name),
        qualified: format!("{}.{}", quote(&part.schema), quote(&part.name)),
        what,
    }
}

fn looking(step: &Step) -> String {
    format!("look for the {}", step.sentence)
}
