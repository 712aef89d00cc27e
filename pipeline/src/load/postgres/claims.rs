//! Which worker moves which lane.
//!
//! A lane is claimed in one statement, under a new fence, and belongs to its worker for as long as that one renews its row.

use super::Ledger;
use super::ledger::{Held, LANE, held};
use super::workers::Worker;
use crate::fault::Fault;
use crate::plan::Plan;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Nobody holds the lane, or somebody who is gone.
const FREE: &str = "l.worker is null or w.until < now()";
/// It moved since it was claimed last, or was not claimed five times yet: a lane that takes down one worker after another
/// is nobody's to claim any more.
const SOUND: &str = "l.claims < 5 or l.claimed_at_read <> l.read";

/// A lane, claimed among other workers.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) lane: u32,
    pub(crate) held: Held,
    pub(crate) whose: Whose,
    /// Where it ends since a part of it was cut off.
    upto: Option<Vec<u8>>,
}

/// Whose a lane was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Nobodys,
    /// Another worker's, who is gone.
    Gone,
    /// Another worker's, who has several.
    Busy,
}

impl Claimed {
    /// Whether `plan` knows the lane as it is by now.
    pub(crate) fn is_known_to(&self, plan: &Plan) -> bool {
        let lane = plan.lanes.get(self.lane as usize);
        lane.is_some_and(|lane| match &self.upto {
            Some(upto) => lane.to.as_deref().map(str::as_bytes) == Some(upto),
            None => true,
        })
    }
}

impl Ledger {
    /// Claims a lane of `run` that nobody alive holds, but for those in `not`: at random, since neighbouring ranges of one
    /// collection read at the same time would heat up the same part of the source; and no more than the worker's equal
    /// part of them, so that others who have just begun find some as well. What is this worker's by the ledger, and not in
    /// `not`, it was never told of: it claims that as well, however often, since that says nothing against the lane.
    ///
    /// Where there is none, a worker without any takes one from another that has several. That costs the other one what it
    /// has under way, so the lane must have moved since it was claimed, and have at least `least` records left.
    pub(crate) async fn claim_one(
        &self,
        run: Uuid,
        worker: &Worker,
        least: u64,
        not: &[i32],
    ) -> Result<Option<Claimed>, Fault> {
        // Of a row that was claimed meanwhile, the new version is looked at again: it has a worker then, and the one that
        // was joined to the old version does not fit it.
        let sql = format!(
            "with held as (select worker, count(*) as lanes from etl.lane where run = $1::text::uuid and state <> 'end' \
             group by worker), \
             alive as (select count(*) as workers from etl.worker o, etl.worker me where me.worker = $2::text::uuid \
             and o.source = me.source and o.target_schema = me.target_schema and o.until > now()), \
             part as (select ceil((select sum(lanes) from held) / greatest(1, workers)) as most, \
             coalesce((select lanes from held where worker = $2::text::uuid), 0) as mine from alive), \
             one as (select l.lane, case when l.worker <> $2::text::uuid then w.until >= now() end as alive, \
             case when l.worker = $2::text::uuid then l.claims \
             when l.claimed_at_read = l.read and l.claims > 0 then l.claims + 1 else 1 end as claims \
             from part cross join etl.lane l left join etl.worker w on w.worker = l.worker \
             where l.run = $1::text::uuid and l.state <> 'end' and not l.lane = any($4) \
             and (l.worker = $2::text::uuid or ({SOUND}) and (({FREE}) and mine < most or mine = 0 and w.until >= now() \
             and l.read > l.claimed_at_read and l.expected - l.read >= $3 \
             and (select lanes from held where held.worker = l.worker) > 1)) \
             order by coalesce(w.until >= now() and l.worker <> $2::text::uuid, false), l.worker is null, random() \
             limit 1 for update of l skip locked), \
             claimed as (update etl.lane l set fence = l.fence + 1, worker = $2::text::uuid, holder = $5, \
             claims = one.claims, claimed_at_read = l.read from one \
             where l.run = $1::text::uuid and l.lane = one.lane returning l.*, one.alive) \
             select {LANE}, alive, upto from claimed"
        );
        let (run, id, least) = (run.to_string(), worker.id.to_string(), least as i64);
        let values: [(&(dyn ToSql + Sync), Type); 5] = [
            (&run, Type::TEXT),
            (&id, Type::TEXT),
            (&least, Type::INT8),
            (&not, Type::INT4_ARRAY),
            (&worker.name, Type::TEXT),
        ];
        let rows = self.rows("claim a lane", &sql, &values).await?;
        Ok(rows.first().map(|row| Claimed {
            lane: row.get::<_, i32>(0) as u32,
            held: held(row),
            whose: match row.get("alive") {
                None => Whose::Nobodys,
                Some(false) => Whose::Gone,
                Some(true) => Whose::Busy,
            },
            upto: row.get("upto"),
        }))
    }

    /// How many lanes of `run` have not ended that somebody may yet move, but for those in `not`; and those that nobody
    /// may claim any more.
    pub(crate) async fn left(&self, run: Uuid, not: &[i32]) -> Result<(u64, Vec<u32>), Fault> {
        let sql = format!(
            "select count(*) filter (where not l.lane = any($2) and (({SOUND}) or not ({FREE}))), \
             coalesce(array_agg(l.lane) filter (where ({FREE}) and not ({SOUND})), '{{}}') \
             from etl.lane l left join etl.worker w on w.worker = l.worker \
             where l.run = $1::text::uuid and l.state <> 'end'"
        );
        let run = run.to_string();
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&run, Type::TEXT), (&not, Type::INT4_ARRAY)];
        let rows = self.rows("look which lanes are left", &sql, &values).await?;
        Ok(rows.first().map_or((0, Vec::new()), |row| {
            let poisoned: Vec<i32> = row.get(1);
            let poisoned = poisoned.into_iter().map(|lane| lane as u32).collect();
            (row.get::<_, i64>(0) as u64, poisoned)
        }))
    }

    /// Leaves `lane` to whoever claims it next.
    pub(crate) async fn release(&self, run: Uuid, worker: &Worker, lane: u32) -> Result<(), Fault> {
        let sql = "update etl.lane set worker = null where run = $1::text::uuid and lane = $2 and worker = $3::text::uuid";
        let (run, lane, id) = (run.to_string(), lane as i32, worker.id.to_string());
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&run, Type::TEXT), (&lane, Type::INT4), (&id, Type::TEXT)];
        self.rows("leave a lane to others", sql, &values).await.map(drop)
    }

    /// Leaves the lanes of `worker` to others. A lane that it only held says nothing against that lane.
    pub(crate) async fn leave_lanes(&self, worker: &Worker) -> Result<(), Fault> {
        let sql = "update etl.lane set worker = null, \
                   claims = case when claimed_at_read = read then greatest(0, claims - 1) else claims end \
                   where worker = $1::text::uuid";
        let id = worker.id.to_string();
        self.rows("leave lanes to others", sql, &[(&id, Type::TEXT)])
            .await
            .map(drop)
    }
}
