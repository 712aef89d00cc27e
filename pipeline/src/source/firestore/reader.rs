//! Reading one lane: a stream that is reopened after the last document whenever it breaks.
//!
//! Documents come once and in name order, or not at all: an answer that repeats or strays is refused. A lane has
//! ended only when a stream ended cleanly *and* said so (or a confirming query found nothing more) *and* as many
//! documents came as were counted at the moment they were read at.

mod admission;
mod amiss;

use super::BatchLimits;
use super::client::{Answers, Client, malformed, refused};
use super::query::Query;
use super::status::is_too_old;
use crate::budget::Admitted;
use crate::fault::{Fault, Part};
use crate::metrics::{self, Arrivals};
use crate::plan::Lane;
use crate::quota::{Granted, ReadQuota};
use crate::retry::Retry;
use crate::room::{Room, Rooms};
use crate::source::{Batch, Reader, Standing};
use crate::stop::Stop;
use bytes::{Buf, Bytes};
use checkpoints::{Position, Span};
use std::sync::Arc;
use tokio::time::Instant;
use tonic::Status;
use transforms::{below, firestore};

/// What a reader needs from its source.
pub(super) struct Parts {
    pub(super) client: Arc<Client>,
    pub(super) quota: Arc<ReadQuota>,
    pub(super) rooms: Rooms,
    pub(super) limits: BatchLimits,
    pub(super) retry: Retry,
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
    /// Reads set apart for the next stream.
    admitted: Option<Admitted>,
    arrivals: Arrivals,
    /// The last stream ended cleanly without saying that nothing follows.
    confirming: bool,
}

struct Open {
    answers: Answers,
    admitted: Admitted,
    granted: Granted,
    limit: Option<u32>,
    got: u32,
    done: bool,
}

enum Step {
    Document(Bytes),
    End,
    Again,
    /// Reads must be waited for, which nobody does who holds room.
    Pause,
}

