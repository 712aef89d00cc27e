//! Making one index, whatever an earlier start left of it.

use super::After;
use super::catalog::Holder;
use super::definition::{Definition, Effort};
use super::memory::{Grant, Hints, grant};
use super::names::other;
use super::session::{Limits, Session};
use super::steps::Step;
use super::watch::Board;
use crate::fault::Fault;
use std::time::Duration;
use transforms::quote;

/// Between two looks at somebody else's build.
const GLANCE: Duration = Duration::from_secs(1);
/// While it waits for a lock, everybody who comes later waits behind it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server says that matters here.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) hints: Hints,
    /// `max_parallel_workers` and `max_parallel_maintenance_workers`.
    pub(super) workers: (u32, u32),
    /// The schema pgvector lies in.
    pub(super) pgvector: Option<String>,
}

/// Makes the steps of one table, one after the other.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) after: &'a After<'a>,
    pub(super) session: Session<'a>,
    pub(super) server: &'a Server,
    pub(super) board: &'a Board<'a>,
    pub(super) live: bool,
    /// What one build may take of the server's memory, in bytes.
    pub(super) share: u64,
}

/// What became of an index.
#[derive(Debug)]
pub(super) struct Made {
    /// The name it has.
    pub(super) name: String,
    /// Whether this start made it.
    pub(super) now: bool,
}

impl Server {
    pub(super) async fn ask(session: Session<'_>) -> Result<Server, Fault> {
        let sql = "select pg_size_bytes(current_setting('shared_buffers')), \
                   (select pg_size_bytes(current_setting(name)) from pg_settings \
                    where name = 'effective_cache_size' and source <> 'default'), \
                   pg_size_bytes(current_setting('maintenance_work_mem')), current_setting('max_parallel_workers')::int4, \
                   current_setting('max_parallel_maintenance_workers')::int4, (select n.nspname::text from pg_extension e \
                   join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector')";
        let action = "ask the server for its limits";
        let rows = session.ask(action, sql).await?;
        let row = rows.first().ok_or_else(|| {
            Fault::transient(crate::fault::Part::Target, action, "no answer").with_cause("no_answer")
        })?;
        let bytes = |bytes: i64| bytes.max(0) as u64;
        let workers = |count: i32| count.max(0) as u32;
        Ok(Server {
            hints: Hints {
                shared_buffers: bytes(row.get(0)),
                cache: row.get::<_, Option<i64>>(1).map(bytes),
                work: bytes(row.get(2)),
            },
            workers: (workers(row.get(3)), workers(row.get(4))),
            pgvector: row.get(5),
        })
    }

    /// Processes beside the one that builds. A graph is worth more of them than the server gives by default.
    fn workers(&self, effort: Effort) -> u32 {
        const FOR_GRAPHS: u32 = 4;
        let (most, own) = self.workers;
        match effort {
            Effort::Graph { .. } => own.max(FOR_GRAPHS.min(most)),
            _ => own,
        }
    }
}

