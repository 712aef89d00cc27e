//! The pipeline as it is, with a target that keeps nothing.

use crate::serving::PROJECT;
use checkpoints::{Memory, Progress, Receipt, Tally};
use config::Firestore as Settings;
use pipeline::fault::Fault;
use pipeline::lane::Way;
use pipeline::load::{Loaded, Loader};
use pipeline::pack::Packed;
use pipeline::plan::{Identity, Lane, Mapping, Plan};
use pipeline::planning::{self, Wish};
use pipeline::quota::ReadQuota;
use pipeline::retry::Policy;
use pipeline::room::Rooms;
use pipeline::source::Standing;
use pipeline::source::firestore::{BatchLimits, Firestore};
use pipeline::stop::Stop;
use pipeline::store::Store;
use pipeline::supervisor::{self, Limits};
use std::sync::Arc;
use std::time::Duration;

/// Reads, decodes and packs everything, and throws it away.
pub(crate) async fn piped(host: &str, lanes: usize) -> u64 {
    let settings = Settings {
        project: PROJECT.to_owned(),
        database: "(default)".to_owned(),
        collections: None,
        credentials: None,
        emulator: Some(host.to_owned()),
        connections: lanes.try_into().unwrap(),
        sample: 300.try_into().unwrap(),
        reads_per_second: None,
        quota_safety: 0.8,
        read_price: None,
        ramp: false,
        stream_timeout: Duration::from_secs(60),
    };
    let policy = Policy {
        attempts: 0,
        delay: Duration::from_secs(1),
        longest: Duration::from_secs(1),
        budget: Duration::from_secs(1),
    };
    let stop = Stop::default();
    let limits = BatchLimits {
        rows: 20_000,
        bytes: 8 << 20,
    };
    let (quota, rooms) = (
        Arc::new(ReadQuota::new(None, 0.8, false)),
        Rooms::new(1 << 30, limits.bytes),
    );
    let source = Firestore::connect(&settings, quota, rooms, limits, policy, stop.clone())
        .await
        .unwrap();
    let wish = Wish {
        source: Identity::Firestore {
            project: PROJECT.to_owned(),
            database: "(default)".to_owned(),
            emulator: true,
        },
        mapping: Mapping {
            collections: None,
            schema: "public".to_owned(),
            exact_vectors: false,
            tables: config::mapping::Mapping::default(),
        },
        sample: 300,
        lane_documents: 100_000,
        lanes: 4,
    };
    let progress = Arc::new(pipeline::progress::Progress::default());
    let plan = Arc::new(
        planning::make(&Store::Firestore(source.clone()), &wish, &progress)
            .await
            .unwrap(),
    );
    let standings: Vec<Standing> = plan.lanes.iter().map(|lane| standing(&plan, lane)).collect();
    progress.begin(&plan, &standings);
    let way = Way {
        plan: plan.clone(),
        loader: Arc::new(Nowhere),
        embedder: None,
        numbers: None,
        checkpoints: Arc::new(remembering(&plan)),
        progress: progress.clone(),
    };
    let limits = Limits {
        lanes,
        emergency: 1.0,
        drain: Duration::from_secs(1),
    };
    supervisor::run(&source, &way, &standings, limits, &stop)
        .await
        .unwrap();
    progress.snapshot().total.read
}

fn standing(plan: &Plan, lane: &Lane) -> Standing {
    Standing {
        progress: Progress::default(),
        read_at: plan.snapshot,
        expected: lane.documents,
        rows: vec![0; plan.collection_of(lane).relations().len()],
    }
}

fn remembering(plan: &Plan) -> Memory {
    use checkpoints::{CheckpointStore, LaneId};
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
struct Nowhere;

impl Loader for Nowhere {
    async fn load(&self, _: &Lane, batch: &mut Packed) -> Result<Loaded, Fault> {
        let read = batch.documents.len() as u64;
        let tally = Tally {
            read,
            loaded: batch.rows.len() as u64,
            quarantined: batch.rejects.len() as u64,
            ..Tally::default()
        };
        Ok(Loaded {
            receipt: Receipt::after_commit(batch.span.clone(), tally),
            tally,
            took: Duration::ZERO,
        })
    }
}
