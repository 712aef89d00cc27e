//! A streamed answer on its way out, and everything that can befall it.
//!
//! Messages are encoded into one buffer and leave in chunks. The last one is held back until it is known whether it is
//! the last of all, for that one says so. What the call's course has in store strikes between two documents, or in the
//! middle of one.

use super::{Body, PREFIX};
use crate::fault::{Blow, Course, Cut, Watch};
use crate::server::Line;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body::Frame;
use prost::Message;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, sleep, sleep_until};
use tonic::Status;

/// Bytes that leave together.
const CHUNK: usize = 64 << 10;
/// Documents that a repeated page has.
const PAGE: usize = 10;
/// A slow stream moves so often in a second.
const STEPS: u64 = 20;
/// `done: true` of a RunQueryResponse.
const DONE: [u8; 2] = [0x30, 0x01];

/// Nobody listens any more, or nobody can be reached: the call is over.
#[derive(Debug)]
pub(crate) struct Gone;

/// A document's fate.
#[derive(Debug)]
enum Next {
    Comes,
    Omitted,
    /// It waits until another has come.
    Late,
    /// It comes, and then the one that waited for it.
    Before(Vec<u8>),
}

/// The sending end of an answer.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pieces: Sender<Frame<Bytes>>,
    line: Line,
    course: Course,
    /// When the stream dies of old age.
    death: Option<Instant>,
    buffer: Vec<u8>,
    /// Where in the buffer its last message begins.
    last: usize,
    documents: u64,
    /// The documents sent last, when the course wants them again.
    recent: Option<VecDeque<Vec<u8>>>,
    /// What becomes of the next document.
    next: Next,
    /// Bytes per second, once the answer has begun.
    pace: Option<u64>,
    /// The next piece is cut in its last message.
    cut: Option<Cut>,
    /// What struck that only a Listen can carry out.
    watches: VecDeque<Watch>,
}

impl Outgoing {
    /// An answer that takes this course, and the response that carries it.
    pub(crate) fn open(course: Course, line: Line) -> (Outgoing, Response<Body>) {
        let (pieces, receiver) = channel(2);
        let outgoing = Outgoing {
            pieces,
            line,
            death: course.death_after().map(|after| Instant::now() + after),
            recent: course.repeats().then(VecDeque::new),
            course,
            buffer: Vec::with_capacity(CHUNK + (CHUNK >> 1)),
            last: 0,
            documents: 0,
            next: Next::Comes,
            pace: None,
            cut: None,
            watches: VecDeque::new(),
        };
        (outgoing, response(Body::Pieces(receiver)))
    }

    /// Lets the time pass that this call takes before anything is answered.
    pub(crate) async fn begin(&mut self) {
        let latency = self.course.latency();
        if !latency.is_zero() {
            sleep(latency).await;
        }
        self.pace = self.course.bandwidth();
    }

    /// Appends a message whose bytes `fill` appends.
    pub(crate) fn encoded(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        self.last = self.buffer.len();
        self.buffer.extend_from_slice(&[0; PREFIX]);
        fill(&mut self.buffer);
        self.set_length();
    }

    /// Appends a message that counts as a document.
    pub(crate) fn document(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        let before = self.last;
        self.encoded(fill);
        self.documents += 1;
        match std::mem::replace(&mut self.next, Next::Comes) {
            Next::Comes => {}
            Next::Before(late) => self.append(&late),
            other => {
                let taken = self.buffer.split_off(self.last);
                self.last = before;
                if matches!(other, Next::Late) {
                    self.next = Next::Before(taken);
                }
                return;
            }
        }
        if let Some(recent) = &mut self.recent {
            recent.push_back(self.buffer[self.last..].to_vec());
            if recent.len() > PAGE {
                recent.pop_front();
            }
        }
    }

    /// Appends a message that was taken out or sent before.
    fn append(&mut self, message: &[u8]) {
        self.last = self.buffer.len();
        self.buffer.extend_from_slice(message);
    }

    /// Appends a message that counts as a document, made by the library.
    pub(crate) fn document_of(&mut self, message: &impl Message) {
        // Writing into a vector that grows cannot fail.
        self.document(|buffer| message.encode(buffer).unwrap_or_default());
    }

    /// Where the answer is now, to come back to.
    pub(crate) fn mark(&self) -> (usize, usize, u64) {
        (self.buffer.len(), self.last, self.documents)
    }

    /// Takes back what was appended since and has not left.
    pub(crate) fn forget_since(&mut self, mark: (usize, usize, u64)) {
        let (length, last, documents) = mark;
        self.buffer.truncate(length);
        (self.last, self.documents) = (last, documents);
    }

    fn set_length(&mut self) {
        let start = self.last + PREFIX;
        let length = u32::try_from(self.buffer.len() - start).unwrap_or(u32::MAX);
        self.buffer[self.last + 1..start].copy_from_slice(&length.to_be_bytes());
    }

