//! `etl run`: wires source, target and checkpoint directory together, shows the run, and sums it up.

use crate::display::{self, Style};
use crate::exit::Exit;
use crate::summary::Summary;
use crate::text::{count, table};
use crate::{Voice, complain, say, telemetry};
use checkpoints::Rocks;
use clap::ArgMatches;
use config::Config;
use pipeline::fault::{Fault, Part};
use pipeline::plan::Plan;
use pipeline::progress::Progress;
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
            rehearse(config, &voice).await
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
    if let Err(error) = telemetry::metrics(&config.telemetry) {
        complain(&format!("{error:#}"));
        return Ok(Exit::Configuration);
    }
    let store = match open(config) {
        Ok(store) => Arc::new(store),
        Err(fault) => return Ok(failed(&fault, voice)),
    };
    let began = Instant::now();
    let (stop, progress) = (Stop::default(), Arc::new(Progress::default()));
    let Some(run) = wire(config, &stop, &progress) else {
        return Ok(Exit::Configuration);
    };
    let signals = tokio::spawn(heed_signals(stop.clone()));
    let style = if voice.live {
        Style::Live { colour: voice.colour }
    } else {
        Style::Plain
    };
    let shown = tokio::spawn(display::show(
        progress.clone(),
        voice.display.clone(),
        style,
        config.run.health_interval,
    ));
    let ended = tokio::select! {
        ended = run.execute(store) => Some(ended),
        () = let_go(&stop) => None,
    };
    shown.abort();
    let _ = shown.await;
    signals.abort();
    Ok(conclude(ended, &stop, &progress, began, voice))
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
    began: Instant,
    voice: &Voice,
) -> Exit {
    let stopped = stop.reason().map_or(Exit::Complete, Exit::of_reason);
    let summary = |exit| Summary::new(progress, began.elapsed(), exit);
    let (exit, summary) = match ended {
        None => (stopped, summary(stopped)),
        Some(Ok(ended)) => {
            let exit = if ended.complete { Exit::Complete } else { stopped };
            (exit, summary(exit).with_later(ended.later))
        }
        Some(Err(fault)) => {
            let exit = Exit::of_fault(&fault);
            (exit, summary(exit).with_fault(&fault))
        }
    };
    print(&summary, voice);
    exit
}

/// The end of a start that did not get to its run.
fn failed(fault: &Fault, voice: &Voice) -> Exit {
    let exit = Exit::of_fault(fault);
    print(
        &Summary::new(&Progress::default(), Duration::ZERO, exit).with_fault(fault),
        voice,
    );
    exit
}

fn print(summary: &Summary, voice: &Voice) {
    if voice.json {
        match serde_json::to_string(summary) {
            Ok(text) => say(&format!("{text}\n")),
            Err(error) => complain(&error.to_string()),
        }
    } else {
        say(&summary.page());
    }
}

async fn rehearse(config: &Config, voice: &Voice) -> anyhow::Result<Exit> {
    let (stop, progress) = (Stop::default(), Arc::new(Progress::default()));
    let Some(run) = wire(config, &stop, &progress) else {
        return Ok(Exit::Configuration);
    };
    // Looking leaves no trace: a directory that is not there is not created.
    let store = config
        .checkpoint_dir
        .as_deref()
        .and_then(|dir| Rocks::open_read_only(dir).ok());
    match run.rehearse(store.as_ref()).await {
        Ok((plan, sql)) => {
            if voice.json {
                say(&format!("{}\n", serde_json::json!({ "plan": plan, "sql": sql })));
            } else {
                say(&page(&plan, &sql));
            }
            Ok(Exit::Complete)
        }
        Err(fault) => Ok(failed(&fault, voice)),
    }
}

fn page(plan: &Plan, sql: &str) -> String {
    let rows: Vec<Vec<String>> = plan
        .tables
        .iter()
        .enumerate()
        .map(|(place, planned)| {
            let lanes = plan.lanes.iter().filter(|lane| lane.table == place);
            let documents: u64 = lanes.clone().map(|lane| lane.documents).sum();
            let collection = transforms::visible(&planned.collection).into_owned();
            let columns = planned.columns.len() + 4;
            vec![
                collection,
                planned.name.clone(),
                count(documents),
                lanes.count().to_string(),
                columns.to_string(),
            ]
        })
        .collect();
    let mut page = format!(
        "from {} at {}\ninto schema {}\n\n",
        plan.source, plan.snapshot, plan.mapping.schema
    );
    page.push_str(&table(
        &["collection", "table", ">documents", ">lanes", ">columns"],
        &rows,
    ));
    page.push_str(&format!(
        "\n{} documents in {} lanes; mode copy: rows go straight into tables this run creates or finds empty\n",
        count(plan.documents()),
        plan.lanes.len()
    ));
    page.push_str(&format!(
        "reads billed: {} for this plan, {} for the run\n",
        count(plan.planning_reads),
        count(plan.documents())
    ));
    for remark in &plan.remarks {
        page.push_str(&format!("note: {remark}\n"));
    }
    if sql.is_empty() {
        page.push_str("\nthe run is registered and its tables are there; `etl run` goes on with it\n");
    } else {
        page.push_str(&format!(
            "\n{sql}\nnothing was changed\nnext: the same command without --dry-run\n"
        ));
    }
    page
}

fn wire<'c>(config: &'c Config, stop: &Stop, progress: &Arc<Progress>) -> Option<Run<'c>> {
    // Both are there: the configuration was asked for with `Needs::RUN`.
    Some(Run {
        source: config.source.as_ref()?,
        target: config.target.as_ref()?,
        habits: &config.run,
        holder: introduction(),
        stop: stop.clone(),
        progress: progress.clone(),
    })
}

fn open(config: &Config) -> Result<Rocks, Fault> {
    let dir = config.checkpoint_dir.as_deref().unwrap_or(Path::new("."));
    Rocks::open(dir, &introduction()).map_err(|error| {
        let part = match error {
            checkpoints::OpenError::InUse { .. } => Part::Identity,
            _ => Part::Checkpoints,
        };
        Fault::permanent(part, "open the checkpoint directory", error.to_string())
    })
}

/// How this process presents itself to one that comes second.
fn introduction() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let since = jiff::Timestamp::now();
    format!(
        "etl run, process {} on {}, started {since:.0}",
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
