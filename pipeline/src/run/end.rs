//! What comes after the load: tried on empty tables before it, made when the rows are there, and added up.

use super::Run;
use super::reach::Reached;
use crate::dictionary::Numbers;
use crate::fault::Fault;
use crate::finish::{self, Sums};
use crate::load::postgres::after::{After, Outcome, Refused};
use crate::load::postgres::{Held, Swept};
use crate::plan::{Lane, Plan};
use crate::source::qdrant::Clock;
use crate::store::Store;
use crate::sweep::{Kept, Sweeps};
use config::Consistency;
use config::mapping::Table;
use std::sync::Arc;

impl Run<'_> {
    /// Keys and indexes, what a source without snapshots asks for, and the sums; nothing once draining was asked for.
    pub(super) async fn finish(
        &self,
        reached: &Reached,
        plan: &Arc<Plan>,
        held: &[Held],
        clocks: &[Option<Clock>],
    ) -> Result<Option<(Outcome, Option<Swept>)>, Fault> {
        let (ledger, progress) = (&reached.ledger, &*self.progress);
        let tables: Vec<Table> = plan.tables().cloned().collect();
        let after = self.after(reached, plan, &tables);
        let live = self.target.live;
        let outcome = self.persist(async || after.run(live).await).await?;
        let mut swept = None;
        if let (Store::Qdrant(source), config::Source::Qdrant(asked)) = (&reached.store, self.source) {
            let sweeps = Sweeps {
                source,
                clocks,
                postgres: &reached.postgres,
                plan,
                held,
                embedder: self.embedder.clone(),
                numbers: Numbers::new(ledger.clone(), &plan.mapping.schema),
                lanes: self.habits.lanes.get(),
                stop: &self.stop,
                progress,
            };
            match Box::pin(sweeps.keep(asked)).await? {
                Kept::Stopped => return Ok(None),
                Kept::Promise(found) => swept = found,
            }
            let standings = self.persist(async || ledger.standings(plan.run).await).await?;
            self.progress.begin(plan, &standings);
        }
        let sums = Sums {
            count_rows: self.habits.validation,
            all_counted: !matches!(self.source, config::Source::Qdrant(asked) if asked.consistency == Consistency::Fuzzy),
        };
        self.persist(async || finish::finish(ledger, plan, progress, sums).await)
            .await?;
        Ok(Some((outcome, swept)))
    }

    /// Of each collection, the key that passes are to go by, if they are: found out before anything is loaded.
    pub(super) async fn clocks(&self, reached: &Reached, plan: &Plan) -> Result<Vec<Option<Clock>>, Fault> {
        let mut clocks = Vec::new();
        let (Store::Qdrant(source), config::Source::Qdrant(asked)) = (&reached.store, self.source) else {
            return Ok(clocks);
        };
        let Some(key) = asked
            .updated_at
            .as_ref()
            .filter(|_| asked.consistency == Consistency::Sweeps)
        else {
            return Ok(clocks);
        };
        for (place, collection) in plan.collections.iter().enumerate() {
            let lanes: Vec<&Lane> = plan
                .lanes
                .iter()
                .filter(|lane| lane.collection == place)
                .collect();
            clocks.push(
                source
                    .clock(&collection.id, key, &lanes, asked.sample.get())
                    .await?,
            );
        }
        Ok(clocks)
    }

    fn after<'a>(&'a self, reached: &'a Reached, plan: &'a Plan, tables: &'a [Table]) -> After<'a> {
        After {
            postgres: &reached.postgres,
            tables,
            schema: &plan.mapping.schema,
            keys: self.target.primary_key == config::PrimaryKey::AfterLoad,
            memory: self.target.maintenance_memory,
            progress: &self.progress,
        }
    }

    /// Makes sure, while a mapping can still be mended, that keys can be made once everything is loaded; an index or
    /// foreign key that cannot is told.
    pub(super) async fn try_on_empty_tables(
        &self,
        reached: &Reached,
        plan: &Plan,
        create: &str,
    ) -> Result<(), Fault> {
        let tables: Vec<Table> = plan.tables().cloned().collect();
        let refused = self.after(reached, plan, &tables).trial(create).await?;
        for Refused { step, fault } in refused {
            // Whoever may not make one of them may make none.
            if step.is_key() || fault.cause == "42501" {
                return Err(fault);
            }
            tracing::warn!(
                cause = fault.cause,
                table = step.table,
                "PostgreSQL would not {}; the run will go without it: {}",
                fault.action,
                fault.message
            );
        }
        Ok(())
    }
}
