//! `etl init`: looks at the source and writes down the tables a person would draw, with the evidence beside them.

mod files;

use crate::display::{self, Style};
use crate::exit::Exit;
use crate::text::{count, held, table};
use crate::{Voice, complain, say};
use clap::ArgMatches;
use config::mapping::{Mapping, Place, Table};
use config::{Config, in_line};
use files::Files;
use pipeline::fault::Fault;
use pipeline::init::{Init, Surveyed};
use pipeline::plan::Identity;
use pipeline::progress::Progress;
use pipeline::stop::Stop;
use std::sync::Arc;
use transforms::Proposal;

pub(crate) fn verb(config: &Config, matches: &ArgMatches, voice: Voice) -> anyhow::Result<Exit> {
    let Some(source) = &config.source else {
        return Ok(Exit::Configuration);
    };
    let files = match Files::free(matches) {
        Ok(files) => files,
        Err(why) => {
            complain(&why);
            return Ok(Exit::Configuration);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let surveyed = runtime.block_on(async {
        let progress = Arc::new(Progress::default());
        let shown = tokio::spawn(display::show(
            progress.clone(),
            voice.display.clone(),
            Style::of(&voice),
            config.run.health_interval,
        ));
        let init = Init {
            source,
            schema: matches
                .get_one::<String>("schema")
                .map_or("public", String::as_str),
            habits: &config.run,
            full: matches.get_flag("full"),
            stop: Stop::default(),
            progress,
        };
        let surveyed = init.survey().await;
        shown.abort();
        let _ = shown.await;
        surveyed
    });
    match surveyed {
        Err(fault) => Ok(refuse(&fault)),
        Ok(surveyed) => conclude(&Identity::from(source), &surveyed, &files, &voice),
    }
}

fn refuse(fault: &Fault) -> Exit {
    complain(&fault.to_string());
    Exit::of_fault(fault)
}

fn conclude(source: &Identity, surveyed: &Surveyed, files: &Files, voice: &Voice) -> anyhow::Result<Exit> {
    let proposal = &surveyed.proposal;
    let written = files.write(source, surveyed);
    let names = match written {
        Ok(names) => names,
        Err(why) => {
            complain(&why);
            return Ok(Exit::Configuration);
        }
    };
    let next = format!(
        "read and edit {}, then see what a run would do: etl plan",
        files.settings()
    );
    if voice.json {
        let json = serde_json::json!({
            "files": names, "snapshot_time": surveyed.snapshot.to_string(), "documents": surveyed.documents,
            "looked_at": surveyed.looked_at, "reads_billed": surveyed.reads,
            "tables": proposal.mapping.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(),
            "remarks": proposal.remarks, "next": next,
        });
        say(&format!("{json}\n"));
    } else {
        say(&page(source, surveyed, &names, &next));
    }
    Ok(Exit::Complete)
}

fn page(source: &Identity, surveyed: &Surveyed, names: &[String], next: &str) -> String {
    let Mapping { tables, .. } = &surveyed.proposal.mapping;
    let rows: Vec<Vec<String>> = tables.iter().flat_map(rows).collect();
    let mut page = format!("from {source} at {}\n\n", surveyed.snapshot);
    page.push_str(&table(&["table", "made of", ">columns", "key"], &rows));
    page.push_str(&format!(
        "\n{}{}\n",
        held(surveyed.documents, source.records()),
        looked(source, surveyed)
    ));
    for remark in &surveyed.proposal.remarks {
        page.push_str(&format!("note: {}\n", in_line(remark)));
    }
    for dangling in surveyed.lookups.iter().filter(|lookup| lookup.missing > 0) {
        page.push_str(&format!(
            "note: {} of {} documents that {} of {} refers to do not exist\n",
            dangling.missing,
            dangling.looked_up,
            in_line(&dangling.field),
            in_line(&dangling.collection)
        ));
    }
    page.push_str(&format!("wrote {}\nnext: {next}\n", names.join(", ")));
    page
}

/// How well they are known.
fn looked(source: &Identity, surveyed: &Surveyed) -> String {
    match source {
        Identity::Firestore { .. } => format!(
            " counted, {} looked at, {} reads billed",
            count(surveyed.looked_at),
            count(surveyed.reads)
        ),
        Identity::Qdrant { .. } => {
            ", counted by a pass over their ids; the tables are Qdrant's own description".to_owned()
        }
    }
}

fn rows(table: &Table) -> Vec<Vec<String>> {
    let key = match table.key.as_slice() {
        [] => "_path".to_owned(),
        columns => columns.join(", "),
    };
    let own = vec![
        table.name.clone(),
        table.from.to_string(),
        table.columns.len().to_string(),
        key,
    ];
    let elements = table.children.iter().map(|child| {
        let of = format!("{} of each", child.from);
        vec![
            child.name.clone(),
            of,
            child.columns.len().to_string(),
            String::new(),
        ]
    });
    std::iter::once(own).chain(elements).collect()
}

/// What the survey has to say at each place of the mapping.
pub(crate) fn notes(surveyed: &Surveyed, place: Place<'_>) -> Vec<String> {
    let Proposal {
        evidence, remarks, ..
    } = &surveyed.proposal;
    let of = |name: &str| evidence.get(name);
    match place {
        Place::Mapping => remarks.clone(),
        Place::Table(table) => of(&table.name).map(about).unwrap_or_default(),
        Place::Child(_, child) => of(&child.name).map(about).unwrap_or_default(),
        Place::Column(table, child, column) => {
            let name = child.map_or(&table.name, |child| &child.name);
            let mut lines = of(name)
                .and_then(|evidence| evidence.columns.get(&column.name))
                .cloned()
                .unwrap_or_default();
            lines.extend(dangling(surveyed, table, child.is_some(), column));
            lines
        }
    }
}

fn about(evidence: &transforms::Evidence) -> Vec<String> {
    let mut lines = evidence.lines.clone();
    let left_out = evidence.left_out.iter();
    lines.extend(left_out.map(|(field, why)| format!("in _extra: {field} ({why})")));
    lines
}

/// How many of the references in a column lead nowhere.
fn dangling(
    surveyed: &Surveyed,
    table: &Table,
    in_child: bool,
    column: &config::mapping::Column,
) -> Option<String> {
    let config::mapping::Source::Field(field) = &column.from else {
        return None;
    };
    if in_child {
        return None;
    }
    let (collection, field) = (table.from.collection(), field.to_string());
    let lookup = surveyed
        .lookups
        .iter()
        .find(|lookup| lookup.collection == collection && lookup.field == field && lookup.missing > 0)?;
    Some(format!(
        "{} of {} looked up do not exist",
        lookup.missing, lookup.looked_up
    ))
}
