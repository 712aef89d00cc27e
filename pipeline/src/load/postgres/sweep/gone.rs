//! The end of a pass over a lane: rows of records that are no longer there leave, and so does what was put aside of
//! them.

use super::{Change, Differences, Sweeper, taken_over};
use crate::fault::Fault;
use crate::load::postgres::region::Region;
use crate::load::postgres::{Lease, sqlstate};
use crate::plan::Lane;
use tokio_postgres::types::{ToSql, Type};

impl Sweeper<'_> {
    pub(super) async fn ended(&self, lane: &Lane, seen: &[String]) -> Result<Differences, Fault> {
        let action = self.action(lane);
        let lease = self.postgres.lease().await?;
        self.postgres.begin(&lease, &action).await?;
        let failed = |error: tokio_postgres::Error| sqlstate::fault(&action, &error);
        let change = self.gone(&lease, lane, seen).await.map_err(failed)?;
        if self.note(&lease, lane, 0, &change, true).await.map_err(failed)? == 0 {
            return Err(taken_over(&action));
        }
        self.conclude(lease).await.map_err(failed)?;
        Ok(change.differences)
    }

    /// Deletes what is no longer there: elements before the documents that they belong to.
    async fn gone(
        &self,
        lease: &Lease,
        lane: &Lane,
        seen: &[String],
    ) -> Result<Change, tokio_postgres::Error> {
        lease
            .batch_execute("create temp table seen_by_etl (path text) on commit drop")
            .await?;
        for some in seen.chunks(20_000) {
            let add = "insert into pg_temp.seen_by_etl select unnest($1::text[])";
            lease.execute_typed(add, &[(&some, Type::TEXT_ARRAY)]).await?;
        }
        lease.batch_execute("analyze pg_temp.seen_by_etl").await?;
        let (collection, schema) = (self.plan.collection_of(lane), &self.plan.mapping.schema);
        let (mut change, relations) = (Change::default(), collection.relations());
        change.rows = vec![0; relations.len()];
        let mut places = relations.iter().enumerate().peekable();
        while let Some((place, relation)) = places.next() {
            let Some(region) = Region::of(self.plan, lane, relation) else {
                continue;
            };
            let (gone, table) = (format!("gone_in_etl_{place}"), relation.qualified(schema));
            let find = format!(
                "create temp table {gone} on commit drop as select r._path from {table} as r where {region} \
                 and not exists (select from pg_temp.seen_by_etl as s where s.path = r._path)"
            );
            lease.batch_execute(&find).await?;
            while let Some((place, child)) = places.next_if(|(_, next)| next.parent().is_some()) {
                let delete = format!(
                    "delete from {} as r using pg_temp.{gone} as g where r._path = g._path",
                    child.qualified(schema)
                );
                change.rows[place] -= lease.execute_typed(&delete, &[]).await? as i64;
            }
            let delete = format!(
                "delete from {table} as r using pg_temp.{gone} as g where r._path = g._path and {region}"
            );
            let deleted = lease.execute_typed(&delete, &[]).await?;
            change.rows[place] -= deleted as i64;
            change.loaded -= deleted as i64;
            change.differences.deleted += deleted;
        }
        change.quarantined = -(self.forgotten(lease, lane).await? as i64);
        Ok(change)
    }

    /// Records in quarantine that are gone leave it.
    async fn forgotten(&self, lease: &Lease, lane: &Lane) -> Result<u64, tokio_postgres::Error> {
        let (run, number, began) = (self.plan.run.to_string(), lane.id as i32, self.sweep as i32);
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&run, Type::TEXT), (&number, Type::INT4), (&began, Type::INT4)];
        // What this pass met was put aside anew.
        let delete = |table: &str| {
            format!(
                "delete from etl.{table} where run = $1::text::uuid and lane = $2 and at < coalesce((select began_at \
                 from etl.sweep where run = $1::text::uuid and lane = $2 and sweep = $3), '-infinity')"
            )
        };
        lease.execute_typed(&delete("amendment"), &values).await?;
        lease.execute_typed(&delete("quarantine"), &values).await
    }
}
