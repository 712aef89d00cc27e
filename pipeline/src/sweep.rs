//! Passes over a source that has no snapshots, once everything is loaded.
//!
//! Reading such a source takes time, and what is written meanwhile may or may not have been seen. So it is read again:
//! each pass makes the rows what the source says by then, and one that finds nothing different is the proof that they
//! were the same while it went on. Records are held against the digests that were stored with their rows; where those
//! agree, nothing is asked of PostgreSQL. Stopped in the middle, a pass goes on with the lanes it had not ended.

mod by_key; // what changed, as far as a key of the payload tells
mod compare; // a lane held against what is known of it
mod lane; // one lane: compared, and mended where it differs

use crate::dictionary::Numbers;
use crate::embed::Embedder;
use crate::fault::{Fault, Part};
use crate::load::postgres::{Differences, Found, Held, Ledger, Postgres, Sweeper, Swept};
use crate::plan::Plan;
use crate::progress::{Phase, Progress};
use crate::source::qdrant::{Clock, Qdrant};
use crate::stop::Stop;
use config::Consistency;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Passes that one start makes before it gives up on a source that does not come to rest.
const MOST: u32 = 8;
const QUIET: &str = "keep writers out until the run is complete, and start it in another schema; or let it follow them \
                     with --consistency sweeps";
const PAUSE: &str = "keep writers out for the time of one pass, and start the same command again";

/// What passes over a run's lanes need.
#[derive(Debug)]
pub struct Sweeps<'r> {
    /// What is read again.
    pub source: &'r Qdrant,
    /// Of each collection, the key that tells when a point was changed last, where passes are to go by it.
    pub clocks: &'r [Option<Clock>],
    /// Where the rows are.
    pub postgres: &'r Postgres,
    /// The run's plan.
    pub plan: &'r Arc<Plan>,
    /// The lanes as held, in plan order.
    pub held: &'r [Held],
    /// What embeds texts, where an endpoint is named.
    pub embedder: Option<Embedder>,
    /// Numbers for the indices of sparse vectors.
    pub numbers: Numbers,
    /// Lanes at a time.
    pub lanes: usize,
    /// Asked whether to go on.
    pub stop: &'r Stop,
    /// Told what is being done.
    pub progress: &'r Progress,
}

/// How a promise was kept.
#[derive(Debug)]
pub enum Kept {
    /// Draining was asked for; the next start goes on.
    Stopped,
    /// It was, and this is what reading again found, if anything was read again.
    Promise(Option<Swept>),
}

impl Sweeps<'_> {
    /// Keeps what the operator asked to be promised about points that change meanwhile, or says that it cannot be.
    pub async fn keep(&self, asked: &config::Qdrant) -> Result<Kept, Fault> {
        match asked.consistency {
            Consistency::Fuzzy => Ok(Kept::Promise(None)),
            Consistency::Quiescent => match self.told().await? {
                None => Ok(Kept::Stopped),
                Some(found) if found.count() == 0 => Ok(Kept::Promise(Some(Swept::default()))),
                Some(found) => Err(changed(
                    found,
                    "the source was written to while it was read",
                    QUIET,
                )),
            },
            Consistency::Sweeps => match self.until_settled(MOST).await? {
                None => Ok(Kept::Stopped),
                Some(swept) if swept.last.count() == 0 => Ok(Kept::Promise(Some(Swept {
                    by_key: self.clocks.iter().any(Option::is_some),
                    ..swept
                }))),
                Some(swept) => {
                    let why = format!("{MOST} passes in a row found changes");
                    Err(changed(swept.last, &why, PAUSE))
                }
            },
        }
    }

    /// Reads again until a pass finds nothing different, at most `most` times; nothing once draining was asked for.
    pub async fn until_settled(&self, most: u32) -> Result<Option<Swept>, Fault> {
        let ledger = Ledger::new(self.postgres.clone());
        for _ in 0..most {
            let under_way = ledger
                .sweep_under_way(self.plan.run, self.plan.lanes.len())
                .await?;
            if self
                .pass(under_way.sweep, Found::Mended, &under_way.ended)
                .await?
                .is_none()
            {
                return Ok(None);
            }
            let swept = ledger.swept(self.plan.run).await?;
            let Differences {
                inserted,
                updated,
                deleted,
            } = swept.last;
            tracing::info!(
                sweep = swept.sweeps,
                inserted,
                updated,
                deleted,
                "compared rows with their source"
            );
            if swept.last.count() == 0 {
                return Ok(Some(swept));
            }
        }
        ledger.swept(self.plan.run).await.map(Some)
    }

    /// Reads again and tells what is different, changing nothing; nothing once draining was asked for.
    pub async fn told(&self) -> Result<Option<Differences>, Fault> {
        self.pass(0, Found::Told, &BTreeSet::new()).await
    }

    /// One pass over the lanes that it has not `ended` yet: what it found; nothing once draining was asked for.
    async fn pass(
        &self,
        sweep: u32,
        found: Found,
        ended: &BTreeSet<u32>,
    ) -> Result<Option<Differences>, Fault> {
        let what = format!("comparing rows with their source, pass {}", sweep.max(1));
        self.progress.turn_to(Phase::Finishing(what));
        let sweeper = Sweeper {
            postgres: self.postgres,
            plan: self.plan,
            held: self.held,
            sweep,
            found,
        };
        let left = self.plan.lanes.iter().filter(|lane| !ended.contains(&lane.id));
        let lanes = left.map(|lane| Box::pin(self.lane(&sweeper, lane)));
        let done: Vec<Option<Differences>> = stream::iter(lanes).buffered(self.lanes).try_collect().await?;
        let mut sum = Differences::default();
        for differences in done {
            let Some(differences) = differences else {
                return Ok(None);
            };
            sum += differences;
        }
        Ok(Some(sum))
    }
}

fn changed(found: Differences, why: &str, remedy: &str) -> Fault {
    let Differences {
        inserted,
        updated,
        deleted,
    } = found;
    let message = format!("{why}: points that are new: {inserted}, different: {updated}, gone: {deleted}");
    Fault::permanent(Part::Sums, "complete the run", message)
        .with_cause("changed")
        .with_remedy(remedy)
}
