//! What is told of lanes: how many failed, in the progress and in the log, and that nothing waits once all is done.

use crate::limits::supervise_plan;
use crate::script::{BATCHES, Scripted, Stage, Trouble, plan, standings, way};
use checkpoints::Memory;
use metrics_exporter_prometheus::PrometheusBuilder;
use pipeline::fault::{Extent, Fault};
use pipeline::lanes::Own;
use pipeline::supervisor::{self, Limits};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test]
async fn nothing_waits_once_all_is_done() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    // This runtime has one thread, so nothing is recorded elsewhere.
    let _here = metrics::set_default_local_recorder(&recorder);
    let (stage, store) = (Arc::new(Stage::new(3)), Arc::new(Memory::default()));
    supervise_plan(&stage, &store, plan(3), 2).await.unwrap().unwrap();
    let page = shown.render();
    for stage in ["transform", "load"] {
        let waiting = format!("_channel_batches{{stage=\"{stage}\"}} 0\n");
        assert!(page.contains(&waiting), "{page}");
        for state in ["busy", "starved"] {
            let times = format!("_stage_seconds_count{{stage=\"{stage}\",state=\"{state}\"}} ");
            let line = page.lines().find_map(|line| Some(line.split_once(&times)?.1));
            let count: u64 = line
                .unwrap_or_else(|| panic!("no {times} in {page}"))
                .parse()
                .unwrap();
            assert_eq!(count, 3 * BATCHES, "{stage} {state}");
        }
    }
}

#[tokio::test]
async fn lanes_that_failed_are_counted() {
    let stage = Stage {
        trouble: Mutex::new(Trouble::Reading(1)),
        ill: |lane| lane % 2 == 0,
        fault: |part| Fault::permanent(part, "follow the script", "ill").with_extent(Extent::Lane),
        ..Stage::new(5)
    };
    let (stage, store) = (Arc::new(stage), Arc::new(Memory::default()));
    let plan = plan(5);
    let (way, lanes) = (
        way(&stage, &plan, store.clone()),
        Own::new(&plan, &standings(&plan, &*store)),
    );
    let limits = Limits {
        lanes: 2,
        emergency: 1.0,
        drain: Duration::from_secs(30),
    };
    let source = Scripted(stage.clone());
    let failed = supervisor::run(&source, &way, lanes, limits, &stage.stop)
        .await
        .unwrap();
    assert_eq!(failed.len(), 3);
    assert_eq!(way.progress.snapshot().lanes_failed, 3);
}
