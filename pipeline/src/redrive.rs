//! The quarantine tried again: what can be stored by now leaves it, everything else stays with its reason of today.
//!
//! Nothing is read from the source: the quarantine has the documents as they came. A batch's rows, what is put aside
//! anew and the lane's sums are one transaction, so this may be stopped anywhere and started again. The lanes are
//! taken over first: a run that is under way would count what it no longer has.

use crate::dictionary::Numbers;
use crate::embed::Embedder;
use crate::embedding;
use crate::fault::{Fault, Part};
use crate::load::postgres::{Filter, Ledger, Postgres, PostgresLoader};
use crate::pack::{self, Packed};
use crate::plan::{Lane, Plan};
use crate::room::Rooms;
use crate::source::Batch;
use bytes::Bytes;
use checkpoints::{Position, Span};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// What is tried again.
#[derive(Debug)]
pub struct Redrive {
    /// The target.
    pub postgres: Postgres,
    /// The run that put the documents aside, with what is asked of its tables now.
    pub plan: Plan,
    /// What embeds texts, where an endpoint is named.
    pub embedder: Option<Embedder>,
    /// Who does it, for a run that finds its lanes taken over.
    pub holder: String,
}

/// What became of the documents.
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
pub struct Redriven {
    /// Documents that left the quarantine: by collection.
    pub loaded: BTreeMap<String, u64>,
    /// Documents that stay there: by collection and reason.
    pub remaining: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Redriven {
    /// Documents that left the quarantine.
    pub fn loaded(&self) -> u64 {
        self.loaded.values().sum()
    }

    /// Documents that stay there.
    pub fn remaining(&self) -> u64 {
        self.remaining.values().flat_map(BTreeMap::values).sum()
    }

    fn note(&mut self, collection: String, batch: &Packed) {
        let tally = batch.tally();
        if tally.loaded > 0 {
            *self.loaded.entry(collection.clone()).or_default() += tally.loaded;
        }
        for (_, reject) in &batch.rejects {
            let reasons = self.remaining.entry(collection.clone()).or_default();
            *reasons.entry(reject.reason.as_str().to_owned()).or_default() += 1;
        }
    }
}

impl Redrive {
    /// Tries everything that `filter` asks for; told after each batch.
    pub async fn run(self, filter: &Filter, mut told: impl FnMut(&Redriven)) -> Result<Redriven, Fault> {
        let ledger = Ledger::new(self.postgres.clone());
        let lanes = ledger.quarantined_lanes(self.plan.run, filter).await?;
        let mut redriven = Redriven::default();
        if lanes.is_empty() {
            return Ok(redriven);
        }
        ledger.nobody_shares(&self.plan).await?;
        let held = ledger.claim(self.plan.run, &self.holder).await?;
        let plan = Arc::new(self.plan);
        let work = Work {
            numbers: Numbers::new(ledger.clone(), &plan.mapping.schema),
            loader: PostgresLoader::new(self.postgres, plan.clone(), held),
            embedder: self.embedder,
            plan,
        };
        for (number, _) in lanes {
            let lane = work.lane(number)?;
            let mut after: Option<Vec<u8>> = None;
            loop {
                let next = ledger
                    .quarantined_bodies(work.plan.run, number, filter, after.as_deref())
                    .await?;
                let Some((last, _)) = next.last().cloned() else {
                    break;
                };
                let documents = next.into_iter().map(|(_, body)| body).collect();
                let mut packed = work.pack(lane, documents).await?;
                // What is not all there any more is looked for anew.
                if work.loader.redrive(lane, &mut packed).await? {
                    redriven.note(work.plan.collection_of(lane).visible(), &packed);
                    told(&redriven);
                    after = Some(last);
                }
            }
        }
        Ok(redriven)
    }
}

/// What batches are made and loaded with.
struct Work {
    plan: Arc<Plan>,
    loader: PostgresLoader,
    numbers: Numbers,
    embedder: Option<Embedder>,
}

impl Work {
    fn lane(&self, number: u32) -> Result<&Lane, Fault> {
        let lane = self.plan.lanes.get(number as usize);
        lane.ok_or_else(|| {
            let message = format!("etl.quarantine speaks of lane {number}, which the plan has not");
            Fault::permanent(Part::Identity, "load what is in quarantine", message)
        })
    }

    /// Rows of documents, as a run would make them now.
    async fn pack(&self, lane: &Lane, documents: Vec<Bytes>) -> Result<Packed, Fault> {
        self.numbers.learn(&self.plan, lane, &documents).await?;
        let vectors = embedding::embed(self.embedder.as_ref(), &self.plan, lane, &documents).await?;
        let batch = Batch {
            // The lane stays where it is.
            span: Span {
                from: Position::Start,
                to: Position::Start,
            },
            documents,
            billed: 0,
            read_at: self.plan.snapshot,
            expected: 0,
            since: Instant::now(),
            room: Rooms::new(0, 0).take().await,
        };
        let (plan, lane, numbers) = (self.plan.clone(), lane.clone(), self.numbers.clone());
        let work = move || pack::pack(batch, &plan, &lane, vectors, Some(&numbers));
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Fault::permanent(Part::Source, "pack a batch", error.to_string()))
    }
}
