//! A collection as it describes itself over gRPC.

use crate::qdrant::collection::{Collection, Index};
use crate::qdrant::space::{Datatype, Distance, Hnsw, SparseParams, VectorParams};
use crate::qdrant::state::State;
use crate::qdrant::store::Store;
use ::qdrant_client::qdrant::{self as proto, payload_index_params::IndexParams, vectors_config::Config};

/// What a server's graph is like when nobody says otherwise.
pub(in crate::qdrant) const M: u64 = 16;
pub(in crate::qdrant) const EF_CONSTRUCT: u64 = 100;

/// Everything that `Collections/Get` tells.
pub(super) fn info(state: &State, store: &Store) -> proto::CollectionInfo {
    let collection = &store.collection;
    let shelves = store.read();
    let waits = shelves.queued > 0 || shelves.deferred > 0;
    let status = match waits {
        true => proto::CollectionStatus::Yellow,
        false => proto::CollectionStatus::Green,
    };
    let count = shelves.count();
    proto::CollectionInfo {
        status: status.into(),
        optimizer_status: Some(proto::OptimizerStatus {
            ok: true,
            error: String::new(),
        }),
        segments_count: u64::from(collection.shards) * shelves.all.len() as u64,
        config: Some(config(collection)),
        payload_schema: collection
            .index
            .iter()
            .map(|(key, index)| (key.clone(), schema(*index, count)))
            .collect(),
        points_count: Some(count),
        indexed_vectors_count: Some(count * collection.dense().count() as u64),
        update_queue: state.version.tells_queue().then(|| proto::UpdateQueueInfo {
            length: shelves.queued,
            deferred_points: state.version.tells_deferred().then(|| shelves.hidden()),
        }),
        ..Default::default()
    }
}

