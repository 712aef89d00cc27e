//! What planning and checks ask a server before points are moved.
//!
//! None of it changes anything, and a read-only key is enough for all of it. Every question is asked again within the
//! policy, and answered in words of our own.

use super::client::Asked;
use super::reader::FIRST;
use super::scroll::{Room, Scroll, Turn};
use super::{Collection, Qdrant, Sample, Version, shard, status};
use crate::fault::Fault;
use crate::source::Range;
use bytes::Bytes;
use qdrant_client::qdrant as proto;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tonic::Status;
use transforms::qdrant::PointId;

/// Ranges that a sample is taken from.
const LOOKED_AT: usize = 16;
/// The largest page of a sample.
const LARGEST_PAGE: usize = 64 << 20;

/// Which kinds of ids there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Numbers up to `i64::MAX`, which `bigint` holds.
    pub numbers: bool,
    /// Numbers above it.
    pub large_numbers: bool,
    /// UUIDs.
    pub uuids: bool,
}

impl Qdrant {
    /// Makes sure that the server answers and takes the key. Which version it is, with it.
    pub async fn greet(&self) -> Result<Version, Fault> {
        let version = self.version().await?;
        // The version is told to anybody; this is not.
        self.collections().await?;
        Ok(version)
    }

    /// Which version the server is.
    pub async fn version(&self) -> Result<Version, Fault> {
        let ask = || async {
            let mut server = self.client.server();
            let health = server.health_check(proto::HealthCheckRequest {});
            Ok(self.client.in_time(health).await?.version)
        };
        let version = self.client.retried("ask Qdrant for its version", ask).await?;
        Ok(Version::of(&version))
    }

