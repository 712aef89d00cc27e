//! `etl quarantine retry`: loads what can be stored by now, because the mapping or the tables were mended.

use super::{filter, refuse};
use crate::exit::Exit;
use crate::run::introduction;
use crate::text::{count, counted, table};
use crate::{Voice, say};
use checkpoints::Memory;
use clap::ArgMatches;
use config::{Config, Target};
use pipeline::embed::Embedder;
use pipeline::fault::{Fault, Part};
use pipeline::load::postgres::{Filter, Ledger, Postgres};
use pipeline::plan::{Identity, Plan};
use pipeline::redrive::{Redrive, Redriven};
use pipeline::retry::Policy;
use std::sync::Arc;

pub(crate) fn retry(config: &Config, matches: &ArgMatches, voice: Voice) -> anyhow::Result<Exit> {
    let (Some(source), Some(target)) = (&config.source, &config.target) else {
        return Ok(Exit::Configuration);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (source, filter) = (Identity::from(source), filter(matches));
    match runtime.block_on(redrive(config, &source, target, &filter, &voice)) {
        Ok(redriven) => {
            tell(&redriven, &voice);
            Ok(Exit::Complete)
        }
        Err(fault) => Ok(refuse(&fault)),
    }
}

async fn redrive(
    config: &Config,
    source: &Identity,
    target: &Target,
    filter: &Filter,
    voice: &Voice,
) -> Result<Redriven, Fault> {
    let policy = Policy::of(&config.run);
    let postgres = Postgres::new(target, policy)?;
    let ledger = Ledger::new(postgres.clone());
    let known = match ledger.exists().await? {
        true => ledger.newest(source, &target.schema).await?,
        false => None,
    };
    let Some(mut plan) = known else {
        return Ok(Redriven::default());
    };
    adopt(config, &mut plan)?;
    let redrive = Redrive {
        embedder: embedder(config, &plan, policy)?,
        postgres,
        plan,
        holder: introduction("etl quarantine retry"),
    };
    let told = |redriven: &Redriven| {
        if voice.live {
            eprint!(
                "\r{} loaded, {} stay",
                count(redriven.loaded()),
                count(redriven.remaining())
            );
        }
    };
    let redriven = redrive.run(filter, told).await;
    if voice.live {
        eprintln!();
    }
    redriven
}

/// The policies that are asked for now; those of the run where no tables are written.
fn adopt(config: &Config, plan: &mut Plan) -> Result<(), Fault> {
    if config.mapping.tables.is_empty() {
        return Ok(());
    }
    if let Some(why) = plan.refuses_tables(&config.mapping) {
        let message = format!("run {} made other rows: {why}", plan.run);
        return Err(Fault::permanent(Part::Identity, "load what is in quarantine", message)
            .with_cause("other_run")
            .with_remedy(
                "of a table that is loaded only `misfit`, `nul`, `zero`, `required`, keys, indexes and foreign keys may change; \
                 take the other changes back, or start over into another schema with --schema",
            ));
    }
    let mut asked = plan.mapping.clone();
    asked.tables.clone_from(&config.mapping);
    plan.adopt(&asked);
    Ok(())
}

/// What embeds texts, where the plan has any embedded.
fn embedder(config: &Config, plan: &Plan, policy: Policy) -> Result<Option<Embedder>, Fault> {
    let embeds = plan.collections.iter().any(|collection| collection.embeds());
    let Some(embed) = config.embed.as_ref().filter(|_| embeds) else {
        return Ok(None);
    };
    // They are few: what a checkpoint directory remembers is left to the run.
    Embedder::new(embed, Arc::new(Memory::default()), policy).map(Some)
}

fn tell(redriven: &Redriven, voice: &Voice) {
    let next = match redriven.remaining() {
        0 => "start the run's command again if it was not complete: it goes on where it was",
        _ => "look at what stays: etl quarantine list",
    };
    if voice.json {
        let mut told = serde_json::json!(redriven);
        told["next"] = next.into();
        say(&format!("{told}\n"));
        return;
    }
    if redriven.loaded() + redriven.remaining() == 0 {
        say("nothing is in quarantine\n");
        return;
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (collection, loaded) in &redriven.loaded {
        rows.push(vec![collection.clone(), count(*loaded), "loaded".to_owned()]);
    }
    for (collection, reasons) in &redriven.remaining {
        for (reason, documents) in reasons {
            rows.push(vec![
                collection.clone(),
                count(*documents),
                format!("stay: {reason}"),
            ]);
        }
    }
    say(&table(&["collection", ">tried", "what became of them"], &rows));
    say(&format!(
        "\n{} the quarantine, {} there\nnext: {next}\n",
        counted(redriven.loaded(), "left", "left"),
        counted(redriven.remaining(), "stays", "stay"),
    ));
}
