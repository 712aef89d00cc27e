//! What the generated decoder reads of a point, as our values.
//! Other test suites include this file by its path.

use std::collections::HashMap;

use qdrant_client::qdrant::{
    RetrievedPoint, Value as Theirs, VectorOutput, point_id::PointIdOptions, shard_key::Key, value::Kind,
    vector_output, vectors_output::VectorsOptions,
};
use transforms::json::Owned;
use transforms::qdrant::PointId;
use transforms::{Document, Sparse};

/// What the generated decoder's value should be to us.
fn value(theirs: &Theirs) -> Owned {
    match theirs.kind.as_ref().unwrap() {
        Kind::NullValue(_) => Owned::Null,
        Kind::DoubleValue(double) => Owned::Double(*double),
        Kind::IntegerValue(integer) => Owned::Integer(*integer),
        Kind::StringValue(text) => Owned::Text(text.clone()),
        Kind::BoolValue(boolean) => Owned::Boolean(*boolean),
        Kind::StructValue(fields) => map(&fields.fields),
        Kind::ListValue(list) => Owned::Array(list.values.iter().map(value).collect()),
    }
}

fn map(fields: &HashMap<String, Theirs>) -> Owned {
    Owned::Map(
        fields
            .iter()
            .map(|(key, theirs)| (key.clone(), value(theirs)))
            .collect(),
    )
}

fn dense(floats: &[f32]) -> Owned {
    Owned::Floats(floats.iter().copied().collect())
}

fn vector(theirs: VectorOutput) -> Owned {
    match theirs.into_vector() {
        vector_output::Vector::Dense(theirs) => dense(&theirs.data),
        vector_output::Vector::Sparse(theirs) => {
            let values = theirs.values.iter().copied().collect();
            Owned::Sparse(Box::new(Sparse::new(theirs.indices, values).unwrap()))
        }
        vector_output::Vector::MultiDense(theirs) => {
            Owned::Array(theirs.vectors.iter().map(|row| dense(&row.data)).collect())
        }
    }
}

/// The fields that a point has by what prost reads of it.
fn expected(theirs: RetrievedPoint) -> Owned {
    let mut fields = Vec::new();
    if !theirs.payload.is_empty() {
        fields.push(("payload".to_owned(), map(&theirs.payload)));
    }
    let vectors = match theirs.vectors.and_then(|vectors| vectors.vectors_options) {
        Some(VectorsOptions::Vector(theirs)) => Some(vector(theirs)),
        Some(VectorsOptions::Vectors(named)) if !named.vectors.is_empty() => {
            let named = named
                .vectors
                .into_iter()
                .map(|(name, theirs)| (name, vector(theirs)));
            Some(Owned::Map(named.collect()))
        }
        _ => None,
    };
    fields.extend(vectors.map(|vectors| ("vector".to_owned(), vectors)));
    let shard = theirs.shard_key.and_then(|shard| shard.key).map(|key| match key {
        Key::Keyword(text) => Owned::Text(text),
        Key::Number(number) => Owned::Integer(i64::try_from(number).unwrap()),
    });
    fields.extend(shard.map(|shard| ("shard_key".to_owned(), shard)));
    Owned::Map(fields)
}

pub(crate) fn assert_agree(ours: Document<'_>, theirs: RetrievedPoint) {
    let id = match theirs.id.clone().unwrap().point_id_options.unwrap() {
        PointIdOptions::Num(number) => PointId::Number(number),
        PointIdOptions::Uuid(text) => text.parse().unwrap(),
    };
    let last = ours.name.strip_prefix("points/c/").unwrap();
    assert_eq!(last.split('@').next(), Some(id.to_string().as_str()));
    assert_eq!(last.contains('@'), theirs.shard_key.is_some());
    assert_eq!((ours.created, ours.updated), (None, None));
    let (ours, expected) = (transforms::Value::Map(ours.fields), expected(theirs));
    assert!(expected.view().same(&ours), "{ours:?} is not {expected:?}");
}