    /// Whether there is enough for a piece.
    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= CHUNK
    }

    /// Documents that may be appended before something strikes.
    pub(crate) fn until_next_blow(&self) -> u64 {
        // In the middle of a document means that one more begins, and no second one.
        if self.cut.is_some() {
            return 1;
        }
        let next = self.course.next_blow().unwrap_or(u64::MAX);
        next.saturating_sub(self.documents)
    }

    /// What must strike now does; then everything appended leaves, but for the last message.
    pub(crate) async fn flush(&mut self) -> Result<(), Gone> {
        if self.cut.is_some() && self.last < self.buffer.len() {
            return self.break_off().await;
        }
        let kept = self.last;
        self.send(kept).await?;
        while let Some(blow) = self.course.blow(self.documents) {
            self.strike(blow).await?;
        }
        Ok(())
    }

    /// Like [`Outgoing::flush`], and the last message leaves as well: a Listen may have nothing to add for hours.
    pub(crate) async fn flush_all(&mut self) -> Result<(), Gone> {
        self.flush().await?;
        self.send(self.buffer.len()).await
    }

    /// The next of what struck that only a Listen can carry out.
    pub(crate) fn watch(&mut self) -> Option<Watch> {
        self.watches.pop_front()
    }

    /// Waits for something, unless the call ends before it comes.
    pub(crate) async fn wait_for<T>(&mut self, something: impl Future<Output = T>) -> Result<T, Gone> {
        let pieces = self.pieces.clone();
        self.alive(async move {
            tokio::select! {
                came = something => Ok(came),
                () = pieces.closed() => Err(Gone),
            }
        })
        .await
    }

    async fn strike(&mut self, blow: Blow) -> Result<(), Gone> {
        match blow {
            Blow::Status(status) => {
                self.end_with(status).await;
                return Err(Gone);
            }
            Blow::EndEarly => {
                self.send(self.buffer.len()).await?;
                self.trail(&Status::ok("")).await;
                return Err(Gone);
            }
            Blow::Cut(cut) => self.cut = Some(cut),
            Blow::Stall(time) => self.pause(time).await?,
            Blow::Repeat => {
                let recent = self.recent.take();
                recent.iter().flatten().for_each(|message| self.append(message));
                self.recent = recent;
            }
            Blow::Reorder => self.next = Next::Late,
            Blow::Omit => self.next = Next::Omitted,
            Blow::Listen(watch) => self.watches.push_back(watch),
            Blow::Malformed => {
                self.encoded(|buffer| buffer.extend_from_slice(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]))
            }
        }
        Ok(())
    }

    /// The end: `done` is said by the last message, if that is how this answer ends.
    pub(crate) async fn end(mut self, done: bool) -> Result<(), Gone> {
        self.flush().await?;
        if let Next::Before(late) = std::mem::replace(&mut self.next, Next::Comes) {
            self.append(&late);
        }
        if done && self.last < self.buffer.len() {
            self.buffer.extend_from_slice(&DONE);
            self.set_length();
        }
        if self.cut.is_some() {
            return self.break_off().await;
        }
        self.send(self.buffer.len()).await?;
        self.trail(&Status::ok("")).await;
        Ok(())
    }

    /// The end that a status makes of it.
    pub(crate) async fn end_with(&mut self, status: Status) {
        if self.send(self.buffer.len()).await.is_ok() {
            self.trail(&status).await;
        }
    }

    /// Sends half of the last message and nothing after it, on this connection.
    async fn break_off(&mut self) -> Result<(), Gone> {
        let half = self.last + (self.buffer.len() - self.last) / 2;
        let cut = self.cut.take().unwrap_or(Cut::Reset);
        self.buffer.truncate(half);
        // Counted from now: headers and frames before it make the cut come somewhat earlier than the half, never later.
        self.line.cut_after(half.max(1), cut);
        self.send(half).await?;
        self.pieces.closed().await;
        Err(Gone)
    }

    async fn pause(&mut self, time: Duration) -> Result<(), Gone> {
        let replaced = self.course.replaced();
        let over = async {
            tokio::select! {
                () = sleep(time) => {}
                () = replaced => {}
            }
        };
        self.wait_for(over).await
    }

    /// Does something unless the stream dies of old age before it is done.
    async fn alive<T>(&mut self, work: impl Future<Output = Result<T, Gone>>) -> Result<T, Gone> {
        let Some(death) = self.death else {
            return work.await;
        };
        tokio::select! {
            biased;
            () = sleep_until(death) => {
                if let Some(status) = self.course.die() {
                    self.trail(&status).await;
                }
                Err(Gone)
            }
            done = work => done,
        }
    }

    /// The first `bytes` of the buffer leave.
    async fn send(&mut self, bytes: usize) -> Result<(), Gone> {
        if bytes == 0 {
            return Ok(());
        }
        let rest = self.buffer.split_off(bytes);
        let piece = Bytes::from(std::mem::replace(
            &mut self.buffer,
            Vec::with_capacity(CHUNK + (CHUNK >> 1)),
        ));
        self.buffer.extend_from_slice(&rest);
        self.last = self.last.saturating_sub(bytes);
        match self.pace {
            None => self.piece(piece).await,
            Some(rate) => self.trickle(piece, rate).await,
        }
    }

    async fn trickle(&mut self, mut piece: Bytes, rate: u64) -> Result<(), Gone> {
        let step = usize::try_from(rate / STEPS).unwrap_or(usize::MAX).max(1);
        while !piece.is_empty() {
            let part = piece.split_to(step.min(piece.len()));
            let time = Duration::from_secs_f64(part.len() as f64 / rate.max(1) as f64);
            self.piece(part).await?;
            self.pause(time).await?;
        }
        Ok(())
    }

    async fn piece(&mut self, piece: Bytes) -> Result<(), Gone> {
        let pieces = self.pieces.clone();
        self.alive(async move { pieces.send(Frame::data(piece)).await.map_err(|_| Gone) })
            .await
    }

    async fn trail(&mut self, status: &Status) {
        // The client may have hung up already.
        let _ = self.pieces.send(Frame::trailers(headers(status))).await;
    }
}

/// An answer that is nothing but a status.
pub(crate) fn refusal(status: &Status) -> Response<Body> {
    let mut response = response(Body::Whole(None));
    response.headers_mut().extend(headers(status));
    response
}

fn response(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

fn headers(status: &Status) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if status.add_header(&mut headers).is_err() {
        // A message that cannot be a header is left out; the code always can.
        headers.insert("grpc-status", HeaderValue::from(status.code() as i32));
    }
    headers
}
