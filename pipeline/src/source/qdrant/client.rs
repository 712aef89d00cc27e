//! Calls to a Qdrant server, each made once; who asked decides whether to ask again.
//!
//! What fails here is told as the status it came with. Silence ends every call, and so does an answer that is larger
//! than there is room for, before the room is needed.

use super::connection::{Connections, Service};
use super::rest::{Rest, Shards};
use super::{Collection, shard, status};
use crate::breaker::Breaker;
use crate::fault::Fault;
use crate::metrics;
use crate::retry::{Policy, Retry};
use crate::source::codec::BytesCodec;
use bytes::Bytes;
use http::uri::PathAndQuery;
use proto::collections_client::CollectionsClient;
use proto::points_client::PointsClient;
use proto::qdrant_client::QdrantClient;
use qdrant_client::qdrant as proto;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::{Request, Response, Status};
use transforms::qdrant::PointId;

/// The largest answer that is ever taken. Pages are held to far less; a single point may need it.
pub(super) const LARGEST_ANSWER: usize = 256 << 20;

/// A server's API.
#[derive(Debug)]
pub(super) struct Client {
    connections: Connections,
    read_consistency: Option<proto::ReadConsistency>,
    /// The way to single shards, where they are to be read by themselves.
    rest: Option<Rest>,
    policy: Policy,
    breaker: Breaker,
    /// How long an answer may take.
    silence: Duration,
    /// What collections said of themselves, as far as somebody asked.
    described: Mutex<BTreeMap<String, Arc<Collection>>>,
}

/// Which part of which points a page is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) collection: String,
    pub(super) shard: Option<proto::ShardKey>,
    /// Ids alone, without payload and vectors.
    pub(super) ids_only: bool,
    /// Only points that pass.
    pub(super) filter: Option<proto::Filter>,
}

impl Client {
    pub(super) fn open(config: &config::Qdrant, policy: Policy) -> Result<Client, Fault> {
        Ok(Client {
            connections: Connections::open(config)?,
            read_consistency: read_consistency(config.read_consistency),
            rest: Rest::of(config)?,
            policy,
            breaker: Breaker::default(),
            silence: config.stream_timeout,
            described: Mutex::default(),
        })
    }

    /// Trying again beside all others who read from this server.
    pub(super) fn retry(&self) -> Retry {
        Retry::among(self.policy, self.breaker.clone())
    }

    pub(super) fn server(&self) -> QdrantClient<Service> {
        QdrantClient::new(self.connections.next())
    }

    pub(super) fn collections(&self) -> CollectionsClient<Service> {
        CollectionsClient::new(self.connections.next()).max_decoding_message_size(LARGEST_ANSWER)
    }

    pub(super) fn points(&self) -> PointsClient<Service> {
        PointsClient::new(self.connections.next()).max_decoding_message_size(LARGEST_ANSWER)
    }

    /// How many points there are, counted one by one.
    pub(super) async fn count(
        &self,
        collection: &str,
        shard: Option<proto::ShardKey>,
    ) -> Result<u64, Status> {
        let request = proto::CountPoints {
            collection_name: collection.to_owned(),
            exact: Some(true),
            read_consistency: self.read_consistency,
            shard_key_selector: shard.map(shard::selector),
            timeout: self.server_timeout(&*self.described(collection).await?),
            ..Default::default()
        };
        let mut points = self.points();
        let answer = self.in_time(points.count(request)).await?;
        let result = answer
            .result
            .ok_or_else(|| Status::data_loss("a count without a result"))?;
        Ok(result.count)
    }

