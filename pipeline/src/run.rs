//! A whole run: reach both ends, find where to begin, plan once, take the lanes over, move everything, add it up.

mod end;
mod reach;
mod rehearsal;

use reach::Reached;
pub use rehearsal::Rehearsal;

use crate::budget::Budget;
use crate::dictionary::Numbers;
use crate::embed::Embedder;
use crate::embedding::no_endpoint;
use crate::fault::{Fault, Part};
use crate::lane::Way;
use crate::load::postgres::after::Outcome;
use crate::load::postgres::{Altered, Held, PostgresLoader, Swept};
use crate::metrics;
use crate::plan::{Plan, embedded_dimensions};
use crate::planning::{self, Wish};
use crate::progress::{self, Phase, Progress};
use crate::recovery::{self, Beginning};
use crate::retry::{Policy, Retry};
use crate::source::Standing;
use crate::source::qdrant::Clock;
use crate::stop::Stop;
use crate::supervisor::{Failed, Limits};
use checkpoints::{CheckpointStore, LaneId};
use std::sync::Arc;

/// Everything a run needs to know and to be told.
#[derive(Debug)]
pub struct Run<'c> {
    /// What the operator said; source and target are there.
    pub source: &'c config::Source,
    /// The target.
    pub target: &'c config::Target,
    /// The tables as written.
    pub tables: &'c config::mapping::Mapping,
    /// Limits and habits.
    pub habits: &'c config::Run,
    /// Who holds the lanes, for a second process to be told: "process 12 on web-1".
    pub holder: String,
    /// What embeds texts, where an endpoint is named.
    pub embedder: Option<Embedder>,
    /// What the reads may come to; told how many there were.
    pub budget: Arc<Budget>,
    /// Asked whether to go on.
    pub stop: Stop,
    /// Told how it goes.
    pub progress: Arc<Progress>,
}

/// How a run ended that did not fail.
#[derive(Debug, Default)]
pub struct Ended {
    /// Whether every document is accounted for and every sum adds up.
    pub complete: bool,
    /// Lanes that could not be moved to their end; the others are.
    pub failed: Vec<Failed>,
    /// Lanes that were read, or read to their end, at a later time than the plan's: the snapshot had grown too
    /// old for them.
    pub later: u64,
    /// What the mapping altered or left behind, over all starts.
    pub altered: Altered,
    /// How keys, indexes and references were made.
    pub after: Outcome,
    /// What reading the source again found, where it has no snapshots.
    pub swept: Option<Swept>,
}

/// Both ends, the plan, and of each collection the key that passes go by.
type Begun = (Reached, Arc<Plan>, Vec<Option<Clock>>);

