//! Streams in memory, on time that passes by itself: how long silences last, and what a slow client gets.

use super::Pace;
use super::conversation::{Conversation, Requests};
use crate::database::Database;
use crate::fault::{Faults, Plan};
use crate::grpc::{Body, Outgoing};
use crate::server::Line;
use crate::state::State;
use bytes::{Buf, Bytes, BytesMut};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use http_body_util::BodyExt;
use prost::Message;
use proto::listen_request::TargetChange as Ask;
use proto::listen_response::ResponseType;
use proto::structured_query::CollectionSelector;
use proto::target::{QueryTarget, ResumeType, TargetType, query_target};
use proto::target_change::TargetChangeType;
use std::time::Duration;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::Instant;
use tonic::{Code, Status};

const DATABASE: &str = "projects/p/databases/d";
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

impl Requests for Receiver<proto::ListenRequest> {
    async fn next(&mut self) -> Result<Option<proto::ListenRequest>, Status> {
        Ok(self.recv().await)
    }
}

/// What is told, in few words.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Target(TargetChangeType, Vec<i32>),
    /// A consistent point.
    Consistent,
    Changed(String, Vec<i32>),
    Deleted(String, Vec<i32>),
    Filter(i32, i32),
    Status(Code),
}

use TargetChangeType::{Add, Current, Remove};
use Told::{Changed, Consistent, Deleted, Target};

/// A stream, seen from its client.
struct Talk {
    state: Arc<State>,
    database: Arc<Database>,
    asking: Sender<proto::ListenRequest>,
    body: Body,
    buffer: BytesMut,
    token: Vec<u8>,
    cause: Option<i32>,
}

impl Talk {
    /// A database with these documents, and a stream with its first target on the collection `c`.
    async fn about(documents: impl IntoIterator<Item = String>, pace: Pace, plan: Plan) -> Talk {
        let state = Arc::new(State::new(Faults::new(plan), BTreeMap::new()));
        let database = state.database(DATABASE).unwrap();
        let writes: Vec<proto::Write> = documents.into_iter().map(|path| set(&path, 0)).collect();
        if !writes.is_empty() {
            database.commit(&writes, &state.clock).unwrap();
        }
        let call = crate::fault::Call {
            method: "Listen",
            collection: Some("c"),
        };
        let (outgoing, response) = Outgoing::open(state.faults.course(&call), Line::default());
        let (asking, asked) = channel(10);
        let conversation = Conversation::new(state.clone(), database.clone(), outgoing, pace);
        tokio::spawn(conversation.hold(add(1, None), asked));
        Talk {
            state,
            database,
            asking,
            body: response.into_body(),
            buffer: BytesMut::new(),
            token: Vec::new(),
            cause: None,
        }
    }

    fn commit(&self, writes: &[proto::Write]) {
        self.database.commit(writes, &self.state.clock).unwrap();
    }

    async fn next(&mut self) -> Told {
        loop {
            if let Some((prefix, rest)) = self.buffer.split_first_chunk::<5>() {
                let length = prefix[1..]
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte));
                if rest.len() >= length {
                    self.buffer.advance(5);
                    return self.told(self.buffer.clone().split_to(length).freeze(), length);
                }
            }
            match self.body.frame().await.unwrap().unwrap().into_data() {
                Ok(data) => self.buffer.extend_from_slice(&data),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap();
                    return Told::Status(Status::from_header_map(&trailers).unwrap().code());
                }
            }
        }
    }

    fn told(&mut self, message: Bytes, length: usize) -> Told {
        self.buffer.advance(length);
        let path = |name: &str| {
            name.strip_prefix("projects/p/databases/d/documents/")
                .unwrap()
                .to_owned()
        };
        match proto::ListenResponse::decode(message)
            .unwrap()
            .response_type
            .unwrap()
        {
            ResponseType::TargetChange(change) => {
                self.cause = change.cause.as_ref().map(|cause| cause.code);
                match change.target_change_type() {
                    TargetChangeType::NoChange => {
                        assert!(change.target_ids.is_empty() && change.read_time.is_some());
                        self.token = change.resume_token;
                        Consistent
                    }
                    kind => Target(kind, change.target_ids),
                }
            }
            ResponseType::DocumentChange(change) => {
                Changed(path(&change.document.unwrap().name), change.target_ids)
            }
            ResponseType::DocumentDelete(delete) => {
                Deleted(path(&delete.document), delete.removed_target_ids)
            }
            ResponseType::DocumentRemove(remove) => panic!("{remove:?}"),
            ResponseType::Filter(filter) => Told::Filter(filter.target_id, filter.count),
        }
    }

    /// Everything up to the next consistent point.
    async fn until_consistent(&mut self) -> Vec<Told> {
        let mut all = Vec::new();
        loop {
            match self.next().await {
                Consistent => return all,
                Told::Status(code) => panic!("{code:?} after {all:?}"),
                told => all.push(told),
            }
        }
    }
}

fn name(path: &str) -> String {
    format!("{DATABASE}/documents/{path}")
}

fn set(path: &str, number: i64) -> proto::Write {
    let value = proto::Value {
        value_type: Some(proto::value::ValueType::IntegerValue(number)),
    };
    let document = proto::Document {
        name: name(path),
        fields: [("n".to_owned(), value)].into(),
        ..Default::default()
    };
    proto::Write {
        operation: Some(proto::write::Operation::Update(document)),
        ..Default::default()
    }
}

fn delete(path: &str) -> proto::Write {
    proto::Write {
        operation: Some(proto::write::Operation::Delete(name(path))),
        ..Default::default()
    }
}

