//! Reading one lane: a stream that is reopened after the last document whenever it breaks.
//!
//! Documents come once and in name order, or not at all: an answer that repeats or strays is refused. A lane has
//! ended only when a stream ended cleanly *and* said so (or a confirming query found nothing more) *and* as many
//! documents came as were counted at the moment they were read at.

use super::BatchLimits;
use super::client::{Answers, Client, malformed};
use super::query::Query;
use super::status::is_too_old;
use crate::fault::{Fault, Part};
use crate::metrics;
use crate::plan::Lane;
use crate::quota::ReadQuota;
use crate::retry::{Policy, Retry};
use crate::room::{Room, Rooms};
use crate::source::{Batch, Reader, Standing};
use crate::stop::Stop;
use bytes::Bytes;
use checkpoints::{Position, Span};
use std::sync::Arc;
use tokio::time::Instant;

/// What a reader needs from its source.
pub(super) struct Parts {
    pub(super) client: Arc<Client>,
    pub(super) quota: Arc<ReadQuota>,
    pub(super) rooms: Rooms,
    pub(super) limits: BatchLimits,
    pub(super) policy: Policy,
    pub(super) stop: Stop,
}

/// The reading of one lane.
pub struct LaneReader {
    parts: Parts,
    action: String,
    query: Query,
    position: Position,
    last: Option<String>,
    standing: Standing,
    /// Documents of the lane read so far, earlier starts included.
    read: u64,
    billed: u64,
    stream: Option<Open>,
    retry: Retry,
    /// The last stream ended cleanly without saying that nothing follows.
    confirming: bool,
}

struct Open {
    answers: Answers,
    limit: Option<u32>,
    got: u32,
    done: bool,
}

enum Step {
    Document(Bytes, String),
    End,
    Again,
}

impl LaneReader {
    pub(super) fn new(parts: Parts, lane: &Lane, collection: &str, standing: Standing) -> Self {
        let last = match &standing.progress.position {
            Position::At(token) => Some(String::from_utf8_lossy(&token.0).into_owned()),
            _ => None,
        };
        LaneReader {
            action: format!("read lane {} of collection {collection}", lane.id),
            query: Query::group(collection).between(lane.from.as_deref(), lane.to.as_deref()),
            position: standing.progress.position.clone(),
            last,
            read: standing.progress.tally.read,
            billed: 0,
            stream: None,
            retry: Retry::new(parts.policy),
            confirming: false,
            standing,
            parts,
        }
    }

    async fn fill(&mut self, mut room: Room) -> Result<Option<Batch>, Fault> {
        let since = Instant::now();
        let (mut documents, mut bytes, mut ended) = (Vec::new(), 0, false);
        let stop = self.parts.stop.clone();
        while documents.len() < self.parts.limits.rows && bytes < self.parts.limits.bytes && !ended {
            let step = tokio::select! {
                biased;
                () = stop.draining() => break,
                step = self.step() => step?,
            };
            match step {
                Step::Document(body, path) => {
                    bytes += body.len();
                    documents.push(body);
                    self.last = Some(path);
                }
                Step::End => ended = true,
                Step::Again => {}
            }
        }
        let to = match &self.last {
            _ if ended => Position::End,
            Some(last) if !documents.is_empty() => Position::at(last.as_bytes()),
            _ => return Ok(None),
        };
        room.shrink(bytes);
        let span = Span {
            from: std::mem::replace(&mut self.position, to.clone()),
            to,
        };
        Ok(Some(Batch {
            span,
            documents,
            billed: std::mem::take(&mut self.billed),
            read_at: self.standing.read_at,
            expected: self.standing.expected,
            since,
            room,
        }))
    }

    /// One message further, or one stream further. Dropping it half-way loses nothing.
    async fn step(&mut self) -> Result<Step, Fault> {
        if self.stream.is_none() {
            return self.open().await;
        }
        // The stream is there: it was opened above or in an earlier step.
        let Some(open) = &mut self.stream else {
            return Ok(Step::Again);
        };
        match open.answers.next().await {
            Ok(Some(message)) => self.message(&message).await,
            Ok(None) => self.clean_end().await,
            Err(status) => {
                self.stream = None;
                self.broken(&status).await
            }
        }
    }

    async fn open(&mut self) -> Result<Step, Fault> {
        let limit = self.parts.quota.page();
        self.parts.quota.take(limit.unwrap_or(1)).await;
        let mut query = self.query.clone();
        if let Some(last) = &self.last {
            query = query.after(last);
        }
        if let Some(limit) = limit {
            query = query.limit(limit);
        }
        match self.parts.client.query(&query, Some(self.standing.read_at)).await {
            Ok(answers) => {
                self.stream = Some(Open {
                    answers,
                    limit,
                    got: 0,
                    done: false,
                })
            }
            Err(status) => return self.broken(&status).await,
        }
        Ok(Step::Again)
    }

