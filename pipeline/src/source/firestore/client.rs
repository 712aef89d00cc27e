//! Connections to Firestore and the call that matters most: a query as a stream of undecoded answers.
//!
//! What fails here is told as the status it came with; who asked decides whether to ask again.

use super::query::Query;
use super::{connection, status};
use crate::budget::Admitted;
use crate::fault::{Class, Fault, Part};
use crate::metrics;
use crate::plan::ReadTime;
use crate::quota::{Granted, ReadQuota};
use crate::retry::{Policy, Retry};
use crate::source::codec::BytesCodec;
use bytes::Bytes;
use firestore::gcloud_sdk::GoogleAuthMiddleware;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::firestore::v1::firestore_client::FirestoreClient;
use futures::FutureExt;
use http::uri::PathAndQuery;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::{Code, Request, Status, Streaming};

/// Above any legal document; the default of 4 MiB is not.
const LARGEST_MESSAGE: usize = 64 << 20;
/// Attempts at the first call of a run.
const GREETINGS: u32 = 3;
const ASK_TIME: &str = "ask Firestore for its time";

/// A database's API.
pub struct Client {
    connections: Vec<GoogleAuthMiddleware>,
    next: AtomicUsize,
    root: String,
    quota: Arc<ReadQuota>,
    policy: Policy,
    /// Silence after which an answer is taken for dead.
    silence: Duration,
    /// The database has answered a call with these credentials.
    admitted: AtomicBool,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// An open answer to a query.
pub(super) struct Answers {
    messages: Streaming<Bytes>,
    silence: Duration,
}

/// Why a question was not answered.
pub(super) enum Trouble {
    /// The other side said so, or nothing.
    Status(Status),
    /// It was not asked: it could have cost more than the budget has left.
    Budget(Fault),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Trouble {
        Trouble::Status(status)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Trouble {
        Trouble::Budget(fault)
    }
}

impl Answers {
    /// What has come already, if anything has: most messages are there when they are asked for, and need no clock.
    pub(super) fn at_hand(&mut self) -> Option<Result<Option<Bytes>, Status>> {
        self.messages.message().now_or_never()
    }

    /// The next message, or the clean end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        match tokio::time::timeout(self.silence, self.messages.message()).await {
            Ok(answer) => answer,
            Err(_) => Err(Status::unavailable(silence(self.silence))),
        }
    }
}

impl Client {
    /// Opens the connections. What answers there is found out by the first call, [`Client::now`].
    pub async fn connect(
        config: &config::Firestore,
        quota: Arc<ReadQuota>,
        policy: Policy,
    ) -> Result<Self, Fault> {
        let connections = connection::open(config).await?;
        let root = format!(
            "projects/{}/databases/{}/documents",
            config.project, config.database
        );
        let next = AtomicUsize::new(0);
        Ok(Client {
            connections,
            next,
            root,
            quota,
            policy,
            silence: config.stream_timeout,
            admitted: AtomicBool::new(false),
        })
    }

    /// The resource name below which every document lies.
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    pub(super) fn quota(&self) -> &ReadQuota {
        &self.quota
    }

    /// The next connection in turn.
    pub(super) fn service(&self) -> GoogleAuthMiddleware {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.connections[turn % self.connections.len()].clone()
    }

    pub(super) fn typed(&self) -> FirestoreClient<GoogleAuthMiddleware> {
        FirestoreClient::new(self.service()).max_decoding_message_size(LARGEST_MESSAGE)
    }