fn add(id: i32, resume: Option<ResumeType>) -> proto::ListenRequest {
    let from = vec![CollectionSelector {
        collection_id: "c".to_owned(),
        // Other targets than the first are groups, so that targets differ.
        all_descendants: id != 1,
    }];
    let query = proto::StructuredQuery {
        from,
        ..Default::default()
    };
    let target = proto::Target {
        target_id: id,
        target_type: Some(TargetType::Query(QueryTarget {
            parent: format!("{DATABASE}/documents"),
            query_type: Some(query_target::QueryType::StructuredQuery(query)),
        })),
        resume_type: resume,
        ..Default::default()
    };
    proto::ListenRequest {
        database: DATABASE.to_owned(),
        target_change: Some(Ask::AddTarget(target)),
        ..Default::default()
    }
}

fn paths(number: u32) -> impl Iterator<Item = String> {
    (0..number).map(|n| format!("c/{n:06}"))
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_says_where_it_stands_and_a_commit_elsewhere_is_silence() {
    let mut talk = Talk::about(paths(1), Pace::default(), Plan::default()).await;
    talk.until_consistent().await;
    for _ in 0..3 {
        let since = Instant::now();
        talk.commit(&[set("other/a", 1)]);
        assert_eq!(talk.until_consistent().await, []);
        let silence = since.elapsed();
        assert!(
            silence >= HALF_A_MINUTE - Duration::from_millis(10) && silence < HALF_A_MINUTE * 2,
            "{silence:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn commits_in_a_burst_are_told_together_each_document_once() {
    let mut talk = Talk::about(paths(2), Pace::default(), Plan::default()).await;
    talk.until_consistent().await;
    let since = Instant::now();
    talk.commit(&[set("c/a", 1)]);
    talk.commit(&[set("c/b", 1), set("c/gone", 1)]);
    talk.commit(&[set("c/a", 2), delete("c/000001")]);
    talk.commit(&[delete("c/gone")]);
    let told = talk.until_consistent().await;
    let expected = [
        Changed("c/b".to_owned(), vec![1]),
        Deleted("c/000001".to_owned(), vec![1]),
        Changed("c/a".to_owned(), vec![1]),
    ];
    let sorted = |mut told: Vec<Told>| {
        told.sort_by_key(|told| format!("{told:?}"));
        told
    };
    assert_eq!(sorted(told), sorted(expected.to_vec()));
    assert!(since.elapsed() < HALF_A_MINUTE);
    assert_eq!(talk.database.meter().bill().listened, 2 + 2, "deletes are free");
}

#[tokio::test(start_paused = true)]
async fn a_document_of_two_targets_is_told_and_billed_once() {
    let mut talk = Talk::about(paths(1), Pace::default(), Plan::default()).await;
    talk.until_consistent().await;
    talk.asking.send(add(2, None)).await.unwrap();
    talk.until_consistent().await;
    let before = talk.database.meter().bill().listened;
    talk.commit(&[set("c/a", 1), set("c/a/c/b", 1)]);
    let told = talk.until_consistent().await;
    assert_eq!(
        told,
        [
            Changed("c/a".to_owned(), vec![1, 2]),
            Changed("c/a/c/b".to_owned(), vec![2])
        ]
    );
    assert_eq!(talk.database.meter().bill().listened - before, 2);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_too_far_behind_is_removed_and_can_come_back() {
    let pace = Pace {
        backlog: 2,
        ..Pace::default()
    };
    let mut talk = Talk::about(paths(1), pace, Plan::default()).await;
    talk.until_consistent().await;
    // A single commit may be as large as it likes.
    let large: Vec<proto::Write> = (0..9).map(|n| set(&format!("c/{n}"), 1)).collect();
    talk.commit(&large);
    assert_eq!(talk.until_consistent().await.len(), 9);
    // Nobody else has a turn between these.
    for n in 0..4 {
        talk.commit(&[set(&format!("c/{n}"), 2)]);
    }
    assert_eq!(talk.next().await, Target(Remove, vec![1]));
    assert_eq!(talk.cause, Some(Code::Unavailable as i32));
    let token = ResumeType::ResumeToken(talk.token.clone());
    talk.asking.send(add(1, Some(token))).await.unwrap();
    let told = talk.until_consistent().await;
    assert_eq!(told.first(), Some(&Target(Add, vec![1])));
    assert_eq!(told.last(), Some(&Target(Current, vec![1])));
    assert_eq!(told.len(), 6, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_client_does_not_take_is_not_prepared() {
    let mut talk = Talk::about(paths(100_000), Pace::default(), Plan::default()).await;
    // The stream has all the turns it wants.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let prepared = talk.database.meter().bill().listened;
    assert!(prepared > 0 && prepared < 10_000, "{prepared}");
    assert_eq!(talk.until_consistent().await.len(), 100_002);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_ends_the_stream() {
    let mut talk = Talk::about(paths(9), Pace::default(), Plan::default().reads_per_second(0)).await;
    assert_eq!(talk.next().await, Target(Add, vec![1]));
    let mut told = talk.next().await;
    while let Changed(..) = told {
        told = talk.next().await;
    }
    assert_eq!(told, Told::Status(Code::ResourceExhausted));
    assert_eq!(talk.database.meter().bill().listened, 0);
    assert_eq!(talk.database.meter().bill().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_further_requests_ends() {
    let mut talk = Talk::about(paths(1), Pace::default(), Plan::default()).await;
    talk.until_consistent().await;
    talk.asking = channel(1).0;
    assert_eq!(talk.next().await, Told::Status(Code::Ok));
}
