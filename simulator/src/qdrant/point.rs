//! A point as it lies in a collection, and its plain form on the wire.
//!
//! `encode` writes the same bytes without the message; this is the obvious way, which tests hold against it.

use super::id::PointId;
use super::value::Payload;
use ::qdrant_client::qdrant::{self as proto, shard_key::Key};
use serde::Deserialize;
use std::fmt;

/// A point: its vectors by name, where the unnamed one has the name "".
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Unique in its collection; with custom sharding, under its shard key.
    pub id: PointId,
    /// Empty where there is none: Qdrant knows no difference over gRPC.
    pub payload: Payload,
    /// Those it has; others are missing.
    pub vectors: Vec<(String, Vector)>,
}

/// A vector of any of the three kinds.
#[derive(Debug, Clone, PartialEq)]
pub enum Vector {
    /// So many components as the collection says.
    Dense(Vec<f32>),
    /// Components by their index; indices ascend and are unique. Explicit zeros and no components at all are legal.
    Sparse {
        /// Up to `u32::MAX`.
        indices: Vec<u32>,
        /// As many.
        values: Vec<f32>,
    },
    /// Any number of rows of the same length.
    Multi(Vec<Vec<f32>>),
}

/// What chooses the shards that a point lies in, with custom sharding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(untagged)]
pub enum ShardKey {
    /// A number.
    Number(u64),
    /// A text.
    Keyword(String),
}

impl fmt::Display for ShardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShardKey::Number(number) => write!(f, "{number}"),
            ShardKey::Keyword(text) => f.write_str(text),
        }
    }
}

impl From<&str> for ShardKey {
    fn from(text: &str) -> ShardKey {
        ShardKey::Keyword(text.to_owned())
    }
}

impl From<u64> for ShardKey {
    fn from(number: u64) -> ShardKey {
        ShardKey::Number(number)
    }
}

impl ShardKey {
    /// As messages have it.
    pub fn proto(&self) -> proto::ShardKey {
        let key = match self {
            ShardKey::Number(number) => Key::Number(*number),
            ShardKey::Keyword(text) => Key::Keyword(text.clone()),
        };
        proto::ShardKey { key: Some(key) }
    }

    /// What a message says, if it says anything.
    pub(super) fn read(key: &proto::ShardKey) -> Option<ShardKey> {
        match key.key.as_ref()? {
            Key::Number(number) => Some(ShardKey::Number(*number)),
            Key::Keyword(text) => Some(ShardKey::Keyword(text.clone())),
        }
    }

    /// As JSON has it.
    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            ShardKey::Number(number) => (*number).into(),
            ShardKey::Keyword(text) => text.as_str().into(),
        }
    }
}

impl Vector {
    /// What a request says, in the new fields or in the old ones; text and images are for models, which are not here.
    #[expect(deprecated, reason = "old clients still fill the old fields")]
    pub(super) fn read(vector: proto::Vector) -> Option<Vector> {
        use proto::vector::Vector as New;
        match vector.vector {
            Some(New::Dense(dense)) => Some(Vector::Dense(dense.data)),
            Some(New::Sparse(sparse)) => Some(Vector::sparse(sparse.indices, sparse.values)),
            Some(New::MultiDense(multi)) => Some(Vector::Multi(
                multi.vectors.into_iter().map(|row| row.data).collect(),
            )),
            Some(_) => None,
            None => Some(match (vector.indices, vector.vectors_count) {
                (Some(indices), _) => Vector::sparse(indices.data, vector.data),
                (None, Some(rows)) => {
                    let width = vector.data.len() / (rows.max(1) as usize);
                    Vector::Multi(vector.data.chunks(width.max(1)).map(<[f32]>::to_vec).collect())
                }
                (None, None) => Vector::Dense(vector.data),
            }),
        }
    }

    /// A sparse vector in the order of its indices, as Qdrant keeps it.
    pub fn sparse(indices: Vec<u32>, values: Vec<f32>) -> Vector {
        let mut pairs: Vec<(u32, f32)> = indices.into_iter().zip(values).collect();
        pairs.sort_by_key(|(index, _)| *index);
        let (indices, values) = pairs.into_iter().unzip();
        Vector::Sparse { indices, values }
    }

    /// As an answer of the newest servers has it.
    fn output(&self) -> proto::VectorOutput {
        use proto::vector_output::Vector as New;
        let new = match self.clone() {
            Vector::Dense(data) => New::Dense(proto::DenseVector { data }),
            Vector::Sparse { indices, values } => New::Sparse(proto::SparseVector { values, indices }),
            Vector::Multi(rows) => New::MultiDense(proto::MultiDenseVector {
                vectors: rows.into_iter().map(|data| proto::DenseVector { data }).collect(),
            }),
        };
        proto::VectorOutput {
            vector: Some(new),
            ..Default::default()
        }
    }
}

impl Point {
    /// The whole point as a scroll of the newest servers sends it: `named` tells whether its collection's vectors have
    /// names. A missing unnamed vector leaves `vectors_options` open, missing named ones are not in the map.
    pub fn retrieved(&self, named: bool, key: Option<&ShardKey>) -> proto::RetrievedPoint {
        use proto::vectors_output::VectorsOptions;
        let options = match named {
            true => Some(VectorsOptions::Vectors(proto::NamedVectorsOutput {
                vectors: self
                    .vectors
                    .iter()
                    .map(|(name, vector)| (name.clone(), vector.output()))
                    .collect(),
            })),
            false => self
                .vectors
                .first()
                .map(|(_, vector)| VectorsOptions::Vector(vector.output())),
        };
        proto::RetrievedPoint {
            id: Some(self.id.proto()),
            payload: self
                .payload
                .iter()
                .map(|(key, value)| (key.to_string(), value.proto()))
                .collect(),
            vectors: Some(proto::VectorsOutput {
                vectors_options: options,
            }),
            shard_key: key.map(ShardKey::proto),
            order_value: None,
        }
    }
}
