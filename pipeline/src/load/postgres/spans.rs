//! What the spans of a lane came to, in `etl.span`: for sources without snapshots.
//!
//! The spans of a lane lie one behind the other, from its beginning to its end. One that is missing is taken for
//! unknown, never for unchanged: a run of an older build has none, and a pass that was stopped leaves a gap.

use super::{Lease, Ledger};
use crate::fault::{Fault, Part};
use crate::plan::{Lane, Plan};
use crate::record::Account;
use checkpoints::Position;
use std::cmp::Ordering;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use transforms::qdrant::{Digest, PointId};

/// The ids behind one and up to another, that one included; an end of the lane where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stretch {
    /// The last id before it.
    pub after: Option<PointId>,
    /// Its last id.
    pub upto: Option<PointId>,
}

/// A stretch, and what its records came to when their rows were stored, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// Where it lies.
    pub stretch: Stretch,
    /// What its records came to.
    pub digest: Option<Digest>,
}

impl Stretch {
    /// Whether an id lies in it.
    pub(crate) fn holds(self, id: PointId) -> bool {
        self.after.is_none_or(|after| id > after) && self.upto.is_none_or(|upto| id <= upto)
    }

    /// The part of `lane` that it is, as a lane.
    pub(crate) fn of(self, lane: &Lane) -> Lane {
        let behind = |id: PointId| id.successor().map(|id| id.to_string());
        let (from, to) = match (self.after, self.upto) {
            // There is nothing behind the last id of all.
            (Some(last), _) if last.successor().is_none() => (Some(last.to_string()), Some(last.to_string())),
            (after, upto) => (after.and_then(behind), upto.and_then(behind)),
        };
        Lane {
            from: from.or_else(|| lane.from.clone()),
            to: to.or_else(|| lane.to.clone()),
            ..lane.clone()
        }
    }
}

/// An end of a span as `etl.span` spells it.
pub(super) fn end(position: &Position) -> String {
    match position {
        Position::Start | Position::End => String::new(),
        Position::At(token) => String::from_utf8_lossy(&token.0).into_owned(),
    }
}

pub(super) fn spelled(id: Option<PointId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// A digest's numbers as columns.
pub(super) struct Columns {
    pub(super) records: i64,
    pub(super) ids: [u8; 16],
    pub(super) points: [u8; 16],
    pub(super) keys: Vec<u8>,
}

impl From<&Account> for Columns {
    fn from(account: &Account) -> Columns {
        let Account { digest, ids } = account;
        let mut keys = Vec::with_capacity(16 * ids.len());
        for id in ids {
            match id {
                PointId::Number(number) => keys.extend(number.to_be_bytes()),
                PointId::Uuid(bytes) => keys.extend(bytes),
            }
        }
        Columns {
            records: digest.count.cast_signed(),
            ids: digest.ids.to_be_bytes(),
            points: digest.points.to_be_bytes(),
            keys,
        }
    }
}

/// Replaces what is known of a span that begins there.
pub(super) const REPLACED: &str = "on conflict (run, lane, after) do update set upto = excluded.upto, \
                                   records = excluded.records, ids = excluded.ids, points = excluded.points, \
                                   keys = excluded.keys";

/// Notes what the records of a stretch come to.
pub(super) async fn note(
    lease: &Lease,
    plan: &Plan,
    lane: &Lane,
    stretch: Stretch,
    account: &Account,
) -> Result<(), tokio_postgres::Error> {
    let sql = format!(
        "insert into etl.span (run, lane, after, upto, records, ids, points, keys) \
         values ($1::text::uuid, $2, $3, $4, $5, $6, $7, $8) {REPLACED}"
    );
    let (run, number) = (plan.run.to_string(), lane.id as i32);
    let (after, upto) = (spelled(stretch.after), spelled(stretch.upto));
    let Columns {
        records,
        ids,
        points,
        keys,
    } = account.into();
    let (ids, points) = (ids.as_slice(), points.as_slice());
    let values: [(&(dyn ToSql + Sync), Type); 8] = [
        (&run, Type::TEXT),
        (&number, Type::INT4),
        (&after, Type::TEXT),
        (&upto, Type::TEXT),
        (&records, Type::INT8),
        (&ids, Type::BYTEA),
        (&points, Type::BYTEA),
        (&keys, Type::BYTEA),
    ];
    lease.execute_typed(&sql, &values).await.map(drop)
}

impl Ledger {
    /// The ids of the records whose rows were stored with a span.
    pub(super) async fn ids(
        &self,
        plan: &Plan,
        lane: &Lane,
        stretch: Stretch,
    ) -> Result<Vec<PointId>, Fault> {
        let action = format!("look at a span of lane {}", lane.id);
        let (run, number) = (plan.run.to_string(), lane.id as i32);
        let after = spelled(stretch.after);
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&run, Type::TEXT), (&number, Type::INT4), (&after, Type::TEXT)];
        let sql =
            "select keys, records from etl.span where run = $1::text::uuid and lane = $2 and after = $3";
        let rows = self.rows(&action, sql, &values).await?;
        Ok(rows.iter().flat_map(|row| keys(row.get(0), row.get(1))).collect())
    }

    /// What is known of the spans of `lane`, from one end to the other. The pass of this number, if it has one, has begun
    /// with the lane from here on.
    pub(crate) async fn spans(&self, plan: &Plan, lane: &Lane, sweep: u32) -> Result<Vec<Known>, Fault> {
        let action = format!("look at the spans of lane {}", lane.id);
        let (run, number, sweep) = (plan.run.to_string(), lane.id as i32, sweep as i32);
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&run, Type::TEXT), (&number, Type::INT4), (&sweep, Type::INT4)];
        let sql = "with begun as (insert into etl.sweep (run, lane, sweep) select $1::text::uuid, $2, $3 where $3 > 0 \
                   on conflict do nothing) \
                   select after, upto, records, ids, points from etl.span where run = $1::text::uuid and lane = $2";
        let rows = self.rows(&action, sql, &values).await?;
        let found: Option<Vec<Known>> = rows.iter().map(known).collect();
        let tiled = found.and_then(tiled);
        tiled.ok_or_else(|| {
            Fault::permanent(Part::Identity, action, "etl.span does not say how they follow one another")
                .with_cause("spans")
                .with_remedy("delete the run's rows in etl.span, then start the same command again: it compares everything anew")
        })
    }
}

