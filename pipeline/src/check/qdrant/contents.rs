//! What of ids and vectors cannot come over exactly as it is, or is no longer what was once written.

use super::{Looked, each};
use crate::check::Finding;
use crate::source::qdrant::{Datatype, Distance, Vector};

pub(super) const IDS: &str = "source.ids";
pub(super) const VECTORS: &str = "source.vectors";
pub(super) const VALUES: &str = "source.values";

/// The most components of pgvector's `vector` and `halfvec`.
const MOST_COMPONENTS: u64 = 16_000;
/// The largest index of pgvector's `sparsevec`, counted from 0.
const LARGEST_INDEX: u32 = 999_999_999;

/// Which kinds of ids there are, and so which type their column has.
pub(super) fn ids(looked: &[Looked]) -> Finding {
    let kinds = each(looked, |one| {
        let kinds = one.kinds;
        let numbers = kinds.numbers || kinds.large_numbers;
        Some(match (numbers, kinds.large_numbers, kinds.uuids) {
            (false, _, false) => "no point yet".to_owned(),
            (true, false, false) => "numbers, for bigint".to_owned(),
            (true, true, false) => "numbers beyond bigint, for numeric(20,0)".to_owned(),
            (false, _, true) => "UUIDs, for uuid".to_owned(),
            (true, _, true) => "numbers and UUIDs, for text".to_owned(),
        })
    });
    Finding::pass(IDS, kinds.unwrap_or_default())
}

/// What the vectors' own description says of them.
pub(super) fn vectors(looked: &[Looked]) -> Finding {
    let lost = each(looked, |one| {
        let dense = one.collection.vectors.iter();
        let sparse = one.collection.sparse.iter().filter(|(_, sparse)| sparse.idf);
        let of_dense = dense.filter_map(|(name, vector)| Some(format!("{} {}", called(name), lost(vector)?)));
        let of_sparse = sparse.map(|(name, _)| {
            format!(
                "{} is weighed by the rarity of its components, which PostgreSQL does not do",
                called(name)
            )
        });
        let all: Vec<String> = of_dense.chain(of_sparse).collect();
        (!all.is_empty()).then(|| all.join(", "))
    });
    if let Some(lost) = lost {
        return Finding::warn(
            VECTORS,
            lost,
            "the numbers are moved as Qdrant hands them out, but searches over them will not all rank as they did",
            "compare with `etl verify --search` when the run is done",
        );
    }
    let plain = each(looked, |one| {
        let dense = one.collection.vectors.iter();
        let dense = dense.map(|(name, vector)| format!("{} of {}", called(name), described(vector)));
        let sparse = one.collection.sparse.keys();
        let sparse = sparse.map(|name| format!("{} sparse", called(name)));
        let all: Vec<String> = dense.chain(sparse).collect();
        Some(match all.is_empty() {
            true => "none".to_owned(),
            false => all.join(", "),
        })
    });
    Finding::pass(VECTORS, plain.unwrap_or_default())
}

fn described(vector: &Vector) -> String {
    let size = vector.size;
    match (vector.datatype, vector.distance) {
        (Datatype::Uint8, _) => format!("{size} bytes"),
        // Bytes are kept as they were written.
        (_, Distance::Cosine) => format!("{size}, which Qdrant brought to length 1 when it took them"),
        _ => size.to_string(),
    }
}

fn lost(vector: &Vector) -> Option<String> {
    let datatype = match vector.datatype {
        Datatype::Turbo => Some(
            "is stored compressed: what Qdrant hands out is near the original, and the original is not there",
        ),
        Datatype::Unknown => Some("has a datatype that this build does not know"),
        Datatype::Float32 | Datatype::Float16 | Datatype::Uint8 => None,
    };
    let multi = vector
        .multi
        .then_some("has several vectors for each point, and MaxSim is not in PostgreSQL");
    let large = (vector.size > MOST_COMPONENTS).then(|| {
        format!(
            "has {} components, more than pgvector's {MOST_COMPONENTS}: it becomes a plain array",
            vector.size
        )
    });
    let said: Vec<String> = datatype
        .into_iter()
        .chain(multi)
        .map(str::to_owned)
        .chain(large)
        .collect();
    (!said.is_empty()).then(|| said.join(" and "))
}

