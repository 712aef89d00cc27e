//! What is made after the load: primary keys, indexes, foreign keys.
//!
//! Everything here may be done again: each step is looked for in the catalog by what it is, what is there is left
//! alone, and what an interrupted build left behind is dropped and built anew. So a run that stops here goes on with
//! the next step, whatever it was killed in the middle of.
//!
//! No document's row is touched. A key that cannot be is a fault that names the rows in its way. A secondary index or
//! foreign key that cannot be is told and gone without: after hours of loading the rows are worth more than an index
//! that one statement makes. Rows that refer to nothing are the source's truth ([`foreign`]).

mod build;
mod catalog;
mod definition;
mod foreign;
mod keys;
mod making;
mod memory;
mod names;
mod outcome;
mod parts;
mod session;
mod steps;
#[cfg(test)]
mod tests;
mod watch;

pub use outcome::{Orphans, Outcome, Warning};
pub use steps::{Step, steps};

use super::Postgres;
use crate::fault::{Class, Fault};
use crate::progress::Progress;
use build::{Builder, Server};
use config::mapping::{Index, Records, Table, Type};
use definition::{Definition, Effort};
use futures::stream::StreamExt;
use session::{Limits, Session};
use steps::What;
use watch::Board;

/// What is to be made, and under which circumstances.
#[derive(Debug)]
pub struct After<'a> {
    /// The server that the tables are on.
    pub postgres: &'a Postgres,
    /// The tables, as planned.
    pub tables: &'a [Table],
    /// The schema they are in.
    pub schema: &'a str,
    /// Whether primary keys are made.
    pub keys: bool,
    /// What all builds together may take of the server's memory, in bytes; nothing means a guess.
    pub memory: Option<u64>,
    /// Told what is being done.
    pub progress: &'a Progress,
}

impl After<'_> {
    /// What would be made, in order.
    pub fn steps(&self) -> Vec<Step> {
        steps(self.tables, self.schema, self.keys)
    }

    /// What the rows are made of: all tables of a plan have the same source.
    fn records(&self) -> Records {
        self.tables
            .first()
            .map_or_else(Records::default, |table| table.of)
    }

    /// Makes everything that is not there. If the tables are `live`, in use by others, nobody who reads or writes
    /// them waits for a build.
    ///
    /// A fault leaves what was made before it; trying again goes on from there.
    pub async fn run(&self, live: bool) -> Result<Outcome, Fault> {
        let steps = self.steps();
        if steps.is_empty() {
            return Ok(Outcome::default());
        }
        let session = Session(self.postgres);
        let server = Server::ask(session).await?;
        let board = Board::new(self.progress);
        let chains = chains(&steps);
        let connections = self.postgres.pool.status().max_size;
        let (at_once, share) = self.share(&chains, &server, connections);
        let builder = Builder {
            after: self,
            session,
            server: &server,
            board: &board,
            live,
            share,
        };
        let work = Box::pin(builder.all(chains, at_once, &steps));
        if connections < 2 {
            return work.await;
        }
        tokio::select! {
            outcome = work => outcome,
            () = board.watch(self.postgres, self.schema) => Ok(Outcome::default()),
        }
    }

    /// How many tables are built at once with so many connections, and what one build may take of the memory.
    fn share(&self, chains: &[&[Step]], server: &Server, connections: usize) -> (usize, u64) {
        // One connection is for looking at the builds, if there is one to spare.
        let at_once = connections.saturating_sub(1).clamp(1, chains.len().max(1));
        let large = chains.iter().filter(|chain| chain.iter().any(is_large)).count();
        let share = server.hints.ceiling(self.memory) / large.clamp(1, at_once) as u64;
        (at_once, share)
    }

    /// What a run with so many connections gives the largest builds at most, in bytes.
    pub(crate) async fn most_memory(&self, connections: usize) -> Result<u64, Fault> {
        let server = Server::ask(Session(self.postgres)).await?;
        let steps = self.steps();
        let (_, share) = self.share(&chains(&steps), &server, connections);
        let endless = Effort::Graph {
            vector_bytes: 0,
            m: 0,
        };
        Ok(memory::grant(endless, u64::MAX, share, &server.hints, self.memory.is_some()).bytes)
    }

    /// What could not be made on empty tables that `create_tables` makes: a condition that is no SQL or types that do
    /// not agree are found before a document is read. Changes nothing. A fault where the tables cannot be made either.
    pub async fn trial(&self, create_tables: &str) -> Result<Vec<Refused>, Fault> {
        let session = Session(self.postgres);
        let action = "try the indexes and foreign keys on empty tables";
        let lease = session
            .begin(action, Limits::quick(self.postgres.timeout))
            .await?;
        let failed = |action: &str, error| Fault {
            class: Class::Permanent,
            ..super::sqlstate::fault(action, &error)
        };
        let create = format!("{create_tables}; set local search_path to default");
        lease
            .batch_execute(&create)
            .await
            .map_err(|error| failed(action, error))?;
        let find = "select n.nspname::text from pg_extension e join pg_namespace n on n.oid = e.extnamespace \
                    where e.extname = 'vector'";
        let rows = lease
            .query_typed(find, &[])
            .await
            .map_err(|error| failed(action, error))?;
        let pgvector: Option<String> = rows.first().map(|row| row.get(0));
        let mut refused = Vec::new();
        for step in self.steps() {
            let sql = step.plain(&step.name, pgvector.as_deref());
            let Err(error) = lease.batch_execute(&format!("savepoint step; {sql}")).await else {
                continue;
            };
            let fault = failed(&format!("make the {}", step.sentence), error);
            lease
                .batch_execute("rollback to savepoint step")
                .await
                .map_err(|error| failed(action, error))?;
            // A table that was there may have it already, or something else of that name.
            if !matches!(fault.cause.as_str(), "42P07" | "42P16" | "42710") {
                let remedy = format!("mend the mapping of table {}; refused was: {sql}", step.table);
                let fault = fault.with_remedy(remedy);
                refused.push(Refused { step, fault });
            }
        }
        lease
            .batch_execute("rollback")
            .await
            .map_err(|error| failed(action, error))?;
        lease.give_back();
        Ok(refused)
    }
}