/// Ids of one kind, one behind the other.
fn keys(bytes: &[u8], count: i64) -> Vec<PointId> {
    match bytes.len().checked_div(count.cast_unsigned() as usize) {
        Some(8) => {
            let numbers = bytes.as_chunks::<8>().0.iter();
            numbers
                .map(|bytes| PointId::Number(u64::from_be_bytes(*bytes)))
                .collect()
        }
        _ => bytes
            .as_chunks::<16>()
            .0
            .iter()
            .map(|bytes| PointId::Uuid(*bytes))
            .collect(),
    }
}

fn known(row: &Row) -> Option<Known> {
    let id = |text: &str| match text {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let sum = |column: usize| Some(u128::from_be_bytes(row.get::<_, &[u8]>(column).try_into().ok()?));
    Some(Known {
        stretch: Stretch {
            after: id(row.get(0))?,
            upto: id(row.get(1))?,
        },
        digest: Some(Digest {
            count: row.get::<_, i64>(2).cast_unsigned(),
            ids: sum(3)?,
            points: sum(4)?,
        }),
    })
}

/// In order, with what is missing between them; nothing where two lie upon one another.
fn tiled(mut spans: Vec<Known>) -> Option<Vec<Known>> {
    spans.sort_by_key(|known| known.stretch.after);
    let mut tiles = Vec::with_capacity(spans.len() + 1);
    // The last id that is covered; the lane's end once that is.
    let (mut after, mut ended) = (None, false);
    for known in spans {
        match known.stretch.after.cmp(&after) {
            Ordering::Less => return None,
            _ if ended => return None,
            Ordering::Greater => tiles.push(unknown(after, known.stretch.after)),
            Ordering::Equal => {}
        }
        tiles.push(known);
        (after, ended) = (known.stretch.upto, known.stretch.upto.is_none());
    }
    if !ended {
        tiles.push(unknown(after, None));
    }
    Some(tiles)
}

fn unknown(after: Option<PointId>, upto: Option<PointId>) -> Known {
    Known {
        stretch: Stretch { after, upto },
        digest: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(after: Option<u64>, upto: Option<u64>) -> Known {
        let number = |id: Option<u64>| id.map(PointId::Number);
        Known {
            digest: Some(Digest::default()),
            ..unknown(number(after), number(upto))
        }
    }

    proptest! {
        /// Whichever spans are missing: tiles go from one end to the other, and the known ones are among them.
        #[test]
        fn what_is_missing_is_unknown(
            cuts in proptest::collection::btree_set(any::<u64>(), 0..20), missing: u32,
        ) {
            let begins = std::iter::once(None).chain(cuts.iter().copied().map(Some));
            let ends = cuts.iter().copied().map(Some).chain(std::iter::once(None));
            let all = begins.zip(ends).map(|(after, upto)| of(after, upto));
            let left = all.zip(0..).filter(|(_, place)| missing >> place & 1 == 0);
            let left: Vec<Known> = left.map(|(known, _)| known).collect();
            let mut shuffled = left.clone();
            shuffled.reverse();
            let tiles = tiled(shuffled).unwrap();
            prop_assert!(tiles.first().unwrap().stretch.after.is_none());
            prop_assert!(tiles.last().unwrap().stretch.upto.is_none());
            for pair in tiles.windows(2) {
                prop_assert_eq!(pair[0].stretch.upto, pair[1].stretch.after);
                prop_assert!(pair[0].stretch.upto.is_some());
            }
            let known: Vec<Known> = tiles.into_iter().filter(|tile| tile.digest.is_some()).collect();
            prop_assert_eq!(known, left);
        }
    }

    #[test]
    fn spans_that_lie_upon_one_another_are_refused() {
        assert_eq!(tiled(vec![of(None, Some(5)), of(Some(3), None)]), None);
        assert_eq!(tiled(vec![of(None, None), of(Some(3), None)]), None);
    }

    #[test]
    fn behind_the_last_id_of_all_there_is_nothing() {
        let lane = Lane {
            id: 0,
            collection: 0,
            shard: None,
            from: Some(PointId::FIRST_UUID.to_string()),
            to: None,
            documents: 0,
        };
        let last = Some(PointId::Uuid([0xff; 16]));
        let nothing = Stretch {
            after: last,
            upto: None,
        }
        .of(&lane);
        assert!(nothing.from.is_some() && nothing.from == nothing.to);
        let everything = Stretch {
            after: None,
            upto: last,
        }
        .of(&lane);
        assert_eq!((everything.from, everything.to), (lane.from, None));
    }
}
