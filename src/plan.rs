//! `etl plan`: what a run would do, cost, fill and last; the same page for `etl run --dry-run`.

mod after;
mod page;
mod promises;
mod words;

use crate::exit::Exit;
use crate::run::{LETTING_GO, failed, wire};
use crate::{Voice, say};
use checkpoints::Rocks;
use clap::ArgMatches;
use config::Config;
use pipeline::progress::Progress;
use pipeline::run::Rehearsal;
use pipeline::stop::Stop;
use std::sync::Arc;

pub(crate) fn verb(config: &Config, matches: &ArgMatches, voice: Voice) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(rehearse(config, &voice, matches.get_flag("sql")));
    runtime.shutdown_timeout(LETTING_GO);
    exit
}

/// Looks, and says what would be done; with what would be created where `sql` is asked for.
pub(crate) async fn rehearse(config: &Config, voice: &Voice, sql: bool) -> anyhow::Result<Exit> {
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
        Ok(rehearsal) => {
            if voice.json {
                say(&format!("{}\n", object(&rehearsal)));
            } else {
                say(&page::page(&rehearsal, config, sql));
            }
            Ok(Exit::Complete)
        }
        Err(fault) => Ok(failed(&fault, voice)),
    }
}

/// What `--output json` prints.
fn object(rehearsal: &Rehearsal) -> serde_json::Value {
    let forecast = rehearsal.forecast.as_ref();
    let mut object = serde_json::json!({
        "plan": rehearsal.plan,
        "sql": rehearsal.sql,
        "after": rehearsal.after.iter().map(|step| step.sql()).collect::<Vec<_>>(),
        "registered": rehearsal.registered,
        "budget": rehearsal.limit,
        "forecast": forecast,
        "duration": forecast.map(pipeline::forecast::Forecast::duration),
        "next": page::next(rehearsal),
    });
    // Where nothing is billed, nothing is said of it.
    if let Some(price) = &rehearsal.price {
        let reads = forecast.and_then(|forecast| forecast.reads.as_ref());
        let reads = reads.map(pipeline::forecast::Reads::run);
        object["price"] = serde_json::json!(price);
        object["reads"] = serde_json::json!(reads);
        object["cost_usd"] = serde_json::json!(reads.map(|reads| price.cost(reads) as f64 / 1e6));
    }
    object
}
