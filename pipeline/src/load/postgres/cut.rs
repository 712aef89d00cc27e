//! A lane that is cut in two, so that a worker who has nothing left gets a part of it.
//!
//! It is taken from whoever holds it as if that one were gone: the fence refuses what it has under way, and it claims
//! lanes on. Plan and ledger change in one transaction, and a lane that was cut carries its new end, so nobody can move it
//! by a plan that is older.

use super::ledger::{Held, LANE, held, parse};
use super::workers::{Worker, milliseconds};
use super::{Ledger, sqlstate};
use crate::fault::{Fault, Part};
use crate::plan::Lane;
use crate::source::Range;
use checkpoints::Position;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

const ACTION: &str = "cut a lane in two";

impl Ledger {
    /// A lane of `run` that another worker than `worker` moves and that has at least `least` records left, but for those
    /// in `not`; one with many more often than one with few, so that not all who look find the same. One that did not
    /// move since it was claimed is spared: cutting costs what its holder has under way.
    pub(crate) async fn long_one(
        &self,
        run: Uuid,
        worker: &Worker,
        least: u64,
        not: &[i32],
    ) -> Result<Option<(u32, Held)>, Fault> {
        let sql = format!(
            "select {LANE} from etl.lane l join etl.worker w using (worker) \
             where l.run = $1::text::uuid and l.state <> 'end' and l.worker <> $2::text::uuid and w.until > now() \
             and l.read > l.claimed_at_read and l.expected - l.read >= $3 and not l.lane = any($4) \
             order by (l.expected - l.read) * random() desc limit 1"
        );
        let (run, id, least) = (run.to_string(), worker.id.to_string(), least as i64);
        let values: [(&(dyn ToSql + Sync), Type); 4] = [
            (&run, Type::TEXT),
            (&id, Type::TEXT),
            (&least, Type::INT8),
            (&not, Type::INT4_ARRAY),
        ];
        let rows = self.rows("look for a long lane", &sql, &values).await?;
        Ok(rows.first().map(|row| (row.get::<_, i32>(0) as u32, held(row))))
    }

    /// Ends `lane` where `behind` begins and makes a lane of that; both are nobody's then. False where the lane is not as
    /// it was `seen`, or has come to the cut.
    pub(crate) async fn cut(
        &self,
        (run, lane): (Uuid, u32),
        worker: &Worker,
        seen: &Held,
        behind: &Range,
        is_before_the_cut: impl Fn(&Position) -> bool,
    ) -> Result<bool, Fault> {
        let failed = |error: tokio_postgres::Error| sqlstate::fault(ACTION, &error);
        let lease = self.0.lease().await?;
        self.0.begin(&lease, ACTION).await?;
        // Whoever moves the lane may stand still with it locked.
        let wait = format!("set local lock_timeout = {}", milliseconds(worker.lease));
        lease.batch_execute(&wait).await.map_err(failed)?;
        let (run, number) = (run.to_string(), lane as i32);
        // A weaker lock than `for update`: what the lane's holder puts into quarantine refers to the run.
        let plan = "select plan::text from etl.run where run = $1::text::uuid for no key update";
        let rows = lease
            .query_typed(plan, &[(&run, Type::TEXT)])
            .await
            .map_err(failed)?;
        let Some(mut plan) = rows.first().map(|row| parse(row.get(0))).transpose()? else {
            return Ok(false);
        };
        let standing = format!(
            "select {LANE} from etl.lane where run = $1::text::uuid and lane = $2 and fence = $3 for update"
        );
        let values: [(&(dyn ToSql + Sync), Type); 3] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&seen.fence, Type::INT8),
        ];
        let rows = lease.query_typed(&standing, &values).await.map_err(failed)?;
        let Some(now) = rows.first().map(|row| held(row).standing) else {
            return Ok(false);
        };
        if now.read_at != seen.standing.read_at || !is_before_the_cut(&now.progress.position) {
            return Ok(false);
        }
        let Some(new) = recut(&mut plan.lanes, lane, behind) else {
            return Ok(false);
        };
        let text = serde_json::to_string(&plan)
            .map_err(|error| Fault::permanent(Part::Target, ACTION, error.to_string()))?;
        let cut = "with cut as (update etl.lane set expected = expected - $3, upto = $4, fence = fence + 1, worker = null, \
                   claims = 0 where run = $1::text::uuid and lane = $2 and expected - $3 >= read \
                   returning run, collection, read_time), \
                   made as (insert into etl.lane (run, lane, collection, expected, read_time) \
                   select run, $5, collection, $3, read_time from cut returning run) \
                   update etl.run r set plan = $6::text::json from made where r.run = made.run";
        let (documents, upto) = (behind.documents as i64, behind.from.as_deref().map(str::as_bytes));
        let values: [(&(dyn ToSql + Sync), Type); 6] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&documents, Type::INT8),
            (&upto, Type::BYTEA),
            (&new, Type::INT4),
            (&text, Type::TEXT),
        ];
        if lease.execute_typed(cut, &values).await.map_err(failed)? != 1 {
            return Ok(false);
        }
        lease.batch_execute("commit").await.map_err(failed)?;
        lease.give_back();
        Ok(true)
    }
}

/// Cuts `lane` off where `behind` begins, and says the number of the lane that is made of that; nothing where the lane
/// ends elsewhere.
fn recut(lanes: &mut Vec<Lane>, lane: u32, behind: &Range) -> Option<i32> {
    let id = u32::try_from(lanes.len()).ok()?;
    let old = lanes.get_mut(lane as usize).filter(|old| old.to == behind.to)?;
    // Counted at the plan's time; it may be read at a later one.
    let documents = behind.documents.min(old.documents);
    let new = Lane {
        id,
        from: behind.from.clone(),
        documents,
        ..old.clone()
    };
    old.to.clone_from(&behind.from);
    old.documents -= documents;
    lanes.push(new);
    i32::try_from(id).ok()
}
