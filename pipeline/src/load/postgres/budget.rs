//! The account of a run's reads, in `etl.budget`.

use super::Ledger;
use crate::fault::Fault;
use tokio_postgres::types::Type;
use uuid::Uuid;

const ACTION: &str = "keep the account of reads in etl.budget";

impl Ledger {
    /// Opens the account of `run`, which has used `at_least` so many reads, and says how many it has used.
    pub(crate) async fn open_budget(&self, run: Uuid, at_least: u64) -> Result<u64, Fault> {
        // Lanes know what was billed for what they loaded, also where an earlier build kept no account.
        let sql = "insert into etl.budget (run, reads) select $1::text::uuid, greatest($2, \
                   coalesce((select (plan ->> 'planning_reads')::int8 from etl.run where run = $1::text::uuid), 0) + \
                   coalesce((select sum(billed) from etl.lane where run = $1::text::uuid), 0)::int8) \
                   on conflict (run) do update set reads = greatest(etl.budget.reads, excluded.reads) returning reads";
        let (run, at_least) = (run.to_string(), signed(at_least));
        let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&run, Type::TEXT), (&at_least, Type::INT8)];
        let rows = self.rows(ACTION, sql, &values).await?;
        Ok(rows.first().map_or(0, |row| unsigned(row.get(0))))
    }

    /// Draws up to `wanted` reads of a budget of `limit`: how many were given, and how many are left.
    pub(crate) async fn draw_reads(&self, run: Uuid, wanted: u64, limit: u64) -> Result<(u64, u64), Fault> {
        let sql = "with was as (select reads from etl.budget where run = $1::text::uuid for update) \
                   update etl.budget b set reads = greatest(was.reads, least(was.reads + $2, $3)) from was \
                   where b.run = $1::text::uuid returning b.reads - was.reads, greatest(0, $3 - b.reads)";
        let (run, wanted, limit) = (run.to_string(), signed(wanted), signed(limit));
        let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
            [(&run, Type::TEXT), (&wanted, Type::INT8), (&limit, Type::INT8)];
        let rows = self.rows(ACTION, sql, &values).await?;
        Ok(rows
            .first()
            .map_or((0, 0), |row| (unsigned(row.get(0)), unsigned(row.get(1)))))
    }

    /// Gives `unused` reads back; a negative number is one of reads that were made without drawing them.
    pub(crate) async fn give_back_reads(&self, run: Uuid, unused: i64) -> Result<(), Fault> {
        let sql = "update etl.budget set reads = greatest(0, reads - $2) where run = $1::text::uuid";
        let run = run.to_string();
        self.rows(ACTION, sql, &[(&run, Type::TEXT), (&unused, Type::INT8)])
            .await
            .map(drop)
    }
}

/// PostgreSQL has no unsigned numbers; nobody has so many reads.
fn signed(reads: u64) -> i64 {
    i64::try_from(reads).unwrap_or(i64::MAX)
}

fn unsigned(reads: i64) -> u64 {
    u64::try_from(reads).unwrap_or(0)
}
