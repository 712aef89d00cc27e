//! A collection as it describes itself over REST.

use crate::qdrant::collection::{Collection, Index};
use crate::qdrant::point::ShardKey;
use crate::qdrant::service::collections::{PEER, shards};
use crate::qdrant::service::info::{EF_CONSTRUCT, M};
use crate::qdrant::space::{Datatype, Hnsw, VectorParams};
use crate::qdrant::state::State;
use crate::qdrant::store::Store;
use serde_json::{Map, Value, json};

/// Everything that `GET /collections/{name}` tells.
pub(super) fn info(state: &State, store: &Store) -> Value {
    let collection = &store.collection;
    let shelves = store.read();
    let waits = shelves.queued > 0 || shelves.deferred > 0;
    let count = shelves.count();
    let schema = |(key, index): (&String, &Index)| (key.clone(), schema(*index, count));
    let mut info = json!({
        "status": if waits { "yellow" } else { "green" },
        "optimizer_status": "ok",
        "indexed_vectors_count": count * collection.dense().count() as u64,
        "points_count": count,
        "segments_count": u64::from(collection.shards) * shelves.all.len() as u64,
        "config": config(collection),
        "payload_schema": collection.index.iter().map(schema).collect::<Map<_, _>>(),
    });
    if state.version.tells_queue() {
        info["update_queue"] = json!({ "length": shelves.queued });
    }
    if state.version.tells_deferred() {
        info["update_queue"]["deferred_points"] = json!(shelves.hidden());
    }
    info
}

fn config(collection: &Collection) -> Value {
    let named = |(name, params): (&String, &VectorParams)| (name.clone(), vector(params));
    let vectors = match &collection.vector {
        Some(params) => vector(params),
        None => Value::Object(collection.vectors.iter().map(named).collect()),
    };
    let mut params = json!({
        "vectors": vectors,
        "shard_number": collection.shards,
        "replication_factor": collection.replication_factor,
        "write_consistency_factor": 1,
        "on_disk_payload": true,
    });
    if !collection.shard_keys.is_empty() {
        params["sharding_method"] = json!("custom");
    }
    for (name, sparse) in &collection.sparse {
        params["sparse_vectors"][name] = match sparse.idf {
            true => json!({ "modifier": "idf" }),
            false => json!({}),
        };
    }
    let strict = collection.strict;
    let mut config = json!({
        "params": params,
        "hnsw_config": graph(Hnsw {
            m: collection.hnsw.m.or(Some(M)),
            ef_construct: collection.hnsw.ef_construct.or(Some(EF_CONSTRUCT)),
        }),
        "optimizer_config": {},
        "wal_config": { "wal_capacity_mb": 32 },
        "quantization_config": null,
    });
    if collection.deferred > 0 {
        config["optimizer_config"]["prevent_unoptimized"] = json!(true);
    }
    if strict.enabled() {
        config["strict_mode_config"] = some(&[
            ("enabled", json!(true)),
            ("max_query_limit", json!(strict.max_query_limit)),
            ("read_rate_limit", json!(strict.read_rate_limit)),
            ("unindexed_filtering_retrieve", json!(strict.unindexed_filtering)),
        ]);
    }
    config
}

fn vector(params: &VectorParams) -> Value {
    let datatype = (params.datatype != Datatype::Float32).then(|| params.datatype.word());
    some(&[
        ("size", json!(params.size)),
        ("distance", json!(params.distance.word())),
        ("hnsw_config", params.hnsw.map_or(Value::Null, graph)),
        ("datatype", json!(datatype)),
        (
            "multivector_config",
            json!(params.multi.then(|| json!({ "comparator": "max_sim" }))),
        ),
    ])
}

fn graph(hnsw: Hnsw) -> Value {
    some(&[("m", json!(hnsw.m)), ("ef_construct", json!(hnsw.ef_construct))])
}

/// An object of those that are not null: Qdrant leaves the others out.
fn some(members: &[(&str, Value)]) -> Value {
    let present = members.iter().filter(|(_, value)| !value.is_null());
    Value::Object(
        present
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
    )
}

fn schema(index: Index, points: u64) -> Value {
    let data_type = match index {
        Index::Keyword => "keyword",
        Index::Tenant => {
            return json!({
                "data_type": "keyword",
                "params": { "type": "keyword", "is_tenant": true },
                "points": points,
            });
        }
        Index::Integer => "integer",
        Index::Float => "float",
        Index::Geo => "geo",
        Index::Text => "text",
        Index::Bool => "bool",
        Index::Datetime => "datetime",
        Index::Uuid => "uuid",
    };
    json!({ "data_type": data_type, "points": points })
}

/// What `GET /collections/{name}/cluster` tells: the physical shards.
pub(super) fn cluster(store: &Store) -> Value {
    let shelves = store.read();
    let local: Vec<Value> = shards(store, &shelves)
        .map(|(shard, key, points)| {
            some(&[
                ("shard_id", json!(shard)),
                ("shard_key", key.map_or(Value::Null, ShardKey::json)),
                ("points_count", json!(points)),
                ("state", json!("Active")),
            ])
        })
        .collect();
    json!({
        "peer_id": PEER,
        "shard_count": local.len(),
        "local_shards": local,
        "remote_shards": [],
        "shard_transfers": [],
    })
}

/// What `GET /collections/{name}/shards` tells: the shard keys.
pub(super) fn shard_keys(store: &Store) -> Value {
    let keys = store
        .collection
        .shard_keys
        .iter()
        .map(|key| json!({ "key": key.json() }));
    json!({ "shard_keys": keys.collect::<Value>() })
}
