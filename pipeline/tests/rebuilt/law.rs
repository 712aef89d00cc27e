//! For every mapping: what is loaded can be turned back, and what is not is in quarantine with a reason.

use crate::cases::{Case, problems};
use crate::covered::Covered;
use crate::judge::{self, Samples};
use crate::target::{Recorded, Target, plan};
use crate::{RUNTIME, server};
use config::mapping::{Document, Source, Table};
use pipeline::fault::Fault;
use pipeline::plan::Plan;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::runtime::Runtime;

/// Mappings under way at the same time.
const AT_ONCE: u64 = 3;
/// Of so many mappings the steps after the load are done for one.
const FINISHED: u64 = 2;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap())
}

#[test]
fn whatever_the_mapping_documents_come_back_from_postgres() {
    let (first, mappings) = (setting("REBUILT_SEED", 1), setting("REBUILT_MAPPINGS", 120));
    let documents = setting("REBUILT_DOCUMENTS", 500) as usize;
    let began = Instant::now();
    let url = RUNTIME.block_on(async { server().await.database("rebuilt").await.unwrap() });
    let next = AtomicU64::new(first);
    // What comes after a load is no task that can move between threads: each worker is a thread of its own.
    let worker = || {
        let runtime = Runtime::new().unwrap();
        let target = runtime.block_on(Target::new(&url));
        let (mut covered, mut wrong) = (Covered::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + mappings || wrong.len() > 2 {
                return (covered, wrong);
            }
            match runtime.block_on(prove(&target, &Case::new(seed, documents))) {
                Ok(met) => covered.add(met),
                Err(what) => wrong.push(format!("REBUILT_SEED={seed} REBUILT_MAPPINGS=1: {what}")),
            }
        }
    };
    let (mut covered, mut wrong) = (Covered::default(), Vec::new());
    std::thread::scope(|threads| {
        let workers: Vec<_> = (0..AT_ONCE.min(mappings))
            .map(|_| threads.spawn(worker))
            .collect();
        for worker in workers {
            let (met, failures) = worker.join().unwrap();
            covered.add(met);
            wrong.extend(failures);
        }
    });
    println!("{covered}\nin {:.0?}", began.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    if mappings >= 100 {
        covered.assert_everything_was_met();
    }
}

/// What one mapping and its documents met, or what is wrong.
pub(crate) async fn prove(target: &Target, case: &Case) -> Result<Covered, String> {
    let wrong = problems(&case.tables);
    if !wrong.is_empty() {
        return Err(format!("no such mapping can be written: {wrong:?}"));
    }
    let plan = plan(case);
    let said = |fault: Fault| format!("{fault:?}\n{}", plan.create_sql());
    let mut covered = Covered {
        mappings: 1,
        documents: case.samples.len() as u64,
        largest: case
            .samples
            .iter()
            .map(|sample| size(&sample.fields))
            .max()
            .unwrap_or(0),
        shapes: shapes(&case.tables),
        ..Covered::default()
    };
    target.load(case, &plan).await.map_err(said)?;
    let samples: Samples<'_> = case
        .samples
        .iter()
        .map(|sample| (judge::path(sample), sample))
        .collect();
    let aside = target.quarantine(plan.run).await;
    judge::aside(case, &samples, &aside, &mut covered)?;
    let recorded = target.amendments(plan.run).await;
    let mut amended: HashMap<&str, Vec<&Recorded>> = HashMap::new();
    for amendment in &recorded {
        amended.entry(&amendment.path).or_default().push(amendment);
    }
    let mut judged = 0;
    for table in &case.tables {
        let found = target.documents(&plan, table, true).await.map_err(said)?;
        let as_loaded = target.documents(&plan, table, false).await.map_err(said)?;
        if found.len() != as_loaded.len() {
            return Err(format!(
                "{} documents, but {} as loaded",
                found.len(),
                as_loaded.len()
            ));
        }
        for (found, as_loaded) in found.iter().zip(&as_loaded) {
            let amendments = amended.get(found.path.as_str()).map_or(&[][..], Vec::as_slice);
            let told = judge::original(case, table, &samples, found, amendments, &mut covered)
                .and_then(|()| judge::loaded(table, as_loaded, found, amendments, &mut covered));
            told.map_err(|what| format!("{what}\nunder {}", written(table)))?;
            covered.loaded += 1;
        }
        judged += found.len();
        covered
            .look(&target.client, &plan.mapping.schema, table, &samples)
            .await;
    }
    if judged + aside.len() != case.samples.len() {
        return Err(format!(
            "{judged} came back and {} are in quarantine",
            aside.len()
        ));
    }
    if case.seed.is_multiple_of(FINISHED) {
        finish(target, case, &plan, &mut covered).await?;
    }
    target.clear(&plan).await;
    Ok(covered)
}

/// The steps after the load end well, or with a reason and what to do about it.
async fn finish(target: &Target, case: &Case, plan: &Plan, covered: &mut Covered) -> Result<(), String> {
    let mut ended = |how: &str| *covered.after.entry(how.to_owned()).or_default() += 1;
    match target.finish(plan, case.seed.is_multiple_of(4)).await {
        Ok(outcome) => {
            if outcome.is_as_asked() {
                ended("as asked");
            }
            for warning in &outcome.warnings {
                ended("warnings");
                if warning.reason.is_empty() || warning.next.is_empty() {
                    return Err(format!("a warning that tells nothing: {warning:?}"));
                }
            }
            outcome.orphans.iter().for_each(|_| ended("orphans"));
            // A second time nothing is left to be made.
            match target.finish(plan, false).await {
                Ok(again) if again.made == 0 => Ok(()),
                other => Err(format!("after {outcome:?} a second time gave {other:?}")),
            }
        }
        Err(fault) if fault.remedy.is_some() => {
            let key_of_its_own = case.tables.iter().any(|table| !table.key.is_empty());
            ended(&format!("fault {}", fault.cause));
            if key_of_its_own {
                Ok(())
            } else {
                Err(format!("{fault:?}"))
            }
        }
        Err(fault) => Err(format!("a fault that tells nothing to do: {fault:?}")),
    }
}

fn written(table: &Table) -> String {
    format!("{table:#?}").chars().take(20_000).collect()
}

/// What the columns hold as what, and by way of what.
fn shapes(tables: &[Table]) -> BTreeSet<String> {
    let columns = tables.iter().flat_map(|table| {
        let of_children = table.children.iter().flat_map(|child| &child.columns);
        table.columns.iter().chain(of_children)
    });
    let data =
        columns.filter(|column| matches!(column.from, Source::Field(_) | Source::Document(Document::Value)));
    data.map(|column| format!("{} {:?} {:?}", column.sql, column.holds, column.apply))
        .collect()
}

/// Bytes of a document, about as Firestore counts them.
fn size(fields: &[(String, transforms::json::Owned)]) -> usize {
    use transforms::json::Owned;
    fn of(value: &Owned) -> usize {
        match value {
            Owned::Null | Owned::Boolean(_) => 1,
            Owned::Text(text) | Owned::Reference(text) => text.len() + 1,
            Owned::Bytes(bytes) => bytes.len(),
            Owned::Array(values) => values.iter().map(of).sum(),
            Owned::Map(entries) => size(entries),
            Owned::Vector(components) => components.len() * 8,
            _ => 8,
        }
    }
    fields
        .iter()
        .map(|(name, value)| name.len() + 1 + of(value))
        .sum()
}