impl Run<'_> {
    /// Moves everything that is not moved yet.
    pub async fn execute<C: CheckpointStore>(&self, store: Arc<C>) -> Result<Ended, Fault> {
        let ended = self.work(store).await;
        if let Err(fault) = self.budget.close().await {
            tracing::warn!(
                cause = fault.cause,
                "could not give back reads that were drawn from the budget: {}",
                fault.message
            );
        }
        ended
    }

    async fn work<C: CheckpointStore>(&self, store: Arc<C>) -> Result<Ended, Fault> {
        let begun = tokio::select! {
            biased;
            // Nothing is loaded yet; a plan half made is simply made again.
            () = self.stop.draining() => None,
            begun = self.begin(&store) => Some(begun?),
        };
        let Some((reached, plan, clocks)) = begun else {
            return Ok(Ended::default());
        };
        let held = reached.ledger.claim(plan.run, &self.holder).await?;
        let fences = held.clone();
        if held.len() != plan.lanes.len() {
            let message = format!(
                "the plan has {} lanes, etl.lane has {}",
                plan.lanes.len(),
                held.len()
            );
            return Err(Fault::permanent(Part::Identity, "take the lanes over", message));
        }
        let standings: Vec<Standing> = held.iter().map(|held| held.standing.clone()).collect();
        self.bring_up_to_date(&*store, &plan, &standings)?;
        self.progress.begin(&plan, &standings);
        metrics::start_at_zero(plan.relations().map(|relation| relation.name().to_owned()));
        let shown = tokio::spawn(progress::show(
            self.progress.clone(),
            reached.shared.rooms.clone(),
            reached.shared.quota.clone(),
        ));
        let moved = self.move_lanes(&reached, &plan, store, held, &standings).await;
        shown.abort();
        progress::show_once(&self.progress, &reached.shared.rooms, &reached.shared.quota);
        let failed = moved?;
        if !failed.is_empty() {
            // Keys and sums are for what is whole, and whoever is in trouble is not asked for more.
            return Ok(Ended {
                failed,
                ..Ended::default()
            });
        }
        let later = self
            .persist(async || reached.ledger.read_later(&plan).await)
            .await?;
        let altered = self
            .persist(async || reached.ledger.altered(plan.run).await)
            .await?;
        let finished = tokio::select! {
            biased;
            () = self.stop.draining() => None,
            finished = Box::pin(self.finish(&reached, &plan, &fences, &clocks)) => finished?,
        };
        let (after, swept) = finished.clone().unwrap_or_default();
        Ok(Ended {
            complete: finished.is_some(),
            failed,
            later,
            altered,
            after,
            swept,
        })
    }

    /// Makes sure that what embeds texts answers, with vectors that fit the columns: before anything is created, for
    /// a mapping can no longer be mended then.
    async fn greet_endpoint(&self) -> Result<(), Fault> {
        let dimensions = embedded_dimensions(self.tables);
        match &self.embedder {
            _ if dimensions.is_empty() => Ok(()),
            Some(embedder) => embedder.greet(&dimensions).await.map(drop),
            None => Err(no_endpoint()),
        }
    }

    async fn begin<C: CheckpointStore>(&self, store: &Arc<C>) -> Result<Begun, Fault> {
        let reached = self.reach().await?;
        self.greet_endpoint().await?;
        let plan = Arc::new(self.plan(store, &reached).await?);
        let clocks = self.clocks(&reached, &plan).await?;
        Ok((reached, plan, clocks))
    }

    /// Does what can be repeated until it succeeds: after hours of loading, a connection that breaks costs another
    /// try and no more.
    async fn persist<T>(&self, step: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut retry = Retry::new(self.policy());
        loop {
            match step().await {
                Err(fault) => retry.again(fault).await?,
                done => return done,
            }
        }
    }

    async fn move_lanes<C: CheckpointStore>(
        &self,
        reached: &Reached,
        plan: &Arc<Plan>,
        store: Arc<C>,
        held: Vec<Held>,
        standings: &[Standing],
    ) -> Result<Vec<Failed>, Fault> {
        self.progress.turn_to(Phase::Loading);
        let numbers = Numbers::new(reached.ledger.clone(), &plan.mapping.schema);
        let way = Way {
            plan: plan.clone(),
            loader: Arc::new(PostgresLoader::new(reached.postgres.clone(), plan.clone(), held)),
            embedder: self.embedder.clone(),
            numbers: Some(numbers),
            checkpoints: store,
            progress: self.progress.clone(),
        };
        let limits = Limits {
            lanes: self.habits.lanes.get(),
            emergency: self.habits.emergency_threshold,
            drain: self.habits.drain_deadline,
        };
        reached
            .store
            .move_lanes(&way, standings, limits, &self.stop)
            .await
    }

    /// The plan to go by: an earlier one, or a new one that is registered before anything is loaded.
    async fn plan<C: CheckpointStore>(&self, store: &Arc<C>, reached: &Reached) -> Result<Plan, Fault> {
        let ledger = reached.ledger.exists().await?.then_some(&reached.ledger);
        let beginning = recovery::begin(&**store, ledger, &self.wish()).await?;
        let plan = match beginning {
            Beginning::Known(plan) => {
                reached.ledger.prepare().await?;
                recovery::check_tables(&reached.ledger, &plan).await?;
                self.open_budget(&**store, reached, &plan).await?;
                reached.store.greet().await?;
                return Ok(*plan);
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
        reached.ledger.register(&plan, &create_tables).await?;
        self.open_budget(&**store, reached, &plan).await?;
        Ok(plan)
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
    fn bring_up_to_date<C: CheckpointStore>(
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
            for (lane, progress) in &lanes {
                if store.progress(*lane)? != *progress {
                    store.adopt(*lane, progress)?;
                }
            }
            return Ok(());
        }
        store.begin(&bytes, &lanes).map_err(Fault::from)
    }

    /// How often and how long what may get better is tried again.
    pub fn policy(&self) -> Policy {
        Policy::of(self.habits)
    }

    fn wish(&self) -> Wish {
        Wish::asked(self.source, self.target, self.tables, self.habits)
    }
}
