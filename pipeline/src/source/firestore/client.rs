//! The calls a migration makes, each at a stated moment, each retried, each counted as it is billed.

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
use firestore::gcloud_sdk::google::firestore::v1::structured_aggregation_query::{Aggregation, aggregation};
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
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
/// COUNT is billed one read for every thousand index entries.
const COUNTED_PER_READ: u64 = 1000;

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

    fn typed(&self) -> FirestoreClient<GoogleAuthMiddleware> {
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

    /// Hands every document of a small, limited query to `each`; reads them all again if the stream breaks
    /// before anything was handed out.
    pub(super) async fn documents(
        &self,
        query: Query,
        at: ReadTime,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Fault> {
        let action = format!(
            "read a sample of collection {}",
            query.collection.as_deref().unwrap_or("(all)")
        );
        let bodies = self
            .retried(&action, || async {
                let mut answers = self.query(&query, Some(at)).await?;
                let mut bodies = Vec::new();
                while let Some(body) = answers.next().await? {
                    let range = transforms::firestore::answer(&body)
                        .map_err(|error| Status::data_loss(error.to_string()))?
                        .document;
                    if let Some(range) = range {
                        metrics::billed(1);
                        bodies.push(body.slice(range));
                    }
                }
                Ok(bodies)
            })
            .await?;
        bodies.iter().for_each(|body| each(body));
        Ok(())
    }

    /// The first document of `query`, by its path.
    pub(super) async fn first(&self, query: Query, at: ReadTime) -> Result<Option<String>, Fault> {
        Ok(self.names(query.limit(1), at).await?.pop())
    }

    /// The paths of a small, limited query's documents.
    pub(super) async fn names(&self, query: Query, at: ReadTime) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        let root = self.root.clone();
        self.documents(query.names_only(), at, |body| {
            if let Ok(name) = transforms::firestore::name(body)
                && let Some(path) = transforms::below(name, &root)
            {
                names.push(path.to_owned());
            }
        })
        .await?;
        Ok(names)
    }

    /// How many documents `query` holds at a moment.
    pub(super) async fn count(&self, query: &Query, at: ReadTime) -> Result<u64, Fault> {
        use proto::run_aggregation_query_request::{ConsistencySelector, QueryType};
        let action = format!(
            "count collection {}",
            query.collection.as_deref().unwrap_or("(all)")
        );
        let count = Aggregation {
            alias: "n".to_owned(),
            operator: Some(aggregation::Operator::Count(aggregation::Count { up_to: None })),
        };
        let counted = self
            .retried(&action, || async {
                let request = proto::RunAggregationQueryRequest {
                    parent: self.root.clone(),
                    query_type: Some(QueryType::StructuredAggregationQuery(
                        proto::StructuredAggregationQuery {
                            aggregations: vec![count.clone()],
                            query_type: Some(
                                proto::structured_aggregation_query::QueryType::StructuredQuery(
                                    query.structured(&self.root),
                                ),
                            ),
                        },
                    )),
                    consistency_selector: Some(ConsistencySelector::ReadTime(timestamp(at))),
                    ..Default::default()
                };
                let mut answers = self.typed().run_aggregation_query(request).await?.into_inner();
                let mut counted = None;
                while let Some(answer) = answers.message().await? {
                    let value = answer
                        .result
                        .and_then(|result| result.aggregate_fields.get("n").cloned());
                    if let Some(ValueType::IntegerValue(n)) = value.and_then(|value| value.value_type) {
                        counted = Some(n);
                    }
                }
                counted.ok_or_else(|| Status::unavailable("the count's stream ended without a count"))
            })
            .await?;
        let counted = u64::try_from(counted).unwrap_or(0);
        metrics::billed(counted.div_ceil(COUNTED_PER_READ).max(1));
        Ok(counted)
    }

    /// Cut points of a group, unordered; nothing when the server does not offer any.
    pub(super) async fn partition(
        &self,
        group: &str,
        points: i64,
        at: ReadTime,
    ) -> Result<Option<Vec<String>>, Fault> {
        use proto::partition_query_request::{ConsistencySelector, QueryType};
        let action = format!("ask for the partitions of collection {group}");
        let (mut cuts, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = proto::PartitionQueryRequest {
                parent: self.root.clone(),
                partition_count: points,
                page_token: page_token.clone(),
                query_type: Some(QueryType::StructuredQuery(
                    Query::group(group).structured(&self.root),
                )),
                consistency_selector: Some(ConsistencySelector::ReadTime(timestamp(at))),
                ..Default::default()
            };
            let page = self.retried(&action, || async {
                match self.typed().partition_query(request.clone()).await {
                    Ok(page) => Ok(Some(page.into_inner())),
                    Err(status) if status.code() == tonic::Code::Unimplemented => Ok(None),
                    Err(status) => Err(status),
                }
            });
            let Some(page) = page.await? else { return Ok(None) };
            for cursor in page.partitions {
                if let Some(ValueType::ReferenceValue(name)) =
                    cursor.values.into_iter().next().and_then(|v| v.value_type)
                    && let Some(path) = transforms::below(&name, &self.root)
                {
                    cuts.push(path.to_owned());
                }
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(Some(cuts));
            }
        }
    }

    /// The collections directly below the root.
    pub(super) async fn root_collections(&self, at: ReadTime) -> Result<Vec<String>, Fault> {
        use proto::list_collection_ids_request::ConsistencySelector;
        let (mut ids, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = proto::ListCollectionIdsRequest {
                parent: self.root.clone(),
                page_size: 300,
                page_token: page_token.clone(),
                consistency_selector: Some(ConsistencySelector::ReadTime(timestamp(at))),
                ..Default::default()
            };
            let page = self.retried("list the collections", || async {
                Ok(self
                    .typed()
                    .list_collection_ids(request.clone())
                    .await?
                    .into_inner())
            });
            let page = page.await?;
            metrics::billed(1);
            ids.extend(page.collection_ids);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(ids);
            }
        }
    }

    async fn retried<T, F>(&self, action: &str, call: impl Fn() -> F) -> Result<T, Fault>
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

fn timestamp(at: ReadTime) -> firestore::gcloud_sdk::prost_types::Timestamp {
    let (seconds, nanos) = at.parts();
    firestore::gcloud_sdk::prost_types::Timestamp { seconds, nanos }
}
