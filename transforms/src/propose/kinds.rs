//! Which type a field deserves: the narrowest that holds what was sampled, and loses nothing of what was not.

use crate::census::{Field, Kind, Maps, Style};
use crate::mapping::{Distance, Holds, Index, IndexColumn, Method, Scalar, Type};

/// A type gets a column when at least so many of a hundred values are of it; else the column is `jsonb`.
const MAJORITY: u64 = 95;
/// So many values must agree before a type narrower than their Firestore type is believed.
const BELIEVED: u64 = 20;
/// Arrays of numbers of one constant length from here on are embeddings.
const EMBEDDING: u64 = 16;
/// A map with more names than this is no record.
const RECORD: u64 = 40;
/// An hnsw index takes vectors of at most so many dimensions.
const INDEXED_VECTOR: usize = 2_000;
/// And half vectors of so many.
const INDEXED_HALFVEC: usize = 4_000;
/// pgvector's limit.
const VECTOR: usize = 16_000;

/// What a field becomes.
#[derive(Debug)]
pub(super) enum Shape<'c> {
    /// One column of this type.
    Column(Type, Holds),
    /// References.
    Reference,
    /// A map of the same few fields everywhere: its fields get the columns.
    Record(&'c Maps),
    /// A map whose keys are data.
    Entries(&'c Maps),
    /// An array, by its elements.
    Elements(&'c Field),
    /// Nothing agrees: `jsonb`.
    Mixed,
}

/// The Firestore type that nearly all values are of. Integers and doubles count as one.
pub(super) fn majority(field: &Field) -> Option<Kind> {
    let numbers = field.count(Kind::Integer) + field.count(Kind::Double);
    let most = field.kinds().first().copied();
    let (kind, count) = most.map(|(kind, count)| match kind {
        Kind::Integer | Kind::Double => (Kind::Double, numbers),
        // A type may be the most frequent and the numbers together more frequent still.
        _ if numbers > count => (Kind::Double, numbers),
        _ => (kind, count),
    })?;
    (count * 100 >= field.present() * MAJORITY).then_some(kind)
}

/// What a field becomes.
pub(super) fn shape(field: &Field) -> Shape<'_> {
    let scalar = |scalar, holds| Shape::Column(Type::Scalar(scalar), holds);
    match majority(field) {
        Some(Kind::Boolean) => scalar(Scalar::Boolean, Holds::Boolean),
        Some(Kind::Integer | Kind::Double) => {
            let (sql, holds) = number(field);
            scalar(sql, holds)
        }
        Some(Kind::Timestamp) if is_days(field) => scalar(Scalar::Date, Holds::Timestamp),
        Some(Kind::Timestamp) => scalar(Scalar::Timestamp, Holds::Timestamp),
        Some(Kind::Text) if is_uuids(field) => scalar(Scalar::Uuid, Holds::Text),
        Some(Kind::Text) => scalar(Scalar::Text, Holds::Text),
        Some(Kind::Bytes) => scalar(Scalar::Bytes, Holds::Bytes),
        Some(Kind::Point) => Shape::Column(Type::Point, Holds::Point),
        Some(Kind::Reference) => Shape::Reference,
        Some(Kind::Vector) => vector(field),
        Some(Kind::Array) => array(field),
        Some(Kind::Map) => field.maps.as_deref().map_or(Shape::Mixed, map),
        Some(Kind::Null) | None => Shape::Mixed,
    }
}

fn number(field: &Field) -> (Scalar, Holds) {
    match (field.count(Kind::Integer), field.count(Kind::Double)) {
        (_, 0) => (Scalar::BigInt, Holds::Integer),
        (0, _) => (Scalar::Double, Holds::Double),
        _ => (Scalar::Double, Holds::Number),
    }
}

fn is_days(field: &Field) -> bool {
    let moments = field.count(Kind::Timestamp);
    let midnights = field.moments.as_ref().map_or(0, |moments| moments.midnights);
    moments >= BELIEVED && midnights == moments && field.distinct.count() > 1
}

fn is_uuids(field: &Field) -> bool {
    let texts = field.count(Kind::Text);
    let uuids = field.texts.as_ref().map_or(0, |texts| texts.looking(Style::Uuid));
    texts >= BELIEVED && uuids == texts
}

fn vector(field: &Field) -> Shape<'_> {
    let most = field.vectors.values().max();
    let usual = field.vectors.iter().find(|(_, count)| Some(*count) == most);
    match usual {
        Some((dimension, _)) if (1..=VECTOR).contains(dimension) => {
            Shape::Column(vector_type(*dimension), Holds::Vector)
        }
        _ => Shape::Mixed,
    }
}

