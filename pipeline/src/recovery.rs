//! Where a start begins: at nothing, or where an earlier one stopped.
//!
//! Postgres says what is loaded. The checkpoint directory is a memory: lost, it is rebuilt; older, it is brought
//! up to date; of another run, source or mapping, it is refused with the reason. A target restored to an earlier
//! day has earlier positions, and the run goes on from those.

use crate::fault::{Fault, Part};
use crate::load::postgres::{Existing, Ledger};
use crate::plan::Plan;
use crate::planning::Wish;
use checkpoints::CheckpointStore;

/// What there is to go on from.
#[derive(Debug)]
pub enum Beginning {
    /// Nothing: the plan is yet to be made.
    Fresh,
    /// A run the target knows.
    Known(Box<Plan>),
    /// A run only the directory knows: the target is new, or restored to a day before the run.
    Remembered(Box<Plan>),
}

/// Finds out what there is to go on from, or why it must not be gone on from.
pub async fn begin<C: CheckpointStore>(
    store: &C,
    ledger: Option<&Ledger>,
    wish: &Wish,
) -> Result<Beginning, Fault> {
    let mut beginning = found(store, ledger, wish).await?;
    if let Beginning::Known(plan) | Beginning::Remembered(plan) = &mut beginning {
        plan.adopt(&wish.mapping);
    }
    Ok(beginning)
}

async fn found<C: CheckpointStore>(
    store: &C,
    ledger: Option<&Ledger>,
    wish: &Wish,
) -> Result<Beginning, Fault> {
    let newest = match ledger {
        Some(ledger) => ledger.newest(&wish.source, &wish.mapping.schema).await?,
        None => None,
    };
    let Some(remembered) = remembered(store)? else {
        let Some(plan) = newest else {
            return Ok(Beginning::Fresh);
        };
        if let Some(why) = plan.refusal(&wish.source, &wish.mapping) {
            return Err(
                other_run(format!("the target holds run {} of this source; {why}", plan.run)).with_remedy(
                    "repeat the options of that run, or load into another schema with --schema NAME",
                ),
            );
        }
        return Ok(Beginning::Known(Box::new(plan)));
    };
    if let Some(why) = remembered.refusal(&wish.source, &wish.mapping) {
        return Err(other_run(format!(
            "the checkpoint directory belongs to run {}: {why}",
            remembered.run
        ))
        .with_remedy("name another --checkpoint-dir for this run, or repeat the options of that one"));
    }
    let known = match ledger {
        Some(ledger) => ledger.plan(remembered.run).await?,
        None => None,
    };
    match (known, newest) {
        (Some(plan), _) => Ok(Beginning::Known(Box::new(plan))),
        (None, None) => Ok(Beginning::Remembered(Box::new(remembered))),
        (None, Some(other)) => {
            let (mine, theirs) = (remembered.run, other.run);
            Err(other_run(format!(
                "the checkpoint directory belongs to run {mine}, the target holds run {theirs}"
            ))
            .with_remedy(format!(
                "to go on with run {theirs}, name an empty --checkpoint-dir: it is rebuilt from Postgres"
            )))
        }
    }
}

fn remembered<C: CheckpointStore>(store: &C) -> Result<Option<Plan>, Fault> {
    let Some(bytes) = store.plan()? else {
        return Ok(None);
    };
    Plan::read(&bytes).map(Some).map_err(|error| {
        Fault::permanent(
            Part::Checkpoints,
            "read the plan in the checkpoint directory",
            error.to_string(),
        )
        .with_cause("damaged")
        .with_remedy("name an empty --checkpoint-dir: the run is rebuilt from Postgres")
    })
}

/// The tables of a run that is gone on with must still be there.
pub async fn check_tables(ledger: &Ledger, plan: &Plan) -> Result<(), Fault> {
    let existing = ledger.existing(plan).await?;
    let gone: Vec<&str> = plan
        .relations()
        .zip(existing)
        .filter(|(_, found)| *found == Existing::Absent)
        .map(|(relation, _)| relation.name())
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let message = format!("tables of run {} are gone: {}", plan.run, gone.join(", "));
    Err(Fault::permanent(Part::Sums, "go on with the run", message).with_cause("gone").with_remedy(format!(
        "to start over, drop the run's other tables, `delete from etl.run where run = '{}'`, and name an empty --checkpoint-dir",
        plan.run
    )))
}

fn other_run(message: String) -> Fault {
    Fault::permanent(Part::Identity, "go on with the run", message).with_cause("other_run")
}
