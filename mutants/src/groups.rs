//! Processes that were started, each the leader of a group of its own, so that it ends with all that it started: when
//! its tests are over, and when somebody ends us. A mutant that loops would go on for ever.

use std::collections::BTreeSet;
use std::process::Child;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use rustix::process::{Pid, Signal};
use tokio::signal::unix::{SignalKind, signal};

static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Remembers a process that leads a group.
pub(crate) fn started(child: &Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(group);
    }
}

/// Ends the process, and everything that it started.
pub(crate) fn end(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // Its number is nobody else's until it was waited for.
        kill(group);
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&group);
    }
    let _ = child.wait();
}

/// There may be nobody left in it.
fn kill(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
}

/// From now on, Ctrl-C and a polite request to end also end all groups.
pub(crate) fn end_with_us() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("start a runtime")?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
            let [Ok(mut interrupt), Ok(mut terminate)] = signals else {
                return;
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            running.iter().copied().for_each(kill);
            std::process::exit(INTERRUPTED);
        });
    });
    Ok(())
}
