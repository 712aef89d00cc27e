//! What planning asks of Firestore: small samples, counts, cut points, names of collections.
//!
//! Every question is asked at a stated moment, repeated as a whole when it breaks, and counted as it is billed.

use super::client::{Client, timestamp};
use super::query::Query;
use crate::fault::Fault;
use crate::metrics;
use crate::plan::ReadTime;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::firestore::v1::structured_aggregation_query::{Aggregation, aggregation};
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
use tonic::Status;

/// COUNT is billed one read for every thousand index entries.
const COUNTED_PER_READ: u64 = 1000;

impl Client {
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
        let root = self.root().to_owned();
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
                    parent: self.root().to_owned(),
                    query_type: Some(QueryType::StructuredAggregationQuery(
                        proto::StructuredAggregationQuery {
                            aggregations: vec![count.clone()],
                            query_type: Some(
                                proto::structured_aggregation_query::QueryType::StructuredQuery(
                                    query.structured(self.root()),
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
                parent: self.root().to_owned(),
                partition_count: points,
                page_token: page_token.clone(),
                query_type: Some(QueryType::StructuredQuery(
                    Query::group(group).structured(self.root()),
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
                    && let Some(path) = transforms::below(&name, self.root())
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
                parent: self.root().to_owned(),
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
}
