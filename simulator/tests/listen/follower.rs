//! A client that follows the protocol: what it holds at a consistent point is what the collection was at that time.
//!
//! It keeps what it is told apart until a consistent point, forgets everything on RESET, compares counts, starts over
//! without a token when they differ or when it is told to, and comes back with its token when a stream ends.

use crate::place::{Place, moment, resumed};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::target::ResumeType;
use proto::target_change::TargetChangeType;
use proto::{TargetChange, listen_response::ResponseType};
use simulator::Moment;
use std::collections::BTreeMap;
use tonic::{Code, Streaming};

pub(crate) type Documents = BTreeMap<String, proto::Document>;

/// How a client tells where it got to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    Token,
    ReadTime,
    TokenAndCount,
}

/// Where a client got to.
#[derive(Debug)]
struct Known {
    documents: Documents,
    token: Vec<u8>,
    time: Moment,
}

/// A client.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    known: Option<Known>,
    stream: Option<Open>,
    last_id: i32,
}

/// An open stream.
#[derive(Debug)]
struct Open {
    answers: Streaming<proto::ListenResponse>,
    ask: futures::channel::mpsc::UnboundedSender<proto::ListenRequest>,
    /// The target that counts; what others are told is void.
    id: i32,
    draft: Documents,
    current: bool,
}

/// What became of a stream.
enum Outcome {
    Consistent(Vec<u8>, Moment),
    /// The target has to be added again, with what is known or without.
    Again,
    FromScratch,
    Ended,
    Nothing,
}

impl Follower {
    /// Hangs up.
    pub(crate) fn hang_up(&mut self) {
        self.stream = None;
    }

    /// Follows until everything committed up to `moment` has been told, and says what there was.
    pub(crate) async fn follow(&mut self, place: &Place, until: Moment, by: By) -> &Documents {
        loop {
            if self.stream.is_none() {
                self.open(place, by).await;
                continue;
            }
            match self.hear().await {
                Outcome::Nothing => {}
                Outcome::Ended => self.hang_up(),
                Outcome::Again => self.add(place, by),
                Outcome::FromScratch => {
                    self.known = None;
                    self.add(place, by);
                }
                Outcome::Consistent(token, time) => {
                    let documents = self
                        .stream
                        .as_ref()
                        .map(|open| open.draft.clone())
                        .unwrap_or_default();
                    let earlier = self.known.replace(Known {
                        documents,
                        token,
                        time,
                    });
                    assert!(
                        earlier.is_none_or(|earlier| earlier.time <= time),
                        "time went backwards"
                    );
                    if time >= until {
                        break;
                    }
                }
            }
        }
        &self.known.as_ref().unwrap().documents
    }

    async fn open(&mut self, place: &Place, by: By) {
        let target = self.target(place, by);
        let (ask, requests) = futures::channel::mpsc::unbounded();
        ask.unbounded_send(place.adding(target)).unwrap();
        if let Ok(answers) = place.listener().listen(requests).await {
            self.stream = Some(Open {
                answers: answers.into_inner(),
                ask,
                id: self.last_id,
                draft: self.draft(),
                current: false,
            });
        }
    }

    /// Adds the target again, under another id so that what is on its way to the former one is not mistaken for its.
    fn add(&mut self, place: &Place, by: By) {
        let (target, draft) = (self.target(place, by), self.draft());
        if let Some(open) = &mut self.stream {
            // A stream that has ended says so when it is read.
            let _ = open.ask.unbounded_send(place.removing(open.id));
            let _ = open.ask.unbounded_send(place.adding(target));
            (open.id, open.draft, open.current) = (self.last_id, draft, false);
        }
    }

    fn draft(&self) -> Documents {
        self.known
            .as_ref()
            .map(|known| known.documents.clone())
            .unwrap_or_default()
    }

    fn target(&mut self, place: &Place, by: By) -> proto::Target {
        self.last_id += 1;
        let target = proto::Target {
            target_id: self.last_id,
            ..place.target()
        };
        let Some(known) = &self.known else { return target };
        let count = i32::try_from(known.documents.len()).unwrap();
        let token = ResumeType::ResumeToken(known.token.clone());
        match by {
            By::Token => resumed(target, token),
            By::ReadTime => resumed(target, ResumeType::ReadTime(known.time.timestamp())),
            By::TokenAndCount => proto::Target {
                expected_count: Some(count),
                ..resumed(target, token)
            },
        }
    }

    async fn hear(&mut self) -> Outcome {
        let Some(open) = &mut self.stream else {
            return Outcome::Ended;
        };
        let Ok(Some(answer)) = open.answers.message().await else {
            return Outcome::Ended;
        };
        match answer.response_type.unwrap() {
            ResponseType::TargetChange(change) => return open.target_changed(change),
            ResponseType::DocumentChange(change) if change.target_ids.contains(&open.id) => {
                let document = change.document.unwrap();
                open.draft.insert(document.name.clone(), document);
            }
            ResponseType::DocumentDelete(delete) if delete.removed_target_ids.contains(&open.id) => {
                open.draft.remove(&delete.document);
            }
            ResponseType::Filter(filter)
                if filter.target_id == open.id
                    && usize::try_from(filter.count).unwrap() != open.draft.len() =>
            {
                return Outcome::FromScratch;
            }
            _ => {}
        }
        Outcome::Nothing
    }
}

impl Open {
    fn target_changed(&mut self, change: TargetChange) -> Outcome {
        let all = change.target_ids.is_empty();
        if !all && !change.target_ids.contains(&self.id) {
            return Outcome::Nothing;
        }
        match change.target_change_type() {
            TargetChangeType::Reset => {
                self.draft.clear();
                self.current = false;
            }
            TargetChangeType::Current => self.current = true,
            TargetChangeType::NoChange if all && self.current => {
                return Outcome::Consistent(change.resume_token, moment(change.read_time));
            }
            TargetChangeType::Remove => {
                let code = change.cause.map(|cause| Code::from_i32(cause.code));
                return match code {
                    Some(Code::FailedPrecondition | Code::InvalidArgument) => Outcome::FromScratch,
                    _ => Outcome::Again,
                };
            }
            _ => {}
        }
        Outcome::Nothing
    }
}
