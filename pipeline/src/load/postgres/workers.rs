//! Workers that share a run: who they are, until when each counts as alive, and what part of the quota is whose.
//!
//! What is shared out, the quota and the tasks that one worker does for all, is shared out one worker after another: under a
//! lock that is taken and left within one message, so that nobody holds it who stopped listening.

use super::{Ledger, sqlstate};
use crate::fault::{Fault, Part};
use crate::plan::Plan;
use std::fmt::Write;
use std::time::Duration;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// How a worker presents itself.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    pub(crate) id: Uuid,
    /// For people; two may have the same.
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) schema: String,
    /// The silence after which it counts as gone.
    pub(crate) lease: Duration,
}

/// What a worker says when it renews its row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Renewal {
    /// Lanes it moves.
    pub(crate) lanes: usize,
    /// Reads a second that all workers together may make; nothing where there is no limit.
    pub(crate) limit: Option<f64>,
    /// Whether it wants a part of them.
    pub(crate) reading: bool,
    /// The part it goes by at present.
    pub(crate) using: f64,
}

/// What it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Renewed {
    /// Reads a second it may make until its next renewal.
    pub(crate) reads: f64,
    /// Workers that are alive, itself included.
    pub(crate) alive: u64,
}

/// How sessions of a worker call themselves, so that another one can end them.
pub(crate) fn session_name(worker: Uuid) -> String {
    format!("etl worker {worker}")
}

/// One after another, for as long as the transaction lasts.
pub(super) const IN_TURN: &str = "select pg_advisory_xact_lock(hashtext('etl worker'))";

impl Ledger {
    /// Enters `worker`, unless those that are there run a version that plans otherwise.
    pub(crate) async fn enter(&self, worker: &Worker) -> Result<(), Fault> {
        let sql = "with other as (select name, etl_version from etl.worker where source = $2 and target_schema = $3 \
                   and until > now() and substring(etl_version from '^\\d+\\.\\d+') <> substring($5 from '^\\d+\\.\\d+') limit 1), \
                   entered as (insert into etl.worker (worker, source, target_schema, name, etl_version, until) \
                   select $1::text::uuid, $2, $3, $4, $5, now() + interval '1 millisecond' * $6 \
                   where not exists (select from other)) select name, etl_version from other";
        let (id, version) = (worker.id.to_string(), env!("CARGO_PKG_VERSION"));
        let lease = milliseconds(worker.lease);
        let values: [(&(dyn ToSql + Sync), Type); 6] = [
            (&id, Type::TEXT),
            (&worker.source, Type::TEXT),
            (&worker.schema, Type::TEXT),
            (&worker.name, Type::TEXT),
            (&version, Type::TEXT),
            (&lease, Type::INT8),
        ];
        let rows = self.rows("join the other workers", sql, &values).await?;
        let Some(other) = rows.first() else {
            return Ok(());
        };
        let (name, theirs) = (other.get::<_, String>(0), other.get::<_, String>(1));
        Err(of_another_version(&name, &theirs))
    }

    /// Whoever joins the workers of a run plans as they do.
    pub(crate) async fn all_plan_alike(&self, plan: &Plan) -> Result<(), Fault> {
        let sql = "select name, etl_version from etl.worker where source = $1 and target_schema = $2 and until > now() \
                   and substring(etl_version from '^\\d+\\.\\d+') <> substring($3 from '^\\d+\\.\\d+') order by name limit 1";
        let (source, version) = (plan.source.to_string(), env!("CARGO_PKG_VERSION"));
        let values: [(&(dyn ToSql + Sync), Type); 3] = [
            (&source, Type::TEXT),
            (&plan.mapping.schema, Type::TEXT),
            (&version, Type::TEXT),
        ];
        let rows = self.rows("look for workers", sql, &values).await?;
        let other = rows.first().map(|row| of_another_version(row.get(0), row.get(1)));
        other.map_or(Ok(()), Err)
    }

