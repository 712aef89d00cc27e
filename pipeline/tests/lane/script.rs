//! A source and a target that do what a script says, and refuse whatever would lose or double a document.

mod store;

use bytes::Bytes;
use checkpoints::{CheckpointStore, LaneId, Memory, Position, Receipt, Span};
use config::mapping::{self, Nul, Pattern, Table};
use pipeline::fault::{Fault, Part};
use pipeline::lane::Way;
use pipeline::load::{Loaded, Loader};
use pipeline::pack::Packed;
use pipeline::plan::{Collection, Identity, Lane, Mapping, PLAN_VERSION, Plan, ReadTime};
use pipeline::room::Rooms;
use pipeline::source::{Batch, Reader, Source, Standing};
use pipeline::stop::Stop;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::Store;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use uuid::Uuid;

/// Batches of a lane.
pub(crate) const BATCHES: u64 = 6;
/// Documents of a batch.
pub(crate) const DOCUMENTS: u64 = 3;

/// Which part of the world fails at which batch of a lane, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    Reading(u64),
    Loading(u64),
    Remembering(u64),
    /// The reader panics.
    Dying(u64),
}

/// Everything that the parts of one test share.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) trouble: Mutex<Trouble>,
    /// Lanes that are in it.
    pub(crate) ill: fn(u32) -> bool,
    /// What it is called.
    pub(crate) fault: fn(Part) -> Fault,
    pub(crate) stop: Stop,
    pub(crate) rooms: Rooms,
    /// Whether a batch gives back the memory it did not need.
    pub(crate) shrinks: bool,
    /// Batches read so far, over all lanes.
    pub(crate) read: watch::Sender<u64>,
    /// Permits to load a batch.
    pub(crate) gate: Semaphore,
    /// Documents the target holds, by lane, in the order they came.
    pub(crate) target: Mutex<Vec<Vec<String>>>,
    /// Where the target says its lanes stand.
    pub(crate) standing: Mutex<Vec<Position>>,
}

pub(crate) fn plan(lanes: u32) -> Arc<Plan> {
    plan_of(lanes, 1)
}

/// Lanes that belong to so many collections in turn.
pub(crate) fn plan_of(lanes: u32, collections: usize) -> Arc<Plan> {
    let identity = Identity::Firestore {
        project: "p".to_owned(),
        database: "d".to_owned(),
        emulator: true,
    };
    let mapping = Mapping {
        collections: None,
        schema: "public".to_owned(),
        exact_vectors: false,
        tables: mapping::Mapping::default(),
    };
    let table = Table {
        name: "c".to_owned(),
        from: Pattern::group("c"),
        key: Vec::new(),
        nul: Nul::default(),
        columns: Vec::new(),
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    };
    let lane = |id| Lane {
        id,
        collection: id as usize % collections,
        shard: None,
        from: None,
        to: None,
        documents: BATCHES * DOCUMENTS,
    };
    let collection = || Collection {
        id: "c".to_owned(),
        tables: vec![table.clone()],
    };
    Arc::new(Plan {
        version: PLAN_VERSION,
        run: Uuid::nil(),
        source: identity,
        snapshot: ReadTime(0),
        mapping,
        collections: std::iter::repeat_with(collection).take(collections).collect(),
        views: Vec::new(),
        left_behind: Vec::new(),
        lanes: (0..lanes).map(lane).collect(),
        remarks: Vec::new(),
        planning_reads: 0,
    })
}

impl Stage {
    /// A target with room for everything, where nothing fails.
    pub(crate) fn new(lanes: u32) -> Stage {
        Stage {
            trouble: Mutex::new(Trouble::None),
            ill: |_| true,
            fault: trouble,
            stop: Stop::default(),
            rooms: Rooms::new(1 << 40, 1),
            shrinks: true,
            read: watch::Sender::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            target: Mutex::new(vec![Vec::new(); lanes as usize]),
            standing: Mutex::new(vec![Position::Start; lanes as usize]),
        }
    }

    fn is(&self, trouble: Trouble, lane: u32) -> bool {
        (self.ill)(lane) && *self.trouble.lock().unwrap() == trouble
    }

    /// What the target holds of `lane`.
    pub(crate) fn held(&self, lane: u32) -> Vec<String> {
        self.target.lock().unwrap()[lane as usize].clone()
    }

    /// Where the target says that `lane` stands.
    pub(crate) fn stands(&self, lane: u32) -> Position {
        self.standing.lock().unwrap()[lane as usize].clone()
    }

    /// Waits until so many batches were read.
    pub(crate) async fn until_read(&self, batches: u64) {
        self.read
            .subscribe()
            .wait_for(|read| *read >= batches)
            .await
            .unwrap();
    }
}

/// Documents that a lane holds up to its batch `batches`.
pub(crate) fn documents(lane: u32, batches: u64) -> Vec<String> {
    (0..batches * DOCUMENTS)
        .map(|n| format!("c/{lane}-{n:03}"))
        .collect()
}

