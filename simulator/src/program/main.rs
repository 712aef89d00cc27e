//! `etl-simulator`: a Firestore or a Qdrant of your own making on a port of this machine, until it is told to stop.
//!
//! Its first line says where it listens, so that a script can read the port; the rest is for people.

mod qdrant; // the other source

use anyhow::{Context, anyhow};
use clap::Parser;
use simulator::dataset::Dataset;
use simulator::fault::{Plan, Struck};
use simulator::{Bill, Options, Simulator};
use std::fmt::Display;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

const EXAMPLES: &str = "\
Examples:
  # A million documents of a shop, in fair weather, on a free port:
  etl-simulator --port 0 --documents 1000000

  # Your own documents, and an outage in the middle; the same seed goes wrong in the same way again:
  etl-simulator --dataset shop.toml --plan simulator/plans/outage.toml --seed 7

  # Rehearse a migration against it:
  export FIRESTORE_EMULATOR_HOST=127.0.0.1:8080
  etl run --source firestore --project demo --checkpoint-dir ./checkpoints

  # What was billed, what went wrong, and something else that is to go wrong from now on:
  curl '127.0.0.1:8080/simulator/v1/bill?database=projects/demo/databases/(default)'
  curl 127.0.0.1:8080/simulator/v1/struck
  curl -T simulator/plans/quota.toml 127.0.0.1:8080/simulator/v1/plan

  # A Qdrant instead, with a million points, or with what a file describes; gRPC on 6334, REST on 6333:
  etl-simulator --points 1000000
  etl-simulator --qdrant shop.toml --plan outage.toml

simulator/README.md tells what can go wrong, and how to write plans and datasets.";

/// A Firestore or a Qdrant that obeys the laws of its kind, runs fast, and misbehaves on demand.
#[derive(Debug, Parser)]
#[command(name = "etl-simulator", version, after_help = EXAMPLES)]
struct Arguments {
    /// The port to listen on; 0 takes a free one. If left out: 8080, and 6334 for a Qdrant.
    #[arg(long)]
    port: Option<u16>,

    /// The address to listen on. There are no passwords here: whoever reaches the port may read, write and wipe.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS")]
    host: IpAddr,

    /// What goes wrong: a file of rules. Nothing, if left out.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,

    /// The dice that the plan rolls, instead of its own.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// What lies in the database: a file that describes collections.
    #[arg(long, value_name = "FILE", conflicts_with = "documents")]
    dataset: Option<PathBuf>,

    /// Fills the database with so many documents of a shop.
    #[arg(long, value_name = "NUMBER")]
    documents: Option<u64>,

    /// The project the documents lie in. Every other project is there, too, and empty.
    #[arg(long, default_value = "demo")]
    project: String,

    /// The database the documents lie in.
    #[arg(long, default_value = "(default)")]
    database: String,

    /// A Qdrant instead of a Firestore: a file that describes its collections.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dataset", "documents", "points"])]
    qdrant: Option<PathBuf>,

    /// A Qdrant instead of a Firestore, with so many points of 384 dimensions.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["dataset", "documents"])]
    points: Option<u64>,

    /// The version of Qdrant that is played, instead of what the file says.
    #[arg(long, value_name = "VERSION")]
    qdrant_version: Option<simulator::qdrant::Version>,

    /// The port for Qdrant's REST; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 6333)]
    rest_port: u16,

    /// Threads that answer.
    #[arg(long, default_value_t = 2, value_name = "NUMBER")]
    workers: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let run = match arguments.qdrant.is_some() || arguments.points.is_some() {
        true => qdrant::read(&arguments).map(|options| qdrant::serve(&arguments, options)),
        false => read(&arguments).map(|(plan, dataset)| serve(&arguments, plan, dataset)),
    };
    match run {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => complain(&error, 1),
        Err(error) => complain(&error, 2),
    }
}

fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "etl-simulator: {error:#}");
    ExitCode::from(code)
}

fn read(arguments: &Arguments) -> anyhow::Result<(Plan, Dataset)> {
    let mut plan = match &arguments.plan {
        Some(path) => Plan::parse(&text(path)?, &path.display().to_string())?,
        None => Plan::default(),
    };
    if let Some(seed) = arguments.seed {
        plan = plan.seeded(seed);
    }
    let dataset = match (&arguments.dataset, arguments.documents) {
        (Some(path), _) => {
            Dataset::parse(&text(path)?).map_err(|error| anyhow!("{}: {error}", path.display()))?
        }
        // The same documents for every seed: what changes from one rehearsal to the next is what goes wrong.
        (None, Some(documents)) => Dataset::shop(1, documents),
        (None, None) => Dataset::default(),
    };
    Ok((plan, dataset))
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn serve(arguments: &Arguments, plan: Plan, dataset: Dataset) -> anyhow::Result<()> {
    let address = SocketAddr::new(arguments.host, arguments.port.unwrap_or(8080));
    let (documents, ids) = (dataset.count(), dataset.collection_ids());
    let weather = weather(arguments, &plan);
    let options = Options::default()
        .listen(address)
        .plan(plan)
        .workers(arguments.workers)
        .with_dataset(&arguments.project, &arguments.database, dataset);
    let simulator = Simulator::start(options).with_context(|| format!("listen on {address}"))?;
    say(format_args!("listening on {}", simulator.host()));
    let ids = ids.into_iter().collect::<Vec<_>>().join(", ");
    say(format_args!(
        "project {}, database {}: {documents} documents{}",
        arguments.project,
        arguments.database,
        if ids.is_empty() {
            String::new()
        } else {
            format!(" in {ids}")
        },
    ));
    say(weather);
    say(format_args!(
        "clients find it by FIRESTORE_EMULATOR_HOST={}",
        simulator.host()
    ));
    until_told_to_stop()?;
    let bill = simulator.bill(&arguments.project, &arguments.database);
    tell(&bill, &simulator.faults().struck());
    Ok(())
}

fn weather(arguments: &Arguments, plan: &Plan) -> String {
    match &arguments.plan {
        Some(path) => format!("goes wrong by {}, seed {}", path.display(), plan.seed()),
        None => "fair weather".to_owned(),
    }
}

fn until_told_to_stop() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut end = signal(SignalKind::terminate())?;
        let mut interruption = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = end.recv() => Ok(()),
            _ = interruption.recv() => Ok(()),
        }
    })
}

fn tell(bill: &Bill, struck: &[Struck]) {
    say(format_args!(
        "billed {} reads ({} documents sent, {} looked up, {} listened to, {} skipped, {} for counting, {} for \
         listing, {} for nothing found), {} writes, {} deletes",
        bill.reads(),
        bill.documents,
        bill.looked,
        bill.listened,
        bill.skipped,
        bill.counted,
        bill.listings,
        bill.empty,
        bill.writes,
        bill.deletes,
    ));
    say(format_args!(
        "refused for lack of quota {} times; at most {} reads in a second",
        bill.refused, bill.most_in_a_second,
    ));
    for rule in struck {
        say(format_args!(
            "rule {}, {}: struck {} of {} calls",
            rule.rule,
            rule.strike.word(),
            rule.times,
            rule.calls,
        ));
    }
}

/// One line for whoever started it, at once: they may be waiting for it.
fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    // Nobody listens any more: that is no reason to stop serving.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
