//! What a run would do, found out without changing anything.

use super::Run;
use super::reach::Reached;
use crate::fault::Fault;
use crate::forecast::{Forecast, Forecaster, Price, Settings};
use crate::load::postgres::after::{Step, steps};
use crate::plan::Plan;
use crate::planning;
use crate::progress::Phase;
use crate::recovery::{self, Beginning};
use checkpoints::CheckpointStore;
use std::time::{Duration, Instant};

/// What a run would do, found out without changing anything.
#[derive(Debug)]
pub struct Rehearsal {
    /// The plan it would go by.
    pub plan: Plan,
    /// What it would create first; nothing when it is registered.
    pub sql: String,
    /// What is made once everything is loaded.
    pub after: Vec<Step>,
    /// Whether it was begun already, and would be gone on with.
    pub registered: bool,
    /// What it will cost, fill and last; nothing when its plan was made earlier.
    pub forecast: Option<Forecast>,
    /// What a read costs, where reads are billed.
    pub price: Option<Price>,
    /// The reads it may take; nothing means any number.
    pub limit: Option<u64>,
    /// Whether the snapshot stays readable for days.
    pub recovers: bool,
}

impl Run<'_> {
    /// What the run would do; changes nothing anywhere.
    pub async fn rehearse<C: CheckpointStore>(&self, store: Option<&C>) -> Result<Rehearsal, Fault> {
        let began = Instant::now();
        let reached = self.reach().await?;
        let (price, recovers) = reached.store.price(self.source).await;
        let limit = price
            .as_ref()
            .and_then(|price| price.limit(self.habits.max_reads, self.habits.max_cost));
        let ledger = reached.ledger.exists().await?.then_some(&reached.ledger);
        let beginning = match store {
            Some(store) => recovery::begin(store, ledger, &self.wish()).await?,
            None => recovery::begin(&checkpoints::Memory::default(), ledger, &self.wish()).await?,
        };
        let registered = matches!(beginning, Beginning::Known(_));
        let create = async |plan: &Plan| reached.ledger.creation(plan, &reached.facts).await;
        let (plan, sql, forecast) = match beginning {
            Beginning::Known(plan) => (*plan, String::new(), None),
            Beginning::Remembered(plan) => {
                let sql = create(&plan).await?;
                (*plan, sql, None)
            }
            Beginning::Fresh => {
                reached.store.greet().await?;
                let making =
                    async || planning::make_to_forecast(&reached.store, &self.wish(), &self.progress).await;
                let (plan, kept) = self.persist(making).await?;
                let planned_in = began.elapsed();
                // Before anything is measured: what is in the way of a run is in the way of its plan.
                let sql = create(&plan).await?;
                let forecaster = self.forecaster(&reached, &plan, price.clone(), planned_in);
                let forecast = Box::pin(forecaster.forecast(kept)).await?;
                (plan, sql, Some(forecast))
            }
        };
        let tables: Vec<config::mapping::Table> = plan.tables().cloned().collect();
        let keys = self.target.primary_key != config::PrimaryKey::None;
        Ok(Rehearsal {
            after: steps(&tables, &plan.mapping.schema, keys),
            plan,
            sql,
            registered,
            forecast,
            price,
            limit,
            recovers,
        })
    }

    fn forecaster<'r>(
        &'r self,
        reached: &'r Reached,
        plan: &'r Plan,
        price: Option<Price>,
        planned_in: Duration,
    ) -> Forecaster<'r> {
        self.progress
            .turn_to(Phase::Planning("measuring source and target".to_owned()));
        Forecaster {
            source: &reached.store,
            postgres: &reached.postgres,
            facts: &reached.facts,
            plan,
            budget: &self.budget,
            price,
            settings: Settings {
                source: self.source,
                target: self.target,
                run: self.habits,
            },
            planned_in,
        }
    }
}
