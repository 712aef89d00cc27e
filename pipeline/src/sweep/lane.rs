//! A pass over one lane: it is compared, and spans that differ are read once more and mended.
//!
//! Spans are mended when the lane is read to its end: whoever waits for a batch's memory holds none. What a span has
//! become by then may be more than a batch; it is mended batch by batch, each of them a span from then on.

use super::Sweeps;
use super::compare::{Compared, Comparison};
use crate::embedding;
use crate::fault::{Fault, Part};
use crate::lane::{WAITING, extract};
use crate::load::postgres::{Differences, Found, Known, Stretch, Sweeper};
use crate::pack::{self, Packed};
use crate::plan::Lane;
use crate::source::qdrant::LaneReader;
use crate::source::{Batch, Reader, Source, Standing};
use checkpoints::Position;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use transforms::qdrant::{Digester, PointId};

impl Sweeps<'_> {
    /// What was different; nothing once draining was asked for.
    pub(super) async fn lane(
        &self,
        sweeper: &Sweeper<'_>,
        lane: &Lane,
    ) -> Result<Option<Differences>, Fault> {
        let spans = sweeper.spans(lane).await?;
        let digester = self.plan.digester().ok_or_else(|| {
            let action = format!("compare lane {} with its source", lane.id);
            Fault::permanent(Part::Source, action, "the source is read at a snapshot")
        })?;
        let clock = self.clocks.get(lane.collection).and_then(Option::as_ref);
        let compared = match clock.filter(|_| sweeper.found == Found::Mended) {
            Some(clock) => {
                let since = sweeper.since(lane).await?;
                self.compare_by_key(lane, spans, digester, (clock, since)).await?
            }
            None => self.compare(lane, spans, digester).await?,
        };
        if !compared.ended {
            return Ok(None);
        }
        let mut differences = Differences::default();
        for known in compared.different {
            match self.mend(sweeper, lane, known).await? {
                Some(found) => differences += found,
                None => return Ok(None),
            }
        }
        sweeper.end(lane, compared.read).await?;
        Ok(Some(differences))
    }

    fn reader(&self, lane: &Lane) -> LaneReader {
        let standing = Standing {
            progress: checkpoints::Progress::default(),
            read_at: self.plan.snapshot,
            expected: lane.documents,
            rows: Vec::new(),
        };
        self.source
            .reader(lane, &self.plan.collection_of(lane).id, standing)
    }

    /// Reading and hashing overlap.
    async fn compare(&self, lane: &Lane, spans: Vec<Known>, digester: Digester) -> Result<Compared, Fault> {
        let action = || format!("compare lane {} with its source", lane.id);
        let died =
            |error: tokio::task::JoinError| Fault::permanent(Part::Source, action(), error.to_string());
        let (read, batches) = mpsc::channel(WAITING);
        // Dropping the set, as an abort does, ends the reading, and that ends the hashing.
        let mut reading = JoinSet::new();
        reading.spawn(extract(self.reader(lane), read));
        let comparison = Comparison::of(spans, digester);
        let compared = tokio::task::spawn_blocking(move || comparison.take_all(batches)).await;
        let compared = compared.map_err(died)?;
        while let Some(read) = reading.join_next().await {
            read.map_err(died)??;
        }
        compared
    }

    /// Reads a span once more and makes its rows what it is by now; nothing once draining was asked for.
    async fn mend(
        &self,
        sweeper: &Sweeper<'_>,
        lane: &Lane,
        known: Known,
    ) -> Result<Option<Differences>, Fault> {
        let mut reader = self.reader(&known.stretch.of(lane));
        let had = sweeper.had(lane, known).await?;
        let (mut differences, mut after) = (Differences::default(), known.stretch.after);
        while let Some(batch) = reader.next().await? {
            let upto = match &batch.span.to {
                Position::At(token) => Some(id(&token.0)?),
                _ => known.stretch.upto,
            };
            let stretch = Stretch { after, upto };
            let digest = known.digest.filter(|_| stretch == known.stretch);
            // What was changed and changed back is no difference.
            let came = self.plan.account(&batch.documents).map(|account| account.digest);
            if digest.is_none() || digest != came {
                let mut packed = self.packed(lane, batch).await?;
                differences += sweeper.mend(lane, stretch, had.as_deref(), &mut packed).await?;
            }
            // The reader may not know yet that nothing follows: what lies behind is another span's.
            if upto == known.stretch.upto {
                return Ok(Some(differences));
            }
            after = upto;
        }
        // Draining was asked for: the next start finds a gap, or the span as it was.
        Ok(None)
    }

    async fn packed(&self, lane: &Lane, batch: Batch) -> Result<Packed, Fault> {
        self.numbers.learn(self.plan, lane, &batch.documents).await?;
        let vectors = embedding::embed(self.embedder.as_ref(), self.plan, lane, &batch.documents).await?;
        let (plan, of, numbers) = (self.plan.clone(), lane.clone(), self.numbers.clone());
        let work = move || pack::pack(batch, &plan, &of, vectors, Some(&numbers));
        let packed = tokio::task::spawn_blocking(work).await;
        packed.map_err(|error| Fault::permanent(Part::Source, "pack a batch", error.to_string()))
    }
}

fn id(token: &[u8]) -> Result<PointId, Fault> {
    let text = String::from_utf8_lossy(token);
    text.parse().map_err(|error: transforms::qdrant::NoPointId| {
        Fault::permanent(Part::Source, "read where a batch ends", error.to_string()).with_cause("position")
    })
}
