//! Where a run begins: with an earlier plan or a new one, and a directory that says what PostgreSQL says.

use super::Run;
use super::reach::Reached;
use crate::fault::{Fault, Part};
use crate::plan::Plan;
use crate::planning;
use crate::recovery::{self, Beginning};
use crate::source::Standing;
use checkpoints::{CheckpointStore, LaneId};
use std::sync::Arc;

impl Run<'_> {
    /// The plan to go by: an earlier one, or a new one that is registered before anything is loaded. Nothing where it is
    /// to be the `only` one, and another one was registered meanwhile.
    pub(super) async fn plan<C: CheckpointStore>(
        &self,
        store: &Arc<C>,
        reached: &Reached,
        only: bool,
    ) -> Result<Option<Plan>, Fault> {
        let ledger = reached.ledger.exists().await?.then_some(&reached.ledger);
        let beginning = recovery::begin(&**store, ledger, &self.wish()).await?;
        let plan = match beginning {
            Beginning::Known(plan) => {
                reached.ledger.prepare().await?;
                recovery::check_tables(&reached.ledger, &plan).await?;
                self.open_budget(&**store, reached, &plan).await?;
                reached.store.greet().await?;
                return Ok(Some(*plan));
            }
            Beginning::Remembered(plan) => {
                reached.store.greet().await?;
                *plan
            }
            Beginning::Fresh => {
                self.budget.open_directory(store.clone()).await?;
                reached.store.greet().await?;
                self.make_plan(reached).await?
            }
        };
        let create_tables = reached.ledger.creation(&plan, &reached.facts).await?;
        self.try_on_empty_tables(reached, &plan, &create_tables).await?;
        if !reached.ledger.register(&plan, &create_tables, only).await? {
            return Ok(None);
        }
        self.open_budget(&**store, reached, &plan).await?;
        Ok(Some(plan))
    }

    /// A plan that took longer to make than its snapshot could be read is made anew, from a younger one.
    async fn make_plan(&self, reached: &Reached) -> Result<Plan, Fault> {
        self.persist(async || planning::make(&reached.store, &self.wish(), &self.progress).await)
            .await
    }

    async fn open_budget(
        &self,
        store: &dyn CheckpointStore,
        reached: &Reached,
        plan: &Plan,
    ) -> Result<(), Fault> {
        let (ledger, policy) = (&reached.ledger, self.policy());
        self.persist(async || self.budget.open(ledger.clone(), plan.run, store, policy).await)
            .await
    }

    /// The directory is made to say what Postgres says.
    pub(super) fn bring_up_to_date<C: CheckpointStore>(
        &self,
        store: &C,
        plan: &Plan,
        standings: &[Standing],
    ) -> Result<(), Fault> {
        let bytes = serde_json::to_vec(plan)
            .map_err(|error| Fault::permanent(Part::Checkpoints, "write the plan", error.to_string()))?;
        let progresses = standings.iter().map(|standing| standing.progress.clone());
        let lanes: Vec<_> = plan
            .lanes
            .iter()
            .map(|lane| LaneId(lane.id))
            .zip(progresses)
            .collect();
        if store.plan()?.as_deref() == Some(&bytes) {
            store.note_ending(None)?;
            for (lane, progress) in &lanes {
                if store.progress(*lane)? != *progress {
                    store.adopt(*lane, progress)?;
                }
            }
            return Ok(());
        }
        store.begin(&bytes, &lanes).map_err(Fault::from)
    }
}