/// What a few points hold.
pub(super) fn values(looked: &[Looked]) -> Finding {
    let odd = each(looked, |one| {
        let vectors = one.sample.vectors.iter();
        let odd = vectors.flat_map(|(name, seen)| {
            let name = called(name);
            let not_finite = (seen.not_finite > 0)
                .then(|| format!("{name} is infinite or no number in {} points", seen.not_finite));
            let large = seen
                .largest_index
                .filter(|index| *index > LARGEST_INDEX)
                .map(|index| format!("{name} has index {index}, beyond pgvector's {LARGEST_INDEX}"));
            [not_finite, large].into_iter().flatten()
        });
        let malformed = one.sample.malformed;
        let malformed = (malformed > 0).then(|| format!("{malformed} points could not be understood"));
        let all: Vec<String> = odd.chain(malformed).collect();
        (!all.is_empty()).then(|| all.join(", "))
    });
    let points: u64 = looked.iter().map(|one| one.sample.points).sum();
    match odd {
        Some(odd) => Finding::warn(
            VALUES,
            format!("of {points} points looked at: {odd}"),
            "pgvector takes neither as it is; what becomes of such a point is for the mapping to say",
            "choose a policy for these columns in the mapping that `etl init` writes",
        ),
        None => Finding::pass(VALUES, format!("nothing odd in {points} points looked at")),
    }
}

fn called(name: &str) -> String {
    match name {
        "" => "the vector".to_owned(),
        name => format!("vector {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plain;
    use super::*;
    use crate::check::Verdict;
    use crate::source::qdrant::{Components, Hnsw, Kinds, Sparse};

    fn vector(datatype: Datatype) -> Vector {
        Vector {
            size: 4,
            distance: Distance::Cosine,
            datatype,
            multi: false,
            hnsw: Hnsw::default(),
        }
    }

    fn with(vector: Vector) -> Finding {
        let mut one = plain();
        one.collection.vectors.insert(String::new(), vector);
        vectors(&[one])
    }

    #[test]
    fn what_searches_will_not_do_as_before_is_told() {
        assert_eq!(
            with(vector(Datatype::Float16)).found,
            "notes: the vector of 4, which Qdrant brought to length 1 when it took them"
        );
        assert_eq!(
            with(vector(Datatype::Uint8)).found,
            "notes: the vector of 4 bytes"
        );
        let turbo = with(vector(Datatype::Turbo));
        assert!(turbo.verdict == Verdict::Warn && turbo.found.contains("the original is not there"));
        let multi = with(Vector {
            multi: true,
            ..vector(Datatype::Float32)
        });
        assert!(multi.verdict == Verdict::Warn && multi.found.contains("MaxSim"));
        let large = with(Vector {
            size: 16_001,
            ..vector(Datatype::Float32)
        });
        assert!(large.verdict == Verdict::Warn && large.found.contains("16001 components"));
        for (idf, verdict) in [(true, Verdict::Warn), (false, Verdict::Pass)] {
            let mut one = plain();
            let datatype = Datatype::Float32;
            one.collection
                .sparse
                .insert("words".to_owned(), Sparse { datatype, idf });
            assert_eq!(vectors(&[one]).verdict, verdict);
        }
    }

    #[test]
    fn ids_are_told_with_the_type_that_holds_them() {
        let told = |numbers, large_numbers, uuids| {
            let mut one = plain();
            one.kinds = Kinds {
                numbers,
                large_numbers,
                uuids,
            };
            ids(&[one]).found
        };
        for (kinds, expected) in [
            ((false, false, false), "no point yet"),
            ((true, false, false), "bigint"),
            ((true, true, false), "numeric(20,0)"),
            ((false, true, false), "numeric(20,0)"),
            ((false, false, true), "UUIDs, for uuid"),
            ((true, false, true), "for text"),
            ((false, true, true), "for text"),
        ] {
            assert!(told(kinds.0, kinds.1, kinds.2).ends_with(expected), "{kinds:?}");
        }
    }

    #[test]
    fn values_that_pgvector_does_not_take_are_told() {
        let seen = |components: Components| {
            let mut one = plain();
            one.sample.vectors.insert("title".to_owned(), components);
            values(&[one])
        };
        let fine = Components {
            points: 3,
            largest_index: Some(LARGEST_INDEX),
            ..Components::default()
        };
        assert_eq!(seen(fine).verdict, Verdict::Pass);
        let not_finite = Components {
            not_finite: 2,
            ..fine
        };
        assert!(
            seen(not_finite)
                .found
                .contains("vector title is infinite or no number in 2 points")
        );
        let beyond = Components {
            largest_index: Some(LARGEST_INDEX + 1),
            ..fine
        };
        assert!(seen(beyond).found.contains("index 1000000000, beyond"));
    }
}