fn config(collection: &Collection) -> proto::CollectionConfig {
    let strict = collection.strict;
    proto::CollectionConfig {
        params: Some(params(collection)),
        hnsw_config: Some(graph(Hnsw {
            m: collection.hnsw.m.or(Some(M)),
            ef_construct: collection.hnsw.ef_construct.or(Some(EF_CONSTRUCT)),
        })),
        optimizer_config: Some(proto::OptimizersConfigDiff {
            prevent_unoptimized: (collection.deferred > 0).then_some(true),
            ..Default::default()
        }),
        wal_config: Some(proto::WalConfigDiff {
            wal_capacity_mb: Some(32),
            ..Default::default()
        }),
        strict_mode_config: strict.enabled().then(|| proto::StrictModeConfig {
            enabled: Some(true),
            max_query_limit: strict.max_query_limit,
            read_rate_limit: strict.read_rate_limit,
            unindexed_filtering_retrieve: strict.unindexed_filtering,
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn params(collection: &Collection) -> proto::CollectionParams {
    let custom = !collection.shard_keys.is_empty();
    let named = |(name, params): (&String, &VectorParams)| (name.clone(), vector(params));
    let vectors = match &collection.vector {
        Some(params) => Config::Params(vector(params)),
        None => Config::ParamsMap(proto::VectorParamsMap {
            map: collection.vectors.iter().map(named).collect(),
        }),
    };
    let sparse = |(name, params): (&String, &SparseParams)| {
        let modifier = params.idf.then_some(proto::Modifier::Idf.into());
        (
            name.clone(),
            proto::SparseVectorParams {
                index: None,
                modifier,
            },
        )
    };
    proto::CollectionParams {
        shard_number: collection.shards,
        vectors_config: Some(proto::VectorsConfig {
            config: Some(vectors),
        }),
        sparse_vectors_config: (!collection.sparse.is_empty()).then(|| proto::SparseVectorConfig {
            map: collection.sparse.iter().map(sparse).collect(),
        }),
        sharding_method: custom.then_some(proto::ShardingMethod::Custom.into()),
        replication_factor: Some(collection.replication_factor),
        write_consistency_factor: Some(1),
        ..Default::default()
    }
}

fn vector(params: &VectorParams) -> proto::VectorParams {
    let distance = match params.distance {
        Distance::Cosine => proto::Distance::Cosine,
        Distance::Euclid => proto::Distance::Euclid,
        Distance::Dot => proto::Distance::Dot,
        Distance::Manhattan => proto::Distance::Manhattan,
    };
    // Left out where it is the usual one.
    let datatype = match params.datatype {
        Datatype::Float32 => None,
        Datatype::Float16 => Some(proto::Datatype::Float16.into()),
        Datatype::Uint8 => Some(proto::Datatype::Uint8.into()),
        Datatype::Turbo4 => Some(proto::Datatype::Turbo4.into()),
    };
    proto::VectorParams {
        size: params.size as u64,
        distance: distance.into(),
        hnsw_config: params.hnsw.map(graph),
        datatype,
        multivector_config: params.multi.then(|| proto::MultiVectorConfig {
            comparator: proto::MultiVectorComparator::MaxSim.into(),
        }),
        ..Default::default()
    }
}

fn graph(hnsw: Hnsw) -> proto::HnswConfigDiff {
    proto::HnswConfigDiff {
        m: hnsw.m,
        ef_construct: hnsw.ef_construct,
        ..Default::default()
    }
}

fn schema(index: Index, points: u64) -> proto::PayloadSchemaInfo {
    use proto::PayloadSchemaType as Type;
    let data_type = match index {
        Index::Keyword | Index::Tenant => Type::Keyword,
        Index::Integer => Type::Integer,
        Index::Float => Type::Float,
        Index::Geo => Type::Geo,
        Index::Text => Type::Text,
        Index::Bool => Type::Bool,
        Index::Datetime => Type::Datetime,
        Index::Uuid => Type::Uuid,
    };
    let tenant = IndexParams::KeywordIndexParams(proto::KeywordIndexParams {
        is_tenant: Some(true),
        ..Default::default()
    });
    proto::PayloadSchemaInfo {
        data_type: data_type.into(),
        params: (index == Index::Tenant).then_some(proto::PayloadIndexParams {
            index_params: Some(tenant),
        }),
        points: Some(points),
    }
}

/// What a request to create a collection describes; what the simulator does not know of is ignored.
pub(super) fn described(request: proto::CreateCollection) -> Collection {
    let mut collection =
        Collection::new(request.collection_name, 0).shards(request.shard_number.unwrap_or(1));
    match request.vectors_config.and_then(|config| config.config) {
        Some(Config::Params(params)) => collection = collection.vector(read(&params)),
        Some(Config::ParamsMap(map)) => {
            collection = map.map.iter().fold(collection, |collection, (name, params)| {
                collection.named(name, read(params))
            });
        }
        None => {}
    }
    for (name, params) in request.sparse_vectors_config.unwrap_or_default().map {
        let idf = params.modifier == Some(proto::Modifier::Idf.into());
        collection = collection.sparse(name, SparseParams { idf, max_index: None });
    }
    let hnsw = request.hnsw_config.unwrap_or_default();
    collection.hnsw(Hnsw {
        m: hnsw.m,
        ef_construct: hnsw.ef_construct,
    })
}

fn read(params: &proto::VectorParams) -> VectorParams {
    let distance = match params.distance() {
        proto::Distance::Euclid => Distance::Euclid,
        proto::Distance::Dot => Distance::Dot,
        proto::Distance::Manhattan => Distance::Manhattan,
        _ => Distance::Cosine,
    };
    let datatype = match params.datatype() {
        proto::Datatype::Float16 => Datatype::Float16,
        proto::Datatype::Uint8 => Datatype::Uint8,
        proto::Datatype::Turbo4 => Datatype::Turbo4,
        _ => Datatype::Float32,
    };
    let size = usize::try_from(params.size).unwrap_or(usize::MAX);
    VectorParams {
        multi: params.multivector_config.is_some(),
        hnsw: params.hnsw_config.as_ref().map(|hnsw| Hnsw {
            m: hnsw.m,
            ef_construct: hnsw.ef_construct,
        }),
        ..VectorParams::new(size, distance).datatype(datatype)
    }
}
