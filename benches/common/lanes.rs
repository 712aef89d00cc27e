//! Lanes worked as a run works them, from any source into any target, and a target that keeps nothing.

use checkpoints::{CheckpointStore, LaneId, Memory, Progress, Receipt};
use pipeline::fault::Fault;
use pipeline::lane::Way;
use pipeline::lanes::Own;
use pipeline::load::{Loaded, Loader};
use pipeline::pack::Packed;
use pipeline::plan::{Lane, Plan};
use pipeline::source::{Source, Standing};
use pipeline::stop::Stop;
use pipeline::supervisor::{self, Limits};
use std::sync::Arc;
use std::time::Duration;

/// Works all lanes, so many at a time: how many records that were.
pub(crate) async fn moved<S: Source, K: Loader>(
    source: &S,
    loader: K,
    plan: &Arc<Plan>,
    lanes: usize,
) -> u64 {
    let standings: Vec<Standing> = plan.lanes.iter().map(|lane| standing(plan, lane)).collect();
    let progress = Arc::new(pipeline::progress::Progress::default());
    progress.begin(plan, &standings);
    let way = Way {
        plan: plan.clone(),
        loader: Arc::new(loader),
        embedder: None,
        numbers: None,
        checkpoints: Arc::new(remembering(plan)),
        progress: progress.clone(),
    };
    let limits = Limits {
        lanes,
        emergency: 1.0,
        drain: Duration::from_secs(1),
    };
    let stop = Stop::default();
    let failed = supervisor::run(source, &way, Own::new(plan, &standings), limits, &stop)
        .await
        .unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    progress.snapshot().total.read
}

/// At the start of a lane.
pub(crate) fn standing(plan: &Plan, lane: &Lane) -> Standing {
    Standing {
        progress: Progress::default(),
        read_at: plan.snapshot,
        expected: lane.documents,
        rows: vec![0; plan.collection_of(lane).relations().len()],
    }
}

fn remembering(plan: &Plan) -> Memory {
    let memory = Memory::default();
    let lanes: Vec<_> = plan
        .lanes
        .iter()
        .map(|lane| (LaneId(lane.id), Progress::default()))
        .collect();
    memory.begin(b"plan", &lanes).unwrap();
    memory
}

/// A target that keeps nothing and says that it did.
pub(crate) struct Nowhere;

impl Loader for Nowhere {
    async fn load(&self, _: &Lane, batch: &mut Packed) -> Result<Loaded, Fault> {
        let tally = batch.tally();
        Ok(Loaded {
            receipt: Receipt::after_commit(batch.span.clone(), tally),
            tally,
            took: Duration::ZERO,
        })
    }
}
