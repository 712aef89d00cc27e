//! Primary keys: made where they can be; where they cannot, the rows that stand in the way are named.

use super::build::Builder;
use super::definition::Definition;
use super::names::other;
use super::outcome::Warning;
use super::session::Limits;
use super::steps::{Step, list};
use crate::fault::{Class, Fault, Part};
use config::mapping::Records;
use transforms::quote;

/// How many keys, and rows of each, are named.
const EXAMPLES: usize = 5;
const ROWS: usize = 3;

/// What became of a key.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    pub(super) now: bool,
    pub(super) warning: Option<Warning>,
}

impl Builder<'_> {
    /// Makes the primary key, or finds it made.
    pub(super) async fn key(&self, step: &Step, columns: &[String]) -> Result<Keyed, Fault> {
        if let Some(keyed) = self.key_by_parts(step, columns).await? {
            return Ok(keyed);
        }
        match self.session.primary_key(step).await? {
            Some(there) if there == columns => return Ok(Keyed::default()),
            Some(there) => return self.beside(step, columns, &there).await,
            None => {}
        }
        if let [column] = columns
            && self.has_hash(step, column).await?
        {
            let warning = Some(too_long(step, columns, true));
            return Ok(Keyed { now: false, warning });
        }
        match self.add_key(step, columns).await {
            Ok(()) => Ok(Keyed {
                now: true,
                warning: None,
            }),
            Err(fault) if fault.cause == "54000" => self.hashed(step, columns).await,
            Err(fault) if matches!(fault.cause.as_str(), "23505" | "23502" | "23514") => {
                Err(self.named(step, columns, fault).await?)
            }
            Err(fault) => Err(fault),
        }
    }

    /// The table has another primary key, of its own making: the same promise without the name.
    async fn beside(&self, step: &Step, columns: &[String], there: &[String]) -> Result<Keyed, Fault> {
        let made = match self.index(step, &Definition::unique(columns)).await {
            Err(fault) if fault.cause == "23505" => return Err(self.named(step, columns, fault).await?),
            made => made?,
        };
        let warning = Warning {
            table: step.table.clone(),
            step: step.sentence.clone(),
            reason: format!(
                "the table was there with primary key ({}); the unique index {} proves the same",
                there.join(", "),
                made.name
            ),
            sql: String::new(),
            next: "nothing, if that is as it should be".to_owned(),
        };
        Ok(Keyed {
            now: made.now,
            warning: Some(warning),
        })
    }

    async fn add_key(&self, step: &Step, columns: &[String]) -> Result<(), Fault> {
        let action = format!("make the {}", step.sentence);
        let unique = Definition::unique(columns);
        let (schema, pgvector) = (self.after.schema, self.server.pgvector.as_deref());
        self.wait_for_others(step).await?;
        let found = self.session.found(step, &unique, schema, pgvector).await?;
        let (standing, leftovers): (Vec<_>, Vec<_>) = found
            .into_iter()
            .filter(|found| !found.constraint)
            .partition(|found| found.valid);
        for leftover in leftovers {
            self.drop_index(step, &leftover.name).await?;
        }
        let index = match standing.into_iter().next() {
            Some(there) => there.name,
            None => {
                let name = self.free(step, "primary key").await?;
                if !self.live {
                    return self.add_at_once(step, &action, &name).await;
                }
                self.build(step, &unique, &name).await?;
                name
            }
        };
        for column in self.session.nullable(step, columns).await? {
            self.forbid_null(step, &column).await?;
        }
        let sql = format!(
            "alter table {} add primary key using index {}",
            step.qualified,
            quote(&index)
        );
        self.session
            .run(&action, Limits::quick(self.patience()), &sql)
            .await
    }

    /// Index and constraint in one statement, while nobody else uses the table.
    async fn add_at_once(&self, step: &Step, action: &str, name: &str) -> Result<(), Fault> {
        let what = format!("building the {}", step.sentence);
        self.board.turn_to(&step.table, what, None);
        let limits = Limits {
            lock: Some(self.patience()),
            memory: Some(self.sorting()),
            workers: None,
        };
        self.session.run(action, limits, &step.plain(name, None)).await
    }

    /// Makes a column NOT NULL without keeping writers out while its rows are looked at.
    pub(super) async fn forbid_null(&self, step: &Step, column: &str) -> Result<(), Fault> {
        let action = format!("make column {column} of table {} NOT NULL", step.table);
        let (table, quoted) = (&step.qualified, quote(column));
        let check = quote(&other(&format!("{}_notnull", step.name), column));
        let limits = Limits::quick(self.patience());
        let declare = format!(
            "alter table {table} drop constraint if exists {check}; \
             alter table {table} add constraint {check} check ({quoted} is not null) not valid"
        );
        self.session.run(&action, limits, &declare).await?;
        let validate = format!("alter table {table} validate constraint {check}");
        let validated = self.session.run(&action, limits, &validate).await;
        let settle = if validated.is_ok() {
            format!("alter table {table} alter column {quoted} set not null; ")
        } else {
            String::new()
        };
        let settle = format!("{settle}alter table {table} drop constraint if exists {check}");
        self.session.run(&action, limits, &settle).await?;
        validated
    }

    async fn has_hash(&self, step: &Step, column: &str) -> Result<bool, Fault> {
        let hash = Definition::plain("hash", &[column.to_owned()]);
        let (schema, pgvector) = (self.after.schema, self.server.pgvector.as_deref());
        let found = self.session.found(step, &hash, schema, pgvector).await?;
        Ok(found.iter().any(|found| found.valid))
    }

    /// A value is longer than a btree takes; a hash index finds rows as fast and proves nothing.
    async fn hashed(&self, step: &Step, columns: &[String]) -> Result<Keyed, Fault> {
        let mut now = false;
        if let [column] = columns {
            let hash = Definition::plain("hash", std::slice::from_ref(column));
            let instead = Step {
                name: other(&step.name, "hash"),
                sentence: hash.sentence(&step.table),
                ..step.clone()
            };
            now = self.index(&instead, &hash).await?.now;
        }
        let warning = Some(too_long(step, columns, columns.len() == 1));
        Ok(Keyed { now, warning })
    }

    /// The fault that names the rows in the way of a key.
    async fn named(&self, step: &Step, columns: &[String], fault: Fault) -> Result<Fault, Fault> {
        let nulls = fault.cause != "23505";
        let places = if nulls {
            self.nulls(step, columns).await?
        } else {
            self.duplicates(step, columns, None).await?
        };
        let fault = Fault {
            class: Class::Permanent,
            ..fault
        };
        let ours = columns.iter().all(|column| column.starts_with('_'));
        if ours && !nulls {
            return Ok(Fault {
                part: Part::Sums,
                message: format!("{}: {places}", fault.message),
                ..fault
            }
            .with_cause("doubled")
            .with_remedy("a path is in the table twice: report this with the message"));
        }
        let key = columns.join(", ");
        let mend = if nulls {
            let one = self.after.records().one();
            format!("give ({key}) a value in every {one} or a default")
        } else {
            match self.after.records() {
                Records::Documents => {
                    "choose one that tells its documents apart (with the parent's id, `$1`)"
                }
                Records::Points => {
                    "choose one that tells its points apart (with `shard_key`, where sharding is custom)"
                }
            }
            .to_owned()
        };
        let remedy = format!(
            "the rows are all there, and none was changed. Look at `key` of tables.{}: {mend}, or leave it out, and the key \
             is `_path`. Or mend the rows by hand; or end the load without keys, with `primary_key = \"none\"`. Then start \
             the same command again",
            step.table
        );
        let message = format!("{}: {places}", fault.message);
        Ok(Fault { message, ..fault }.with_remedy(remedy))
    }

    /// "3 keys are there more than once: users/a/workouts/1 and users/b/workouts/1; …"
    pub(super) async fn duplicates(
        &self,
        step: &Step,
        columns: &[String],
        filter: Option<&str>,
    ) -> Result<String, Fault> {
        let listed = list(columns);
        let there = columns
            .iter()
            .map(|column| format!("{} is not null", quote(column)));
        let there: Vec<String> = there
            .chain(filter.map(|filter| format!("({filter}\n)")))
            .collect();
        let ask = format!(
            "select (array_agg(_path order by _path))[1:{ROWS}], count(*), count(*) over () from {} where {} \
             group by {listed} having count(*) > 1 order by min(_path) limit {EXAMPLES}",
            step.qualified,
            there.join(" and ")
        );
        self.board.turn_to(
            &step.table,
            format!("looking for rows of {} that agree", step.table),
            None,
        );
        let rows = self
            .session
            .ask(&format!("look for duplicates in table {}", step.table), &ask)
            .await?;
        let keys: i64 = rows.first().map_or(0, |row| row.get(2));
        let groups: Vec<String> = rows
            .iter()
            .map(|row| {
                let (paths, count): (Vec<String>, i64) = (row.get(0), row.get(1));
                let more = usize::try_from(count)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(paths.len());
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                format!("{}{more}", paths.join(" and "))
            })
            .collect();
        Ok(format!(
            "{keys} values of ({}) are there more than once, the first in {}",
            columns.join(", "),
            groups.join("; ")
        ))
    }

    async fn nulls(&self, step: &Step, columns: &[String]) -> Result<String, Fault> {
        let missing: Vec<String> = columns
            .iter()
            .map(|column| format!("{} is null", quote(column)))
            .collect();
        let ask = format!(
            "select _path, count(*) over () from {} where {} order by _path limit {EXAMPLES}",
            step.qualified,
            missing.join(" or ")
        );
        let rows = self
            .session
            .ask(
                &format!("look for rows without a key in table {}", step.table),
                &ask,
            )
            .await?;
        let count: i64 = rows.first().map_or(0, |row| row.get(1));
        let paths: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        Ok(format!(
            "{count} rows have no value for ({}), the first are {}",
            columns.join(", "),
            paths.join(", ")
        ))
    }

    fn sorting(&self) -> u64 {
        let effort = super::definition::Effort::Sort;
        let asked = self.after.memory.is_some();
        super::memory::grant(effort, 0, self.share, &self.server.hints, asked).bytes
    }
}

fn too_long(step: &Step, columns: &[String], hashed: bool) -> Warning {
    let instead = if hashed {
        "a hash index finds rows by it instead, and nothing proves that no two rows agree; foreign keys cannot refer to it"
    } else {
        "the table has no key"
    };
    Warning {
        table: step.table.clone(),
        step: step.sentence.clone(),
        reason: format!(
            "a value of ({}) is longer than an index entry may be (2,704 bytes): {instead}",
            columns.join(", ")
        ),
        sql: step.sql(),
        next: format!(
            "a shorter key, such as `key = [\"id\"]` for tables.{} with a column from `$id` and apply = [\"sha256\"], has no such limit",
            step.table
        ),
    }
}
