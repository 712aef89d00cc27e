//! Where a run would begin, found out by what decides it for a run: from the directory and, if it answers, the target.

use super::Finding;
use crate::fault::{Fault, Part};
use crate::load::postgres::{Ledger, Postgres};
use crate::plan::Plan;
use crate::planning::Wish;
use crate::recovery::{self, Beginning};
use crate::retry::Policy;
use checkpoints::{CheckpointStore, Memory, OpenError, Rocks};
use std::path::Path;
use std::time::Duration;

const RUN: &str = "checkpoints.run";
const REFUSED: &str = "the run that is asked for now is refused";

/// The target, and whether its run is to be shared with others.
#[derive(Debug, Clone, Copy)]
pub struct Others<'t> {
    /// The target.
    pub target: &'t config::Target,
    /// Whether others may be at the run.
    pub join: bool,
}

/// What there is to say about the run that `dir` and `target` know of; nothing where neither knows one. A target that
/// does not answer is left out: whoever looked at the target has told why.
pub async fn beginning(dir: &Path, target: Option<Others<'_>>, wish: &Wish) -> Option<Finding> {
    match Rocks::open_read_only(dir) {
        Ok(store) => look(&store, dir, target, wish).await,
        // A directory that cannot even be looked into is told of as such.
        Err(OpenError::Absent { .. } | OpenError::InUse { .. }) => {
            look(&Memory::default(), dir, target, wish).await
        }
        Err(OpenError::Unusable { cause, .. }) => Some(damaged(dir, &cause)),
    }
}

async fn look<C: CheckpointStore>(
    store: &C,
    dir: &Path,
    target: Option<Others<'_>>,
    wish: &Wish,
) -> Option<Finding> {
    let remembers = matches!(store.plan(), Ok(Some(_)));
    let of_both = match target {
        Some(target) => with_target(store, target, wish).await,
        None => recovery::begin(store, None, wish).await,
    };
    let beginning = match of_both {
        Err(fault) if fault.part == Part::Target => recovery::begin(store, None, wish).await,
        decided => decided,
    };
    Some(match beginning {
        Ok(Beginning::Fresh) => return None,
        Ok(Beginning::Known(plan)) if !remembers => goes_on(
            &plan,
            "is known to the target alone",
            ", and rebuilds the directory",
        ),
        Ok(Beginning::Known(plan) | Beginning::Remembered(plan)) => goes_on(&plan, "is remembered", ""),
        Err(fault) if fault.part == Part::Checkpoints => damaged(dir, &fault.message),
        Err(fault) => {
            let next = "name another --checkpoint-dir, or repeat the options of that run".to_owned();
            Finding::fail(RUN, fault.message, REFUSED, fault.remedy.unwrap_or(next))
        }
    })
}

async fn with_target<C: CheckpointStore>(
    store: &C,
    others: Others<'_>,
    wish: &Wish,
) -> Result<Beginning, Fault> {
    // Nothing here is tried twice.
    let once = Policy {
        attempts: 0,
        delay: Duration::ZERO,
        longest: Duration::ZERO,
        budget: Duration::ZERO,
    };
    let ledger = Ledger::new(Postgres::new(others.target, once)?);
    let known = ledger.exists().await?.then_some(&ledger);
    let beginning = recovery::begin(store, known, wish).await?;
    if let Beginning::Known(plan) = &beginning {
        recovery::check_tables(&ledger, plan).await?;
    }
    if let (true, Beginning::Known(plan) | Beginning::Remembered(plan)) = (known.is_some(), &beginning) {
        match others.join {
            true => ledger.all_plan_alike(plan).await?,
            false => ledger.nobody_shares(plan).await?,
        }
    }
    Ok(beginning)
}

fn goes_on(plan: &Plan, how: &str, besides: &str) -> Finding {
    let (run, snapshot) = (plan.run, plan.snapshot);
    Finding::pass(
        RUN,
        format!("run {run} {how}, a snapshot of {snapshot}; `etl run` goes on with it{besides}"),
    )
}

fn damaged(dir: &Path, what: &str) -> Finding {
    Finding::fail(
        RUN,
        format!("what {} remembers cannot be read: {what}", dir.display()),
        "a run could not go by it, and would not start",
        "move the directory away: the run is rebuilt from Postgres and goes on",
    )
}
