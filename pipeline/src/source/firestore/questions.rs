//! What planning asks of Firestore: small samples, cut points, names of collections.
//!
//! Every question is asked at a stated moment, repeated as a whole when it breaks, and counted as it is billed.

use super::administration::{Database, GET_DATABASE, GetDatabaseRequest};
use super::client::{Client, Trouble, refused, timestamp};
use super::query::Query;
use crate::fault::Fault;
use crate::metrics;
use crate::plan::ReadTime;
use crate::source::codec::BytesCodec;
use bytes::Bytes;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::{Code, Request, Status};

/// Documents of a sample held at a time.
const PAGE: u32 = 300;
const LIST: &str = "list the collections";

impl Client {
    /// Hands every document of a small, limited query to `each`, in pages that the quota allows.
    pub(super) async fn documents(
        &self,
        mut query: Query,
        at: ReadTime,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Fault> {
        let mut left = query.most();
        while left > 0 {
            let (page, bodies) = self.page(&query.clone().limit(left.min(PAGE)), at).await?;
            bodies.iter().for_each(|body| each(body));
            let read = u32::try_from(bodies.len()).unwrap_or(u32::MAX);
            let last = bodies.last().and_then(|body| self.path(body));
            // A page that is not full is the last one; so is one whose end cannot be named.
            let Some(last) = last.filter(|_| read >= page) else {
                break;
            };
            left -= read.min(left);
            query = query.after(&last);
        }
        Ok(())
    }

    /// The documents of a page of at most so many as the quota and the budget allow, and how many those are; all of
    /// them are read again if its stream breaks.
    async fn page(&self, query: &Query, at: ReadTime) -> Result<(u32, Vec<Bytes>), Fault> {
        let action = format!(
            "read a sample of collection {}",
            query.collection.as_deref().unwrap_or("(all)")
        );
        self.retried(&action, || async {
            let page = self.quota().page().unwrap_or(u32::MAX).min(query.most());
            let budget = self.quota().budget();
            let Some(mut admitted) = budget.admit_now(u64::from(page)).await? else {
                return Err(Trouble::Budget(budget.reached(&action)));
            };
            let page = admitted.documents().map_or(page, |most| most.min(page));
            let mut granted = self.quota().take_page(page).await;
            let page = granted.reads().map_or(page, |most| most.min(page));
            let mut answers = match self.query(&query.clone().limit(page), Some(at)).await {
                Ok(answers) => answers,
                Err(status) => {
                    if refused(&status) {
                        admitted.close();
                        granted.close();
                    }
                    return Err(status.into());
                }
            };
            let (mut bodies, mut done) = (Vec::new(), false);
            while let Some(body) = answers.next().await? {
                let answer = transforms::firestore::answer(&body)
                    .map_err(|error| Status::data_loss(error.to_string()))?;
                done |= answer.done;
                if let Some(range) = answer.document {
                    let cost = budget.cost(range.len());
                    metrics::billed(cost);
                    admitted.note(cost);
                    granted.came(1);
                    bodies.push(body.slice(range));
                }
            }
            if bodies.is_empty() {
                // A query without a result is billed as one read.
                metrics::billed(1);
                admitted.note(1);
                granted.came(1);
            }
            // An answer that ended without saying so may have been cut short on its way here.
            if done {
                admitted.close();
                granted.close();
            }
            Ok((page, bodies))
        })
        .await
    }

    fn path(&self, body: &[u8]) -> Option<String> {
        let name = transforms::firestore::name(body).ok()?;
        transforms::below(name, self.root()).map(str::to_owned)
    }

    /// The first document of `query`, by its path.
    pub(super) async fn first(&self, query: Query, at: ReadTime) -> Result<Option<String>, Fault> {
        Ok(self.names(query.limit(1), at).await?.pop())
    }

    /// The paths of a small, limited query's documents.
    pub(super) async fn names(&self, query: Query, at: ReadTime) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        self.documents(query.names_only(), at, |body| names.extend(self.path(body)))
            .await?;
        Ok(names)
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
                let _admitted = self.admit(1, &action).await?;
                let mut client = self.typed();
                match self.in_time(client.partition_query(request.clone())).await {
                    Ok(page) => Ok(Some(page.into_inner())),
                    // An emulator has no partitions; a server that finds fault with the question is not argued with.
                    Err(status) if matches!(status.code(), Code::Unimplemented | Code::InvalidArgument) => {
                        Ok(None)
                    }
                    Err(status) => Err(status.into()),
                }
            });
            let Some(page) = page.await? else { return Ok(None) };
            // What Firestore bills for it is not documented; a page counts as one read.
            metrics::billed(1);
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
            let page = self.retried(LIST, || async {
                let _admitted = self.admit(1, LIST).await?;
                let mut client = self.typed();
                Ok(self
                    .in_time(client.list_collection_ids(request.clone()))
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

    /// What its administrative interface tells of the database. Costs nothing.
    pub(super) async fn database(&self) -> Result<Database, Status> {
        let name = self.root().trim_end_matches("/documents").to_owned();
        let mut request = Request::new(GetDatabaseRequest { name: name.clone() });
        // Google finds the database's region by it.
        if let Ok(routing) = format!("name={}", name.replace('/', "%2F")).parse() {
            request.metadata_mut().insert("x-goog-request-params", routing);
        }
        let mut grpc = Grpc::new(self.service());
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static(GET_DATABASE);
        let answer = grpc.unary(request, path, BytesCodec::default()).await?;
        Database::decode(answer.into_inner()).map_err(|error| Status::data_loss(error.to_string()))
    }
}
