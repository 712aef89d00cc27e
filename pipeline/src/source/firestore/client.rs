//! Connections to Firestore and the call that matters most: a query as a stream of undecoded answers.
//!
//! What fails here is told as the status it came with; who asked decides whether to ask again.

use super::codec::BytesCodec;
use super::query::Query;
use super::{connection, status};
use crate::fault::{Fault, Part};
use crate::metrics;
use crate::plan::ReadTime;
use crate::quota::ReadQuota;
use crate::retry::{Policy, Retry};
use bytes::Bytes;
use firestore::FirestoreDb;
use firestore::gcloud_sdk::GoogleAuthMiddleware;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::firestore::v1::firestore_client::FirestoreClient;
use http::uri::PathAndQuery;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::{Request, Status, Streaming};

/// Above any legal document; the default of 4 MiB is not.
const LARGEST_MESSAGE: usize = 64 << 20;
/// A stream that says nothing for so long is taken for dead.
const SILENCE: Duration = Duration::from_secs(60);

/// A database's API.
pub struct Client {
    connections: Vec<FirestoreDb>,
    next: AtomicUsize,
    root: String,
    quota: Arc<ReadQuota>,
    policy: Policy,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// An open answer to a query.
pub(super) struct Answers(Streaming<Bytes>);

impl Answers {
    /// The next message, or the clean end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        match tokio::time::timeout(SILENCE, self.0.message()).await {
            Ok(answer) => answer,
            Err(_) => Err(Status::unavailable("the stream was silent for 60 seconds")),
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
        })
    }

    /// The resource name below which every document lies.
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    fn connection(&self) -> &FirestoreDb {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        &self.connections[turn % self.connections.len()]
    }

    pub(super) fn typed(&self) -> FirestoreClient<GoogleAuthMiddleware> {
        self.connection()
            .client()
            .get()
            .max_decoding_message_size(LARGEST_MESSAGE)
    }

    /// The database's present time, from the answer to a query for one document.
    pub(super) async fn now(&self) -> Result<ReadTime, Fault> {
        let action = "ask Firestore for its time";
        let query = Query::everything().names_only().limit(1);
        let mut answers = self
            .query(&query, None)
            .await
            .map_err(|status| status::fault(action, &status))?;
        metrics::billed(1);
        while let Some(body) = answers
            .next()
            .await
            .map_err(|status| status::fault(action, &status))?
        {
            let answer = transforms::firestore::answer(&body).map_err(|error| malformed(action, &error))?;
            if let Some(time) = answer.read_time {
                // Rounded down: a moment a little earlier is as good, one not yet reached would be refused.
                return Ok(ReadTime(time.seconds * 1_000_000 + i64::from(time.nanos / 1000)));
            }
        }
        Err(Fault::permanent(
            Part::Source,
            action,
            "the answer had no read time",
        ))
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
        let service = self.connection().client().get_with(|service| service);
        let mut grpc = Grpc::new(service).max_decoding_message_size(LARGEST_MESSAGE);
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static("/google.firestore.v1.Firestore/RunQuery");
        let asked = tokio::time::Instant::now();
        let answers = grpc
            .server_streaming(Request::new(request), path, BytesCodec::default())
            .await?;
        metrics::source_answered(asked.elapsed());
        Ok(Answers(answers.into_inner()))
    }

    pub(super) async fn retried<T, F>(&self, action: &str, call: impl Fn() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let mut retry = Retry::new(self.policy);
        loop {
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(status) => {
                    self.note_quota(&status);
                    retry.again(status::fault(action, &status)).await?;
                }
            }
        }
    }

    /// Slows every lane down when `status` says that the quota is used up.
    pub(super) fn note_quota(&self, status: &Status) {
        if status::is_quota(status) {
            self.quota.refused();
        }
    }
}

pub(super) fn malformed(action: &str, error: &transforms::Malformed) -> Fault {
    Fault::permanent(
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
