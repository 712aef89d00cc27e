//! `etl export`: loaded tables turned back into the documents or points they came from.

use crate::exit::Exit;
use crate::text::held;
use crate::{Voice, complain};
use clap::ArgMatches;
use config::mapping::Records;
use config::{Config, Target};
use pipeline::export::Export;
use pipeline::fault::{Fault, Part};
use pipeline::load::postgres::{Ledger, Postgres};
use pipeline::plan::{Collection, Identity, Plan};
use pipeline::retry::Policy;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

pub(crate) fn verb(config: &Config, matches: &ArgMatches, _voice: Voice) -> anyhow::Result<Exit> {
    let Some(target) = &config.target else {
        return Ok(Exit::Configuration);
    };
    let file = matches
        .get_one::<PathBuf>("to-firestore-json")
        .cloned()
        .unwrap_or_else(|| PathBuf::from("-"));
    let mut out = match open(&file) {
        Ok(out) => out,
        Err(error) => {
            complain(&format!("{} cannot be written: {error}", file.display()));
            return Ok(Exit::Configuration);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(export(config, target, matches, &mut out));
    match done.and_then(|done| out.flush().map(|()| done).map_err(|error| unwritable(&error))) {
        Ok((number, records)) => {
            complain(&held(number, records));
            Ok(Exit::Complete)
        }
        Err(fault) => {
            complain(&fault.to_string());
            Ok(Exit::of_fault(&fault))
        }
    }
}

/// Documents are nobody else's to read.
fn open(file: &std::path::Path) -> std::io::Result<Box<dyn Write>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(BufWriter::new(std::io::stdout())));
    }
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    Ok(Box::new(BufWriter::new(opened)))
}

async fn export(
    config: &Config,
    target: &Target,
    matches: &ArgMatches,
    out: &mut dyn Write,
) -> Result<(u64, Records), Fault> {
    let policy = Policy::once(&config.run);
    let plan = plan(target, policy).await?;
    let export = Export {
        plan: &plan,
        original: !matches.get_flag("as-loaded"),
    };
    let postgres = Postgres::new(&wide(target, plan.connections_to_export()), policy)?;
    let only: Option<Vec<&String>> = matches.get_many("tables").map(Iterator::collect);
    let root = plan.source.root();
    let mut documents = 0;
    for collection in &plan.collections {
        for table in &collection.tables {
            if only.as_ref().is_some_and(|only| !only.contains(&&table.name)) {
                continue;
            }
            let mut failed = None;
            let each = |document| {
                documents += 1;
                let line = match &plan.source {
                    Identity::Firestore { .. } => transforms::json::rest(&document, &root),
                    Identity::Qdrant { .. } => named(collection, &transforms::json::point(&document)),
                };
                // On a terminal, too, it is only text; and JSON means the same.
                match writeln!(out, "{}", config::spelled(&line, |_| false)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failed = Some(error);
                        ControlFlow::Break(())
                    }
                }
            };
            export.documents(&postgres, collection, table, each).await?;
            if let Some(error) = failed {
                return Err(unwritable(&error));
            }
        }
    }
    Ok((documents, plan.source.records()))
}

/// A point with the name of its collection, for a file holds those of all.
fn named(collection: &Collection, point: &str) -> String {
    let name = serde_json::Value::from(collection.id.as_str());
    let rest = point.strip_prefix('{').unwrap_or(point);
    format!("{{\"collection\":{name},{rest}")
}

async fn plan(target: &Target, policy: Policy) -> Result<Plan, Fault> {
    let ledger = Ledger::new(Postgres::new(target, policy)?);
    let known = match ledger.exists().await? {
        true => ledger.latest(&target.schema).await?,
        false => None,
    };
    known.ok_or_else(|| {
        let message = format!("no run has loaded into schema {}", target.schema);
        Fault::permanent(Part::Identity, "export the tables", message)
            .with_cause("no_run")
            .with_remedy("name the run's schema with --schema")
    })
}

/// The same target with connections enough for streams that are read side by side.
fn wide(target: &Target, connections: usize) -> Target {
    Target {
        connections: NonZeroUsize::new(connections)
            .map_or(target.connections, |enough| enough.max(target.connections)),
        ..target.clone()
    }
}

fn unwritable(error: &std::io::Error) -> Fault {
    Fault::permanent(Part::Sums, "write what was exported", error.to_string()).with_cause("output")
}
