//! A Listen stream, told as events by path. It is read up to consistent points: a NO_CHANGE for all targets with a read
//! time R promises that everything committed up to R has been told.

use crate::ask::Ask;
use crate::expect::moment;
use crate::place::Place;
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use proto::listen_request::TargetChange as Wish;
use proto::listen_response::ResponseType;
use proto::target::{DocumentsTarget, QueryTarget, ResumeType, TargetType, query_target};
use proto::target_change::TargetChangeType;
use simulator::Moment;
use tonic::{Status, Streaming};

/// What a stream tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Add(Vec<i32>),
    Current(Vec<i32>),
    Reset(Vec<i32>),
    /// Target ids, and the code of the cause.
    Remove(Vec<i32>, Option<i32>),
    /// A document as it is now, and the targets it matches.
    Changed(String, Vec<i32>),
    /// A document that is gone, and the targets it was part of.
    Deleted(String, Vec<i32>),
    Removed(String, Vec<i32>),
    /// A target, and how many documents match it.
    Filter(i32, i32),
    /// Nothing new for all targets: a consistent point if it has a time.
    Quiet(Option<Moment>),
    /// Nothing new for some targets.
    QuietFor(Vec<i32>),
}

/// A target on a query, not yet added.
pub(crate) fn target(place: &Place, id: i32, ask: &Ask) -> proto::Target {
    let query = QueryTarget {
        parent: place.name(&ask.below),
        query_type: Some(query_target::QueryType::StructuredQuery(
            ask.structured(&place.root()),
        )),
    };
    proto::Target {
        target_id: id,
        target_type: Some(TargetType::Query(query)),
        ..Default::default()
    }
}

/// A target on some documents.
pub(crate) fn documents(place: &Place, id: i32, paths: &[&str]) -> proto::Target {
    let documents = paths.iter().map(|path| place.name(path)).collect();
    proto::Target {
        target_id: id,
        target_type: Some(TargetType::Documents(DocumentsTarget { documents })),
        ..Default::default()
    }
}

pub(crate) fn resumed(target: proto::Target, from: ResumeType) -> proto::Target {
    proto::Target {
        resume_type: Some(from),
        ..target
    }
}

/// An open stream.
pub(crate) struct Watch<'p> {
    place: &'p Place,
    wishes: UnboundedSender<proto::ListenRequest>,
    answers: Streaming<proto::ListenResponse>,
    /// The token of the latest consistent point.
    pub(crate) token: Vec<u8>,
    /// The times of all consistent points.
    pub(crate) times: Vec<Moment>,
    /// The latest state of documents that came.
    pub(crate) latest: Vec<proto::Document>,
}

impl<'p> Watch<'p> {
    /// Opens a stream with its first target: servers need not answer before there is one.
    pub(crate) async fn open(place: &'p Place, target: proto::Target) -> Result<Watch<'p>, Status> {
        let (wishes, requests) = unbounded();
        let first = wish(place, Wish::AddTarget(target));
        wishes
            .unbounded_send(first)
            .map_err(|error| Status::internal(error.to_string()))?;
        let answers = place.client().listen(requests).await?.into_inner();
        Ok(Watch {
            place,
            wishes,
            answers,
            token: Vec::new(),
            times: Vec::new(),
            latest: Vec::new(),
        })
    }

    /// A stream with the documents of `ask` as target 1.
    pub(crate) async fn on(place: &'p Place, ask: &Ask) -> anyhow::Result<Watch<'p>> {
        Watch::open(place, target(place, 1, ask)).await.context("listen")
    }

    pub(crate) fn add(&self, target: proto::Target) -> anyhow::Result<()> {
        Ok(self
            .wishes
            .unbounded_send(wish(self.place, Wish::AddTarget(target)))?)
    }

    pub(crate) fn remove(&self, target: i32) -> anyhow::Result<()> {
        Ok(self
            .wishes
            .unbounded_send(wish(self.place, Wish::RemoveTarget(target)))?)
    }

    /// The next event, as it comes.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Event> {
        let answer = self
            .answers
            .message()
            .await
            .context("listen")?
            .context("the stream ended")?;
        match answer.response_type.context("an empty response")? {
            ResponseType::TargetChange(change) => self.target_change(change),
            ResponseType::DocumentChange(change) => {
                let document = change.document.context("a change without a document")?;
                let path = self.place.path(&document.name);
                self.latest.push(document);
                Ok(Event::Changed(path, change.target_ids))
            }
            ResponseType::DocumentDelete(delete) => {
                let path = self.place.path(&delete.document);
                Ok(Event::Deleted(path, delete.removed_target_ids))
            }
            ResponseType::DocumentRemove(remove) => {
                let path = self.place.path(&remove.document);
                Ok(Event::Removed(path, remove.removed_target_ids))
            }
            ResponseType::Filter(filter) => Ok(Event::Filter(filter.target_id, filter.count)),
        }
    }

    fn target_change(&mut self, change: proto::TargetChange) -> anyhow::Result<Event> {
        let kind = change.target_change_type();
        let ids = change.target_ids;
        let event = match kind {
            TargetChangeType::Add => Event::Add(ids),
            TargetChangeType::Current => Event::Current(ids),
            TargetChangeType::Reset => Event::Reset(ids),
            TargetChangeType::Remove => Event::Remove(ids, change.cause.map(|cause| cause.code)),
            TargetChangeType::NoChange if !ids.is_empty() => Event::QuietFor(ids),
            TargetChangeType::NoChange => {
                let time = change.read_time.map(|time| moment(Some(time))).transpose()?;
                if let Some(time) = time {
                    ensure!(
                        !change.resume_token.is_empty(),
                        "a consistent point without a token"
                    );
                    self.times.push(time);
                    self.token = change.resume_token;
                }
                Event::Quiet(time)
            }
        };
        Ok(event)
    }

    /// Everything up to the first consistent point at or after `moment`, without the points themselves.
    pub(crate) async fn until(&mut self, moment: Moment) -> anyhow::Result<Vec<Event>> {
        let mut events = Vec::new();
        loop {
            match self.next().await.with_context(|| format!("after {events:?}"))? {
                Event::Quiet(Some(time)) if time >= moment => return Ok(events),
                Event::Quiet(_) | Event::QuietFor(_) => {}
                event => events.push(event),
            }
        }
    }

    /// Everything up to the first consistent point.
    pub(crate) async fn until_consistent(&mut self) -> anyhow::Result<Vec<Event>> {
        self.until(Moment(0)).await
    }

    pub(crate) fn token(&self) -> ResumeType {
        ResumeType::ResumeToken(self.token.clone())
    }
}

fn wish(place: &Place, wish: Wish) -> proto::ListenRequest {
    proto::ListenRequest {
        database: place.database().to_owned(),
        target_change: Some(wish),
        ..Default::default()
    }
}

/// `Changed` of a document in target 1, the usual case.
pub(crate) fn changed(path: &str) -> Event {
    Event::Changed(path.to_owned(), vec![1])
}

/// `Deleted` of a document in target 1.
pub(crate) fn deleted(path: &str) -> Event {
    Event::Deleted(path.to_owned(), vec![1])
}
