//! `etl status`: where a run stands, from its checkpoint directory alone, also while it is under way.

use crate::ending::Ending;
use crate::exit::Exit;
use crate::text::{count, table};
use crate::{Voice, complain, say};
use checkpoints::{CheckpointStore, LaneId, OpenError, Rocks, Tally};
use config::Config;
use pipeline::plan::{Identity, Plan};
use serde::Serialize;
use std::path::Path;

#[derive(Debug, Default, Serialize)]
struct Standing {
    collection: String,
    tables: Vec<String>,
    documents: u64,
    read: u64,
    loaded: u64,
    quarantined: u64,
    lanes: u64,
    lanes_done: u64,
}

pub(crate) fn verb(config: &Config, voice: Voice) -> anyhow::Result<Exit> {
    let dir = config.checkpoint_dir.as_deref().unwrap_or(Path::new("."));
    let store = match Rocks::open_read_only(dir) {
        Ok(store) => store,
        Err(error) => {
            complain(&error.to_string());
            let nothing_there = matches!(error, OpenError::Absent { .. });
            return Ok(if nothing_there {
                Exit::Configuration
            } else {
                Exit::Unreachable
            });
        }
    };
    let Some(bytes) = store.plan()? else {
        complain(&format!(
            "{} holds no run yet: the start that opened it did not get to its plan",
            dir.display()
        ));
        return Ok(Exit::Configuration);
    };
    let plan: Plan = Plan::read(&bytes)?;
    let (standings, total) = standings(&plan, &store)?;
    let ending = Ending::of(&store)?;
    let ended = standings
        .iter()
        .all(|standing| standing.lanes == standing.lanes_done);
    if voice.json {
        let status = serde_json::json!({
            "run": plan.run, "source": plan.source.to_string(), "snapshot_time": plan.snapshot.to_string(),
            "documents": plan.documents(), "read": total.read, "loaded": total.loaded,
            "quarantined": total.quarantined, "skipped": total.skipped, "reads_billed": total.billed + plan.planning_reads,
            "lanes": { "done": standings.iter().map(|s| s.lanes_done).sum::<u64>(), "total": plan.lanes.len() },
            "collections": standings, "loaded_completely": ended, "last_start": ending,
        });
        say(&format!("{status}\n"));
    } else {
        let holder = checkpoints::holder(dir);
        let sums = (standings.as_slice(), &total);
        say(&page(&plan, sums, ended, ending.as_ref(), holder.as_deref()));
    }
    Ok(Exit::Complete)
}

fn standings(plan: &Plan, store: &Rocks) -> anyhow::Result<(Vec<Standing>, Tally)> {
    let mut total = Tally::default();
    let mut standings: Vec<Standing> = plan
        .collections
        .iter()
        .map(|collection| Standing {
            collection: collection.visible(),
            tables: collection
                .relations()
                .iter()
                .map(|relation| relation.name().to_owned())
                .collect(),
            ..Standing::default()
        })
        .collect();
    for lane in &plan.lanes {
        let progress = store.progress(LaneId(lane.id))?;
        let standing = &mut standings[lane.collection];
        standing.documents += lane.documents;
        standing.read += progress.tally.read;
        standing.loaded += progress.tally.loaded;
        standing.quarantined += progress.tally.quarantined;
        standing.lanes += 1;
        standing.lanes_done += u64::from(progress.position.is_end());
        total += progress.tally;
    }
    Ok((standings, total))
}

fn page(
    plan: &Plan,
    (standings, total): (&[Standing], &Tally),
    ended: bool,
    ending: Option<&Ending>,
    holder: Option<&str>,
) -> String {
    let rows: Vec<Vec<String>> = standings
        .iter()
        .map(|standing| {
            vec![
                standing.collection.clone(),
                standing.tables.join(", "),
                count(standing.documents),
                count(standing.loaded),
                count(standing.quarantined),
                format!("{}/{}", standing.lanes_done, standing.lanes),
            ]
        })
        .collect();
    let news = ending.filter(|ending| ending.is_news());
    let held = holder.map(|holder| format!("nothing; it is under way: {holder}"));
    let next = if let Some(held) = &held {
        held
    } else if let Some(news) = news {
        &news.next
    } else if ended && ending.is_some() {
        "nothing; the run is complete, and its sums add up"
    } else if ended {
        "every lane is at its end; `etl run` with the same options adds the keys and checks the sums"
    } else {
        "`etl run` with the same options goes on"
    };
    let many = plan.source.records().many();
    let as_of = match plan.source {
        Identity::Firestore { .. } => "snapshot of",
        Identity::Qdrant { .. } => "begun at",
    };
    // Qdrant bills nothing.
    let billed = match plan.source {
        Identity::Firestore { .. } => {
            format!("; {} reads billed", count(total.billed + plan.planning_reads))
        }
        Identity::Qdrant { .. } => String::new(),
    };
    format!(
        "run {}, {}, {as_of} {}\n\n{}\n{} of {} {} read, {} loaded, {} quarantined{billed}\n{}next: {next}\n",
        plan.run,
        plan.source,
        plan.snapshot,
        table(
            &[
                "collection",
                "tables",
                &format!(">{many}"),
                ">loaded",
                ">quarantined",
                ">lanes done"
            ],
            &rows
        ),
        count(total.read),
        count(plan.documents()),
        many,
        count(total.loaded),
        count(total.quarantined),
        news.map(Ending::told).unwrap_or_default(),
    )
}
