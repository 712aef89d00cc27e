//! The end of a run: keys, counts, and sums that must add up.
//!
//! Every step can be repeated, so a run that was stopped here finishes at its next start. A sum that does not add
//! up is a failure whatever else went well.

use crate::fault::{Fault, Part};
use crate::load::postgres::{Key, Ledger};
use crate::plan::Plan;
use crate::progress::{Phase, Progress};
use std::collections::BTreeMap;

/// Completes the run, or says what does not add up.
pub async fn finish(
    ledger: &Ledger,
    plan: &Plan,
    progress: &Progress,
    primary_key: bool,
    count_rows: bool,
) -> Result<(), Fault> {
    let turn_to = |what: String| progress.turn_to(Phase::Finishing(what));
    let mut wrong = Vec::new();
    for (table, done) in plan.tables.iter().zip(progress.snapshot().tables) {
        let (tally, planned) = (done.tally, done.planned);
        if !tally.adds_up() || tally.read != planned {
            wrong.push(format!(
                "{}: counted {planned}, read {}, loaded {}, quarantined {}, skipped {}",
                table.name, tally.read, tally.loaded, tally.quarantined, tally.skipped
            ));
        }
        if primary_key {
            turn_to(format!("adding the primary key of {}", table.name));
            if ledger.add_key(table, &plan.mapping.schema).await? == Key::Hash {
                tracing::warn!(
                    table = table.name,
                    "a path is too long for a primary key; the table got a hash index instead"
                );
            }
        }
        if count_rows {
            turn_to(format!("counting {}", table.name));
            let rows = ledger.count(table, &plan.mapping.schema).await?;
            if rows != tally.loaded {
                wrong.push(format!(
                    "{}: {} rows were loaded, the table has {rows}",
                    table.name, tally.loaded
                ));
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

async fn quarantine_sums(ledger: &Ledger, plan: &Plan, progress: &Progress) -> Result<Vec<String>, Fault> {
    let stored: BTreeMap<String, u64> = ledger.quarantined(plan.run).await?.into_iter().collect();
    let tables = plan.tables.iter().zip(progress.snapshot().tables);
    Ok(tables
        .filter_map(|(table, done)| {
            let name = transforms::visible(&table.collection);
            let stored = stored.get(name.as_ref()).copied().unwrap_or(0);
            let counted = done.tally.quarantined;
            (stored != counted)
                .then(|| format!("{}: {counted} were quarantined, {stored} are there", table.name))
        })
        .collect())
}
