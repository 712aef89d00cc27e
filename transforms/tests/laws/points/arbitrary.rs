//! Points as Qdrant might hold them, made with the generated types, and written as each generation of servers does.

use std::collections::HashMap;

use proptest::collection::{btree_map, hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use qdrant_client::qdrant::{
    DenseVector, ListValue, MultiDenseVector, PointId, RetrievedPoint, ShardKey, SparseVector, Struct, Value,
    point_id::PointIdOptions, shard_key, value::Kind, vector_output,
};

/// Vectors as they are meant, whatever way they are sent.
#[derive(Debug, Clone)]
pub(crate) enum Vector {
    Dense(Vec<f32>),
    Sparse(Vec<u32>, Vec<f32>),
    Multi(Vec<Vec<f32>>),
}

/// What a point has for vectors.
#[derive(Debug, Clone)]
pub(crate) enum Vectors {
    None,
    Unnamed(Option<Vector>),
    Named(Vec<(String, Vector)>),
}

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// Up to 1.15: all in `data`, packed.
    Packed,
    /// 1.16: all in `data`, every float with its key.
    Unpacked,
    /// Since 1.17: by kind.
    ByKind,
}

/// A point without its vectors, and these.
pub(crate) fn point() -> impl Strategy<Value = (RetrievedPoint, Vectors)> {
    (
        id(),
        hash_map(key(), value(), 0..6),
        vectors(),
        proptest::option::of(shard()),
    )
        .prop_map(|(id, payload, vectors, shard_key)| {
            let point = RetrievedPoint {
                id: Some(id),
                payload,
                vectors: None,
                shard_key,
                order_value: None,
            };
            (point, vectors)
        })
}

pub(crate) fn server() -> impl Strategy<Value = Server> {
    select(vec![Server::Packed, Server::Unpacked, Server::ByKind])
}

fn id() -> impl Strategy<Value = PointId> {
    let number = prop_oneof![any::<u64>(), 0..10u64, Just(u64::MAX)].prop_map(PointIdOptions::Num);
    let uuid = any::<[u8; 16]>()
        .prop_map(|bytes| PointIdOptions::Uuid(transforms::qdrant::PointId::Uuid(bytes).to_string()));
    prop_oneof![number, uuid].prop_map(|id| PointId {
        point_id_options: Some(id),
    })
}

fn shard() -> impl Strategy<Value = ShardKey> {
    let key = prop_oneof![
        "[a-z/%@\0é0-9]{1,6}".prop_map(shard_key::Key::Keyword),
        (0..=i64::MAX as u64).prop_map(shard_key::Key::Number)
    ];
    key.prop_map(|key| ShardKey { key: Some(key) })
}

fn key() -> impl Strategy<Value = String> {
    let odd = [
        "$floats",
        "$map",
        "__value__",
        "__missing__",
        "a.b",
        "",
        "lat",
        "lon",
        "é😀",
        "a\0b",
    ];
    prop_oneof![2 => "[a-z]{1,6}", 1 => select(odd.to_vec()).prop_map(String::from)]
}

/// A value nested at most four deep.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Kind::NullValue(0)),
        any::<bool>().prop_map(Kind::BoolValue),
        any::<i64>().prop_map(Kind::IntegerValue),
        (-9..9i64).prop_map(Kind::IntegerValue),
        any::<u64>().prop_map(f64::from_bits).prop_map(Kind::DoubleValue),
        select(vec![0.0, -0.0, 1.0, f64::INFINITY, 1e300, 0.1]).prop_map(Kind::DoubleValue),
        "[a-z \"\\\\é\n]{0,8}".prop_map(Kind::StringValue),
        select(vec!["2024-01-02T03:04:05Z", "a\0b", "urn:uuid:"])
            .prop_map(|text| Kind::StringValue(text.into())),
    ];
    let of = |kind| Value { kind: Some(kind) };
    scalar.prop_map(of).prop_recursive(4, 20, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(move |values| of(Kind::ListValue(ListValue { values }))),
            hash_map(key(), inner, 0..4).prop_map(move |fields| of(Kind::StructValue(Struct { fields }))),
        ]
    })
}

