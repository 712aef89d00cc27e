//! A database of a running simulator, and streams on it.

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use proto::firestore_client::FirestoreClient;
use proto::listen_request::TargetChange as Wish;
use proto::listen_response::ResponseType;
use proto::structured_query::CollectionSelector;
use proto::target::{DocumentsTarget, QueryTarget, ResumeType, TargetType, query_target};
use proto::target_change::TargetChangeType;
use simulator::fault::Plan;
use simulator::{Bill, Moment, Options, Simulator};
use std::collections::BTreeMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

/// A simulator with one database that is used. Writers and listeners have a connection each, so that one can be cut
/// without the other.
pub(crate) struct Place {
    pub(crate) simulator: Simulator,
    project: String,
    writer: FirestoreClient<Channel>,
    listener: FirestoreClient<Channel>,
}

impl Place {
    /// A fresh simulator.
    pub(crate) fn new(plan: Plan) -> Place {
        let simulator = Simulator::start(Options::default().plan(plan)).unwrap();
        let endpoint = Endpoint::from_shared(format!("http://{}", simulator.host())).unwrap();
        let client = || FirestoreClient::new(endpoint.connect_lazy());
        Place {
            project: simulator.fresh_project(),
            writer: client(),
            listener: client(),
            simulator,
        }
    }

    /// An empty database from now on.
    pub(crate) fn renew(&mut self) {
        self.project = self.simulator.fresh_project();
    }

    fn database(&self) -> String {
        format!("projects/{}/databases/(default)", self.project)
    }

    fn root(&self) -> String {
        format!("{}/documents", self.database())
    }

    fn name(&self, path: &str) -> String {
        format!("{}/{path}", self.root())
    }

    pub(crate) fn bill(&self) -> Bill {
        self.simulator.bill(&self.project, "(default)")
    }

    /// Writes a number to each document, or deletes it; all at one moment.
    pub(crate) async fn commit(&self, documents: &[(&str, Option<i64>)]) -> Moment {
        let writes = documents
            .iter()
            .map(|(path, number)| self.write(path, *number))
            .collect();
        let request = proto::CommitRequest {
            database: self.database(),
            writes,
            ..Default::default()
        };
        let answer = self.writer.clone().commit(request).await.unwrap().into_inner();
        moment(answer.commit_time)
    }

    fn write(&self, path: &str, number: Option<i64>) -> proto::Write {
        use proto::write::Operation;
        let fields = number.map(|number| {
            let value_type = Some(proto::value::ValueType::IntegerValue(number));
            [("n".to_owned(), proto::Value { value_type })].into()
        });
        let operation = match fields {
            Some(fields) => Operation::Update(proto::Document {
                name: self.name(path),
                fields,
                ..Default::default()
            }),
            None => Operation::Delete(self.name(path)),
        };
        proto::Write {
            operation: Some(operation),
            ..Default::default()
        }
    }

    /// The documents of the collection `c`, by name.
    pub(crate) async fn documents(&self) -> BTreeMap<String, proto::Document> {
        let request = proto::RunQueryRequest {
            parent: self.root(),
            query_type: Some(proto::run_query_request::QueryType::StructuredQuery(query(
                "c", false,
            ))),
            ..Default::default()
        };
        let mut answers = self.writer.clone().run_query(request).await.unwrap().into_inner();
        let mut documents = BTreeMap::new();
        while let Some(answer) = answers.message().await.unwrap() {
            documents.extend(answer.document.map(|document| (document.name.clone(), document)));
        }
        documents
    }

    /// The target 1: the collection `c`.
    pub(crate) fn target(&self) -> proto::Target {
        self.target_on(query("c", false))
    }

    pub(crate) fn target_on(&self, query: proto::StructuredQuery) -> proto::Target {
        proto::Target {
            target_id: 1,
            target_type: Some(TargetType::Query(QueryTarget {
                parent: self.root(),
                query_type: Some(query_target::QueryType::StructuredQuery(query)),
            })),
            ..Default::default()
        }
    }

    pub(crate) fn documents_target(&self, paths: &[&str]) -> proto::Target {
        let documents = paths.iter().map(|path| self.name(path)).collect();
        proto::Target {
            target_id: 1,
            target_type: Some(TargetType::Documents(DocumentsTarget { documents })),
            ..Default::default()
        }
    }

    /// Requests to add a target and to remove one.
    pub(crate) fn adding(&self, target: proto::Target) -> proto::ListenRequest {
        request(self.database(), Wish::AddTarget(target))
    }

    pub(crate) fn removing(&self, id: i32) -> proto::ListenRequest {
        request(self.database(), Wish::RemoveTarget(id))
    }

