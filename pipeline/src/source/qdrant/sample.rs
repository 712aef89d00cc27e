//! What a few points hold that no description of their collection tells.
//!
//! Decoded by the generated decoder: a sample is small, and this is one more pair of eyes on what a server sends.

use prost::Message;
use proto::vector_output::Vector;
use proto::vectors_output::VectorsOptions;
use qdrant_client::qdrant as proto;
use std::collections::BTreeMap;

/// What was seen in a sample.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// Points looked at.
    pub points: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Points that could not be decoded.
    pub malformed: u64,
    /// What the vectors hold, by name; the one without a name has the empty one.
    pub vectors: BTreeMap<String, Components>,
}

/// What the vectors of one name hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Components {
    /// Points that have one.
    pub points: u64,
    /// Points with a component that is infinite or no number.
    pub not_finite: u64,
    /// Points whose vector has no length: every component is zero, or there is none.
    pub zero: u64,
    /// The largest index, where they are sparse.
    pub largest_index: Option<u32>,
    /// The most components that are there, where they are sparse.
    pub most_indices: u64,
}

impl Sample {
    /// Bytes of a point, on average.
    pub fn bytes_per_point(&self) -> u64 {
        self.bytes.checked_div(self.points).unwrap_or(0)
    }

    /// Looks at the bytes of a `RetrievedPoint`.
    pub fn observe(&mut self, point: &[u8]) {
        self.points += 1;
        self.bytes += point.len() as u64;
        let Ok(point) = proto::RetrievedPoint::decode(point) else {
            self.malformed += 1;
            return;
        };
        match point.vectors.and_then(|vectors| vectors.vectors_options) {
            None => {}
            Some(VectorsOptions::Vector(vector)) => self.note(String::new(), vector),
            Some(VectorsOptions::Vectors(named)) => {
                named
                    .vectors
                    .into_iter()
                    .for_each(|(name, vector)| self.note(name, vector));
            }
        }
    }

    // Servers before 1.17 fill the deprecated fields only.
    #[allow(deprecated)]
    fn note(&mut self, name: String, vector: proto::VectorOutput) {
        let (mut components, mut indices) = (
            vector.data,
            vector.indices.map_or(Vec::new(), |indices| indices.data),
        );
        match vector.vector {
            None => {}
            Some(Vector::Dense(dense)) => components.extend(dense.data),
            Some(Vector::Sparse(sparse)) => {
                components.extend(sparse.values);
                indices.extend(sparse.indices);
            }
            Some(Vector::MultiDense(rows)) => {
                components.extend(rows.vectors.into_iter().flat_map(|row| row.data));
            }
        }
        let seen = self.vectors.entry(name).or_default();
        seen.points += 1;
        seen.not_finite += u64::from(components.iter().any(|component| !component.is_finite()));
        seen.zero += u64::from(components.iter().all(|component| *component == 0.0));
        seen.largest_index = seen.largest_index.max(indices.iter().max().copied());
        seen.most_indices = seen.most_indices.max(indices.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    #![allow(deprecated)]
    use super::*;

    fn point(vector: proto::VectorOutput) -> Vec<u8> {
        let vectors_options = Some(VectorsOptions::Vector(vector));
        proto::RetrievedPoint {
            vectors: Some(proto::VectorsOutput { vectors_options }),
            ..Default::default()
        }
        .encode_to_vec()
    }

    fn seen(vectors: Vec<proto::VectorOutput>) -> Components {
        let mut sample = Sample::default();
        vectors
            .into_iter()
            .for_each(|vector| sample.observe(&point(vector)));
        sample.vectors[""]
    }

    fn old(data: Vec<f32>, indices: Option<Vec<u32>>) -> proto::VectorOutput {
        proto::VectorOutput {
            data,
            indices: indices.map(|data| proto::SparseIndices { data }),
            ..Default::default()
        }
    }

    fn new(vector: Vector) -> proto::VectorOutput {
        proto::VectorOutput {
            vector: Some(vector),
            ..Default::default()
        }
    }

    #[test]
    fn both_spellings_of_a_vector_are_seen_alike() {
        let (data, indices) = (vec![1.0, f32::NAN, 0.0], vec![7, 4_294_967_295, 3]);
        let dense = Vector::Dense(proto::DenseVector { data: data.clone() });
        assert_eq!(seen(vec![new(dense)]), seen(vec![old(data.clone(), None)]));
        let sparse = Vector::Sparse(proto::SparseVector {
            values: data.clone(),
            indices: indices.clone(),
        });
        let of_sparse = seen(vec![new(sparse)]);
        assert_eq!(of_sparse, seen(vec![old(data, Some(indices))]));
        assert_eq!(of_sparse.largest_index, Some(u32::MAX));
        assert_eq!((of_sparse.not_finite, of_sparse.most_indices), (1, 3));
    }

    #[test]
    fn vectors_without_a_length_are_counted() {
        let rows = Vector::MultiDense(proto::MultiDenseVector {
            vectors: vec![
                proto::DenseVector {
                    data: vec![0.0, -0.0],
                },
                proto::DenseVector {
                    data: vec![0.0, 1e-30],
                },
            ],
        });
        let seen = seen(vec![
            old(vec![], None),
            old(vec![0.0, -0.0], None),
            new(rows),
            old(vec![f32::INFINITY], None),
        ]);
        assert_eq!((seen.points, seen.zero, seen.not_finite), (4, 2, 1));
    }

    #[test]
    fn what_is_no_point_is_counted_and_ends_nothing() {
        let mut sample = Sample::default();
        sample.observe(&[0x12, 0xff]);
        sample.observe(&point(old(vec![1.0], None)));
        assert_eq!(
            (sample.points, sample.malformed, sample.bytes_per_point()),
            (2, 1, sample.bytes / 2)
        );
    }
}