fn float() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -1.0..1.0f32,
        1 => any::<u32>().prop_map(f32::from_bits),
        1 => select(vec![0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-45]),
    ]
}

fn vector() -> impl Strategy<Value = Vector> {
    let sparse = btree_map(any::<u32>(), float(), 0..5)
        .prop_map(|pairs| Vector::Sparse(pairs.keys().copied().collect(), pairs.values().copied().collect()));
    let multi = (0..4usize, 1..4usize).prop_flat_map(|(rows, length)| vec(vec(float(), length), rows));
    prop_oneof![
        2 => vec(float(), 1..6).prop_map(Vector::Dense),
        1 => sparse,
        1 => multi.prop_map(Vector::Multi),
    ]
}

fn vectors() -> impl Strategy<Value = Vectors> {
    prop_oneof![
        1 => Just(Vectors::None),
        3 => proptest::option::weighted(0.9, vector()).prop_map(Vectors::Unnamed),
        3 => btree_map("[a-z]{0,3}", vector(), 0..4).prop_map(|named| Vectors::Named(named.into_iter().collect())),
    ]
}

/// The bytes of the point as such a server sends them.
pub(crate) fn encoded(point: &RetrievedPoint, vectors: &Vectors, server: Server) -> Vec<u8> {
    let mut body = point.encode_to_vec();
    let content = match vectors {
        Vectors::None => return body,
        Vectors::Unnamed(None) => Vec::new(),
        Vectors::Unnamed(Some(vector)) => delimited(1, &output(vector, server)),
        Vectors::Named(named) => {
            let entry = |(name, vector): &(String, Vector)| {
                let parts = [
                    delimited(1, name.as_bytes()),
                    delimited(2, &output(vector, server)),
                ];
                delimited(1, &parts.concat())
            };
            delimited(2, &named.iter().flat_map(entry).collect::<Vec<u8>>())
        }
    };
    body.extend(delimited(4, &content));
    body
}

/// A `VectorOutput`.
fn output(vector: &Vector, server: Server) -> Vec<u8> {
    if server == Server::ByKind {
        let kind = match vector.clone() {
            Vector::Dense(data) => vector_output::Vector::Dense(DenseVector { data }),
            Vector::Sparse(indices, values) => {
                vector_output::Vector::Sparse(SparseVector { values, indices })
            }
            Vector::Multi(rows) => vector_output::Vector::MultiDense(MultiDenseVector {
                vectors: rows.into_iter().map(|data| DenseVector { data }).collect(),
            }),
        };
        let mut out = Vec::new();
        kind.encode(&mut out);
        return out;
    }
    match vector {
        Vector::Dense(floats) => data(floats, server),
        Vector::Sparse(indices, values) => {
            let mut packed = Vec::new();
            indices
                .iter()
                .for_each(|index| encode_varint(u64::from(*index), &mut packed));
            let indices = if indices.is_empty() {
                Vec::new()
            } else {
                delimited(1, &packed)
            };
            [data(values, server), delimited(2, &indices)].concat()
        }
        Vector::Multi(rows) => {
            let mut out = data(&rows.concat(), server);
            encode_key(3, WireType::Varint, &mut out);
            encode_varint(rows.len() as u64, &mut out);
            out
        }
    }
}

fn data(floats: &[f32], server: Server) -> Vec<u8> {
    let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    match server {
        _ if floats.is_empty() => Vec::new(),
        Server::Unpacked => bytes
            .chunks(4)
            .flat_map(|float| [&[1 << 3 | 5], float].concat())
            .collect(),
        _ => delimited(1, &bytes),
    }
}

/// A field of wire type "length".
pub(crate) fn delimited(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut bytes);
    encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// The entries of a map, for comparison.
pub(crate) type Fields = HashMap<String, Value>;