/// A key, index or foreign key that PostgreSQL does not make.
#[derive(Debug)]
pub struct Refused {
    /// Which.
    pub step: Step,
    /// Why.
    pub fault: Fault,
}

/// What building `index` over `rows` vectors of a type takes to be fast, in bytes; nothing where it is no HNSW graph.
pub(crate) fn graph(index: &Index, sql_type: Type, rows: u64) -> Option<u64> {
    match Definition::asked(index, |_| Some(sql_type)).effort {
        Effort::Graph { vector_bytes, m } => Some(memory::graph(rows, vector_bytes, m)),
        Effort::Sort | Effort::Lists { .. } => None,
    }
}

/// The steps of each table but for foreign keys, which wait until all tables have their keys.
fn chains(steps: &[Step]) -> Vec<&[Step]> {
    let own = steps
        .iter()
        .position(|step| matches!(step.what, What::Foreign(_)))
        .unwrap_or(steps.len());
    steps[..own]
        .chunk_by(|one, next| one.table == next.table)
        .collect()
}

fn is_large(step: &Step) -> bool {
    matches!(&step.what, What::Index(definition) if matches!(definition.effort, Effort::Graph { .. }))
}

impl Builder<'_> {
    async fn all(&self, chains: Vec<&[Step]>, at_once: usize, steps: &[Step]) -> Result<Outcome, Fault> {
        let chains = futures::stream::iter(chains).map(|chain| Box::pin(self.chain(chain)));
        // What is wrong with one table should not undo hours of another's.
        let ended: Vec<Result<Outcome, Fault>> = chains.buffered(at_once).collect().await;
        let mut made = ended.into_iter().collect::<Result<Vec<Outcome>, Fault>>()?;
        let foreign = steps.iter().filter(|step| matches!(step.what, What::Foreign(_)));
        for step in foreign {
            made.push(self.chain(std::slice::from_ref(step)).await?);
        }
        let mut outcome = Outcome::default();
        for one in made {
            outcome.made += one.made;
            outcome.orphans.extend(one.orphans);
            outcome.warnings.extend(one.warnings);
        }
        Ok(outcome)
    }
}
