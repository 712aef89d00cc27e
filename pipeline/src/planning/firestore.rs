//! A plan for Firestore: everything as it was at one snapshot time, every collection proved by counts.

use super::{Wish, chosen};
use crate::fault::{Fault, Part};
use crate::forecast::Kept;
use crate::metrics;
use crate::plan::{Collection, Lane, PLAN_VERSION, Plan};
use crate::progress::{Phase, Progress};
use crate::source::Range;
use crate::source::firestore::{Firestore, Group};
use uuid::Uuid;

/// Makes the plan, and keeps what was looked at where that is asked for.
pub(super) async fn plan(
    source: &Firestore,
    wish: &Wish,
    progress: &Progress,
    mut kept: Option<Kept>,
) -> Result<(Plan, Option<Kept>), Fault> {
    let turn_to = |what: &str| progress.turn_to(Phase::Planning(what.to_owned()));
    let snapshot = source.snapshot().await?;
    turn_to("finding and counting collections");
    let groups = source
        .groups(wish.mapping.collections.as_deref(), snapshot)
        .await?;
    if groups.is_empty() {
        return Err(Fault::permanent(
            Part::Source,
            "plan the run",
            format!("there is no document in {}", wish.source),
        )
        .with_cause("empty")
        .with_remedy(
            "check --project and --database: an unknown project of an emulator looks like an empty database",
        ));
    }
    let found = groups
        .iter()
        .map(|group| (group.collection.clone(), group.documents));
    let (moved, left_behind) = chosen(wish, found.collect())?;
    let groups: Vec<Group> = groups
        .into_iter()
        .filter(|group| moved.contains(&group.collection))
        .collect();
    let mut cuts: Vec<(Group, Vec<Range>)> = Vec::with_capacity(groups.len());
    for group in groups {
        turn_to(&format!(
            "cutting {} ({} documents)",
            group.collection, group.documents
        ));
        let ranges = source
            .cut(&group, wish.lane_size(group.documents), snapshot)
            .await?;
        cuts.push((group, ranges));
    }
    turn_to("looking at a sample of each collection");
    let samples = source.samples(&cuts, wish.sample, snapshot, &mut kept).await?;
    let shape = transforms::shape(&wish.mapping.tables, &samples);
    let collections: Vec<Collection> = shape
        .collections
        .into_iter()
        .map(|(id, tables)| Collection { id, tables })
        .collect();
    let lanes = lanes(&cuts, &collections);
    let plan = Plan {
        version: PLAN_VERSION,
        run: Uuid::new_v4(),
        source: wish.source.clone(),
        snapshot,
        mapping: wish.mapping.clone(),
        lanes,
        collections,
        views: Vec::new(),
        left_behind,
        remarks: shape.remarks,
        planning_reads: metrics::reads_billed(),
    };
    Ok((plan, kept))
}

fn lanes(cuts: &[(Group, Vec<Range>)], collections: &[Collection]) -> Vec<Lane> {
    let place = |id: &str| collections.iter().position(|collection| collection.id == id);
    let ranges = cuts
        .iter()
        // Every group that is cut has a collection: the shape was made of them.
        .filter_map(|(group, ranges)| Some((place(&group.collection)?, ranges)))
        .flat_map(|(collection, ranges)| ranges.iter().map(move |range| (collection, range)));
    let numbered = (0u32..).zip(ranges);
    numbered
        .map(|(id, (collection, range))| Lane {
            id,
            collection,
            shard: None,
            from: range.from.clone(),
            to: range.to.clone(),
            documents: range.documents,
        })
        .collect()
}
