//! Making the plan: the time it is of, every collection, its lanes, its tables.

mod firestore;
pub(crate) mod qdrant;

use crate::fault::{Fault, Part};
use crate::forecast::Kept;
use crate::plan::{Identity, LeftBehind, Mapping, Plan};
use crate::progress::Progress;
use crate::source::qdrant::Qdrant;
use crate::store::Store;
use config::mapping::{Records, Unmapped};
use transforms::visible;

/// What the operator asked for, as far as the plan depends on it.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What is read.
    pub source: Identity,
    /// What is moved, and where to.
    pub mapping: Mapping,
    /// Documents a collection's typing looks at.
    pub sample: usize,
    /// The most documents that a lane should have.
    pub lane_documents: u64,
    /// Lanes in flight at the same time.
    pub lanes: usize,
}

/// Lanes that each one in flight should find in a collection, so that all have work until shortly before its end.
const TURNS: u64 = 4;
/// A lane of fewer points would be begun and ended for next to nothing; one of fewer documents would be counted for it,
/// too, which is billed.
const POINTS: u64 = 1_000;
const DOCUMENTS: u64 = 10_000;

impl Wish {
    /// What is asked for in the settings.
    pub fn asked(
        source: &config::Source,
        target: &config::Target,
        tables: &config::mapping::Mapping,
        habits: &config::Run,
    ) -> Wish {
        Wish {
            source: Identity::from(source),
            mapping: Mapping::asked(source, target, tables),
            sample: source.sample().get(),
            lane_documents: habits.lane_documents.get(),
            lanes: habits.lanes.get(),
        }
    }

    /// Records that a lane should have of a collection of so many.
    fn lane_size(&self, records: u64) -> u64 {
        let lanes = (self.lanes as u64).saturating_mul(TURNS).max(1);
        self.lane_documents.min(records.div_ceil(lanes)).max(self.worth())
    }

    /// Records that are worth a lane.
    pub(crate) fn worth(&self) -> u64 {
        let worth = match self.source.records() {
            Records::Documents => DOCUMENTS,
            Records::Points => POINTS,
        };
        worth.min(self.lane_documents)
    }
}

/// Looks at the source and decides. Reads nothing but counts, cut points and a sample.
pub async fn make(store: &Store, wish: &Wish, progress: &Progress) -> Result<Plan, Fault> {
    Ok(keeping(store, wish, progress, None).await?.0)
}

/// The same, and keeps what it looked at, for a forecast.
pub(crate) async fn make_to_forecast(
    store: &Store,
    wish: &Wish,
    progress: &Progress,
) -> Result<(Plan, Kept), Fault> {
    let (plan, kept) = keeping(store, wish, progress, Some(Kept::default())).await?;
    Ok((plan, kept.unwrap_or_default()))
}

/// The plan of a run that nobody has written tables for.
pub(crate) async fn draw(source: &Qdrant, wish: &Wish, progress: &Progress) -> Result<Plan, Fault> {
    Ok(Box::pin(qdrant::plan(source, wish, progress, None)).await?.0)
}

async fn keeping(
    store: &Store,
    wish: &Wish,
    progress: &Progress,
    kept: Option<Kept>,
) -> Result<(Plan, Option<Kept>), Fault> {
    match store {
        Store::Firestore(source) => Box::pin(firestore::plan(source, wish, progress, kept)).await,
        Store::Qdrant(source) => Box::pin(qdrant::plan(source, wish, progress, kept)).await,
    }
}

/// A collection that was found, with its documents.
type Found = (String, u64);

/// The collections that are moved, and those the mapping leaves where they are.
fn chosen(wish: &Wish, found: Vec<Found>) -> Result<(Vec<String>, Vec<LeftBehind>), Fault> {
    let (mapping, many) = (&wish.mapping.tables, wish.source.records().many());
    let is_mapped = |id: &str| mapping.tables.iter().any(|table| table.from.collection() == id);
    let (moved, others): (Vec<Found>, Vec<Found>) = found
        .into_iter()
        .partition(|(id, _)| mapping.unmapped == Unmapped::Infer || is_mapped(id));
    if mapping.unmapped == Unmapped::Refuse && !others.is_empty() {
        let named = others
            .iter()
            .map(|(id, documents)| format!("{} ({documents} {many})", visible(id)));
        let named = named.collect::<Vec<_>>().join(", ");
        let message = format!("collections that no table is made of: {named}");
        return Err(Fault::permanent(Part::Identity, "plan the run", message)
            .with_cause("unmapped")
            .with_remedy(
                "write a table for each of them, or set unmapped = \"infer\" or \"skip\" in [mapping]",
            ));
    }
    let left_behind = others
        .into_iter()
        .map(|(id, documents)| LeftBehind { id, documents });
    Ok((
        moved.into_iter().map(|(id, _)| id).collect(),
        left_behind.collect(),
    ))
}
