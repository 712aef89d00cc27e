//! The end of a run: counts, and sums that must add up.
//!
//! Every step can be repeated, so a run that was stopped here finishes at its next start. A sum that does not add
//! up is a failure whatever else went well.

use crate::fault::{Fault, Part};
use crate::load::postgres::Ledger;
use crate::plan::{Collection, Plan};
use crate::progress::{Phase, Progress};
use config::mapping::Load;
use std::collections::BTreeMap;

/// Which sums can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Sums {
    /// The rows of each table, counted by PostgreSQL.
    pub count_rows: bool,
    /// As many documents as were counted must have been read: not where nothing keeps them from changing meanwhile.
    pub all_counted: bool,
}

/// Completes the run, or says what does not add up.
pub async fn finish(ledger: &Ledger, plan: &Plan, progress: &Progress, sums: Sums) -> Result<(), Fault> {
    let turn_to = |what: String| progress.turn_to(Phase::Finishing(what));
    let mut wrong = Vec::new();
    for (collection, done) in plan.collections.iter().zip(progress.snapshot().collections) {
        let (tally, planned) = (done.tally, done.planned);
        let loaded: u64 = documents(collection, &done.rows);
        let all = tally.read == planned || !sums.all_counted;
        if !tally.adds_up() || !all || tally.loaded != loaded {
            wrong.push(format!(
                "{}: counted {planned}, read {}, loaded {} as {loaded} rows, quarantined {}, skipped {}",
                collection.visible(),
                tally.read,
                tally.loaded,
                tally.quarantined,
                tally.skipped
            ));
        }
        for (relation, loaded) in collection.relations().iter().zip(done.rows) {
            let name = relation.name();
            if sums.count_rows && relation.table().load == Load::Copy {
                turn_to(format!("counting {name}"));
                let rows = ledger.count(relation, &plan.mapping.schema).await?;
                if rows != loaded {
                    wrong.push(format!("{name}: {loaded} rows were loaded, the table has {rows}"));
                }
            }
        }
    }
    wrong.extend(quarantine_sums(ledger, plan, progress).await?);
    if wrong.is_empty() {
        return ledger.finish(plan.run).await;
    }
    Err(Fault::permanent(Part::Sums, "complete the run", format!("the sums do not add up: {}", wrong.join("; ")))
        .with_cause("sums")
        .with_remedy("if somebody else writes to these tables, keep them out until the run is complete; otherwise report this"))
}

/// Of the rows of a collection's tables, those that are documents and not elements of documents.
fn documents(collection: &Collection, rows: &[u64]) -> u64 {
    let relations = collection.relations();
    let documents = relations
        .iter()
        .zip(rows)
        .filter(|(relation, _)| relation.parent().is_none());
    documents.map(|(_, rows)| rows).sum()
}

async fn quarantine_sums(ledger: &Ledger, plan: &Plan, progress: &Progress) -> Result<Vec<String>, Fault> {
    let stored: BTreeMap<String, u64> = ledger.quarantined(plan.run).await?.into_iter().collect();
    let collections = plan.collections.iter().zip(progress.snapshot().collections);
    Ok(collections
        .filter_map(|(collection, done)| {
            let name = collection.visible();
            let stored = stored.get(&name).copied().unwrap_or(0);
            let counted = done.tally.quarantined;
            (stored != counted).then(|| format!("{name}: {counted} were quarantined, {stored} are there"))
        })
        .collect())
}
