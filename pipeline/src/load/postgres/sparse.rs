//! Numbers for the indices of sparse vectors, in `etl.sparse_index`.

use super::{Ledger, sqlstate};
use crate::fault::Fault;
use tokio_postgres::types::{ToSql, Type};

const ACTION: &str = "number the indices of sparse vectors in etl.sparse_index";

/// A column of sparse vectors: schema, table, column.
pub(crate) type Place<'p> = (&'p str, &'p str, &'p str);

impl Ledger {
    /// The numbers of these indices, given to those that have none yet: index and number.
    pub(crate) async fn number(&self, place: Place<'_>, indices: &[u32]) -> Result<Vec<(u32, u32)>, Fault> {
        // One at a time for each column, so that numbers stay without gaps.
        let lock = "select pg_advisory_xact_lock(hashtext('etl sparse index'), hashtext($1 || '.' || $2 || '.' || $3))";
        let add = "insert into etl.sparse_index (table_schema, table_name, column_name, number, index) \
                   select $1, $2, $3, coalesce((select max(number) + 1 from etl.sparse_index where table_schema = $1 \
                   and table_name = $2 and column_name = $3), 0) + row_number() over (order by i) - 1, i \
                   from unnest($4::int8[]) as i where not exists (select from etl.sparse_index where table_schema = $1 \
                   and table_name = $2 and column_name = $3 and index = i)";
        let ask = "select index, number from etl.sparse_index where table_schema = $1 and table_name = $2 \
                   and column_name = $3 and index = any ($4::int8[])";
        let (schema, table, column) = place;
        let wanted: Vec<i64> = indices.iter().copied().map(i64::from).collect();
        let of: [(&(dyn ToSql + Sync), Type); 3] =
            [(&schema, Type::TEXT), (&table, Type::TEXT), (&column, Type::TEXT)];
        let mut values = of.to_vec();
        values.push((&wanted, Type::INT8_ARRAY));
        let failed = |error: tokio_postgres::Error| sqlstate::fault(ACTION, &error);
        let lease = self.0.lease().await?;
        self.0.begin(&lease, ACTION).await?;
        lease.query_typed(lock, &of).await.map_err(failed)?;
        lease.execute_typed(add, &values).await.map_err(failed)?;
        let rows = lease.query_typed(ask, &values).await.map_err(failed)?;
        lease.batch_execute("commit").await.map_err(failed)?;
        lease.give_back();
        Ok(rows.iter().map(|row| pair(row.get(0), row.get(1))).collect())
    }

    /// Every index of a column, with its number.
    pub(crate) async fn numbers(&self, place: Place<'_>) -> Result<Vec<(u32, u32)>, Fault> {
        let sql = "select index, number from etl.sparse_index where table_schema = $1 and table_name = $2 \
                   and column_name = $3";
        let (schema, table, column) = place;
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&schema, Type::TEXT), (&table, Type::TEXT), (&column, Type::TEXT)];
        let rows = self.rows(ACTION, sql, &values).await?;
        Ok(rows.iter().map(|row| pair(row.get(0), row.get(1))).collect())
    }
}

/// Both fit: indices have 32 bits, and there are no more numbers than indices.
fn pair(index: i64, number: i64) -> (u32, u32) {
    let narrow = |wide: i64| u32::try_from(wide).unwrap_or(u32::MAX);
    (narrow(index), narrow(number))
}
