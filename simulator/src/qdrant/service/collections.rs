//! Collections: which there are, what they are like, and new ones.

use super::info;
use crate::qdrant::id::PointId;
use crate::qdrant::point::ShardKey;
use crate::qdrant::state::State;
use crate::qdrant::store::{Shelves, Store};
use ::qdrant_client::qdrant as proto;
use tonic::Status;

/// The only peer there is.
pub(in crate::qdrant) const PEER: u64 = 1;

pub(super) fn health(state: &State, _: proto::HealthCheckRequest) -> Result<proto::HealthCheckReply, Status> {
    Ok(proto::HealthCheckReply {
        title: "qdrant - vector search engine".to_owned(),
        version: state.version.to_string(),
        commit: None,
    })
}

pub(super) fn get(
    state: &State,
    request: proto::GetCollectionInfoRequest,
) -> Result<proto::GetCollectionInfoResponse, Status> {
    let store = state.store(&request.collection_name)?;
    Ok(proto::GetCollectionInfoResponse {
        result: Some(info::info(state, &store)),
        ..Default::default()
    })
}

pub(super) fn list(
    state: &State,
    _: proto::ListCollectionsRequest,
) -> Result<proto::ListCollectionsResponse, Status> {
    let names = state.names().into_iter();
    Ok(proto::ListCollectionsResponse {
        collections: names.map(|name| proto::CollectionDescription { name }).collect(),
        ..Default::default()
    })
}

pub(super) fn aliases(
    state: &State,
    _: proto::ListAliasesRequest,
) -> Result<proto::ListAliasesResponse, Status> {
    Ok(told(state, |_| true))
}

pub(super) fn aliases_of(
    state: &State,
    request: proto::ListCollectionAliasesRequest,
) -> Result<proto::ListAliasesResponse, Status> {
    state.store(&request.collection_name)?;
    Ok(told(state, |of| of == request.collection_name))
}

fn told(state: &State, wanted: impl Fn(&str) -> bool) -> proto::ListAliasesResponse {
    let all = state.aliases().into_iter();
    let aliases = all.filter(|(_, of)| wanted(of));
    proto::ListAliasesResponse {
        aliases: aliases
            .map(|(alias_name, collection_name)| proto::AliasDescription {
                alias_name,
                collection_name,
            })
            .collect(),
        ..Default::default()
    }
}

pub(super) fn exists(
    state: &State,
    request: proto::CollectionExistsRequest,
) -> Result<proto::CollectionExistsResponse, Status> {
    let exists = state.store(&request.collection_name).is_ok();
    Ok(proto::CollectionExistsResponse {
        result: Some(proto::CollectionExists { exists }),
        ..Default::default()
    })
}

/// The physical shards: under each shard key as many as the collection says, numbered through.
pub(super) fn cluster(
    state: &State,
    request: proto::CollectionClusterInfoRequest,
) -> Result<proto::CollectionClusterInfoResponse, Status> {
    let store = state.store(&request.collection_name)?;
    let shelves = store.read();
    let local_shards: Vec<_> = shards(&store, &shelves)
        .map(|(shard_id, key, points_count)| proto::LocalShardInfo {
            shard_id,
            points_count,
            state: proto::ReplicaState::Active.into(),
            shard_key: key.map(ShardKey::proto),
        })
        .collect();
    Ok(proto::CollectionClusterInfoResponse {
        peer_id: PEER,
        shard_count: local_shards.len() as u64,
        local_shards,
        ..Default::default()
    })
}

/// Every shard: its number, its key, how many points it has.
pub(in crate::qdrant) fn shards<'a>(
    store: &Store,
    shelves: &'a Shelves,
) -> impl Iterator<Item = (u32, Option<&'a ShardKey>, u64)> {
    let each = store.collection.shards;
    let mut counts = vec![0_u64; each as usize * shelves.all.len()];
    for (which, (_, contents)) in shelves.all.iter().enumerate() {
        match each {
            // Without looking at every id.
            1 => counts[which] = contents.count(),
            _ => contents.from(PointId::Number(0)).for_each(|entry| {
                counts[which * each as usize + shard_of(entry.id, each) as usize] += 1;
            }),
        }
    }
    (0..).zip(counts).map(move |(shard, count)| {
        let key = shelves
            .all
            .get((shard / each) as usize)
            .and_then(|(key, _)| key.as_ref());
        (shard, key, count)
    })
}

/// Which of so many shards a point lies in. Qdrant's own hash ring deals them out otherwise, but no less by chance.
pub(in crate::qdrant) fn shard_of(id: PointId, shards: u32) -> u32 {
    (id.hash() % u64::from(shards.max(1))) as u32
}

pub(super) fn shard_keys(
    state: &State,
    request: proto::ListShardKeysRequest,
) -> Result<proto::ListShardKeysResponse, Status> {
    if !state.version.lists_shard_keys() {
        return Err(Status::unimplemented(""));
    }
    let store = state.store(&request.collection_name)?;
    let keys = store.collection.shard_keys.iter();
    Ok(proto::ListShardKeysResponse {
        shard_keys: keys
            .map(|key| proto::ShardKeyDescription {
                key: Some(key.proto()),
            })
            .collect(),
        ..Default::default()
    })
}

pub(super) fn create(
    state: &State,
    request: proto::CreateCollection,
) -> Result<proto::CollectionOperationResponse, Status> {
    let name = request.collection_name.clone();
    if state.store(&name).is_ok() {
        let told = format!("Wrong input: Collection `{name}` already exists!");
        return Err(Status::already_exists(told));
    }
    let collection = info::described(request);
    collection
        .check()
        .map_err(|why| Status::invalid_argument(format!("Wrong input: {why}")))?;
    state.add(collection);
    Ok(proto::CollectionOperationResponse {
        result: true,
        ..Default::default()
    })
}

pub(super) fn delete(
    state: &State,
    request: proto::DeleteCollection,
) -> Result<proto::CollectionOperationResponse, Status> {
    Ok(proto::CollectionOperationResponse {
        result: state.remove(&request.collection_name),
        ..Default::default()
    })
}
