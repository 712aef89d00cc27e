//! A plan for Qdrant: every collection, cut by a pass over its ids.
//!
//! Nothing here is of one moment: a scroll is no snapshot. The lanes tile the space of ids, so whatever is written
//! meanwhile belongs to one of them, and what is promised about it is the run's to keep.

mod drawing;
pub(crate) mod merging;

use super::{Found, Wish, chosen};
use crate::fault::{Fault, Part};
use crate::forecast::Kept;
use crate::plan::{Collection, Lane, PLAN_VERSION, Plan, ReadTime, View};
use crate::progress::{Phase, Progress};
use crate::source::qdrant::{self, Ids, Qdrant};
use bytes::Bytes;
use config::mapping::Load;
use std::collections::BTreeMap;
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
    for described in &described {
        if let Some(table) = merging::blurred(&wish.mapping.tables.tables, described) {
            let (problem, next) = merging::told(table, described);
            let fault = Fault::permanent(Part::Identity, "plan the run", problem);
            return Err(fault.with_cause("shard_key").with_remedy(next));
        }
    }
    let found: Vec<Found> = described
        .iter()
        .map(|one| (one.name.clone(), one.points))
        .collect();
    let (moved, left_behind) = chosen(wish, found)?;
    let (mut looked_at, mut drawn) = (Vec::new(), Vec::new());
    for described in described.into_iter().filter(|one| moved.contains(&one.name)) {
        turn_to(format!(
            "reading the ids of {} (about {})",
            described.name, described.points
        ));
        let size = wish.lane_size(described.points);
        let looked = look(source, described, size).await?;
        turn_to(format!("looking at a sample of {}", looked.described.name));
        let sample = sample(source, &looked, wish.sample, &mut kept).await?;
        drawn.push(drawing::of(&looked, &sample));
        looked_at.push(looked);
    }
    let mut shape = transforms::shape_of_points(&wish.mapping.tables, &drawn);
    let (mut collections, mut lanes) = (Vec::new(), Vec::new());
    for looked in looked_at {
        cut(&looked, collections.len(), &mut lanes);
        let id = looked.described.name;
        let tables = shape.collections.remove(&id).unwrap_or_default();
        collections.push(Collection { id, tables });
    }
    let views = views(source.aliases().await?, &collections, &mut shape.remarks);
    let plan = Plan {
        version: PLAN_VERSION,
        run: Uuid::new_v4(),
        source: wish.source.clone(),
        snapshot,
        mapping: wish.mapping.clone(),
        lanes,
        collections,
        views,
        left_behind,
        remarks: shape.remarks,
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

/// Points here and there, as they came.
async fn sample(
    source: &Qdrant,
    looked: &Looked,
    points: usize,
    kept: &mut Option<Kept>,
) -> Result<Vec<Bytes>, Fault> {
    let name = &looked.described.name;
    let mut sample = Vec::new();
    for (shard, ids) in &looked.ids {
        let points = points.div_ceil(looked.ids.len());
        let glimpse = source.glimpse(name, shard.as_deref(), &ids.ranges, points, |body| {
            if let Some(kept) = kept {
                kept.keep(name, body);
            }
            sample.push(Bytes::copy_from_slice(body));
        });
        glimpse.await?;
    }
    Ok(sample)
}

/// A view for each alias of a collection that becomes one table, as far as nothing else has its name.
fn views(
    aliases: BTreeMap<String, String>,
    collections: &[Collection],
    remarks: &mut Vec<String>,
) -> Vec<View> {
    /// The longest identifier of PostgreSQL, in bytes.
    const LONGEST: usize = 63;
    let mut views = Vec::new();
    for (name, collection) in aliases {
        let Some(collection) = collections.iter().find(|one| one.id == collection) else {
            continue;
        };
        let is_taken = collections
            .iter()
            .flat_map(Collection::relations)
            .any(|relation| relation.name() == name);
        match collection.tables.as_slice() {
            [table] if !is_taken && name.len() <= LONGEST && table.load == Load::Copy => views.push(View {
                name,
                table: table.name.clone(),
            }),
            _ => remarks.push(format!(
                "alias {name:?} of collection {:?} gets no view",
                collection.visible()
            )),
        }
    }
    views
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
