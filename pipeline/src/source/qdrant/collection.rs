//! What a collection is, as its server describes it, in words of our own.
//!
//! Everything that decides how points are read, what their columns are and which indexes they get; what only concerns
//! how the server stores and searches them is left out. What an older server does not say holds its default.

use qdrant_client::qdrant as proto;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Its name, or the alias it was asked for by.
    pub name: String,
    /// Dense vectors and multivectors, by name; the one without a name has the empty one.
    pub vectors: BTreeMap<String, Vector>,
    /// Sparse vectors, by name.
    pub sparse: BTreeMap<String, Sparse>,
    /// Payload keys that have an index, and of which kind.
    pub payload: BTreeMap<String, Indexed>,
    /// How many shards its points lie in.
    pub shards: u32,
    /// The keys that points are stored under, as JSON writes them; none where the server distributes points itself.
    pub shard_keys: Option<Vec<String>>,
    /// How many copies of each shard there should be.
    pub replicas: u32,
    /// Points, as the server estimates them.
    pub points: u64,
    /// How it fares.
    pub status: Status,
    /// Warnings of the server, and the error of its optimizer.
    pub warnings: Vec<String>,
    /// Writes that were accepted and not carried out yet (known since 1.17).
    pub queued: u64,
    /// Points that were accepted and are hidden until they are indexed (known since 1.18).
    pub deferred: u64,
    /// What requests are held to.
    pub strict: Strict,
}

/// A dense vector, or several of one kind for each point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vector {
    /// Components.
    pub size: u64,
    /// How two of them are compared.
    pub distance: Distance,
    /// How a component is stored.
    pub datatype: Datatype,
    /// Whether a point has several, compared by MaxSim.
    pub multi: bool,
    /// Its HNSW graph.
    pub hnsw: Hnsw,
}

/// A sparse vector, always compared by its dot product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sparse {
    /// How a component is stored in the index.
    pub datatype: Datatype,
    /// Whether the server weighs components by how rare they are when it searches.
    pub idf: bool,
}

/// Parameters of a HNSW graph, as far as they were set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hnsw {
    /// Edges of a node; 0 means that there is no graph.
    pub m: Option<u64>,
    /// Neighbours looked at while it is built.
    pub ef_construct: Option<u64>,
}

/// How two vectors are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Distance {
    Cosine,
    Euclid,
    Dot,
    Manhattan,
    /// One that this build does not know.
    Unknown,
}

/// How a component is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Datatype {
    Float32,
    Float16,
    Uint8,
    /// Compressed, and read back as something near what was written.
    Turbo,
    /// One that this build does not know.
    Unknown,
}

/// An index over a payload key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// What its values are taken for.
    pub kind: PayloadKind,
    /// Whether the key tells tenants apart.
    pub tenant: bool,
    /// Points that have a value for it.
    pub points: u64,
}

/// What the values of an indexed payload key are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum PayloadKind {
    Keyword,
    Integer,
    Float,
    Geo,
    Text,
    Bool,
    Datetime,
    Uuid,
    /// One that this build does not know.
    Unknown,
}

/// How a collection fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All is done.
    Green,
    /// Points are being indexed.
    Yellow,
    /// Indexing waits for a write or a restart.
    Grey,
    /// Something failed.
    Red,
    /// It did not say.
    Unknown,
}

/// What a collection's strict mode holds requests to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strict {
    /// Whether it is on; nothing below holds otherwise.
    pub enabled: bool,
    /// Most points in a page.
    pub max_query_limit: Option<u32>,
    /// Seconds that a request may ask the server to take.
    pub max_timeout: Option<u32>,
    /// Reads in a minute, for each replica.
    pub read_rate_limit: Option<u32>,
    /// Whether keys without an index may be filtered by.
    pub unindexed_filters: bool,
}

impl Collection {
    /// Whether its points are stored under keys of the operator's choosing, so that an id is unique for each key only.
    pub fn is_sharded_by_key(&self) -> bool {
        self.shard_keys.is_some()
    }

    /// What the server said, except the shard keys, which have a method of their own.
    pub(super) fn of(name: &str, info: proto::CollectionInfo) -> Collection {
        let status = match info.status() {
            proto::CollectionStatus::Green => Status::Green,
            proto::CollectionStatus::Yellow => Status::Yellow,
            proto::CollectionStatus::Grey => Status::Grey,
            proto::CollectionStatus::Red => Status::Red,
            proto::CollectionStatus::UnknownCollectionStatus => Status::Unknown,
        };
        let config = info.config.unwrap_or_default();
        let params = config.params.unwrap_or_default();
        let graph = config.hnsw_config.map(|graph| hnsw(&graph)).unwrap_or_default();
        let custom = params.sharding_method == Some(proto::ShardingMethod::Custom.into());
        let optimizer = info.optimizer_status.filter(|optimizer| !optimizer.ok);
        let warnings = info.warnings.into_iter().map(|warning| warning.message);
        let queue = info.update_queue.unwrap_or_default();
        Collection {
            name: name.to_owned(),
            vectors: vectors(params.vectors_config, graph),
            sparse: sparse(params.sparse_vectors_config),
            payload: info
                .payload_schema
                .into_iter()
                .map(|(key, index)| (key, indexed(&index)))
                .collect(),
            shards: params.shard_number,
            shard_keys: custom.then(Vec::new),
            replicas: params.replication_factor.unwrap_or(1),
            points: info.points_count.unwrap_or(0),
            status,
            warnings: warnings
                .chain(optimizer.map(|optimizer| optimizer.error))
                .collect(),
            queued: queue.length,
            deferred: queue.deferred_points.unwrap_or(0),
            strict: strict(config.strict_mode_config),
        }
    }
}