    /// Makes sure that a database answers there and lets this caller read. Tries less often than the rest of the run:
    /// an operator who mistyped an address should not wait for ten attempts.
    pub(super) async fn greet(&self) -> Result<(), Fault> {
        let hasty = Policy {
            attempts: self.policy.attempts.min(GREETINGS),
            ..self.policy
        };
        self.retried_under(hasty, ASK_TIME, || self.ask_time()).await?;
        self.admitted.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The database's present time, from the answer to a query for one document.
    pub(super) async fn now(&self) -> Result<ReadTime, Fault> {
        self.retried(ASK_TIME, || self.ask_time()).await
    }

    /// Waits until a question that costs `reads` may be asked; both are to be kept until it is answered.
    pub(super) async fn admit(&self, reads: u64, action: &str) -> Result<(Admitted, Granted), Fault> {
        let mut admitted = self.quota.budget().take(reads, action).await?;
        admitted.note(reads);
        let granted = self.quota.take(u32::try_from(reads).unwrap_or(u32::MAX)).await;
        Ok((admitted, granted))
    }

    async fn ask_time(&self) -> Result<ReadTime, Trouble> {
        let _admitted = self.admit(1, ASK_TIME).await?;
        let mut answers = self
            .query(&Query::everything().names_only().limit(1), None)
            .await?;
        metrics::billed(1);
        while let Some(body) = answers.next().await? {
            let answer =
                transforms::firestore::answer(&body).map_err(|error| Status::data_loss(error.to_string()))?;
            if let Some(time) = answer.read_time {
                // Rounded down: a moment a little earlier is as good, one not yet reached would be refused.
                return Ok(ReadTime(time.seconds * 1_000_000 + i64::from(time.nanos / 1000)));
            }
        }
        Err(Status::unavailable("the answer had no read time").into())
    }

    /// Opens the stream of `query` at a moment, or now.
    pub(super) async fn query(&self, query: &Query, at: Option<ReadTime>) -> Result<Answers, Status> {
        use proto::run_query_request::{ConsistencySelector, QueryType};
        let request = proto::RunQueryRequest {
            parent: self.root.clone(),
            query_type: Some(QueryType::StructuredQuery(query.structured(&self.root))),
            consistency_selector: at.map(|at| ConsistencySelector::ReadTime(timestamp(at))),
            ..Default::default()
        };
        let mut grpc = Grpc::new(self.service()).max_decoding_message_size(LARGEST_MESSAGE);
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static("/google.firestore.v1.Firestore/RunQuery");
        let asked = tokio::time::Instant::now();
        let answers = grpc.server_streaming(Request::new(request), path, BytesCodec::default());
        let answers = tokio::time::timeout(self.silence, answers)
            .await
            .map_err(|_| unknown(silence(self.silence)))??;
        metrics::source_answered(asked.elapsed());
        Ok(Answers {
            messages: answers.into_inner(),
            silence: self.silence,
        })
    }

    /// The answer to a question that has one message, unless it takes twice as long as a stream may be silent:
    /// Firestore itself gives up on a COUNT after a minute.
    pub(super) async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        let limit = self.silence * 2;
        match tokio::time::timeout(limit, call).await {
            Ok(answer) => answer,
            Err(_) => Err(Status::deadline_exceeded(silence(limit))),
        }
    }

    pub(super) async fn retried<T, F>(&self, action: &str, call: impl Fn() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        self.retried_under(self.policy, action, call).await
    }

    async fn retried_under<T, F>(
        &self,
        policy: Policy,
        action: &str,
        call: impl Fn() -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let mut retry = Retry::new(policy);
        loop {
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Budget(fault)) => return Err(fault),
                Err(Trouble::Status(status)) => {
                    self.note_quota(&status);
                    let fault = self.fault(action, &status);
                    if status::is_too_old(&status) {
                        // It will not get younger; whoever chose the moment may choose another.
                        return Err(fault);
                    }
                    retry.again(fault).await?;
                }
            }
        }
    }

    /// The fault behind `status`. Credentials that were good a moment ago are being renewed: worth another attempt.
    pub(super) fn fault(&self, action: &str, status: &Status) -> Fault {
        let fault = status::fault(action, status);
        match status.code() {
            _ if status::is_too_old(status) => Fault {
                class: Class::Transient { retry_after: None },
                ..fault
            }
            .with_cause("snapshot_too_old"),
            Code::Unauthenticated if self.admitted.load(Ordering::Relaxed) => Fault {
                class: Class::Transient { retry_after: None },
                ..fault
            },
            _ => fault,
        }
    }

    /// Slows every lane down when `status` says that the quota is used up.
    pub(super) fn note_quota(&self, status: &Status) {
        if status::is_quota(status) {
            self.quota.refused();
        }
    }
}

/// Whether the other side itself refused a query, before it sent anything: that is not billed.
pub(super) fn refused(status: &Status) -> bool {
    std::error::Error::source(status).is_none()
}

/// A failure of which nobody knows how far the other side got.
fn unknown(message: String) -> Status {
    let mut status = Status::unavailable(&message);
    status.set_source(Arc::new(std::io::Error::other(message)));
    status
}

fn silence(time: Duration) -> String {
    format!("the source said nothing for {} seconds", time.as_secs_f64())
}

pub(super) fn malformed(action: &str, error: &transforms::Malformed) -> Fault {
    Fault::transient(
        Part::Source,
        action,
        format!("an answer that is no Firestore answer: {error}"),
    )
    .with_cause("malformed")
    .with_remedy("make sure that the address is Firestore's and that nothing between rewrites its answers")
}

pub(super) fn timestamp(at: ReadTime) -> firestore::gcloud_sdk::prost_types::Timestamp {
    let (seconds, nanos) = at.parts();
    firestore::gcloud_sdk::prost_types::Timestamp { seconds, nanos }
}
