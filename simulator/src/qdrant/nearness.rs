//! How near a stored vector is to one that is asked about: Qdrant's scores for all kinds of vectors.

use super::point::Vector;
use super::space::{Distance, VectorParams};
use std::cmp::Ordering;

/// A vector that is asked about.
#[derive(Debug)]
pub(super) struct Query {
    distance: Distance,
    vector: Vector,
}

impl Query {
    /// The query as the collection sees it: normalised and rounded as what is stored. Without params it is sparse,
    /// and compared by the inner product.
    pub(super) fn new(params: Option<VectorParams>, vector: Vector) -> Result<Query, String> {
        let Some(params) = params else {
            return match vector {
                Vector::Sparse { .. } => Ok(Query {
                    distance: Distance::Dot,
                    vector,
                }),
                _ => Err("the vector is sparse, the query is not".to_owned()),
            };
        };
        let mut rows = match vector {
            Vector::Dense(row) => vec![row],
            Vector::Multi(rows) if params.multi => rows,
            _ => return Err("the vector is dense, the query is not".to_owned()),
        };
        for row in &mut rows {
            if row.len() != params.size {
                let (wanted, got) = (params.size, row.len());
                return Err(format!(
                    "Vector dimension error: expected dim: {wanted}, got {got}"
                ));
            }
            params.stored(row);
        }
        Ok(Query {
            distance: params.distance,
            vector: Vector::Multi(rows),
        })
    }

    /// Qdrant's score; nothing for a sparse vector that has no index in common with the query, and is not found.
    ///
    /// For several rows, each of the query counts by the row that is nearest to it (MaxSim).
    pub(super) fn score(&self, stored: &Vector) -> Option<f32> {
        let similarity = match (&self.vector, stored) {
            (Vector::Multi(query), Vector::Dense(row)) => query
                .iter()
                .map(|asked| self.distance.similarity(asked, row))
                .sum(),
            (Vector::Multi(query), Vector::Multi(rows)) => query
                .iter()
                .map(|asked| {
                    let all = rows.iter().map(|row| self.distance.similarity(asked, row));
                    all.fold(f32::NEG_INFINITY, f32::max)
                })
                .sum(),
            (
                Vector::Sparse { indices, values },
                Vector::Sparse {
                    indices: others,
                    values: theirs,
                },
            ) => common(indices, values, others, theirs)?,
            _ => return None,
        };
        Some(self.distance.told(similarity))
    }

    /// Whether one score is nearer than another.
    pub(super) fn is_nearer(&self, one: f32, other: f32) -> bool {
        self.order(one, other) == Ordering::Less
    }

    /// The nearer first, what is no number last.
    pub(super) fn order(&self, one: f32, other: f32) -> Ordering {
        let nearer = match self.distance.descends() {
            true => other.partial_cmp(&one),
            false => one.partial_cmp(&other),
        };
        nearer.unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
    }
}

/// The inner product of two sparse vectors, if they have an index in common.
fn common(indices: &[u32], values: &[f32], others: &[u32], theirs: &[f32]) -> Option<f32> {
    let find = |index: &u32| {
        others
            .binary_search(index)
            .ok()
            .and_then(|place| theirs.get(place))
    };
    let products = indices.iter().zip(values);
    let products: Vec<f32> = products
        .filter_map(|(index, value)| find(index).map(|other| value * other))
        .collect();
    (!products.is_empty()).then(|| products.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_definitions() {
        let asked = |distance, rows: &[[f32; 2]]| {
            let rows = Vector::Multi(rows.iter().map(|row| row.to_vec()).collect());
            Query::new(Some(VectorParams::new(2, distance).multi()), rows).unwrap()
        };
        let stored = Vector::Dense(vec![0.6, 0.8]);
        let score = |distance| asked(distance, &[[3.0, 0.0]]).score(&stored).unwrap();
        assert!((score(Distance::Cosine) - 0.6).abs() < 1e-6);
        assert!((score(Distance::Dot) - 1.8).abs() < 1e-6);
        assert!((score(Distance::Euclid) - (2.4_f32.powi(2) + 0.64).sqrt()).abs() < 1e-6);
        assert!((score(Distance::Manhattan) - 3.2).abs() < 1e-6);
        let tokens = Vector::Multi(vec![vec![1.0, 0.0], vec![0.0, 2.0]]);
        let both = asked(Distance::Dot, &[[1.0, 1.0], [5.0, 0.0]]);
        assert_eq!(both.score(&tokens), Some(2.0 + 5.0));
    }

    #[test]
    fn sparse_vectors_meet_where_they_have_an_index_in_common() {
        let query = Query::new(None, Vector::sparse(vec![9, 1, u32::MAX], vec![2.0, 3.0, 0.5])).unwrap();
        let stored = |indices: &[u32]| Vector::sparse(indices.to_vec(), vec![10.0; indices.len()]);
        assert_eq!(query.score(&stored(&[1, 2, u32::MAX])), Some(35.0));
        assert_eq!(query.score(&stored(&[2, 3])), None);
        assert_eq!(query.score(&stored(&[])), None);
    }

    #[test]
    fn the_nearer_comes_first_and_no_number_last() {
        let query =
            |distance| Query::new(Some(VectorParams::new(1, distance)), Vector::Dense(vec![1.0])).unwrap();
        for (distance, sorted) in [
            (Distance::Dot, [3.0, -1.0, f32::NAN]),
            (Distance::Euclid, [-1.0, 3.0, f32::NAN]),
        ] {
            let query = query(distance);
            let mut scores = [f32::NAN, -1.0, 3.0];
            scores.sort_by(|one, other| query.order(*one, *other));
            assert_eq!(scores.map(f32::to_bits), sorted.map(f32::to_bits));
        }
    }
}
