//! One lane: its order, a fault at every place, and what the next start makes of it.

use crate::script::{BATCHES, Scripted, Stage, Trouble, documents, place, plan, standings, way};
use checkpoints::{CheckpointStore, LaneId, Memory, Progress};
use pipeline::fault::{Fault, Part};
use pipeline::lane;
use pipeline::source::Source;
use std::sync::{Arc, Mutex};

async fn work(stage: &Arc<Stage>, store: &Arc<Memory>) -> Result<(), Fault> {
    let plan = plan(1);
    let standing = standings(&plan, &**store)[0].clone();
    let reader = Scripted(stage.clone()).reader(&plan.lanes[0], "c", standing);
    lane::run(way(stage, &plan, store.clone()), plan.lanes[0].clone(), reader).await
}

fn troubled(trouble: Trouble) -> Arc<Stage> {
    Arc::new(Stage {
        trouble: Mutex::new(trouble),
        ..Stage::new(1)
    })
}

#[tokio::test]
async fn documents_arrive_in_the_lanes_order_and_the_checkpoint_is_its_end() {
    let (stage, store) = (troubled(Trouble::None), Arc::new(Memory::default()));
    work(&stage, &store).await.unwrap();
    assert_eq!(stage.held(0), documents(0, BATCHES));
    let progress = store.progress(LaneId(0)).unwrap();
    assert!(progress.position.is_end() && progress.tally.adds_up());
    assert_eq!(progress.tally.loaded, documents(0, BATCHES).len() as u64);
    assert_eq!(stage.rooms.taken(), 0, "memory was not given back");
}

#[tokio::test]
async fn a_fault_at_any_place_leaves_all_before_it_loaded_and_nothing_after_it() {
    for at in 0..BATCHES {
        for (trouble, part, loaded, remembered) in [
            // What was read before a reader failed still flows out.
            (Trouble::Reading(at), Part::Source, at, at),
            (Trouble::Loading(at), Part::Target, at, at),
            // The target has the batch; only its bookmark is missing.
            (Trouble::Remembering(at), Part::Checkpoints, at + 1, at),
        ] {
            let (stage, store) = (troubled(trouble), Arc::new(Memory::default()));
            let fault = work(&stage, &store).await.unwrap_err();
            assert_eq!(fault.part, part, "{trouble:?}");
            assert_eq!(stage.held(0), documents(0, loaded), "{trouble:?}");
            assert_eq!(
                store.progress(LaneId(0)).unwrap().position,
                place(remembered),
                "{trouble:?}"
            );
        }
    }
}

#[tokio::test]
async fn started_again_after_a_fault_at_any_place_nothing_is_lost_or_doubled() {
    for at in 0..BATCHES {
        for trouble in [
            Trouble::Reading(at),
            Trouble::Loading(at),
            Trouble::Remembering(at),
        ] {
            let (stage, store) = (troubled(trouble), Arc::new(Memory::default()));
            work(&stage, &store).await.unwrap_err();
            *stage.trouble.lock().unwrap() = Trouble::None;
            // The target says where the lane stands, and the store takes it over.
            let tally = store.progress(LaneId(0)).unwrap().tally;
            let position = stage.stands(0);
            store.adopt(LaneId(0), &Progress { position, tally }).unwrap();
            work(&stage, &store).await.unwrap();
            assert_eq!(stage.held(0), documents(0, BATCHES), "{trouble:?}");
            assert!(store.progress(LaneId(0)).unwrap().position.is_end());
        }
    }
}
