//! Lanes that fail for good among others: whose trouble it is, what the others do, and what is not begun any more.

use crate::limits::supervise_plan;
use crate::script::{BATCHES, Stage, Trouble, documents, place, plan, plan_of};
use checkpoints::{CheckpointStore, LaneId, Memory};
use pipeline::fault::{Extent, Fault, Part};
use pipeline::plan::Plan;
use pipeline::stop::Reason;
use pipeline::supervisor::Failed;
use std::sync::{Arc, Mutex};

fn of_lane(part: Part) -> Fault {
    Fault::permanent(part, "follow the script", "only this lane").with_extent(Extent::Lane)
}

fn of_collection(part: Part) -> Fault {
    Fault::permanent(part, "follow the script", "all of this collection").with_extent(Extent::Collection)
}

fn of_run(part: Part) -> Fault {
    Fault::permanent(part, "follow the script", "everybody").with_extent(Extent::Run)
}

fn given_up(part: Part) -> Fault {
    Fault {
        given_up: true,
        ..of_lane(part)
    }
}

/// Works `plan`, some of whose lanes are ill.
async fn work(
    (plan, at_once): (Arc<Plan>, usize),
    trouble: Trouble,
    ill: fn(u32) -> bool,
    fault: fn(Part) -> Fault,
) -> (Arc<Stage>, Arc<Memory>, Result<Vec<u32>, Fault>) {
    let stage = Stage {
        trouble: Mutex::new(trouble),
        ill,
        fault,
        ..Stage::new(plan.lanes.len() as u32)
    };
    let (stage, store) = (Arc::new(stage), Arc::new(Memory::default()));
    let ended = supervise_plan(&stage, &store, plan, at_once).await.unwrap();
    let failed = ended.map(|failed| failed.iter().map(|Failed { lane, .. }| lane.id).collect());
    (stage, store, failed)
}

#[tokio::test]
async fn one_lanes_trouble_stops_no_other() {
    for at in 0..BATCHES {
        for trouble in [Trouble::Reading(at), Trouble::Loading(at), Trouble::Dying(at)] {
            for at_once in 1..=4 {
                let case = format!("{trouble:?}, {at_once} at once");
                let (stage, store, failed) =
                    work((plan(5), at_once), trouble, |lane| lane == 1, of_lane).await;
                assert_eq!(failed.unwrap(), [1], "{case}");
                assert_eq!(stage.stop.reason(), None, "{case}");
                for lane in 0..5 {
                    let batches = if lane == 1 { at } else { BATCHES };
                    assert_eq!(stage.held(lane), documents(lane, batches), "lane {lane}, {case}");
                    let stands = store.progress(LaneId(lane)).unwrap().position;
                    assert_eq!(stands, place(batches), "lane {lane}, {case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn where_tables_take_nothing_no_other_lane_of_them_is_read() {
    let ill = |lane| lane % 2 == 0;
    let (stage, _, failed) = work((plan_of(8, 2), 1), Trouble::Loading(0), ill, of_collection).await;
    assert_eq!(failed.unwrap(), [0]);
    assert_eq!(stage.stop.reason(), None);
    for lane in 0..8 {
        let batches = if ill(lane) { 0 } else { BATCHES };
        assert_eq!(stage.held(lane), documents(lane, batches));
    }
    // All of the healthy, and what one lane has under way when its first batch is refused.
    let read = *stage.read.borrow();
    assert!(read <= 4 * BATCHES + 5, "{read} batches were read");
}

#[tokio::test]
async fn what_is_everybodys_trouble_stops_the_run_and_the_others_keep_what_they_read() {
    for at in 0..BATCHES {
        for at_once in 1..=3 {
            let ended = work((plan(4), at_once), Trouble::Loading(at), |_| true, of_run).await;
            let (stage, store, failed) = ended;
            assert_eq!(failed.unwrap_err().extent, Extent::Run);
            assert_eq!(stage.stop.reason(), Some(Reason::Fault));
            for lane in 0..4 {
                let position = store.progress(LaneId(lane)).unwrap().position;
                let batches = (0..=at).find(|batches| place(*batches) == position).unwrap();
                assert_eq!(stage.held(lane), documents(lane, batches), "lane {lane}, {at}");
            }
        }
    }
}

#[tokio::test]
async fn lanes_that_fail_one_after_another_with_nothing_loaded_are_everybodys_trouble() {
    let refused = work((plan(200), 1), Trouble::Reading(0), |_| true, of_lane).await;
    assert_eq!(refused.2.unwrap(), (0..16).collect::<Vec<_>>());
    assert_eq!(refused.0.stop.reason(), Some(Reason::Fault));
    for at_once in [1, 2, 7] {
        let (stage, _, failed) = work((plan(200), at_once), Trouble::Reading(0), |_| true, given_up).await;
        let failed = failed.unwrap().len();
        // Those that were worked when the last of them gave up may fail as well.
        assert!(
            (at_once.max(2)..at_once.max(2) + at_once).contains(&failed),
            "{failed}"
        );
        assert_eq!(stage.stop.reason(), Some(Reason::Fault));
    }
}

#[tokio::test]
async fn lanes_that_fail_between_others_that_do_not_are_each_in_trouble_of_its_own() {
    for fault in [of_lane as fn(Part) -> Fault, given_up] {
        let ill = |lane| lane % 2 == 0;
        let (stage, _, failed) = work((plan(80), 1), Trouble::Reading(0), ill, fault).await;
        assert_eq!(failed.unwrap().len(), 40);
        assert_eq!(stage.stop.reason(), None);
        for lane in 0..80 {
            let batches = if ill(lane) { 0 } else { BATCHES };
            assert_eq!(stage.held(lane), documents(lane, batches));
        }
    }
}