fn vector_type(dimension: usize) -> Type {
    let size = u16::try_from(dimension).unwrap_or(u16::MAX);
    if (INDEXED_VECTOR + 1..=INDEXED_HALFVEC).contains(&dimension) {
        Type::Halfvec(size)
    } else {
        Type::Vector(size)
    }
}

fn array(field: &Field) -> Shape<'_> {
    let Some(arrays) = &field.arrays else {
        return Shape::Mixed;
    };
    let elements = &arrays.elements;
    let only = match elements.kinds().as_slice() {
        // An array column has no place for what `_extra` would keep of one element.
        [(only, count)] if *count == elements.seen() && elements.nul == 0 => *only,
        _ => return Shape::Elements(elements),
    };
    let scalar = match only {
        Kind::Boolean => Scalar::Boolean,
        Kind::Integer => Scalar::BigInt,
        Kind::Double if constant_length(field).is_some() && fits_single(elements) => {
            // Never a half vector: that would round what the array did not.
            let dimension = u16::try_from(arrays.numeric.most).unwrap_or(u16::MAX);
            return Shape::Column(Type::Vector(dimension), Holds::Array);
        }
        Kind::Double => Scalar::Double,
        Kind::Timestamp => Scalar::Timestamp,
        Kind::Text => Scalar::Text,
        Kind::Bytes => Scalar::Bytes,
        _ => return Shape::Elements(elements),
    };
    Shape::Column(Type::Array(scalar), Holds::Array)
}

/// The length of arrays that look like embeddings: numbers only, all of one length, and long.
pub(super) fn constant_length(field: &Field) -> Option<u64> {
    let numeric = field.arrays.as_ref()?.numeric;
    let all = numeric.count == field.count(Kind::Array) && numeric.count > 1;
    let embedding = numeric.least == numeric.most && (EMBEDDING..=VECTOR as u64).contains(&numeric.most);
    (all && embedding).then_some(numeric.most)
}

/// Whether 32 bits hold every number seen, so that a vector column rounds none of them.
fn fits_single(elements: &Field) -> bool {
    let single = elements.numbers.as_ref().map_or(0, |numbers| numbers.single);
    single == elements.seen()
}

/// A record has few names, most of them in most of the maps, and none that looks like data.
fn map(maps: &Maps) -> Shape<'_> {
    let (maps_seen, entries) = (maps.entries.count, maps.entries.total);
    let names = maps.fields.count();
    if entries == 0 {
        return Shape::Mixed;
    }
    let speaking = maps
        .fields
        .sorted()
        .iter()
        .all(|(name, _)| !crate::naming::snake_case(name).is_empty());
    let recurring = names * maps_seen <= 4 * entries;
    if maps.data * 20 <= entries && speaking && recurring && names <= RECORD {
        Shape::Record(maps)
    } else if maps.data * 2 > entries || !speaking || (names > RECORD && !recurring) {
        Shape::Entries(maps)
    } else {
        Shape::Mixed
    }
}

/// The index that a column of vectors is for.
pub(super) fn vector_index(column: &str, sql: Type) -> Option<Index> {
    let indexed = match sql {
        Type::Vector(dimension) => usize::from(dimension) <= INDEXED_VECTOR,
        Type::Halfvec(dimension) => usize::from(dimension) <= INDEXED_HALFVEC,
        _ => false,
    };
    let method = Method::Hnsw {
        distance: Distance::Cosine,
        m: 16,
        ef_construction: 64,
    };
    indexed.then(|| index(column, method))
}

/// An index of one column.
pub(super) fn index(column: &str, method: Method) -> Index {
    Index {
        on: vec![IndexColumn {
            name: column.into(),
            descending: false,
        }],
        unique: false,
        method,
        filter: None,
    }
}
