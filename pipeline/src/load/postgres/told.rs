//! What is told of a run at its end: lanes that were read later, what was altered, what was put aside.

use super::Ledger;
use super::ledger::MICROS;
use crate::fault::Fault;
use crate::plan::Plan;
use std::collections::BTreeMap;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// What the mapping altered or left behind: what it was asked to, and nobody should forget.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Altered {
    /// Values left behind by `drop`.
    pub dropped: u64,
    /// Values stored otherwise than they were, by policy; `etl.amendment` has the originals.
    pub amended: BTreeMap<String, u64>,
}

impl Ledger {
    /// Lanes of `plan` that are read at another time than the plan's.
    pub async fn read_later(&self, plan: &Plan) -> Result<u64, Fault> {
        let run = plan.run.to_string();
        let sql =
            format!("select count(*) from etl.lane where run = $1::text::uuid and read_time <> {MICROS}$2");
        let rows = self
            .rows(
                "look at the lanes' times",
                &sql,
                &[(&run, Type::TEXT), (&plan.snapshot.0, Type::INT8)],
            )
            .await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0) as u64))
    }

    /// What the mapping altered or left behind in `run`.
    pub async fn altered(&self, run: Uuid) -> Result<Altered, Fault> {
        let run = run.to_string();
        let sql = "select null, sum(dropped)::int8 from etl.lane where run = $1::text::uuid \
                   union all select policy, count(*) from etl.amendment where run = $1::text::uuid group by policy";
        let rows = self
            .rows("count what was altered", sql, &[(&run, Type::TEXT)])
            .await?;
        let mut altered = Altered::default();
        for row in rows {
            let count = row.get::<_, Option<i64>>(1).unwrap_or(0) as u64;
            match row.get::<_, Option<String>>(0) {
                Some(policy) => drop(altered.amended.insert(policy, count)),
                None => altered.dropped = count,
            }
        }
        Ok(altered)
    }

    /// Quarantined documents of `run` by collection.
    pub async fn quarantined(&self, run: Uuid) -> Result<Vec<(String, u64)>, Fault> {
        let run = run.to_string();
        let sql =
            "select collection, count(*) from etl.quarantine where run = $1::text::uuid group by collection";
        let rows = self
            .rows("count the quarantine", sql, &[(&run, Type::TEXT)])
            .await?;
        Ok(rows
            .iter()
            .map(|row| (row.get(0), row.get::<_, i64>(1) as u64))
            .collect())
    }
}
