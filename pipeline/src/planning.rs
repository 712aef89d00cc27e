//! Making the plan: the snapshot time, every collection, its lanes, its table.

use crate::fault::{Fault, Part};
use crate::metrics;
use crate::plan::{Identity, Lane, Mapping, PLAN_VERSION, Plan};
use crate::progress::{Phase, Progress};
use crate::source::firestore::{Firestore, Group, Range};
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
    pub fn asked(source: &config::Firestore, target: &config::Target, habits: &config::Run) -> Wish {
        Wish {
            source: Identity::from(source),
            mapping: Mapping::asked(source, target),
            sample: source.sample.get(),
            lane_documents: habits.lane_documents.get(),
        }
    }
}

/// Looks at the source and decides. Reads nothing but counts, cut points and the sample.
pub async fn make(source: &Firestore, wish: &Wish, progress: &Progress) -> Result<Plan, Fault> {
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
    let shape = transforms::infer(&source.samples(&cuts, wish.sample, snapshot).await?);
    let lanes = lanes(&cuts, |collection| {
        // `infer` makes one table for each collection it was given.
        shape
            .tables
            .iter()
            .position(|table| table.collection == collection)
            .unwrap_or_default()
    });
    Ok(Plan {
        version: PLAN_VERSION,
        run: Uuid::new_v4(),
        source: wish.source.clone(),
        snapshot,
        mapping: wish.mapping.clone(),
        lanes,
        tables: shape.tables,
        remarks: shape.remarks,
        planning_reads: metrics::reads_billed(),
    })
}

fn lanes(cuts: &[(Group, Vec<Range>)], table: impl Fn(&str) -> usize) -> Vec<Lane> {
    let ranges = cuts
        .iter()
        .flat_map(|(group, ranges)| ranges.iter().map(move |range| (group, range)));
    let numbered = (0u32..).zip(ranges);
    numbered
        .map(|(id, (group, range))| Lane {
            id,
            table: table(&group.collection),
            from: range.from.clone(),
            to: range.to.clone(),
            documents: range.documents,
        })
        .collect()
}