    /// The bytes of one page of at most `limit` points from an id on, itself included. An answer of more than `largest`
    /// bytes is refused as soon as its length is known.
    pub(super) async fn page(
        &self,
        asked: &Asked,
        from: PointId,
        limit: u32,
        largest: usize,
    ) -> Result<Bytes, Status> {
        let described = self.described(&asked.collection).await?;
        let limit = limit.min(described.strict.max_query_limit.unwrap_or(limit));
        if let (Some(rest), false) = (&self.rest, asked.ids_only) {
            let shards = self.shards(asked, &described).await?;
            // A single shard is what a scroll asks anyway.
            if shards.numbers.len() > 1 {
                let page = rest.page(asked, &shards, from, limit, largest).await?;
                return Ok(page.into());
            }
        }
        let request = proto::ScrollPoints {
            collection_name: asked.collection.clone(),
            filter: asked.filter.clone(),
            offset: Some(spelled(from)),
            limit: Some(limit),
            with_payload: Some((!asked.ids_only).into()),
            with_vectors: Some((!asked.ids_only).into()),
            read_consistency: self.read_consistency,
            shard_key_selector: asked.shard.clone().map(shard::selector),
            timeout: self.server_timeout(&described),
            ..Default::default()
        };
        let mut grpc = Grpc::new(self.connections.next()).max_decoding_message_size(largest);
        let path = PathAndQuery::from_static("/qdrant.Points/Scroll");
        let asked_at = tokio::time::Instant::now();
        let answer = async {
            grpc.ready()
                .await
                .map_err(|error| Status::unavailable(error.to_string()))?;
            grpc.unary(Request::new(request), path, BytesCodec::default())
                .await
        };
        let page = self.in_time(answer).await?;
        metrics::source_answered(asked_at.elapsed());
        Ok(page)
    }

    /// Where the points lie. It is asked before every page, because what is read of a shard that has moved is nothing.
    async fn shards(&self, asked: &Asked, described: &Collection) -> Result<Shards, Status> {
        let collection_name = asked.collection.clone();
        let mut collections = self.collections();
        let request = proto::CollectionClusterInfoRequest { collection_name };
        let cluster = self.in_time(collections.collection_cluster_info(request)).await?;
        Shards::of(cluster, described, asked.shard.as_ref())
    }

    /// What a collection says of itself: asked once, and again after [`Client::forget`].
    async fn described(&self, collection: &str) -> Result<Arc<Collection>, Status> {
        if let Some(described) = self.known().get(collection) {
            return Ok(Arc::clone(described));
        }
        let described = Arc::new(Collection::of(collection, self.info(collection).await?));
        self.known().insert(collection.to_owned(), Arc::clone(&described));
        Ok(described)
    }

    /// What a collection said of itself no longer holds.
    pub(super) fn forget(&self, collection: &str) {
        self.known().remove(collection);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Collection>>> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn info(&self, collection: &str) -> Result<proto::CollectionInfo, Status> {
        let request = proto::GetCollectionInfoRequest {
            collection_name: collection.to_owned(),
        };
        let mut collections = self.collections();
        let answer = self.in_time(collections.get(request)).await?;
        answer
            .result
            .ok_or_else(|| Status::data_loss("a collection without a description"))
    }

    /// Seconds after which the server is to give a request up, a little before its answer is given up here: otherwise it
    /// would go on working for nobody.
    fn server_timeout(&self, described: &Collection) -> Option<u64> {
        let seconds = (self.silence.as_secs() * 9 / 10).max(1);
        let most = described.strict.max_timeout.map_or(u64::MAX, u64::from);
        Some(seconds.min(most))
    }

    /// The answer, unless it takes longer than the source may be silent.
    pub(super) async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Status> {
        match tokio::time::timeout(self.silence, call).await {
            Ok(answer) => answer.map(Response::into_inner),
            Err(_) => Err(Status::deadline_exceeded(format!(
                "the source said nothing for {} seconds",
                self.silence.as_secs_f64()
            ))),
        }
    }

    /// Asks until there is an answer, within the policy.
    pub(super) async fn retried<T, F>(&self, action: &str, call: impl Fn() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let mut retry = Retry::new(self.policy);
        loop {
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(status) => retry.again(status::fault(action, &status)).await?,
            }
        }
    }
}

/// An id as a request spells it.
pub(super) fn spelled(id: PointId) -> proto::PointId {
    match id {
        PointId::Number(number) => number.into(),
        uuid @ PointId::Uuid(_) => uuid.to_string().into(),
    }
}

fn read_consistency(asked: config::ReadConsistency) -> Option<proto::ReadConsistency> {
    let kind = match asked {
        // The server's default, which old servers know by no name.
        config::ReadConsistency::One => return None,
        config::ReadConsistency::Majority => proto::ReadConsistencyType::Majority,
        config::ReadConsistency::Quorum => proto::ReadConsistencyType::Quorum,
        config::ReadConsistency::All => proto::ReadConsistencyType::All,
    };
    Some(proto::ReadConsistency {
        value: Some(proto::read_consistency::Value::Type(kind.into())),
    })
}
