//! Making the plan: the snapshot time, every collection, its lanes, its table.

use crate::fault::{Fault, Part};
use crate::forecast::Kept;
use crate::metrics;
use crate::plan::{Collection, Identity, Lane, LeftBehind, Mapping, PLAN_VERSION, Plan};
use crate::progress::{Phase, Progress};
use crate::source::firestore::{Firestore, Group, Range};
use config::mapping::{self, Unmapped};
use transforms::visible;
use uuid::Uuid;

/// What the operator asked for, as far as the plan depends on it.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What is read.
    pub source: Identity,
    /// What is moved, and where to.
    pub mapping: Mapping,
    /// Documents a collection's typing looks at.
    pub sample: usize,
    /// Documents a lane should have.
    pub lane_documents: u64,
}

impl Wish {
    /// What is asked for in the settings.
    pub fn asked(
        source: &config::Firestore,
        target: &config::Target,
        tables: &config::mapping::Mapping,
        habits: &config::Run,
    ) -> Wish {
        Wish {
            source: Identity::from(source),
            mapping: Mapping::asked(source, target, tables),
            sample: source.sample.get(),
            lane_documents: habits.lane_documents.get(),
        }
    }
}

/// Looks at the source and decides. Reads nothing but counts, cut points and the sample.
pub async fn make(source: &Firestore, wish: &Wish, progress: &Progress) -> Result<Plan, Fault> {
    Ok(keeping(source, wish, progress, None).await?.0)
}

/// The same, and keeps what it looked at, for a forecast.
pub(crate) async fn make_to_forecast(
    source: &Firestore,
    wish: &Wish,
    progress: &Progress,
) -> Result<(Plan, Kept), Fault> {
    let (plan, kept) = keeping(source, wish, progress, Some(Kept::default())).await?;
    Ok((plan, kept.unwrap_or_default()))
}

async fn keeping(
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
    let (groups, left_behind) = chosen(&wish.mapping.tables, groups)?;
    let mut cuts: Vec<(Group, Vec<Range>)> = Vec::with_capacity(groups.len());
    for group in groups {
        turn_to(&format!(
            "cutting {} ({} documents)",
            group.collection, group.documents
        ));
        let ranges = source.cut(&group, wish.lane_documents, snapshot).await?;
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
        left_behind,
        remarks: shape.remarks,
        planning_reads: metrics::reads_billed(),
    };
    Ok((plan, kept))
}

/// The groups that are moved, and those the mapping leaves where they are.
fn chosen(mapping: &mapping::Mapping, groups: Vec<Group>) -> Result<(Vec<Group>, Vec<LeftBehind>), Fault> {
    let is_mapped = |id: &str| mapping.tables.iter().any(|table| table.from.collection() == id);
    let (moved, others): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|group| mapping.unmapped == Unmapped::Infer || is_mapped(&group.collection));
    if mapping.unmapped == Unmapped::Refuse && !others.is_empty() {
        let named: Vec<String> = others
            .iter()
            .map(|group| format!("{} ({} documents)", visible(&group.collection), group.documents))
            .collect();
        let message = format!("collections that no table is made of: {}", named.join(", "));
        return Err(Fault::permanent(Part::Identity, "plan the run", message)
            .with_cause("unmapped")
            .with_remedy(
                "write a table for each of them, or set unmapped = \"infer\" or \"skip\" in [mapping]",
            ));
    }
    let left_behind = others.into_iter().map(|group| LeftBehind {
        id: group.collection,
        documents: group.documents,
    });
    Ok((moved, left_behind.collect()))
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
