//! One lane from where it stands to its end: extract → transform → load → checkpoint.
//!
//! The stages are tasks joined by channels that hold one batch each, so reading, packing and loading overlap and
//! a slow stage holds the others back. Order is kept, since each stage is one task; a batch's memory is taken
//! before it is read and freed when it is durable. Draining ends the first stage, and what was read flows out.

use crate::TRACE;
use crate::dictionary::Numbers;
use crate::embed::Embedder;
use crate::embedding;
use crate::fault::{Fault, Part};
use crate::load::Loader;
use crate::metrics::{self, Stage};
use crate::pack::{self, Packed};
use crate::plan::{Lane, Plan};
use crate::progress::Progress;
use crate::source::{Batch, Reader};
use checkpoints::{CheckpointStore, LaneId, Receipt};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// Batches that may wait between two stages of a lane.
pub(crate) const WAITING: usize = 1;

/// What every lane of a run shares.
#[derive(Debug)]
pub struct Way<K, C> {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Where batches go.
    pub loader: Arc<K>,
    /// What embeds texts, where an endpoint is named.
    pub embedder: Option<Embedder>,
    /// Numbers for the indices of sparse vectors.
    pub numbers: Option<Numbers>,
    /// Where progress is remembered.
    pub checkpoints: Arc<C>,
    /// Where it is shown.
    pub progress: Arc<Progress>,
}

impl<K, C> Clone for Way<K, C> {
    fn clone(&self) -> Self {
        Way {
            plan: self.plan.clone(),
            loader: self.loader.clone(),
            embedder: self.embedder.clone(),
            numbers: self.numbers.clone(),
            checkpoints: self.checkpoints.clone(),
            progress: self.progress.clone(),
        }
    }
}

/// Runs `lane` from where its reader stands until its end, or until draining was asked for.
pub async fn run<R: Reader, K: Loader, C: CheckpointStore>(
    way: Way<K, C>,
    lane: Lane,
    reader: R,
) -> Result<(), Fault> {
    let (read, to_pack) = mpsc::channel(WAITING);
    let (packed, mut to_load) = mpsc::channel(WAITING);
    // Dropping the set, as an abort does, ends both stages with it.
    let mut stages = JoinSet::new();
    stages.spawn(extract(reader, read).in_current_span());
    let made = Making {
        plan: way.plan.clone(),
        embedder: way.embedder.clone(),
        numbers: way.numbers.clone(),
    };
    stages.spawn(transform(made, lane.clone(), to_pack, packed).in_current_span());

    let mut stage = Stage::new("load");
    while let Some(mut batch) = to_load.recv().await {
        metrics::waiting("load", -1.0);
        stage.was_starved();
        let span = tracing::info_span!(target: TRACE, "load", documents = batch.documents.len() as i64);
        load(&way, &lane, &mut batch).instrument(span).await?;
        stage.was_busy();
    }
    while let Some(stage) = stages.join_next().await {
        stage.map_err(|error| {
            Fault::permanent(Part::Source, format!("work lane {}", lane.id), error.to_string())
        })??;
    }
    Ok(())
}

/// Reads until the lane has ended, draining was asked for, or nobody takes what was read.
pub(crate) async fn extract<R: Reader>(mut reader: R, read: mpsc::Sender<Batch>) -> Result<(), Fault> {
    let mut stage = Stage::new("extract");
    loop {
        let span = tracing::info_span!(target: TRACE, "extract", documents = Empty, bytes = Empty);
        let Some(batch) = reader.next().instrument(span.clone()).await? else {
            return Ok(());
        };
        // What nobody collects is not added up.
        if !span.is_disabled() {
            span.record("documents", batch.documents.len() as i64);
            span.record("bytes", batch.bytes() as i64);
        }
        drop(span);
        stage.was_busy();
        if read.send(batch).await.is_err() {
            // The later stages have failed and say why themselves.
            return Ok(());
        }
        stage.was_blocked();
        metrics::waiting("transform", 1.0);
    }
}

/// What rows are made with.
struct Making {
    plan: Arc<Plan>,
    embedder: Option<Embedder>,
    numbers: Option<Numbers>,
}

async fn transform(
    made: Making,
    lane: Lane,
    mut to_pack: mpsc::Receiver<Batch>,
    packed: mpsc::Sender<Packed>,
) -> Result<(), Fault> {
    let mut stage = Stage::new("transform");
    while let Some(batch) = to_pack.recv().await {
        metrics::waiting("transform", -1.0);
        stage.was_starved();
        let span = tracing::info_span!(target: TRACE, "transform", documents = batch.documents.len() as i64);
        let done = transform_one(&made, &lane, batch).instrument(span).await?;
        stage.was_busy();
        if packed.send(done).await.is_err() {
            return Ok(());
        }
        stage.was_blocked();
        metrics::waiting("load", 1.0);
    }
    Ok(())
}

async fn transform_one(made: &Making, lane: &Lane, batch: Batch) -> Result<Packed, Fault> {
    let Making {
        plan,
        embedder,
        numbers,
    } = made;
    if let Some(numbers) = numbers {
        numbers.learn(plan, lane, &batch.documents).await?;
    }
    let vectors = embedding::embed(embedder.as_ref(), plan, lane, &batch.documents).await?;
    let (plan, lane, numbers) = (plan.clone(), lane.clone(), numbers.clone());
    // Packing is pure computation: off the threads that drive the connections.
    let work = move || pack::pack(batch, &plan, &lane, vectors, numbers.as_ref());
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::permanent(Part::Source, "pack a batch", error.to_string()))
}

async fn load<K: Loader, C: CheckpointStore>(
    way: &Way<K, C>,
    lane: &Lane,
    batch: &mut Packed,
) -> Result<(), Fault> {
    let loaded = way.loader.load(lane, batch).await?;
    let ended = loaded.receipt.span().to.is_end();
    let rows = batch.row_counts();
    tracing::debug!(
        documents = loaded.tally.read,
        bytes = loaded.tally.bytes,
        quarantined = loaded.tally.quarantined,
        took_ms = loaded.took.as_millis() as u64,
        "loaded a batch"
    );
    metrics::loaded(batch.since.elapsed(), loaded.took);
    for (relation, rows) in way.plan.collection_of(lane).relations().iter().zip(&batch.rows) {
        metrics::rows_loaded(relation.name(), rows.len() as u64, rows.bytes());
    }
    for (_, reject) in &batch.rejects {
        metrics::quarantined(reject.reason.as_str());
    }
    way.progress
        .add(lane, &loaded.tally, &rows, batch.expected, ended);
    remember(way.checkpoints.clone(), LaneId(lane.id), loaded.receipt).await
}

/// The checkpoint's disk is waited for off the async threads.
async fn remember<C: CheckpointStore>(
    checkpoints: Arc<C>,
    lane: LaneId,
    receipt: Receipt,
) -> Result<(), Fault> {
    let began = Instant::now();
    let advanced = tokio::task::spawn_blocking(move || checkpoints.advance(lane, &receipt)).await;
    metrics::remembered(began.elapsed());
    let advanced = advanced
        .map_err(|error| Fault::permanent(Part::Checkpoints, "keep the checkpoint", error.to_string()))?;
    advanced.map_err(Fault::from)
}
