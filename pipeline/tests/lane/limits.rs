//! Several lanes: the memory bound to the batch, draining, letting go.

use crate::script::{BATCHES, Scripted, Stage, documents, place, plan, plan_of, standings, way};
use checkpoints::{CheckpointStore, LaneId, Memory};
use pipeline::fault::Fault;
use pipeline::lanes::Own;
use pipeline::plan::Plan;
use pipeline::room::{LARGEST_DOCUMENT, Rooms};
use pipeline::stop::Reason;
use pipeline::supervisor::{self, Failed, Limits};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Batches one lane has under way when nothing is loaded: one with the loader, one waiting for it, one packed,
/// one waiting to be packed, one read.
const UNDER_WAY: u64 = 5;

/// A stage on which nothing is loaded until the gate opens.
fn held(lanes: u32) -> Stage {
    Stage {
        gate: Semaphore::new(0),
        ..Stage::new(lanes)
    }
}

fn supervise(
    stage: &Arc<Stage>,
    store: &Arc<Memory>,
    lanes: u32,
    at_once: usize,
) -> JoinHandle<Result<Vec<Failed>, Fault>> {
    supervise_plan(stage, store, plan(lanes), at_once)
}

pub(crate) fn supervise_plan(
    stage: &Arc<Stage>,
    store: &Arc<Memory>,
    plan: Arc<Plan>,
    at_once: usize,
) -> JoinHandle<Result<Vec<Failed>, Fault>> {
    let (stop, source) = (stage.stop.clone(), Scripted(stage.clone()));
    let lanes = Own::new(&plan, &standings(&plan, &**store));
    let way = way(stage, &plan, store.clone());
    let limits = Limits {
        lanes: at_once,
        emergency: 1.0,
        drain: Duration::from_secs(30),
    };
    tokio::spawn(async move { supervisor::run(&source, &way, lanes, limits, &stop).await })
}

/// Lets every task that can go on go on: all of them run on this thread, and a packed batch is a task of its own.
async fn settle() {
    for _ in 0..100 {
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        tokio::task::yield_now().await;
    }
}

fn open(stage: &Stage) {
    stage.gate.add_permits(1000);
}

#[tokio::test]
async fn with_the_loader_held_a_lane_has_exactly_its_stages_full() {
    let (stage, store) = (Arc::new(held(1)), Arc::new(Memory::default()));
    let working = supervise(&stage, &store, 1, 1);
    stage.until_read(UNDER_WAY).await;
    settle().await;
    assert_eq!(*stage.read.borrow(), UNDER_WAY);
    assert!(stage.held(0).is_empty());
    open(&stage);
    working.await.unwrap().unwrap();
    assert_eq!(stage.held(0), documents(0, BATCHES));
}

#[tokio::test]
async fn as_many_lanes_are_worked_at_once_as_allowed() {
    for at_once in 1..=4 {
        let (stage, store) = (Arc::new(held(4)), Arc::new(Memory::default()));
        let working = supervise(&stage, &store, 4, at_once);
        stage.until_read(UNDER_WAY * at_once as u64).await;
        settle().await;
        assert_eq!(*stage.read.borrow(), UNDER_WAY * at_once as u64);
        open(&stage);
        working.await.unwrap().unwrap();
        assert!((0..4).all(|lane| stage.held(lane) == documents(lane, BATCHES)));
    }
}

/// Neighbours in one collection would heat up the same part of the source.
#[tokio::test]
async fn collections_take_turns() {
    let mut turns = Arc::into_inner(plan_of(4, 2)).unwrap();
    for lane in &mut turns.lanes {
        lane.collection = lane.id as usize / 2;
    }
    let (stage, store) = (Arc::new(held(4)), Arc::new(Memory::default()));
    let working = supervise_plan(&stage, &store, Arc::new(turns), 2);
    stage.until_read(2 * UNDER_WAY).await;
    stage.stop.drain(Reason::Signal);
    open(&stage);
    working.await.unwrap().unwrap();
    for (lane, batches) in [(0, UNDER_WAY), (1, 0), (2, UNDER_WAY), (3, 0)] {
        assert_eq!(stage.held(lane), documents(lane, batches), "lane {lane}");
    }
}

#[tokio::test]
async fn memory_holds_exactly_the_batches_it_has_room_for_and_never_more() {
    const BATCH: usize = 1 << 20;
    // Three bytes are held for each on the wire.
    let whole = 3 * (BATCH + LARGEST_DOCUMENT);
    for batches in 1..=7 {
        let rooms = Rooms::new((whole * batches) as u64, BATCH);
        let stage = Stage {
            rooms: rooms.clone(),
            shrinks: false,
            ..held(4)
        };
        let (stage, store) = (Arc::new(stage), Arc::new(Memory::default()));
        let working = supervise(&stage, &store, 4, 4);
        stage.until_read(batches as u64).await;
        settle().await;
        assert_eq!(*stage.read.borrow(), batches as u64);
        assert_eq!(rooms.taken(), whole * batches);
        assert!(rooms.taken() <= rooms.bound());
        open(&stage);
        working.await.unwrap().unwrap();
        assert!((0..4).all(|lane| stage.held(lane) == documents(lane, BATCHES)));
        assert_eq!(rooms.taken(), 0);
    }
}

#[tokio::test]
async fn draining_loads_and_remembers_what_was_read_and_reads_nothing_more() {
    let (stage, store) = (Arc::new(held(3)), Arc::new(Memory::default()));
    let working = supervise(&stage, &store, 3, 2);
    stage.until_read(2 * UNDER_WAY).await;
    stage.stop.drain(Reason::Signal);
    settle().await;
    open(&stage);
    working.await.unwrap().unwrap();
    assert_eq!(*stage.read.borrow(), 2 * UNDER_WAY);
    for (lane, batches) in [(0, UNDER_WAY), (1, UNDER_WAY), (2, 0)] {
        assert_eq!(stage.held(lane), documents(lane, batches));
        assert_eq!(store.progress(LaneId(lane)).unwrap().position, place(batches));
    }
    assert_eq!(stage.rooms.taken(), 0);
}

#[tokio::test]
async fn aborting_lets_go_of_a_load_that_never_answers() {
    let (stage, store) = (Arc::new(held(2)), Arc::new(Memory::default()));
    let working = supervise(&stage, &store, 2, 2);
    stage.until_read(2 * UNDER_WAY).await;
    stage.stop.abort(Reason::Signal);
    working.await.unwrap().unwrap();
    assert!(stage.held(0).is_empty() && stage.held(1).is_empty());
    assert_eq!(store.progress(LaneId(0)).unwrap().position, place(0));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_stops_has_all_the_time_it_takes() {
    let (stage, store) = (Arc::new(held(1)), Arc::new(Memory::default()));
    let working = supervise(&stage, &store, 1, 1);
    stage.until_read(UNDER_WAY).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    open(&stage);
    working.await.unwrap().unwrap();
    assert_eq!(stage.held(0), documents(0, BATCHES));
}

#[tokio::test(start_paused = true)]
async fn draining_that_never_ends_is_let_go_of_at_its_deadline() {
    let (stage, store) = (Arc::new(held(1)), Arc::new(Memory::default()));
    let working = supervise(&stage, &store, 1, 1);
    stage.until_read(UNDER_WAY).await;
    let before = tokio::time::Instant::now();
    stage.stop.drain(Reason::Signal);
    working.await.unwrap().unwrap();
    assert!(before.elapsed() >= Duration::from_secs(30));
    assert!(stage.held(0).is_empty());
}