impl Builder<'_> {
    /// How long a lock is waited for that others would wait behind.
    pub(super) fn patience(&self) -> Duration {
        let longest = self.after.postgres.timeout;
        if self.live { PATIENCE.min(longest) } else { longest }
    }

    /// Makes the index that `step` asks for, or finds it made.
    pub(super) async fn index(&self, step: &Step, definition: &Definition) -> Result<Made, Fault> {
        self.wait_for_others(step).await?;
        let (schema, pgvector) = (self.after.schema, self.server.pgvector.as_deref());
        let found = self.session.found(step, definition, schema, pgvector).await?;
        let parts = self.session.parts(step).await?;
        let half = found.iter().find(|found| !found.valid && !found.constraint);
        if let Some(parts) = &parts
            && !found.iter().any(|found| found.valid)
            && (self.live || half.is_some())
        {
            let half = half.map(|half| half.name.clone());
            return self.index_by_parts(step, definition, parts, half).await;
        }
        for leftover in found.iter().filter(|found| !found.valid && !found.constraint) {
            self.drop_index(step, &leftover.name).await?;
        }
        if let Some(there) = found.into_iter().find(|found| found.valid) {
            let (name, now) = (there.name, false);
            return Ok(Made { name, now });
        }
        let name = self.free(step, &definition.sql("", "", false, None)).await?;
        self.build(step, definition, &name).await?;
        Ok(Made { name, now: true })
    }

    /// A name for the index that nothing else has: the step's own, if it can be.
    pub(super) async fn free(&self, step: &Step, definition: &str) -> Result<String, Fault> {
        match self.session.holder(step, &step.name).await? {
            Holder::SomethingElse => {
                let name = other(&step.name, definition);
                if self.session.holder(step, &name).await? == Holder::Leftover {
                    self.drop_index(step, &name).await?;
                }
                return Ok(name);
            }
            Holder::Leftover => self.drop_index(step, &step.name).await?,
            Holder::Nobody => {}
        }
        Ok(step.name.clone())
    }

    pub(super) async fn build(&self, step: &Step, definition: &Definition, name: &str) -> Result<(), Fault> {
        let action = format!("make the {}", step.sentence);
        let sql = definition.sql(name, &step.qualified, self.live, self.server.pgvector.as_deref());
        let (rows, grant) = self.grant(step, definition).await?;
        let mut workers = self.server.workers(definition.effort);
        let what = format!("building the {}", step.sentence);
        loop {
            self.board.turn_to(&step.table, what.clone(), rows);
            let limits = Limits {
                // A concurrent build lets others pass while it waits, so it waits as long as it takes.
                lock: (!self.live).then(|| self.patience()),
                memory: Some(grant.bytes),
                workers: Some(workers),
            };
            let built = match self.live {
                true => self.session.alone(&action, limits, &sql).await,
                false => self.session.run(&action, limits, &sql).await,
            };
            let Err(fault) = built else { return Ok(()) };
            if self.live && !fault.is_transient() {
                // It is of no use, and would still cost every writer.
                self.drop_leftover(step, name).await;
            }
            // Processes that build together need the memory in /dev/shm, which containers have little of. What the
            // server says then depends on how it shares memory.
            let shared = matches!(fault.cause.as_str(), "53100" | "53200" | "58P01" | "58030") && workers > 0;
            if !shared {
                return Err(fault);
            }
            tracing::warn!(
                table = step.table,
                "could not make the {} with {workers} parallel workers: {}; trying with none (a larger /dev/shm helps)",
                step.sentence,
                fault.message
            );
            workers = 0;
        }
    }

    /// What the build may take, and how many rows go into it where that was counted.
    async fn grant(&self, step: &Step, definition: &Definition) -> Result<(Option<u64>, Grant), Fault> {
        let asked = self.after.memory.is_some();
        let grant = |rows| grant(definition.effort, rows, self.share, &self.server.hints, asked);
        if definition.effort == Effort::Sort {
            return Ok((None, grant(0)));
        }
        let what = format!("counting the vectors of {}", step.table);
        self.board.turn_to(&step.table, what, None);
        let column = definition
            .columns()
            .first()
            .map_or_else(String::new, |name| quote(name));
        let filter = match &definition.filter {
            Some(filter) => format!(" where ({filter}\n)"),
            None => String::new(),
        };
        let count = format!("select count({column}) from {}{filter}", step.qualified);
        let rows = self
            .session
            .ask(&format!("count the vectors of table {}", step.table), &count)
            .await?;
        let rows = rows.first().map_or(0, |row| row.get::<_, i64>(0).max(0) as u64);
        let grant = grant(rows);
        if grant.needed > grant.bytes {
            tracing::warn!(
                table = step.table,
                needed_bytes = grant.needed,
                granted_bytes = grant.bytes,
                "the {} is built in less memory than it needs to be fast; if the server has more, say so with --maintenance-memory",
                step.sentence
            );
        }
        Ok((Some(rows), grant))
    }

    /// A build of an earlier start may still be going on at the server, as may an operator's.
    pub(super) async fn wait_for_others(&self, step: &Step) -> Result<(), Fault> {
        while self.session.building(step).await? {
            let what = format!("waiting for another index of {} to be built", step.table);
            self.board.turn_to(&step.table, what, None);
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    pub(super) async fn drop_index(&self, step: &Step, name: &str) -> Result<(), Fault> {
        let action = format!("drop what is left of the {}", step.sentence);
        let what = format!("dropping what is left of the {}", step.sentence);
        self.board.turn_to(&step.table, what, None);
        let name = format!("{}.{}", quote(self.after.schema), quote(name));
        // Of a table in parts it cannot be dropped concurrently, and there is nothing in it.
        if self.live && self.session.parts(step).await?.is_none() {
            let limits = Limits {
                lock: None,
                memory: None,
                workers: None,
            };
            let sql = format!("drop index concurrently if exists {name}");
            return self.session.alone(&action, limits, &sql).await;
        }
        let sql = format!("drop index if exists {name}");
        self.session
            .run(&action, Limits::quick(self.patience()), &sql)
            .await
    }

    /// After a failure; what fails here as well is met again at the next start.
    async fn drop_leftover(&self, step: &Step, name: &str) {
        let left = self.session.holder(step, name).await;
        if matches!(left, Ok(Holder::Leftover))
            && let Err(fault) = self.drop_index(step, name).await
        {
            tracing::warn!(table = step.table, "{fault}");
        }
    }
}