    /// Calls on the listener's connection.
    pub(crate) fn listener(&self) -> FirestoreClient<Channel> {
        self.listener.clone()
    }

    /// Opens a stream with its first target.
    pub(crate) async fn listen(&self, target: proto::Target) -> Result<Stream, Status> {
        let (wishes, requests) = unbounded();
        wishes.unbounded_send(self.adding(target)).unwrap();
        let answers = self.listener().listen(requests).await?.into_inner();
        Ok(Stream {
            root: self.root(),
            database: self.database(),
            wishes,
            answers,
            token: Vec::new(),
            time: Moment(0),
        })
    }
}

pub(crate) fn query(collection: &str, group: bool) -> proto::StructuredQuery {
    proto::StructuredQuery {
        from: vec![CollectionSelector {
            collection_id: collection.to_owned(),
            all_descendants: group,
        }],
        ..Default::default()
    }
}

pub(crate) fn resumed(target: proto::Target, from: ResumeType) -> proto::Target {
    proto::Target {
        resume_type: Some(from),
        ..target
    }
}

pub(crate) fn moment(time: Option<firestore::gcloud_sdk::prost_types::Timestamp>) -> Moment {
    let time = time.unwrap();
    Moment(time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000)
}

fn request(database: String, wish: Wish) -> proto::ListenRequest {
    proto::ListenRequest {
        database,
        target_change: Some(wish),
        ..Default::default()
    }
}

/// What a stream tells, by path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Add(i32),
    Reset(i32),
    Current(i32),
    /// And the code of the cause.
    Remove(i32, Option<Code>),
    /// A consistent point.
    Consistent,
    Changed(String),
    Deleted(String),
    Filter(i32),
    /// The stream ended.
    End(Code),
}

/// An open stream with targets of one id each.
pub(crate) struct Stream {
    root: String,
    database: String,
    wishes: UnboundedSender<proto::ListenRequest>,
    answers: Streaming<proto::ListenResponse>,
    /// Of the latest consistent point.
    pub(crate) token: Vec<u8>,
    pub(crate) time: Moment,
}

impl Stream {
    pub(crate) fn add(&self, target: proto::Target) {
        let request = request(self.database.clone(), Wish::AddTarget(target));
        // A stream that has ended says so when it is read.
        let _ = self.wishes.unbounded_send(request);
    }

    pub(crate) fn remove(&self, id: i32) {
        let request = request(self.database.clone(), Wish::RemoveTarget(id));
        let _ = self.wishes.unbounded_send(request);
    }

    pub(crate) fn token(&self) -> ResumeType {
        ResumeType::ResumeToken(self.token.clone())
    }

    pub(crate) async fn next(&mut self) -> Told {
        let answer = match self.answers.message().await {
            Ok(Some(answer)) => answer.response_type.unwrap(),
            Ok(None) => return Told::End(Code::Ok),
            Err(status) => return Told::End(status.code()),
        };
        let path = |name: &str| name.strip_prefix(&format!("{}/", self.root)).unwrap().to_owned();
        match answer {
            ResponseType::TargetChange(change) => self.target_change(change),
            ResponseType::DocumentChange(change) => Told::Changed(path(&change.document.unwrap().name)),
            ResponseType::DocumentDelete(delete) => Told::Deleted(path(&delete.document)),
            ResponseType::DocumentRemove(remove) => {
                panic!("nothing leaves without being deleted: {remove:?}")
            }
            ResponseType::Filter(filter) => Told::Filter(filter.count),
        }
    }

    fn target_change(&mut self, change: proto::TargetChange) -> Told {
        let kind = change.target_change_type();
        if kind == TargetChangeType::NoChange {
            assert!(change.target_ids.is_empty());
            self.time = moment(change.read_time);
            self.token = change.resume_token;
            return Told::Consistent;
        }
        let [id] = change.target_ids[..] else {
            panic!("one target, not {change:?}")
        };
        match kind {
            TargetChangeType::Add => Told::Add(id),
            TargetChangeType::Reset => Told::Reset(id),
            TargetChangeType::Current => {
                assert!(!change.resume_token.is_empty() && change.read_time.is_some());
                Told::Current(id)
            }
            _ => Told::Remove(id, change.cause.map(|cause| Code::from_i32(cause.code))),
        }
    }

    /// Everything up to a consistent point, or the removal of a target, or the end, which comes last.
    pub(crate) async fn told(&mut self) -> Vec<Told> {
        let mut all = Vec::new();
        loop {
            let told = self.next().await;
            let last = matches!(told, Told::Consistent | Told::Remove(..) | Told::End(_));
            all.push(told);
            if last {
                return all;
            }
        }
    }
}
