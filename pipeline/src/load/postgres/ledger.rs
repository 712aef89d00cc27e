//! The ledger in schema `etl`: runs, lanes, quarantine.
//!
//! All statements go unnamed and all state is in rows, so they work through a transaction pooler.

use super::moves::position;
use super::{Lease, Postgres, sqlstate};
use crate::fault::{Fault, Part};
use crate::plan::{Identity, Plan, ReadTime};
use crate::source::Standing;
use checkpoints::{Progress, Tally};
use std::sync::Arc;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

const SCHEMA: &str = concat!(
    include_str!("../../../../deploy/schema/0001_ledger.sql"),
    include_str!("../../../../deploy/schema/0002_budget.sql"),
    include_str!("../../../../deploy/schema/0003_sweep.sql"),
    include_str!("../../../../deploy/schema/0004_sparse_index.sql"),
    include_str!("../../../../deploy/schema/0005_span.sql"),
    include_str!("../../../../deploy/schema/0006_worker.sql")
);
/// Serialises whoever creates the ledger or registers a run; released with the transaction.
const LOCK: &str = "select pg_advisory_xact_lock(hashtext('etl ledger'))";
pub(super) const MICROS: &str = "timestamptz 'epoch' + interval '1 microsecond' * ";

/// What is asked of a lane.
pub(super) const LANE: &str = "lane, fence, state, token, (extract(epoch from read_time) * 1000000)::int8, expected, \
                    read, loaded, quarantined, skipped, bytes, billed, rows";

/// A lane, claimed.
#[derive(Debug, Clone)]
pub struct Held {
    /// The fence this process holds it under.
    pub fence: i64,
    /// Where it stands.
    pub standing: Standing,
}

/// The ledger of one target.
#[derive(Debug, Clone)]
pub struct Ledger(pub(super) Postgres);

impl Ledger {
    /// The ledger of `postgres`.
    pub fn new(postgres: Postgres) -> Self {
        Ledger(postgres)
    }

    /// Creates what is not there yet.
    pub async fn prepare(&self) -> Result<(), Fault> {
        let action = "create the ledger in schema etl";
        self.in_transaction(action, async |lease| {
            lease.batch_execute(LOCK).await?;
            lease.batch_execute(SCHEMA).await?;
            Ok(true)
        })
        .await
        .map(drop)
    }

    /// Whether the ledger is there.
    pub async fn exists(&self) -> Result<bool, Fault> {
        let sql = "select to_regclass('etl.lane') is not null";
        Ok(self
            .rows("look for the ledger", sql, &[])
            .await?
            .first()
            .is_some_and(|row| row.get(0)))
    }

    /// The plan of `run`, if the target knows it.
    pub async fn plan(&self, run: Uuid) -> Result<Option<Plan>, Fault> {
        let sql = "select plan::text from etl.run where run = $1::text::uuid";
        let run = run.to_string();
        let rows = self
            .rows("read the run's plan", sql, &[(&run, Type::TEXT)])
            .await?;
        rows.first().map(|row| parse(row.get(0))).transpose()
    }

    /// The newest run into `schema`, whatever its source.
    pub async fn latest(&self, schema: &str) -> Result<Option<Plan>, Fault> {
        let sql = "select plan::text from etl.run where target_schema = $1 order by started_at desc limit 1";
        let rows = self
            .rows("look for the last run", sql, &[(&schema, Type::TEXT)])
            .await?;
        rows.first().map(|row| parse(row.get(0))).transpose()
    }

    /// The newest run of `source` into `schema`, if the target knows one.
    pub async fn newest(&self, source: &Identity, schema: &str) -> Result<Option<Plan>, Fault> {
        let sql = "select plan::text from etl.run where source = $1 and target_schema = $2 order by started_at desc limit 1";
        let source = source.to_string();
        let rows = self
            .rows(
                "look for an earlier run",
                sql,
                &[(&source, Type::TEXT), (&schema, Type::TEXT)],
            )
            .await?;
        rows.first().map(|row| parse(row.get(0))).transpose()
    }

    /// Registers `plan` with its lanes at their start, and creates its tables, in one transaction. Where it is to be the
    /// `only` one of its source in its schema and is not, nothing is done, and false comes back.
    pub async fn register(&self, plan: &Plan, create_tables: &str, only: bool) -> Result<bool, Fault> {
        let text = serde_json::to_string(plan)
            .map_err(|error| Fault::permanent(Part::Target, "write the plan", error.to_string()))?;
        let (run, source) = (plan.run.to_string(), plan.source.to_string());
        let insert_run = format!(
            "insert into etl.run (run, source, target_schema, snapshot_time, plan, etl_version) \
             values ($1::text::uuid, $2, $3, {MICROS}$4, $5::text::json, $6)"
        );
        let insert_lanes = format!(
            "insert into etl.lane (run, lane, collection, expected, read_time) \
             select $1::text::uuid, l.*, {MICROS}$5 from unnest($2::int4[], $3::text[], $4::int8[]) as l"
        );
        let ids: Vec<i32> = plan.lanes.iter().map(|lane| lane.id as i32).collect();
        let collections: Vec<String> = plan
            .lanes
            .iter()
            .map(|lane| plan.collection_of(lane).visible())
            .collect();
        let expected: Vec<i64> = plan.lanes.iter().map(|lane| lane.documents as i64).collect();
        self.in_transaction("create the tables and register the run", async |lease| {
            lease.batch_execute(LOCK).await?;
            // Here and not before: a run that is refused leaves no ledger behind.
            lease.batch_execute(SCHEMA).await?;
            if only {
                let earlier = "select 1 from etl.run where source = $1 and target_schema = $2 limit 1";
                let values: [(&(dyn ToSql + Sync), Type); 2] =
                    [(&source, Type::TEXT), (&plan.mapping.schema, Type::TEXT)];
                if !lease.query_typed(earlier, &values).await?.is_empty() {
                    return Ok(false);
                }
            }
            lease.batch_execute(create_tables).await?;
            let version = env!("CARGO_PKG_VERSION");
            let run_values: [(&(dyn ToSql + Sync), Type); 6] = [
                (&run, Type::TEXT),
                (&source, Type::TEXT),
                (&plan.mapping.schema, Type::TEXT),
                (&plan.snapshot.0, Type::INT8),
                (&text, Type::TEXT),
                (&version, Type::TEXT),
            ];
            lease.execute_typed(&insert_run, &run_values).await?;
            let lane_values: [(&(dyn ToSql + Sync), Type); 5] = [
                (&run, Type::TEXT),
                (&ids, Type::INT4_ARRAY),
                (&collections, Type::TEXT_ARRAY),
                (&expected, Type::INT8_ARRAY),
                (&plan.snapshot.0, Type::INT8),
            ];
            lease.execute_typed(&insert_lanes, &lane_values).await?;
            Ok(true)
        })
        .await
    }