    /// Renews the row of `worker` and shares the quota out: an equal part for each that reads, but one read a second at the
    /// least, as far as it is free. A part that shrinks is free only with a later renewal, when it is certain that nobody goes
    /// by it any more, and that no read made by it fills the second that is passing; so is that of a worker that is gone.
    pub(crate) async fn renew(&self, worker: &Worker, renewal: Renewal) -> Result<Renewed, Fault> {
        let Renewal {
            lanes,
            limit,
            reading,
            using,
        } = renewal;
        let id = worker.id;
        let limit = limit.filter(|_| reading).unwrap_or(0.0);
        let mut sql = String::new();
        // All of it numbers and identifiers of our own: nothing here needs to be quoted.
        let _ = write!(
            sql,
            "begin; set local lock_timeout = {wait}; set local statement_timeout = {wait}; {IN_TURN}; \
             with near as (select o.until > clock_timestamp() as alive, o.reading, o.reads from etl.worker o, etl.worker me \
             where me.worker = '{id}' and o.worker <> me.worker and o.source = me.source \
             and o.target_schema = me.target_schema and o.until > clock_timestamp() - {SECOND}), \
             others as (select count(*) filter (where alive) as alive, count(*) filter (where alive and reading) as reading, \
             coalesce(sum(reads), 0) as reads from near), \
             part as (select alive, greatest(0, least(greatest({limit:?} / (reading + 1), 1), {limit:?} - reads)) as mine from others) \
             update etl.worker w set until = clock_timestamp() + interval '{lease} milliseconds', lanes = {lanes}, reading = {reading}, \
             reads = greatest(part.mine, case when w.until > clock_timestamp() - {SECOND} then least(w.reads, {using:?}) else 0 end) \
             from part where w.worker = '{id}' returning part.mine, part.alive + 1; commit",
            lease = milliseconds(worker.lease),
            wait = milliseconds(worker.lease),
        );
        let row = self.in_turn("renew this worker's row", &sql).await?;
        let Some(row) = row else {
            let gone = Fault::transient(
                Part::Target,
                "renew this worker's row",
                "it is gone from etl.worker",
            );
            return Err(gone.with_cause("gone"));
        };
        let number = |column| {
            row.get(column)
                .and_then(|text| text.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        Ok(Renewed {
            reads: number(0),
            alive: number(1) as u64,
        })
    }

    /// Several statements in one message, and the row that one of them returns.
    pub(super) async fn in_turn(
        &self,
        action: &str,
        sql: &str,
    ) -> Result<Option<tokio_postgres::SimpleQueryRow>, Fault> {
        let lease = self.0.lease().await?;
        let answers = lease.simple_query(sql).await;
        let answers = answers.map_err(|error| sqlstate::fault(action, &error))?;
        lease.give_back();
        // The lock answers with a row as well, and comes first.
        let rows = answers.into_iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.skip(1).last())
    }

    /// Takes `worker` out, and with it what it had of the quota.
    pub(crate) async fn depart(&self, worker: &Worker) -> Result<(), Fault> {
        let sql = "delete from etl.worker where worker = $1::text::uuid";
        let id = worker.id.to_string();
        self.rows("leave the other workers", sql, &[(&id, Type::TEXT)])
            .await
            .map(drop)
    }

    /// Ends the sessions of workers that are gone: a process that stands still, or a link that is cut, keeps a lane
    /// locked for as long as its transaction lasts.
    pub(crate) async fn end_sessions_of_the_gone(&self, worker: &Worker) -> Result<(), Fault> {
        let sql = "select pg_terminate_backend(a.pid) from pg_stat_activity a, etl.worker w \
                   where w.source = $1 and w.target_schema = $2 and w.until < now() and w.worker <> $3::text::uuid \
                   and a.application_name = 'etl worker ' || w.worker and a.usename = current_user";
        let id = worker.id.to_string();
        let values: [(&(dyn ToSql + Sync), Type); 3] = [
            (&worker.source, Type::TEXT),
            (&worker.schema, Type::TEXT),
            (&id, Type::TEXT),
        ];
        self.rows("end the sessions of workers that are gone", sql, &values)
            .await
            .map(drop)
    }

    /// Whoever takes every lane does not do that to workers who are at it.
    pub(crate) async fn nobody_shares(&self, plan: &Plan) -> Result<(), Fault> {
        let sql = "select name from etl.worker where source = $1 and target_schema = $2 and until > now() order by name";
        let (source, schema) = (plan.source.to_string(), &plan.mapping.schema);
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&source, Type::TEXT), (schema, Type::TEXT)];
        let rows = self.rows("look for workers", sql, &values).await?;
        let names: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let message = format!("{} workers share this run: {}", names.len(), names.join("; "));
        Err(Fault::permanent(Part::Identity, "take the lanes over", message)
            .with_cause("shared")
            .with_remedy(
                "start with --join to be one of them, or stop them first; who was killed counts for as long as its --lease says",
            ))
    }

    /// Whether `run` was completed.
    pub(crate) async fn is_finished(&self, run: Uuid) -> Result<bool, Fault> {
        let sql = "select finished_at is not null from etl.run where run = $1::text::uuid";
        let run = run.to_string();
        let rows = self
            .rows("look whether the run is complete", sql, &[(&run, Type::TEXT)])
            .await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }
}

fn of_another_version(name: &str, theirs: &str) -> Fault {
    let version = env!("CARGO_PKG_VERSION");
    let message = format!("{name} runs etl {theirs}, and this is etl {version}");
    Fault::permanent(Part::Identity, "join the other workers", message)
        .with_cause("version")
        .with_remedy("use one version for all workers of a run; stop those of the other one first")
}

/// What a quota is counted over.
const SECOND: &str = "interval '1 second'";

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