/// What became of a batch.
enum Filled {
    Batch(Batch),
    Paused,
    Drained,
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
            admitted: None,
            arrivals: Arrivals::new(),
            confirming: false,
            standing,
            parts,
        }
    }

    async fn fill(&mut self, mut room: Room) -> Result<Filled, Fault> {
        let since = Instant::now();
        let (mut documents, mut bytes, mut ended) = (Vec::new(), 0, false);
        let stop = self.parts.stop.clone();
        while documents.len() < self.parts.limits.rows && bytes < self.parts.limits.bytes && !ended {
            let at_hand = self.stream.as_mut().and_then(|open| open.answers.at_hand());
            let step = match at_hand {
                Some(answer) => self.take(answer).await?,
                None => {
                    self.tell();
                    tokio::select! {
                        biased;
                        () = stop.draining() => break,
                        step = self.step() => step?,
                    }
                }
            };
            match step {
                Step::Document(body) => {
                    bytes += body.len();
                    documents.push(body);
                }
                Step::End => ended = true,
                Step::Again => {}
                Step::Pause if documents.is_empty() => return Ok(Filled::Paused),
                Step::Pause => break,
            }
        }
        self.tell();
        let to = match &self.last {
            _ if ended => Position::End,
            Some(last) if !documents.is_empty() => Position::at(last.as_bytes()),
            _ => return Ok(Filled::Drained),
        };
        room.shrink(documents.len(), bytes);
        let span = Span {
            from: std::mem::replace(&mut self.position, to.clone()),
            to,
        };
        Ok(Filled::Batch(Batch {
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
        match &mut self.stream {
            None => Box::pin(self.open()).await,
            Some(open) => {
                let answer = open.answers.next().await;
                self.take(answer).await
            }
        }
    }

    /// Takes in what came. What is no answer, repeats or strays is not believed, and the rest of its stream neither:
    /// the lane is read on from the last good document by a new one.
    ///
    /// A future of this is made for every document; what is rarely done is kept on the heap, or all of them would have
    /// room for it: that was a quarter of what reading a document took.
    async fn take(&mut self, answer: Result<Option<Bytes>, Status>) -> Result<Step, Fault> {
        match answer {
            Ok(Some(message)) => match self.understand(message) {
                Ok(Some(body)) => Ok(Step::Document(body)),
                Ok(None) => Ok(Step::Again),
                Err(fault) => {
                    self.stream = None;
                    Box::pin(self.parts.retry.again(fault)).await?;
                    Ok(Step::Again)
                }
            },
            Ok(None) => Box::pin(self.clean_end()).await,
            Err(status) => {
                self.stream = None;
                Box::pin(self.broken(&status)).await
            }
        }
    }

    async fn open(&mut self) -> Result<Step, Fault> {
        let admitted = match self.admitted.take() {
            Some(admitted) => admitted,
            None => match self.parts.quota.budget().admit_now(self.left()).await? {
                Some(admitted) => admitted,
                None => return Ok(Step::Pause),
            },
        };
        let most = admitted.documents();
        let granted = self.parts.quota.take_page(most.unwrap_or(u32::MAX)).await;
        let limit = granted.reads().or(most);
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
                    admitted,
                    granted,
                    limit,
                    got: 0,
                    done: false,
                })
            }
            Err(status) => {
                if refused(&status) {
                    admitted.close();
                    granted.close();
                }
                return self.broken(&status).await;
            }
        }
        Ok(Step::Again)
    }

    /// The document that a message holds, if it holds one.
    fn understand(&mut self, mut message: Bytes) -> Result<Option<Bytes>, Fault> {
        let answer = firestore::answer(&message).map_err(|error| malformed(&self.action, &error))?;
        let Some(open) = &mut self.stream else {
            return Ok(None);
        };
        open.done |= answer.done;
        let Some(range) = answer.document else {
            return Ok(None);
        };
        // Not a slice of it: that would count who holds its block up, and down again.
        message.truncate(range.end);
        message.advance(range.start);
        let body = message;
        let name = firestore::name(&body).map_err(|error| malformed(&self.action, &error))?;
        let path = below(name, self.parts.client.root());
        let Some(path) = path.filter(|path| self.query.admits(path, self.last.as_deref())) else {
            let stray = format!("the answer repeats or strays: {name:?}");
            return Err(Fault::transient(Part::Source, &*self.action, stray).with_cause("out_of_order"));
        };
        open.got += 1;
        self.read += 1;
        let cost = self.parts.quota.budget().cost(body.len());
        open.admitted.note(cost);
        open.granted.came(1);
        self.billed += cost;
        self.confirming = false;
        self.arrivals.document(body.len(), cost);
        self.parts.retry.progress();
        path.clone_into(self.last.get_or_insert_default());
        Ok(Some(body))
    }

    /// Says what came since it was said last.
    fn tell(&mut self) {
        self.parts.quota.note(self.arrivals.tell());
    }

    async fn clean_end(&mut self) -> Result<Step, Fault> {
        let Some(mut open) = self.stream.take() else {
            return Ok(Step::Again);
        };
        if open.got == 0 {
            // A query without a result is billed as one read.
            metrics::billed(1);
            open.admitted.note(1);
            open.granted.came(1);
            self.billed += 1;
        }
        let (said_done, got, limit) = (open.done, open.got, open.limit);
        // An answer that ended without saying so may have been cut short on its way here.
        if said_done {
            open.admitted.close();
            open.granted.close();
        }
        let full_page = limit.is_some_and(|limit| got >= limit);
        let said_so = said_done && !full_page;
        let confirmed = self.confirming && got == 0;
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
        Box::pin(self.miscounted(confirmed, said_so)).await
    }

    async fn broken(&mut self, status: &Status) -> Result<Step, Fault> {
        self.parts.client.note_quota(status);
        match is_too_old(status) {
            true => self.repin(status).await?,
            false => {
                let fault = self.parts.client.fault(&self.action, status);
                self.parts.retry.again(fault).await?;
            }
        }
        Ok(Step::Again)
    }
}

impl Reader for LaneReader {
    async fn next(&mut self) -> Result<Option<Batch>, Fault> {
        if self.position.is_end() {
            return Ok(None);
        }
        let stop = self.parts.stop.clone();
        loop {
            if !self.admit().await? {
                return Ok(None);
            }
            let room = tokio::select! {
                biased;
                () = stop.draining() => return Ok(None),
                room = self.parts.rooms.take() => room,
            };
            match self.fill(room).await? {
                Filled::Batch(batch) => return Ok(Some(batch)),
                Filled::Drained => return Ok(None),
                Filled::Paused => {}
            }
        }
    }
}
