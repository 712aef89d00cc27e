//! Points as servers send them, with the entries of their maps in one order or the other.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use qdrant_client::qdrant::{
    DenseVector, ListValue, MultiDenseVector, NamedVectorsOutput, PointId, RetrievedPoint, ShardKey,
    SparseVector, Struct, Value, VectorOutput, VectorsOutput, shard_key, value::Kind, vector_output,
    vectors_output::VectorsOptions,
};
use std::collections::HashMap;
use transforms::Floats;
use transforms::json::Owned;

use crate::mappings::documents::Sample;

/// A field of wire type "length".
fn delimited(number: u32, content: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

/// The point, the entries of every map by name, or backward.
pub(super) fn encoded(point: &RetrievedPoint, backward: bool) -> Vec<u8> {
    let mut plain = point.clone();
    let payload = std::mem::take(&mut plain.payload);
    let vectors = plain.vectors.take();
    let mut out = plain.encode_to_vec();
    fields(2, &payload, backward, &mut out);
    if let Some(vectors) = vectors {
        let content = match &vectors.vectors_options {
            Some(VectorsOptions::Vectors(named)) => {
                let mut all = Vec::new();
                entries(1, &named.vectors, backward, &mut all, VectorOutput::encode_to_vec);
                let mut content = Vec::new();
                delimited(2, &all, &mut content);
                content
            }
            _ => vectors.encode_to_vec(),
        };
        delimited(4, &content, &mut out);
    }
    out
}

fn entries<V>(
    number: u32,
    map: &HashMap<String, V>,
    backward: bool,
    out: &mut Vec<u8>,
    encode: impl Fn(&V) -> Vec<u8>,
) {
    let mut all: Vec<(&String, &V)> = map.iter().collect();
    all.sort_by_key(|(name, _)| *name);
    if backward {
        all.reverse();
    }
    for (name, value) in all {
        let mut entry = Vec::new();
        delimited(1, name.as_bytes(), &mut entry);
        delimited(2, &encode(value), &mut entry);
        delimited(number, &entry, out);
    }
}

fn fields(number: u32, map: &HashMap<String, Value>, backward: bool, out: &mut Vec<u8>) {
    entries(number, map, backward, out, |each| value(each, backward));
}

fn value(value: &Value, backward: bool) -> Vec<u8> {
    let (mut out, mut content) = (Vec::new(), Vec::new());
    match &value.kind {
        Some(Kind::StructValue(Struct { fields: inner })) => {
            fields(1, inner, backward, &mut content);
            delimited(6, &content, &mut out);
        }
        Some(Kind::ListValue(ListValue { values })) => {
            for each in values {
                delimited(1, &self::value(each, backward), &mut content);
            }
            delimited(7, &content, &mut out);
        }
        _ => out = value.encode_to_vec(),
    }
    out
}

/// Whether prost neither merged nor dropped anything of the bytes, and reads vectors as they are meant: its conversion
/// knows the newest form alone, where a vector is of one kind.
pub(super) fn is_as_sent(point: &RetrievedPoint, body: &[u8]) -> bool {
    let by_kind = |vector: &VectorOutput| vector.vector.is_some();
    let vectors = point
        .vectors
        .as_ref()
        .and_then(|vectors| vectors.vectors_options.as_ref());
    let all_by_kind = match vectors {
        Some(VectorsOptions::Vector(vector)) => by_kind(vector),
        Some(VectorsOptions::Vectors(named)) => named.vectors.values().all(by_kind),
        None => true,
    };
    let mut again = point.encode_to_vec();
    let mut sent = body.to_vec();
    again.sort_unstable();
    sent.sort_unstable();
    all_by_kind && again == sent
}

/// The point as it is sent since 1.17, or as it was before: vectors by their kind, or all their components in `data`.
pub(super) fn sent(point: &Sample, by_kind: bool) -> Vec<u8> {
    let mut message = RetrievedPoint::default();
    let last = point.name.rsplit('/').next().unwrap_or_default();
    let id = last.split('@').next().unwrap_or_default();
    message.id = Some(match id.parse::<u64>() {
        Ok(number) => PointId::from(number),
        Err(_) => PointId::from(id.to_owned()),
    });
    for (name, field) in &point.fields {
        match (name.as_str(), field) {
            ("payload", Owned::Map(entries)) => message.payload = payload(entries),
            ("vector", Owned::Map(named)) => {
                let vectors = named
                    .iter()
                    .map(|(name, each)| (name.clone(), vector(each, by_kind)))
                    .collect();
                let named = NamedVectorsOutput { vectors };
                message.vectors = Some(VectorsOutput {
                    vectors_options: Some(VectorsOptions::Vectors(named)),
                });
            }
            ("vector", one) => {
                message.vectors = Some(VectorsOutput {
                    vectors_options: Some(VectorsOptions::Vector(vector(one, by_kind))),
                });
            }
            ("shard_key", Owned::Integer(key)) => {
                let key = Some(shard_key::Key::Number(key.unsigned_abs()));
                message.shard_key = Some(ShardKey { key });
            }
            ("shard_key", Owned::Text(key)) => {
                let key = Some(shard_key::Key::Keyword(key.clone()));
                message.shard_key = Some(ShardKey { key });
            }
            _ => {}
        }
    }
    message.encode_to_vec()
}

fn payload(entries: &[(String, Owned)]) -> HashMap<String, Value> {
    let entry = |(name, value): &(String, Owned)| {
        Some((
            name.clone(),
            Value {
                kind: Some(kind(value)?),
            },
        ))
    };
    entries.iter().filter_map(entry).collect()
}

/// The value, of those that Qdrant knows.
fn kind(value: &Owned) -> Option<Kind> {
    let value_of = |value: &Owned| {
        Some(Value {
            kind: Some(kind(value)?),
        })
    };
    Some(match value {
        Owned::Null => Kind::NullValue(0),
        Owned::Boolean(boolean) => Kind::BoolValue(*boolean),
        Owned::Integer(integer) => Kind::IntegerValue(*integer),
        Owned::Double(double) => Kind::DoubleValue(*double),
        Owned::Text(text) => Kind::StringValue(text.clone()),
        Owned::Array(values) => Kind::ListValue(ListValue {
            values: values.iter().filter_map(value_of).collect(),
        }),
        Owned::Map(entries) => Kind::StructValue(Struct {
            fields: payload(entries),
        }),
        _ => return None,
    })
}

#[allow(deprecated)]
fn vector(value: &Owned, by_kind: bool) -> VectorOutput {
    let floats = |floats: &Floats<'_>| floats.iter().collect::<Vec<f32>>();
    let kind = match value {
        Owned::Floats(components) if by_kind => vector_output::Vector::Dense(DenseVector {
            data: floats(components),
        }),
        Owned::Floats(components) => {
            return VectorOutput {
                data: floats(components),
                ..Default::default()
            };
        }
        Owned::Sparse(sparse) => vector_output::Vector::Sparse(SparseVector {
            values: floats(sparse.values()),
            indices: sparse.indices().to_vec(),
        }),
        Owned::Array(rows) => vector_output::Vector::MultiDense(MultiDenseVector {
            vectors: rows
                .iter()
                .filter_map(|row| match row {
                    Owned::Floats(row) => Some(DenseVector { data: floats(row) }),
                    _ => None,
                })
                .collect(),
        }),
        _ => return VectorOutput::default(),
    };
    VectorOutput {
        vector: Some(kind),
        ..Default::default()
    }
}