    /// Takes a message in. What is no answer, repeats or strays is not believed, and the rest of its stream neither:
    /// the lane is read on from the last good document by a new one.
    async fn message(&mut self, message: &Bytes) -> Result<Step, Fault> {
        match self.understand(message) {
            Ok(Some((body, path))) => Ok(Step::Document(body, path)),
            Ok(None) => Ok(Step::Again),
            Err(fault) => {
                self.stream = None;
                self.retry.again(fault).await?;
                Ok(Step::Again)
            }
        }
    }

    fn understand(&mut self, message: &Bytes) -> Result<Option<(Bytes, String)>, Fault> {
        let answer =
            transforms::firestore::answer(message).map_err(|error| malformed(&self.action, &error))?;
        let Some(open) = &mut self.stream else {
            return Ok(None);
        };
        open.done |= answer.done;
        let Some(range) = answer.document else {
            return Ok(None);
        };
        let body = message.slice(range);
        let name = transforms::firestore::name(&body).map_err(|error| malformed(&self.action, &error))?;
        let path = transforms::below(name, self.parts.client.root()).map(str::to_owned);
        let Some(path) = path.filter(|path| self.query.admits(path, self.last.as_deref())) else {
            let stray = format!("the answer repeats or strays: {name:?}");
            return Err(Fault::transient(Part::Source, &*self.action, stray).with_cause("out_of_order"));
        };
        open.got += 1;
        self.read += 1;
        self.billed += 1;
        self.confirming = false;
        metrics::billed(1);
        metrics::document_read(body.len());
        self.parts.quota.note(1);
        self.retry.progress();
        Ok(Some((body, path)))
    }

    async fn clean_end(&mut self) -> Result<Step, Fault> {
        let Some(open) = self.stream.take() else {
            return Ok(Step::Again);
        };
        if open.got == 0 {
            // A query without a result is billed as one read.
            metrics::billed(1);
            self.billed += 1;
        }
        let full_page = open.limit.is_some_and(|limit| open.got >= limit);
        let said_so = open.done && !full_page;
        let confirmed = self.confirming && open.got == 0;
        if !said_so && !confirmed {
            if !full_page {
                tracing::warn!(
                    "the answer to \"{}\" ended without saying that it was complete; asking whether anything follows",
                    self.action
                );
            }
            self.confirming = true;
            return Ok(Step::Again);
        }
        if self.read == self.standing.expected {
            return Ok(Step::End);
        }
        self.miscounted(confirmed).await
    }

    /// Fewer or more documents came than were counted: ask once more, then say so.
    async fn miscounted(&mut self, confirmed: bool) -> Result<Step, Fault> {
        if !confirmed {
            self.confirming = true;
            return Ok(Step::Again);
        }
        let (read, expected) = (self.read, self.standing.expected);
        Err(Fault::permanent(
            Part::Sums,
            &*self.action,
            format!(
                "{read} documents came, but {expected} were counted at {}",
                self.standing.read_at
            ),
        )
        .with_cause("miscounted")
        .with_remedy("start the same command again; if it happens twice, report it with this message"))
    }

    async fn broken(&mut self, status: &tonic::Status) -> Result<Step, Fault> {
        self.parts.client.note_quota(status);
        match is_too_old(status) {
            true => self.repin(status).await?,
            false => {
                let fault = self.parts.client.fault(&self.action, status);
                self.retry.again(fault).await?;
            }
        }
        Ok(Step::Again)
    }

    /// The snapshot has grown too old to be read: the rest of the lane is read at the present time.
    async fn repin(&mut self, status: &tonic::Status) -> Result<(), Fault> {
        let old = self.standing.read_at;
        let now = self.parts.client.now().await?;
        if now <= old {
            return Err(self.parts.client.fault(&self.action, status));
        }
        let mut rest = self.query.clone();
        if let Some(last) = &self.last {
            rest = rest.after(last);
        }
        let left = self.parts.client.count(&rest, now).await?;
        tracing::warn!(
            snapshot = %old,
            now = %now,
            left,
            "could not {}: the snapshot is too old to be read; the rest of the lane is read at the present time",
            self.action
        );
        self.standing.read_at = now;
        self.standing.expected = self.read + left;
        Ok(())
    }
}

impl Reader for LaneReader {
    async fn next(&mut self) -> Result<Option<Batch>, Fault> {
        if self.position.is_end() {
            return Ok(None);
        }
        let stop = self.parts.stop.clone();
        let room = tokio::select! {
            biased;
            () = stop.draining() => return Ok(None),
            room = self.parts.rooms.take() => room,
        };
        self.fill(room).await
    }
}
