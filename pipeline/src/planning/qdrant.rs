//! A plan for Qdrant: every collection, cut by a pass over its ids.
//!
//! Nothing here is of one moment: a scroll is no snapshot. The lanes tile the space of ids, so whatever is written
//! meanwhile belongs to one of them, and what is promised about it is the run's to keep.

use super::{Found, Wish, chosen};
use crate::fault::{Fault, Part};
use crate::forecast::Kept;
use crate::plan::{Collection, Lane, PLAN_VERSION, Plan, ReadTime};
use crate::progress::{Phase, Progress};
use crate::source::qdrant::{self, Ids, Qdrant};
use config::mapping::Table;
use uuid::Uuid;

/// One collection, looked at.
struct Looked {
    described: qdrant::Collection,
    /// For each shard key, or once without: what its ids are.
    ids: Vec<(Option<String>, Ids)>,
}

/// Makes the plan, and keeps what was looked at where that is asked for.
pub(super) async fn plan(
    source: &Qdrant,
    wish: &Wish,
    progress: &Progress,
    mut kept: Option<Kept>,
) -> Result<(Plan, Option<Kept>), Fault> {
    let turn_to = |what: String| progress.turn_to(Phase::Planning(what));
    let snapshot = ReadTime(jiff::Timestamp::now().as_microsecond());
    turn_to("finding collections".to_owned());
    let names = match &wish.mapping.collections {
        Some(names) => names.clone(),
        None => source.collections().await?,
    };
    let mut described = Vec::with_capacity(names.len());
    for name in names {
        described.push(source.describe(&name).await?);
    }
    if described.is_empty() {
        return Err(nothing(wish));
    }
    let found: Vec<Found> = described
        .iter()
        .map(|one| (one.name.clone(), one.points))
        .collect();
    let (moved, left_behind) = chosen(&wish.mapping.tables, found)?;
    let (mut collections, mut lanes, mut remarks) = (Vec::new(), Vec::new(), Vec::new());
    for described in described.into_iter().filter(|one| moved.contains(&one.name)) {
        turn_to(format!(
            "reading the ids of {} (about {})",
            described.name, described.points
        ));
        let looked = look(source, described, wish.lane_documents).await?;
        turn_to(format!("looking at a sample of {}", looked.described.name));
        let tables = tables(source, &looked, wish, &mut kept, &mut remarks).await?;
        cut(&looked, collections.len(), &mut lanes);
        collections.push(Collection {
            id: looked.described.name,
            tables,
        });
    }
    let plan = Plan {
        version: PLAN_VERSION,
        run: Uuid::new_v4(),
        source: wish.source.clone(),
        snapshot,
        mapping: wish.mapping.clone(),
        lanes,
        collections,
        left_behind,
        remarks,
        planning_reads: 0,
    };
    Ok((plan, kept))
}

fn nothing(wish: &Wish) -> Fault {
    let message = format!("there is no collection in {}", wish.source);
    Fault::permanent(Part::Source, "plan the run", message)
        .with_cause("empty")
        .with_remedy("check --qdrant-url, and that the key may see the collections")
}

async fn look(source: &Qdrant, described: qdrant::Collection, size: u64) -> Result<Looked, Fault> {
    let shards: Vec<Option<String>> = match &described.shard_keys {
        None => vec![None],
        Some(keys) => keys.iter().cloned().map(Some).collect(),
    };
    let mut ids = Vec::with_capacity(shards.len());
    for shard in shards {
        let of_shard = source.ids_pass(&described.name, shard.as_deref(), size).await?;
        ids.push((shard, of_shard));
    }
    Ok(Looked { described, ids })
}

/// The tables as written, or as they are drawn from what the collection says of itself and what a sample holds.
async fn tables(
    source: &Qdrant,
    looked: &Looked,
    wish: &Wish,
    kept: &mut Option<Kept>,
    remarks: &mut Vec<String>,
) -> Result<Vec<Table>, Fault> {
    let name = &looked.described.name;
    let written = wish.mapping.tables.tables.iter();
    let written: Vec<Table> = written
        .filter(|table| table.from.collection() == name)
        .cloned()
        .collect();
    for (shard, ids) in &looked.ids {
        let sample = wish.sample.div_ceil(looked.ids.len());
        let glimpse = source.glimpse(name, shard.as_deref(), &ids.ranges, sample, |body| {
            if let Some(kept) = kept {
                kept.keep(name, body);
            }
        });
        glimpse.await?;
    }
    let _ = remarks;
    Ok(written)
}

fn cut(looked: &Looked, collection: usize, lanes: &mut Vec<Lane>) {
    for (shard, ids) in &looked.ids {
        for range in &ids.ranges {
            lanes.push(Lane {
                // A plan with 2³² lanes would not fit anywhere.
                id: u32::try_from(lanes.len()).unwrap_or(u32::MAX),
                collection,
                shard: shard.clone(),
                from: range.from.clone(),
                to: range.to.clone(),
                documents: range.documents,
            });
        }
    }
}
