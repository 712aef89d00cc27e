//! What is asked of both sides: the vectors that a column holds, in the words of each.

use crate::parity::postgres::{literal, sparse_literal};
use crate::parity::{Metric, Rounds};
use crate::source::qdrant::{self, Distance, Sought};
use config::mapping::{Column, Source, Type};
use transforms::{Value, qdrant::point};

/// The vector that a column holds whole: its name, nothing for the one without; none for any other column.
pub(super) fn named(column: &Column) -> Option<Option<&str>> {
    let Source::Field(path) = &column.from else {
        return None;
    };
    let is_vector = matches!(
        column.sql,
        Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_)
    );
    match path.0.as_slice() {
        [vector] if is_vector && vector == "vector" => Some(None),
        [vector, name] if is_vector && vector == "vector" => Some(Some(name)),
        _ => None,
    }
}

pub(super) fn metric(described: &qdrant::Collection, using: Option<&str>) -> Option<Metric> {
    if let Some(name) = using
        && described.sparse.contains_key(name)
    {
        return Some(Metric::Dot);
    }
    match described.vectors.get(using.unwrap_or_default())?.distance {
        Distance::Cosine => Some(Metric::Cosine),
        Distance::Dot => Some(Metric::Dot),
        Distance::Euclid => Some(Metric::Euclid),
        Distance::Manhattan => Some(Metric::Manhattan),
        Distance::Unknown => None,
    }
}

/// Components of a dense vector that is searched for whole; nothing for a sparse one.
pub(super) fn size(described: &qdrant::Collection, using: Option<&str>) -> Option<usize> {
    let vector = described.vectors.get(using.unwrap_or_default())?;
    usize::try_from(vector.size).ok()
}

pub(super) fn vector_of(body: &[u8], collection: &str, using: Option<&str>) -> Option<Sought> {
    let point = point(body, collection).ok()?;
    let (_, vectors) = point.fields.iter().find(|(name, _)| *name == "vector")?;
    let vector = match (using, vectors) {
        (Some(name), Value::Map(named)) => named
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, vector)| vector)?,
        (_, vector) => vector,
    };
    match vector {
        Value::Floats(floats) => Some(Sought::Dense(floats.iter().collect())),
        Value::Sparse(sparse) => Some(Sought::Sparse {
            indices: sparse.indices().to_vec(),
            values: sparse.values().iter().collect(),
        }),
        _ => None,
    }
}

/// Sparse vectors without an index in common have nothing to do with each other: Qdrant does not name such points, and
/// pgvector does, with a score of 0.
pub(super) fn forget_strangers(rounds: &mut Rounds) {
    for round in std::iter::once(&mut rounds.exact).chain(&mut rounds.approximate) {
        for answered in &mut round.answered {
            answered.answers.retain(|answer| answer.score != 0.0);
        }
    }
}

pub(super) fn components(question: &Sought) -> usize {
    match question {
        Sought::Dense(components) => components.len(),
        Sought::Sparse { values, .. } => values.len(),
    }
}

/// A question as pgvector reads it: places of a sparse vector count from 1 there.
pub(super) fn text(question: &Sought, sql: Type) -> String {
    match question {
        Sought::Dense(components) => literal(components),
        Sought::Sparse { indices, values } => {
            let dimension = match sql {
                Type::Sparsevec(dimension) => dimension,
                _ => 0,
            };
            let elements: Vec<(u32, f32)> = indices.iter().copied().zip(values.iter().copied()).collect();
            sparse_literal(dimension, &elements)
        }
    }
}

pub(super) fn notes(using: Option<&str>, described: &qdrant::Collection, unindexed: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if unindexed {
        notes.push("the column has no HNSW index, so that every search looks at every row".to_owned());
    }
    if described.is_sharded_by_key() {
        notes.push(
            "ids are unique under each shard key only: equal ids of several keys are not told apart here"
                .to_owned(),
        );
    }
    let sparse = using.and_then(|name| described.sparse.get(name));
    if sparse.is_some_and(|sparse| sparse.idf) {
        notes.push(
            "Qdrant weighs components by how rare they are (idf) when it searches; pgvector does not, so scores differ"
                .to_owned(),
        );
    }
    notes
}