    /// Takes every lane of `run` over: from here on, whoever held them before changes nothing.
    pub async fn claim(&self, run: Uuid, holder: &str) -> Result<Vec<Held>, Fault> {
        let sql = "update etl.lane set fence = fence + 1, holder = $2, worker = null, claims = 0 \
                   where run = $1::text::uuid returning ";
        let run = run.to_string();
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&run, Type::TEXT), (&holder, Type::TEXT)];
        self.lanes("take the lanes over", &format!("{sql}{LANE}"), &values)
            .await
    }

    /// Where every lane of `run` stands.
    pub async fn standings(&self, run: Uuid) -> Result<Vec<Standing>, Fault> {
        let sql = format!("select {LANE} from etl.lane where run = $1::text::uuid");
        let run = run.to_string();
        let held = self
            .lanes("look where the lanes stand", &sql, &[(&run, Type::TEXT)])
            .await?;
        Ok(held.into_iter().map(|held| held.standing).collect())
    }

    /// Where every lane of `plan` stands, and the plan with the lanes that were cut off since it was read. They fit each
    /// other unless somebody else wrote to the ledger.
    pub(crate) async fn standings_now(&self, plan: &Arc<Plan>) -> Result<(Arc<Plan>, Vec<Standing>), Fault> {
        let mut plan = plan.clone();
        loop {
            let standings = self.standings(plan.run).await?;
            if standings.len() <= plan.lanes.len() {
                return Ok((plan, standings));
            }
            let now = self.plan(plan.run).await?;
            let Some(now) = now.filter(|now| now.lanes.len() > plan.lanes.len()) else {
                return Ok((plan, standings));
            };
            plan = Arc::new(Plan {
                lanes: now.lanes,
                ..(*plan).clone()
            });
        }
    }

    /// Lanes in the plan's order.
    async fn lanes(
        &self,
        action: &str,
        sql: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Held>, Fault> {
        let rows = self.rows(action, sql, values).await?;
        let mut held: Vec<(i32, Held)> = rows.iter().map(|row| (row.get(0), held(row))).collect();
        held.sort_by_key(|(lane, _)| *lane);
        Ok(held.into_iter().map(|(_, held)| held).collect())
    }

    /// Notes that `run` is complete.
    pub async fn finish(&self, run: Uuid) -> Result<(), Fault> {
        let run = run.to_string();
        let sql = "update etl.run set finished_at = coalesce(finished_at, now()) where run = $1::text::uuid";
        self.rows("note the end of the run", sql, &[(&run, Type::TEXT)])
            .await
            .map(drop)
    }

    /// Does `work` in a transaction, which is committed where it says so.
    async fn in_transaction(
        &self,
        action: &str,
        work: impl AsyncFnOnce(&Lease) -> Result<bool, tokio_postgres::Error>,
    ) -> Result<bool, Fault> {
        let lease = self.0.lease().await?;
        self.0.begin(&lease, action).await?;
        let failed = |error: tokio_postgres::Error| sqlstate::fault(action, &error);
        let done = work(&lease).await.map_err(failed)?;
        if done {
            lease.batch_execute("commit").await.map_err(failed)?;
            // Otherwise it is thrown away, and the transaction with it.
            lease.give_back();
        }
        Ok(done)
    }

    /// One statement in a transaction of its own.
    pub(super) async fn rows(
        &self,
        action: &str,
        sql: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Fault> {
        let lease = self.0.lease().await?;
        let rows = lease
            .query_typed(sql, values)
            .await
            .map_err(|error| sqlstate::fault(action, &error))?;
        lease.give_back();
        Ok(rows)
    }
}

pub(super) fn parse(text: String) -> Result<Plan, Fault> {
    Plan::read(text.as_bytes()).map_err(|error| {
        Fault::permanent(Part::Identity, "read the plan in etl.run", error.to_string())
            .with_remedy("the plan was written by another version of etl; go on with that version")
    })
}

pub(super) fn held(row: &Row) -> Held {
    let count = |column: usize| row.get::<_, i64>(column) as u64;
    let tally = Tally {
        read: count(6),
        loaded: count(7),
        quarantined: count(8),
        skipped: count(9),
        bytes: count(10),
        billed: count(11),
    };
    let progress = Progress {
        position: position(row.get(2), row.get(3)),
        tally,
    };
    let standing = Standing {
        progress,
        read_at: ReadTime(row.get(4)),
        expected: count(5),
        rows: row
            .get::<_, Vec<i64>>(12)
            .into_iter()
            .map(|rows| rows as u64)
            .collect(),
    };
    Held {
        fence: row.get(1),
        standing,
    }
}
