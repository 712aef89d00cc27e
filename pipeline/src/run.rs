//! A whole run: reach both ends, find where to begin, plan once, take the lanes over, move everything, add it up.

mod begin;
mod end;
mod reach;
mod rehearsal;
mod together;

use reach::Reached;
pub use rehearsal::Rehearsal;

use crate::CONTEXT;
use crate::budget::Budget;
use crate::dictionary::Numbers;
use crate::embed::Embedder;
use crate::embedding::no_endpoint;
use crate::fault::{Fault, Part};
use crate::forecast::Price;
use crate::lane::Way;
use crate::lanes::{Lanes, Own};
use crate::load::postgres::after::Outcome;
use crate::load::postgres::{Altered, Fences, Held, PostgresLoader, Swept};
use crate::metrics;
use crate::plan::{Plan, embedded_dimensions};
use crate::planning::Wish;
use crate::progress::{Board, Phase, Progress, Shown};
use crate::retry::{Policy, Retry};
use crate::source::Standing;
use crate::source::qdrant::Clock;
use crate::stop::Stop;
use crate::supervisor::{Failed, Limits};
use checkpoints::CheckpointStore;
use std::sync::Arc;
use tracing::Instrument;

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
        let context = tracing::info_span!(target: CONTEXT, "run", run = tracing::field::Empty);
        let work = async {
            match self.habits.join {
                true => Box::pin(self.work_together(store)).await,
                false => Box::pin(self.work(store)).await,
            }
        };
        let ended = work.instrument(context).await;
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
        reached.ledger.nobody_shares(&plan).await?;
        let claiming = reached.ledger.claim(plan.run, &self.holder);
        let (held, (price, _)) = tokio::join!(claiming, reached.store.price(self.source));
        let held = held?;
        let standings: Vec<Standing> = held.iter().map(|held| held.standing.clone()).collect();
        let shown = self.begin_to_show(&reached, &plan, &store, &standings, price)?;
        let (fences, lanes) = (Fences::from(held.clone()), Own::new(&plan, &standings));
        let moved = self.move_lanes(&reached, &plan, store, fences, lanes).await;
        shown.end();
        let failed = moved?;
        if !failed.is_empty() {
            // Keys and sums are for what is whole, and whoever is in trouble is not asked for more.
            return Ok(Ended {
                failed,
                ..Ended::default()
            });
        }
        self.conclude(&reached, &plan, &held, &clocks).await
    }

    /// Makes directory and display say where the lanes stand.
    fn begin_to_show<C: CheckpointStore>(
        &self,
        reached: &Reached,
        plan: &Arc<Plan>,
        store: &Arc<C>,
        standings: &[Standing],
        price: Option<Price>,
    ) -> Result<Shown<C>, Fault> {
        let (planned, there) = (plan.lanes.len(), standings.len());
        if planned != there {
            let message = format!("the plan has {planned} lanes, etl.lane has {there}");
            return Err(Fault::permanent(Part::Identity, "take the lanes over", message));
        }
        tracing::Span::current().record("run", plan.run.to_string());
        self.bring_up_to_date(&**store, plan, standings)?;
        self.progress.begin(plan, standings);
        metrics::start_at_zero(plan.relations().map(|relation| relation.name().to_owned()));
        Ok(Shown::begin(Board {
            progress: self.progress.clone(),
            rooms: reached.shared.rooms.clone(),
            quota: reached.shared.quota.clone(),
            checkpoints: store.clone(),
            price,
        }))
    }

    /// What follows once every lane has ended.
    async fn conclude(
        &self,
        reached: &Reached,
        plan: &Arc<Plan>,
        held: &[Held],
        clocks: &[Option<Clock>],
    ) -> Result<Ended, Fault> {
        let told = self.told(reached, plan).await?;
        let finished = tokio::select! {
            biased;
            () = self.stop.draining() => None,
            finished = Box::pin(self.finish(reached, plan, held, clocks)) => finished?,
        };
        let complete = finished.is_some();
        let (after, swept) = finished.unwrap_or_default();
        Ok(Ended {
            complete,
            after,
            swept,
            ..told
        })
    }

    /// What is to be told of lanes that have ended.
    async fn told(&self, reached: &Reached, plan: &Plan) -> Result<Ended, Fault> {
        let later = self
            .persist(async || reached.ledger.read_later(plan).await)
            .await?;
        let altered = self
            .persist(async || reached.ledger.altered(plan.run).await)
            .await?;
        Ok(Ended {
            later,
            altered,
            ..Ended::default()
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
        // One that is registered already is gone on with, whoever registered it.
        let plan = self.plan(store, &reached, false).await?;
        let plan = Arc::new(plan.ok_or_else(|| {
            Fault::permanent(
                Part::Identity,
                "register the run",
                "another one was registered meanwhile",
            )
        })?);
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
        fences: Fences,
        lanes: impl Lanes,
    ) -> Result<Vec<Failed>, Fault> {
        self.progress.turn_to(Phase::Loading);
        let numbers = Numbers::new(reached.ledger.clone(), &plan.mapping.schema);
        let way = Way {
            plan: plan.clone(),
            loader: Arc::new(PostgresLoader::new(
                reached.postgres.clone(),
                plan.clone(),
                fences,
            )),
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
        reached.store.move_lanes(&way, lanes, limits, &self.stop).await
    }

    /// How often and how long what may get better is tried again.
    pub fn policy(&self) -> Policy {
        Policy::of(self.habits)
    }

    fn wish(&self) -> Wish {
        Wish::asked(self.source, self.target, self.tables, self.habits)
    }
}
