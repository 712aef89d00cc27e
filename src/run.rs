//! `etl run`: wires source, target and checkpoint directory together, shows the run, and sums it up.

use crate::display::{self, Style};
use crate::exit::Exit;
use crate::health::Health;
use crate::summary::Summary;
use crate::{Voice, complain, plan, say, telemetry};
use checkpoints::{Rocks, Vectors};
use clap::ArgMatches;
use config::{Config, LogFormat};
use pipeline::budget::Budget;
use pipeline::embed::Embedder;
use pipeline::fault::{Fault, Part};
use pipeline::progress::Progress;
use pipeline::retry::Policy;
use pipeline::run::{Ended, Run};
use pipeline::stop::{Reason, Stop};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// The longest that ending waits for calls that cannot be interrupted.
pub(crate) const LETTING_GO: Duration = Duration::from_secs(5);

pub(crate) fn verb(config: &Config, matches: &ArgMatches, voice: Voice) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        if matches.get_flag("dry-run") {
            plan::rehearse(config, &voice, true).await
        } else {
            execute(config, &voice).await
        }
    });
    // What was let go of may still be writing to the checkpoint directory, and RocksDB aborts the process when it ends
    // under a writer's feet. Such a write takes milliseconds; what takes longer than this is no write.
    runtime.shutdown_timeout(LETTING_GO);
    exit
}

async fn execute(config: &Config, voice: &Voice) -> anyhow::Result<Exit> {
    let (stop, progress) = (Stop::default(), Arc::new(Progress::default()));
    let health = Health {
        progress: progress.clone(),
        stop: stop.clone(),
    };
    let watched = match telemetry::metrics(&config.telemetry, health) {
        Ok(watched) => watched,
        Err(error) => {
            complain(&format!("{error:#}"));
            return Ok(Exit::Configuration);
        }
    };
    let store = match open(config) {
        Ok(store) => Arc::new(store),
        Err(fault) => return Ok(failed(&fault, voice)),
    };
    let began = Instant::now();
    let Some(mut run) = wire(config, &stop, &progress) else {
        return Ok(Exit::Configuration);
    };
    run.embedder = match embedder(config, run.policy()) {
        Ok(embedder) => embedder,
        Err(fault) => return Ok(failed(&fault, voice)),
    };
    let signals = tokio::spawn(heed_signals(stop.clone()));
    let shown = tokio::spawn(display::show(
        progress.clone(),
        voice.display.clone(),
        Style::of(voice),
        config.run.health_interval,
    ));
    let ended = tokio::select! {
        ended = run.execute(store.clone()) => Some(ended),
        () = let_go(&stop) => None,
    };
    shown.abort();
    let _ = shown.await;
    let budget = run.budget.clone();
    let (exit, summary) = conclude(ended, &stop, &progress, &budget, began);
    // A directory that turned out to be another run's is left as it is.
    if progress.plan().is_some() {
        summary.ending(exit).keep(&*store);
    }
    print(&summary, voice, exit);
    // Whoever comes next may have the directory meanwhile.
    drop((run, store));
    if !stop.is_draining() {
        tokio::select! {
            () = watched.last_look() => {}
            () = stop.draining() => {}
        }
    }
    signals.abort();
    Ok(exit)
}

/// Returns when the operator asked twice. A run that lets go for a reason of its own says why itself.
async fn let_go(stop: &Stop) {
    stop.aborting().await;
    if stop.reason() != Some(Reason::Signal) {
        std::future::pending::<()>().await;
    }
}

fn conclude(
    ended: Option<Result<Ended, Fault>>,
    stop: &Stop,
    progress: &Progress,
    budget: &Budget,
    began: Instant,
) -> (Exit, Summary) {
    let stopped = stop.reason().map_or(Exit::Complete, Exit::of_reason);
    let summary = |exit| Summary::new(progress, began.elapsed(), exit).with_budget(budget);
    match ended {
        None => (stopped, summary(stopped)),
        Some(Ok(ended)) => {
            let exit = match ended.failed.first() {
                // Being asked to stop says more than what else went wrong.
                Some(first) if matches!(stopped, Exit::Complete | Exit::Unexpected) => {
                    Exit::of_fault(&first.fault)
                }
                _ if ended.complete => Exit::Complete,
                _ => stopped,
            };
            (exit, summary(exit).with_end(progress, &ended))
        }
        Some(Err(fault)) => {
            let exit = Exit::of_fault(&fault);
            (exit, summary(exit).with_fault(&fault))
        }
    }
}

/// The end of a start that did not get to its run.
pub(crate) fn failed(fault: &Fault, voice: &Voice) -> Exit {
    let exit = Exit::of_fault(fault);
    print(
        &Summary::new(&Progress::default(), Duration::ZERO, exit).with_fault(fault),
        voice,
        exit,
    );
    exit
}

fn print(summary: &Summary, voice: &Voice, exit: Exit) {
    if voice.log == LogFormat::Json {
        summary.log(exit);
    }
    if voice.json {
        match serde_json::to_string(summary) {
            Ok(text) => say(&format!("{text}\n")),
            Err(error) => complain(&error.to_string()),
        }
    } else {
        say(&summary.page());
    }
}

pub(crate) fn wire<'c>(config: &'c Config, stop: &Stop, progress: &Arc<Progress>) -> Option<Run<'c>> {
    // Both are there: the configuration was asked for with `Needs::RUN`.
    Some(Run {
        source: config.source.as_ref()?,
        target: config.target.as_ref()?,
        tables: &config.mapping,
        habits: &config.run,
        holder: match &config.run.worker {
            Some(name) => format!("{name}, {}", introduction("etl run")),
            None => introduction("etl run"),
        },
        embedder: None,
        budget: Arc::default(),
        stop: stop.clone(),
        progress: progress.clone(),
    })
}

/// The way to the endpoint that embeds texts, through the vectors that the checkpoint directory remembers.
fn embedder(config: &Config, policy: Policy) -> Result<Option<Embedder>, Fault> {
    let Some(embed) = &config.embed else {
        return Ok(None);
    };
    let dir = config.checkpoint_dir.as_deref().unwrap_or(Path::new("."));
    let cache = Vectors::open(dir)
        .map_err(|error| Fault::permanent(Part::Checkpoints, "open the vectors", error.to_string()))?;
    Embedder::new(embed, Arc::new(cache), policy).map(Some)
}

fn open(config: &Config) -> Result<Rocks, Fault> {
    let dir = config.checkpoint_dir.as_deref().unwrap_or(Path::new("."));
    if checkpoints::is_open_to_all(dir) {
        let dir = dir.display();
        tracing::warn!("any user of this machine may change what lies in {dir}: chmod o-w {dir}");
    }
    Rocks::open(dir, &introduction("etl run")).map_err(|error| {
        let part = match error {
            checkpoints::OpenError::InUse { .. } => Part::Identity,
            _ => Part::Checkpoints,
        };
        Fault::permanent(part, "open the checkpoint directory", error.to_string())
    })
}

/// How this process presents itself to one that comes second.
pub(crate) fn introduction(verb: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let since = jiff::Timestamp::now();
    format!(
        "{verb}, process {} on {}, started {since:.0}",
        std::process::id(),
        if host.is_empty() { "this host" } else { host }
    )
}

/// The first signal drains, the second lets go.
async fn heed_signals(stop: Stop) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("signals cannot be heeded; only SIGKILL will stop this run");
        return;
    };
    for second in [false, true] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if second {
            stop.abort(Reason::Signal);
        } else {
            tracing::warn!("stopping: what was read is loaded first; a second signal lets go at once");
            stop.drain(Reason::Signal);
        }
    }
}
