//! What a collection says of itself, its ids and a sample of its points, put in the words that tables are drawn from.

use super::Looked;
use crate::source::qdrant::{self as source, Sample};
use bytes::Bytes;
use config::mapping::Distance;
use transforms::points::{
    Datatype, Ids, PayloadField, PayloadKind, PointCollection, ShardKeys, SparseParams, VectorParams,
};
use transforms::qdrant::{PointId, point};
use transforms::{Document, Value};

/// What tables are drawn from.
pub(super) fn of(looked: &Looked, sample: &[Bytes]) -> PointCollection {
    let described = &looked.described;
    let mut seen = Sample::default();
    sample.iter().for_each(|body| seen.observe(body));
    // What cannot be decoded says nothing about columns.
    let points: Vec<Document<'_>> = sample
        .iter()
        .filter_map(|body| point(body, &described.name).ok())
        .collect();
    PointCollection {
        name: described.name.clone(),
        ids: ids(looked),
        vectors: described.vectors.iter().map(vector).collect(),
        sparse: described
            .sparse
            .iter()
            .map(|(name, sparse)| SparseParams {
                name: name.clone(),
                largest: seen.vectors.get(name).and_then(|seen| seen.largest_index),
                idf: sparse.idf,
            })
            .collect(),
        payload: described
            .payload
            .iter()
            .filter_map(|(key, index)| field(key, index, &points))
            .collect(),
        sharding: described.shard_keys.as_deref().and_then(sharding),
        points: looked.ids.iter().map(|(_, ids)| ids.count).sum(),
        beside: beside(described, sample),
    }
}

/// The bytes of a point beside its dense vectors, on average.
fn beside(described: &source::Collection, sample: &[Bytes]) -> u64 {
    let vectors = described.vectors.values().filter(|vector| !vector.multi);
    let vectors: u64 = vectors.map(|vector| 4 * vector.size).sum();
    let all: u64 = sample.iter().map(|body| body.len() as u64).sum();
    all.checked_div(sample.len() as u64)
        .map_or(0, |mean| mean.saturating_sub(vectors))
}

fn ids(looked: &Looked) -> Ids {
    let all = || looked.ids.iter().map(|(_, ids)| ids);
    let numbers = all().filter_map(|ids| ids.numbers);
    let largest = numbers.filter_map(|extent| match extent.most {
        PointId::Number(number) => Some(number),
        PointId::Uuid(_) => None,
    });
    Ids {
        largest: largest.max(),
        uuids: all().any(|ids| ids.uuids.is_some()),
    }
}

fn vector((name, vector): (&String, &source::Vector)) -> VectorParams {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    VectorParams {
        name: Some(name.clone()).filter(|name| !name.is_empty()),
        size: vector.size,
        distance: match vector.distance {
            source::Distance::Euclid => Distance::L2,
            source::Distance::Dot => Distance::Ip,
            source::Distance::Manhattan => Distance::L1,
            source::Distance::Cosine | source::Distance::Unknown => Distance::Cosine,
        },
        datatype: match vector.datatype {
            source::Datatype::Float16 => Datatype::Float16,
            source::Datatype::Uint8 => Datatype::Uint8,
            source::Datatype::Turbo => Datatype::Turbo,
            // They come as 32 bits, whatever they are.
            source::Datatype::Float32 | source::Datatype::Unknown => Datatype::Float32,
        },
        multi: vector.multi,
        m: vector.hnsw.m.map(narrow),
        ef_construct: vector.hnsw.ef_construct.map(narrow),
    }
}

fn field(key: &str, index: &source::Indexed, points: &[Document<'_>]) -> Option<PayloadField> {
    let kind = match index.kind {
        source::PayloadKind::Keyword => PayloadKind::Keyword,
        source::PayloadKind::Integer => PayloadKind::Integer,
        source::PayloadKind::Float => PayloadKind::Float,
        source::PayloadKind::Geo => PayloadKind::Geo,
        source::PayloadKind::Text => PayloadKind::Text,
        source::PayloadKind::Bool => PayloadKind::Bool,
        source::PayloadKind::Datetime => PayloadKind::Datetime,
        source::PayloadKind::Uuid => PayloadKind::Uuid,
        source::PayloadKind::Unknown => return None,
    };
    Some(PayloadField {
        key: key.to_owned(),
        kind,
        tenant: index.tenant,
        lists: points.iter().any(|point| is_list(point, key)),
    })
}

/// Whether a point has a list where an index looks.
fn is_list(point: &Document<'_>, key: &str) -> bool {
    let path = std::iter::once("payload").chain(key.split('.'));
    matches!(point.at(path), Some(Value::Array(_)))
}

fn sharding(keys: &[String]) -> Option<ShardKeys> {
    let texts = keys.iter().filter(|key| key.starts_with('"')).count();
    Some(match texts {
        0 => ShardKeys::Numbers,
        all if all == keys.len() => ShardKeys::Texts,
        _ => ShardKeys::Mixed,
    })
}