fn vectors(config: Option<proto::VectorsConfig>, graph: Hnsw) -> BTreeMap<String, Vector> {
    use proto::vectors_config::Config;
    match config.and_then(|config| config.config) {
        None => BTreeMap::new(),
        Some(Config::Params(params)) => BTreeMap::from([(String::new(), vector(&params, graph))]),
        Some(Config::ParamsMap(map)) => {
            let named = map.map.into_iter();
            named
                .map(|(name, params)| (name, vector(&params, graph)))
                .collect()
        }
    }
}

fn vector(params: &proto::VectorParams, graph: Hnsw) -> Vector {
    let own = params.hnsw_config.as_ref().map(hnsw).unwrap_or_default();
    Vector {
        size: params.size,
        distance: match params.distance() {
            proto::Distance::Cosine => Distance::Cosine,
            proto::Distance::Euclid => Distance::Euclid,
            proto::Distance::Dot => Distance::Dot,
            proto::Distance::Manhattan => Distance::Manhattan,
            proto::Distance::UnknownDistance => Distance::Unknown,
        },
        datatype: datatype(params.datatype),
        multi: params.multivector_config.is_some(),
        hnsw: Hnsw {
            m: own.m.or(graph.m),
            ef_construct: own.ef_construct.or(graph.ef_construct),
        },
    }
}

fn hnsw(config: &proto::HnswConfigDiff) -> Hnsw {
    Hnsw {
        m: config.m,
        ef_construct: config.ef_construct,
    }
}

fn sparse(config: Option<proto::SparseVectorConfig>) -> BTreeMap<String, Sparse> {
    let named = config.unwrap_or_default().map.into_iter();
    let read = |params: proto::SparseVectorParams| Sparse {
        idf: params.modifier == Some(proto::Modifier::Idf.into()),
        datatype: datatype(params.index.and_then(|index| index.datatype)),
    };
    named.map(|(name, params)| (name, read(params))).collect()
}

fn datatype(datatype: Option<i32>) -> Datatype {
    use proto::Datatype as Theirs;
    match datatype.map(Theirs::try_from) {
        None | Some(Ok(Theirs::Default | Theirs::Float32)) => Datatype::Float32,
        Some(Ok(Theirs::Float16)) => Datatype::Float16,
        Some(Ok(Theirs::Uint8)) => Datatype::Uint8,
        Some(Ok(Theirs::Turbo4 | Theirs::Turbo8 | Theirs::Turbo16)) => Datatype::Turbo,
        Some(Err(_)) => Datatype::Unknown,
    }
}

fn indexed(index: &proto::PayloadSchemaInfo) -> Indexed {
    use proto::payload_index_params::IndexParams;
    let tenant = match index
        .params
        .as_ref()
        .and_then(|params| params.index_params.as_ref())
    {
        Some(IndexParams::KeywordIndexParams(params)) => params.is_tenant,
        Some(IndexParams::UuidIndexParams(params)) => params.is_tenant,
        _ => None,
    };
    Indexed {
        kind: match index.data_type() {
            proto::PayloadSchemaType::Keyword => PayloadKind::Keyword,
            proto::PayloadSchemaType::Integer => PayloadKind::Integer,
            proto::PayloadSchemaType::Float => PayloadKind::Float,
            proto::PayloadSchemaType::Geo => PayloadKind::Geo,
            proto::PayloadSchemaType::Text => PayloadKind::Text,
            proto::PayloadSchemaType::Bool => PayloadKind::Bool,
            proto::PayloadSchemaType::Datetime => PayloadKind::Datetime,
            proto::PayloadSchemaType::Uuid => PayloadKind::Uuid,
            proto::PayloadSchemaType::UnknownType => PayloadKind::Unknown,
        },
        tenant: tenant == Some(true),
        points: index.points.unwrap_or(0),
    }
}

fn strict(config: Option<proto::StrictModeConfig>) -> Strict {
    match config {
        Some(config) if config.enabled == Some(true) => Strict {
            enabled: true,
            max_query_limit: config.max_query_limit.filter(|most| *most > 0),
            max_timeout: config.max_timeout.filter(|most| *most > 0),
            read_rate_limit: config.read_rate_limit,
            unindexed_filters: config.unindexed_filtering_retrieve != Some(false),
        },
        _ => Strict {
            unindexed_filters: true,
            ..Strict::default()
        },
    }
}
