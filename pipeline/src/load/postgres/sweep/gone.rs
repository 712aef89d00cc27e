//! What is no longer there leaves: rows of records that did not come or can no longer be stored, and what was put aside
//! of a stretch.

use super::{Change, Piece, Sweeper};
use crate::load::postgres::region::Region;
use crate::load::postgres::stage::Stage;
use crate::load::postgres::{Lease, moves};
use crate::pack::Packed;
use crate::plan::Lane;
use tokio_postgres::types::{ToSql, Type};
use transforms::qdrant::PointId;

impl Sweeper<'_> {
    /// Deletes rows of the piece's stretch that are not staged: elements before the documents that they belong to.
    pub(super) async fn gone(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        piece: &Piece,
        stages: &[Stage],
        change: &mut Change,
    ) -> Result<(), tokio_postgres::Error> {
        // A record that cannot be stored any more has no row either.
        let mut ids = piece.gone.clone();
        if let Some(ids) = &mut ids {
            ids.extend(self.refused(batch, piece));
            if ids.is_empty() {
                return Ok(());
            }
        }
        let (collection, schema) = (self.plan.collection_of(lane), &self.plan.mapping.schema);
        let (part, relations) = (piece.stretch.of(lane), collection.relations());
        let mut places = relations.iter().enumerate().peekable();
        while let Some((place, relation)) = places.next() {
            let Some(region) = Region::of(self.plan, &part, relation) else {
                continue;
            };
            let (gone, table) = (format!("gone_in_etl_{place}"), relation.qualified(schema));
            let unstaged = format!(
                "not exists (select from pg_temp.{} as s where s._path = r._path)",
                stages[place].name
            );
            // Where it is known which rows there were, an index finds those; otherwise the whole stretch is looked at.
            let (region, wanted) = match &ids {
                Some(ids) => Region::these(self.plan, &part, relation, ids),
                None => (region, None),
            };
            let which = format!("{region} and {unstaged}");
            let wanted: Option<(&(dyn ToSql + Sync), Type)> = wanted
                .as_ref()
                .map(|wanted: &Vec<String>| (wanted as &(dyn ToSql + Sync), Type::TEXT_ARRAY));
            let values = wanted.as_slice();
            let sql = format!("create temp table {gone} (_path text, place tid) on commit drop");
            lease.batch_execute(&sql).await?;
            let sql = format!(
                "insert into pg_temp.{gone} select r._path, r.ctid from {table} as r where {which} for update of r"
            );
            let found = lease.execute_typed(&sql, values).await?;
            if found > 0 {
                // Without statistics the whole table would be read to find a few rows.
                lease.batch_execute(&format!("analyze pg_temp.{gone}")).await?;
            }
            let here = || format!("r._path in (select _path from pg_temp.{gone})");
            while let Some((place, child)) = places.next_if(|(_, next)| next.parent().is_some()) {
                if found > 0 {
                    let delete = format!("delete from {} as r where {}", child.qualified(schema), here());
                    change.rows[place] -= lease.execute_typed(&delete, &[]).await? as i64;
                }
            }
            if found > 0 {
                // By their places, which are locked: not every table has an index for paths.
                let there = format!("array(select place from pg_temp.{gone})");
                let delete = format!("delete from {table} as r where r.ctid = any ({there})");
                let deleted = lease.execute_typed(&delete, &[]).await?;
                change.rows[place] -= deleted as i64;
                change.loaded -= deleted as i64;
                change.differences.deleted += deleted;
            }
        }
        Ok(())
    }

    /// The piece's records that have no row.
    fn refused(&self, batch: &Packed, piece: &Piece) -> Vec<PointId> {
        let places = batch.rejects.iter().map(|(place, _)| *place);
        let places = places.filter(|place| piece.documents.contains(place));
        places
            .filter_map(|place| transforms::qdrant::id(&batch.documents[place]).ok())
            .collect()
    }

    /// What is in quarantine and among the amendments of the stretch is what its records come to now; says by how many
    /// more are in quarantine.
    pub(super) async fn put_aside(
        &self,
        lease: &Lease,
        lane: &Lane,
        batch: &Packed,
        piece: &Piece,
    ) -> Result<i64, tokio_postgres::Error> {
        let (run, number) = (self.plan.run.to_string(), lane.id as i32);
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&run, Type::TEXT), (&number, Type::INT4)];
        let region = Region::aside(self.plan, &piece.stretch.of(lane));
        let forget = |table: &str| {
            format!("delete from etl.{table} as r where run = $1::text::uuid and lane = $2 and {region}")
        };
        let before = lease.execute_typed(&forget("quarantine"), &values).await?;
        lease.execute_typed(&forget("amendment"), &values).await?;
        moves::quarantine(lease, self.plan, lane, batch, &piece.documents).await?;
        moves::amend(lease, self.plan, lane, batch, &piece.documents).await?;
        Ok(self.refused(batch, piece).len() as i64 - before as i64)
    }
}
