//! What passes over a source found, in `etl.sweep`.

use super::{Differences, Ledger};
use crate::fault::Fault;
use std::collections::BTreeSet;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// A pass that is to be made, or gone on with.
#[derive(Debug)]
pub(crate) struct UnderWay {
    /// Its number, from 1.
    pub(crate) sweep: u32,
    /// Lanes that it has ended.
    pub(crate) ended: BTreeSet<u32>,
}

/// What the passes of a run found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// The number of the last one.
    pub sweeps: u32,
    /// What the last one found different; nothing is the proof.
    pub last: Differences,
    /// What all of them found, and mended.
    pub mended: Differences,
    /// Whether they went by `source.updated_at`: the proof is as good as that key then.
    pub by_key: bool,
}

impl Ledger {
    /// The pass over the run's `lanes` that is under way; a new one where the last has ended.
    pub(crate) async fn sweep_under_way(&self, run: Uuid, lanes: usize) -> Result<UnderWay, Fault> {
        let sql = "select sweep, lane from etl.sweep s where run = $1::text::uuid and ended_at is not null \
                   and sweep = (select max(sweep) from etl.sweep where run = $1::text::uuid) \
                   union all select max(sweep), null from etl.sweep where run = $1::text::uuid";
        let run = run.to_string();
        let rows = self
            .rows("look for passes under way", sql, &[(&run, Type::TEXT)])
            .await?;
        let last = rows
            .iter()
            .find_map(|row| row.get::<_, Option<i32>>(0))
            .unwrap_or(0);
        let ended = rows.iter().filter_map(|row| row.get::<_, Option<i32>>(1));
        let ended: BTreeSet<u32> = ended.map(i32::cast_unsigned).collect();
        Ok(match last.cast_unsigned() {
            sweep if sweep > 0 && ended.len() < lanes => UnderWay { sweep, ended },
            sweep => UnderWay {
                sweep: sweep + 1,
                ended: BTreeSet::new(),
            },
        })
    }

    /// What the passes of `run` found.
    pub async fn swept(&self, run: Uuid) -> Result<Swept, Fault> {
        let sql = "select sweep, sum(inserted)::int8, sum(updated)::int8, sum(deleted)::int8 from etl.sweep \
                   where run = $1::text::uuid group by sweep order by sweep";
        let run = run.to_string();
        let rows = self
            .rows("look at what passes found", sql, &[(&run, Type::TEXT)])
            .await?;
        let mut swept = Swept::default();
        for row in rows {
            let count = |column: usize| row.get::<_, i64>(column).cast_unsigned();
            swept.sweeps = row.get::<_, i32>(0).cast_unsigned();
            swept.last = Differences {
                inserted: count(1),
                updated: count(2),
                deleted: count(3),
            };
            swept.mended += swept.last;
        }
        Ok(swept)
    }
}
