//! Both ends of a run, reached under its limits.

use super::Run;
use crate::fault::Fault;
use crate::load::postgres::{Ledger, Postgres, ServerFacts};
use crate::store::{self, Habits, Shared, Store, at_once};

/// Documents of a batch whose texts are embedded: vectors take memory that no document's size tells of.
const EMBEDDED_ROWS: usize = 2_000;

/// Both ends, reached.
pub(super) struct Reached {
    pub(super) store: Store,
    pub(super) shared: Shared,
    pub(super) postgres: Postgres,
    pub(super) facts: ServerFacts,
    pub(super) ledger: Ledger,
}

impl Run<'_> {
    pub(super) async fn reach(&self) -> Result<Reached, Fault> {
        self.reach_by(self.target).await
    }

    /// The same, in another way than the operator said.
    pub(super) async fn reach_by(&self, target: &config::Target) -> Result<Reached, Fault> {
        let postgres = Postgres::new(target, self.policy())?;
        let facts = postgres.facts().await.map_err(at_once)?;
        let rows = self.habits.batch_rows.get();
        let habits = Habits {
            run: self.habits,
            rows: self.embedder.as_ref().map_or(rows, |_| rows.min(EMBEDDED_ROWS)),
            stop: &self.stop,
        };
        let (store, shared) = store::reach(self.source, habits, &self.budget).await?;
        let ledger = Ledger::new(postgres.clone());
        Ok(Reached {
            store,
            shared,
            postgres,
            facts,
            ledger,
        })
    }
}
