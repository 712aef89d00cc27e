//! What a pass leaves in the ledger: which lanes it has ended, what it found, and what the lanes come to by then.

use super::{Change, Differences, Found, Sweeper, taken_over};
use crate::fault::Fault;
use crate::load::postgres::{Known, Lease, Ledger};
use crate::plan::Lane;
use crate::retry::Retry;
use tokio_postgres::types::{ToSql, Type};
use transforms::qdrant::PointId;

impl Sweeper<'_> {
    /// Begins the pass over `lane`, or begins it anew: what is known of its spans.
    pub async fn spans(&self, lane: &Lane) -> Result<Vec<Known>, Fault> {
        let (ledger, mut retry) = (self.ledger(), Retry::new(self.postgres.policy));
        loop {
            match ledger.spans(self.plan, lane, self.sweep).await {
                Err(fault) => retry.again(fault).await?,
                done => return done,
            }
        }
    }

    /// The records whose rows were stored with a span, where that is known.
    pub async fn had(&self, lane: &Lane, known: Known) -> Result<Option<Vec<PointId>>, Fault> {
        if known.digest.is_none() {
            return Ok(None);
        }
        let (ledger, mut retry) = (self.ledger(), Retry::new(self.postgres.policy));
        loop {
            match ledger.ids(self.plan, lane, known.stretch).await {
                Err(fault) => retry.again(fault).await?,
                Ok(ids) => return Ok(Some(ids)),
            }
        }
    }

    /// Notes that the pass has ended `lane`, of which it has read so many records; a pass that only tells leaves nothing.
    pub async fn end(&self, lane: &Lane, read: u64) -> Result<(), Fault> {
        if self.found == Found::Told {
            return Ok(());
        }
        let (ledger, mut retry) = (self.ledger(), Retry::new(self.postgres.policy));
        loop {
            match self.ended(&ledger, lane, read).await {
                Err(fault) => retry.again(fault).await?,
                done => return done,
            }
        }
    }

    /// When the reading of `lane` before this one began, in microseconds since 1970 by PostgreSQL's clock, or earlier.
    pub async fn since(&self, lane: &Lane) -> Result<i64, Fault> {
        let sql = "select (extract(epoch from coalesce((select max(began_at) from etl.sweep where run = $1::text::uuid \
                   and lane = $2 and sweep < $3), (select started_at from etl.run where run = $1::text::uuid))) * 1000000)::int8";
        let (run, number, sweep) = (self.plan.run.to_string(), lane.id as i32, self.sweep as i32);
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&run, Type::TEXT), (&number, Type::INT4), (&sweep, Type::INT4)];
        let (ledger, mut retry) = (self.ledger(), Retry::new(self.postgres.policy));
        loop {
            match ledger.rows(&self.action(lane), sql, &values).await {
                Err(fault) => retry.again(fault).await?,
                Ok(rows) => {
                    return Ok(rows
                        .first()
                        .and_then(|row| row.get::<_, Option<i64>>(0))
                        .unwrap_or(0));
                }
            }
        }
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(self.postgres.clone())
    }

    async fn ended(&self, ledger: &Ledger, lane: &Lane, read: u64) -> Result<(), Fault> {
        let sql = "insert into etl.sweep (run, lane, sweep, read, ended_at) \
                   select run, lane, $3, $4, now() from etl.lane \
                   where run = $1::text::uuid and lane = $2 and fence = $5 for update \
                   on conflict (run, lane, sweep) do update set read = excluded.read, ended_at = now() returning lane";
        let (run, number) = (self.plan.run.to_string(), lane.id as i32);
        let (sweep, read) = (self.sweep as i32, read as i64);
        let fence = self.held[lane.id as usize].fence;
        let values: [(&(dyn ToSql + Sync), Type); 5] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&sweep, Type::INT4),
            (&read, Type::INT8),
            (&fence, Type::INT8),
        ];
        let action = self.action(lane);
        match ledger.rows(&action, sql, &values).await?.as_slice() {
            [] => Err(taken_over(&action)),
            _ => Ok(()),
        }
    }

    /// Notes what a transaction changes; no lane is hit where somebody else took it over.
    pub(super) async fn note(
        &self,
        lease: &Lease,
        lane: &Lane,
        change: &Change,
    ) -> Result<u64, tokio_postgres::Error> {
        let (run, number) = (self.plan.run.to_string(), lane.id as i32);
        let fence = self.held[lane.id as usize].fence;
        let lanes = "update etl.lane set read = read + $4 + $5, loaded = loaded + $4, quarantined = quarantined + $5, \
                     expected = read + $4 + $5, moved_at = now(), rows = array(select coalesce(was, 0) + coalesce(more, 0) \
                     from unnest(rows, $6::int8[]) with ordinality as sums (was, more, place) order by place) \
                     where run = $1::text::uuid and lane = $2 and fence = $3";
        let values: [(&(dyn ToSql + Sync), Type); 6] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&fence, Type::INT8),
            (&change.loaded, Type::INT8),
            (&change.quarantined, Type::INT8),
            (&change.rows, Type::INT8_ARRAY),
        ];
        let hit = lease.execute_typed(lanes, &values).await?;
        let sweeps = "insert into etl.sweep as s (run, lane, sweep, inserted, updated, deleted) \
                      values ($1::text::uuid, $2, $3, $4, $5, $6) \
                      on conflict (run, lane, sweep) do update set inserted = s.inserted + $4, \
                      updated = s.updated + $5, deleted = s.deleted + $6";
        let sweep = self.sweep as i32;
        let Differences {
            inserted,
            updated,
            deleted,
        } = change.differences;
        let counts = [inserted, updated, deleted].map(|count| count as i64);
        let values: [(&(dyn ToSql + Sync), Type); 6] = [
            (&run, Type::TEXT),
            (&number, Type::INT4),
            (&sweep, Type::INT4),
            (&counts[0], Type::INT8),
            (&counts[1], Type::INT8),
            (&counts[2], Type::INT8),
        ];
        lease.execute_typed(sweeps, &values).await?;
        Ok(hit)
    }
}
