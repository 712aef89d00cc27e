//! How fast the target takes rows: the sample, loaded over and over by as many connections as a run uses.
//!
//! Into tables like the run's own, in transactions that are rolled back, so that nothing stays.

use super::bench::Bench;
use super::sample::Sampled;
use crate::fault::Fault;
use crate::load::postgres::{Postgres, ServerFacts};
use std::time::{Duration, Instant};
use tokio::sync::Barrier;

/// What measuring one collection should take.
const TIME: Duration = Duration::from_millis(600);
/// Batches that one connection loads at the most.
const MOST: u32 = 24;
/// Statements around the rows of a batch that wait for an answer.
const ROUND_TRIPS: u32 = 4;

/// How a run will load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Most documents of a batch.
    pub(crate) rows: usize,
    /// Most bytes of a batch on the wire.
    pub(crate) bytes: usize,
}

impl Habits {
    /// Samples in a batch.
    fn times(&self, sampled: &Sampled<'_>) -> usize {
        let looked_at = usize::try_from(sampled.looked_at).unwrap_or(usize::MAX).max(1);
        let wire = usize::try_from(sampled.wire).unwrap_or(usize::MAX).max(1);
        (self.rows / looked_at).min(self.bytes / wire).max(1)
    }
}

/// Seconds that a document of the collection takes, with all connections at work.
pub(crate) async fn measure(
    postgres: &Postgres,
    facts: &ServerFacts,
    sampled: &Sampled<'_>,
    habits: Habits,
) -> Result<f64, Fault> {
    let times = habits.times(sampled);
    // A batch on one connection says how many batches are enough.
    let first = Loading::prepare(postgres, facts, sampled, times).await?;
    let one = first.batch().await?;
    let batches = (TIME.as_secs_f64() / one.as_secs_f64().max(0.001)).ceil();
    let batches = (batches as u32).clamp(2, MOST);
    let mut loading = vec![first];
    for _ in 1..habits.connections {
        loading.push(Loading::prepare(postgres, facts, sampled, times).await?);
    }
    let start = Barrier::new(loading.len());
    let trip = loading[0].round_trip().await?;
    let all = loading.iter().map(|loading| async {
        // What a connection does first takes longer.
        loading.batch().await?;
        start.wait().await;
        let began = Instant::now();
        for _ in 0..batches {
            loading.batch().await?;
        }
        Ok::<_, Fault>(began.elapsed())
    });
    let took = futures::future::try_join_all(all).await?;
    let took = took.iter().max().copied().unwrap_or_default();
    let loaded = sampled.looked_at as f64 * times as f64 * f64::from(batches) * habits.connections as f64;
    let waiting = trip * ROUND_TRIPS * batches;
    Ok((took.as_secs_f64() + waiting.as_secs_f64()) / loaded.max(1.0))
}

/// A connection that loads.
struct Loading<'s, 'p> {
    bench: Bench,
    sampled: &'s Sampled<'p>,
    times: usize,
}

impl<'s, 'p> Loading<'s, 'p> {
    async fn prepare(
        postgres: &Postgres,
        facts: &ServerFacts,
        sampled: &'s Sampled<'p>,
        times: usize,
    ) -> Result<Loading<'s, 'p>, Fault> {
        let bench = Bench::logged(postgres, facts).await?;
        bench.create(sampled).await?;
        Ok(Loading {
            bench,
            sampled,
            times,
        })
    }

    async fn batch(&self) -> Result<Duration, Fault> {
        let began = Instant::now();
        for (place, relation) in self.sampled.collection.relations().iter().enumerate() {
            self.bench.copy(relation, self.sampled, place, self.times).await?;
        }
        Ok(began.elapsed())
    }

    /// The fastest of a few, for a slow one had something else to do.
    async fn round_trip(&self) -> Result<Duration, Fault> {
        let mut fastest = Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            self.bench.run("select 1").await?;
            fastest = fastest.min(began.elapsed());
        }
        Ok(fastest)
    }
}