/// The place after `batches` batches.
pub(crate) fn place(batches: u64) -> Position {
    match batches {
        0 => Position::Start,
        BATCHES => Position::End,
        some => Position::at(some.to_be_bytes()),
    }
}

fn batches_before(place: &Position) -> u64 {
    (0..=BATCHES)
        .find(|batches| super::script::place(*batches) == *place)
        .unwrap()
}

/// A document of these fields' sizes as Firestore sends it: name, create time, update time.
fn wire(path: &str) -> Bytes {
    let name = format!("projects/p/databases/d/documents/{path}");
    let mut body = vec![0x0a, u8::try_from(name.len()).unwrap()];
    body.extend_from_slice(name.as_bytes());
    for field in [0x1a, 0x22] {
        body.extend_from_slice(&[field, 2, 0x08, 1]);
    }
    Bytes::from(body)
}

/// Where every lane of `plan` stands in `store`.
pub(crate) fn standings(plan: &Plan, store: &impl CheckpointStore) -> Vec<Standing> {
    let standing = |lane: &Lane| Standing {
        progress: store.progress(LaneId(lane.id)).unwrap(),
        read_at: plan.snapshot,
        expected: lane.documents,
        rows: vec![0],
    };
    plan.lanes.iter().map(standing).collect()
}

/// The way of a test: the stage for a target, a store that follows the script.
pub(crate) fn way(stage: &Arc<Stage>, plan: &Arc<Plan>, store: Arc<Memory>) -> Way<Target, Store> {
    let progress = Arc::new(pipeline::progress::Progress::default());
    progress.begin(plan, &standings(plan, &*store));
    Way {
        plan: plan.clone(),
        loader: Arc::new(Target(stage.clone())),
        embedder: None,
        numbers: None,
        checkpoints: Arc::new(Store(stage.clone(), store)),
        progress,
    }
}

fn trouble(part: Part) -> Fault {
    Fault::permanent(part, "follow the script", "trouble was asked for")
}

/// Reads lanes as the script says.
pub(crate) struct Scripted(pub(crate) Arc<Stage>);

pub(crate) struct ScriptedReader {
    stage: Arc<Stage>,
    lane: u32,
    next: u64,
}

impl Source for Scripted {
    type Reader = ScriptedReader;

    fn reader(&self, lane: &Lane, _: &str, standing: Standing) -> ScriptedReader {
        ScriptedReader {
            stage: self.0.clone(),
            lane: lane.id,
            next: batches_before(&standing.progress.position),
        }
    }
}

impl Reader for ScriptedReader {
    async fn next(&mut self) -> Result<Option<Batch>, Fault> {
        let stage = &self.stage;
        if self.next == BATCHES || stage.stop.is_draining() {
            return Ok(None);
        }
        let mut room = tokio::select! {
            biased;
            () = stage.stop.draining() => return Ok(None),
            room = stage.rooms.take() => room,
        };
        if stage.is(Trouble::Reading(self.next), self.lane) {
            return Err((stage.fault)(Part::Source));
        }
        assert!(
            !stage.is(Trouble::Dying(self.next), self.lane),
            "death was asked for"
        );
        let all = documents(self.lane, self.next + 1);
        let new: Vec<Bytes> = all[(self.next * DOCUMENTS) as usize..]
            .iter()
            .map(|path| wire(path))
            .collect();
        if stage.shrinks {
            room.shrink(new.len(), new.iter().map(Bytes::len).sum());
        }
        let span = Span {
            from: place(self.next),
            to: place(self.next + 1),
        };
        self.next += 1;
        stage.read.send_modify(|read| *read += 1);
        Ok(Some(Batch {
            span,
            documents: new,
            billed: DOCUMENTS,
            read_at: ReadTime(0),
            expected: BATCHES * DOCUMENTS,
            since: Instant::now(),
            room,
        }))
    }
}

/// Loads as the script says; a batch that is not the lane's next is a broken law.
#[derive(Debug)]
pub(crate) struct Target(Arc<Stage>);

impl Loader for Target {
    async fn load(&self, lane: &Lane, batch: &mut Packed) -> Result<Loaded, Fault> {
        let stage = &self.0;
        stage.gate.acquire().await.unwrap().forget();
        if stage.is(Trouble::Loading(batches_before(&batch.span.from)), lane.id) {
            return Err((stage.fault)(Part::Target));
        }
        assert!(batch.rejects.is_empty(), "{:?}", batch.rejects);
        let standing = &mut stage.standing.lock().unwrap()[lane.id as usize];
        assert_eq!(*standing, batch.span.from, "a batch out of its order");
        standing.clone_from(&batch.span.to);
        let names = batch
            .documents
            .iter()
            .map(|body| transforms::firestore::name(body).unwrap());
        let paths = names.map(|name| {
            transforms::below(name, "projects/p/databases/d/documents")
                .unwrap()
                .to_owned()
        });
        stage.target.lock().unwrap()[lane.id as usize].extend(paths);
        let tally = batch.tally();
        Ok(Loaded {
            receipt: Receipt::after_commit(batch.span.clone(), tally),
            tally,
            took: Duration::ZERO,
        })
    }
}