    /// The names of all collections that the key may see, in order.
    pub async fn collections(&self) -> Result<Vec<String>, Fault> {
        let ask = || async {
            let mut collections = self.client.collections();
            let list = collections.list(proto::ListCollectionsRequest {});
            Ok(self.client.in_time(list).await?.collections)
        };
        let listed = self.client.retried("list the collections of Qdrant", ask).await?;
        let mut names: Vec<String> = listed.into_iter().map(|collection| collection.name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Other names of collections: each alias with what it stands for.
    pub async fn aliases(&self) -> Result<BTreeMap<String, String>, Fault> {
        let ask = || async {
            let mut collections = self.client.collections();
            let list = collections.list_aliases(proto::ListAliasesRequest {});
            Ok(self.client.in_time(list).await?.aliases)
        };
        let listed = self.client.retried("list the aliases of Qdrant", ask).await?;
        let named = listed.into_iter();
        Ok(named
            .map(|alias| (alias.alias_name, alias.collection_name))
            .collect())
    }

    /// What a collection is, its shard keys included.
    pub async fn describe(&self, name: &str) -> Result<Collection, Fault> {
        let action = format!("ask about collection {name}");
        let info = self.client.retried(&action, || self.client.info(name)).await?;
        let mut collection = Collection::of(name, info);
        if let Some(keys) = &mut collection.shard_keys {
            let action = format!("list the shard keys of collection {name}");
            *keys = self.client.retried(&action, || self.shard_keys(name)).await?;
        }
        Ok(collection)
    }

    /// Servers before 1.17 do not list them, but tell them of each shard.
    async fn shard_keys(&self, name: &str) -> Result<Vec<String>, Status> {
        let mut collections = self.client.collections();
        let collection_name = name.to_owned();
        let list = collections.list_shard_keys(proto::ListShardKeysRequest { collection_name });
        let keys: Vec<Option<proto::ShardKey>> = match self.client.in_time(list).await {
            Ok(listed) => listed
                .shard_keys
                .into_iter()
                .map(|described| described.key)
                .collect(),
            Err(status) if status::is_unknown_method(&status) => self.keys_of_shards(name).await?,
            Err(status) => return Err(status),
        };
        let keys: BTreeSet<String> = keys
            .into_iter()
            .flatten()
            .filter_map(|key| key.key.as_ref().map(shard::text))
            .collect();
        Ok(keys.into_iter().collect())
    }

    async fn keys_of_shards(&self, name: &str) -> Result<Vec<Option<proto::ShardKey>>, Status> {
        let mut collections = self.client.collections();
        let collection_name = name.to_owned();
        let ask =
            collections.collection_cluster_info(proto::CollectionClusterInfoRequest { collection_name });
        let cluster = self.client.in_time(ask).await?;
        let local = cluster.local_shards.into_iter().map(|shard| shard.shard_key);
        let remote = cluster.remote_shards.into_iter().map(|shard| shard.shard_key);
        Ok(local.chain(remote).collect())
    }

    /// How many points there are, counted one by one; under one shard key where that is asked for.
    pub async fn count(&self, collection: &str, shard: Option<&str>) -> Result<u64, Fault> {
        let shard = shard.map(shard::key).transpose()?;
        let action = format!("count collection {collection}");
        let ask = || self.client.count(collection, shard.clone());
        self.client.retried(&action, ask).await
    }

    /// Which kinds of ids there are, by looking at three places.
    pub async fn kinds(&self, collection: &str, shard: Option<&str>) -> Result<Kinds, Fault> {
        const FIRST_LARGE: PointId = PointId::Number(1 << 63);
        let first = async |from: PointId| self.first(collection, shard, from).await;
        let (any, large, uuid) =
            tokio::try_join!(first(FIRST), first(FIRST_LARGE), first(PointId::FIRST_UUID))?;
        Ok(Kinds {
            numbers: any.is_some_and(|id| id < FIRST_LARGE),
            large_numbers: large.is_some_and(|id| id < PointId::FIRST_UUID),
            uuids: uuid.is_some(),
        })
    }

    /// The first id from `from` on.
    async fn first(
        &self,
        collection: &str,
        shard: Option<&str>,
        from: PointId,
    ) -> Result<Option<PointId>, Fault> {
        let mut first = None;
        self.take(collection, shard, (Some(from), None), true, 1, |id, _| {
            first = Some(id)
        })
        .await?;
        Ok(first)
    }

    /// What the first points of a collection hold.
    pub async fn sample(
        &self,
        collection: &str,
        shard: Option<&str>,
        points: usize,
    ) -> Result<Sample, Fault> {
        let mut seen = Sample::default();
        let look = |_, point: Bytes| seen.observe(&point);
        self.take(collection, shard, (Some(FIRST), None), false, points, look)
            .await?;
        Ok(seen)
    }

    /// Hands about `sample` points of a collection to `look`, taken from the beginnings of its ranges.
    pub async fn glimpse(
        &self,
        collection: &str,
        shard: Option<&str>,
        ranges: &[Range],
        sample: usize,
        mut look: impl FnMut(&[u8]),
    ) -> Result<(), Fault> {
        let holding: Vec<&Range> = ranges.iter().filter(|range| range.documents > 0).collect();
        let looked_at = holding.len().clamp(1, LOOKED_AT);
        let each = sample.div_ceil(looked_at);
        for range in holding.iter().step_by(holding.len().div_ceil(looked_at).max(1)) {
            let stretch = super::reader::stretch(range.from.as_deref(), range.to.as_deref())?;
            self.take(collection, shard, stretch, false, each, |_, point| look(&point))
                .await?;
        }
        Ok(())
    }

    /// The first points of a stretch.
    async fn take(
        &self,
        collection: &str,
        shard: Option<&str>,
        stretch: (Option<PointId>, Option<PointId>),
        ids_only: bool,
        points: usize,
        mut look: impl FnMut(PointId, Bytes),
    ) -> Result<(), Fault> {
        let asked = Asked {
            collection: collection.to_owned(),
            shard: shard.map(shard::key).transpose()?,
            ids_only,
            filter: None,
        };
        let action = format!("look into collection {collection}");
        let client = Arc::clone(&self.client);
        let mut scroll = Scroll::new(client, asked, action, self.pages.clone(), stretch);
        let mut left = points;
        while left > 0 && !scroll.has_ended() {
            let room = Room {
                points: left,
                bytes: LARGEST_PAGE,
                empty: true,
            };
            if let Turn::Points(came) = scroll.read_on(room).await? {
                left = left.saturating_sub(came.len());
                came.into_iter().for_each(|(id, point)| look(id, point));
            }
        }
        Ok(())
    }
}
