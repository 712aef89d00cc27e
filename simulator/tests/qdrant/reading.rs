//! What the official client reads is what the generator makes: every kind of id, vector and payload, over the wire of
//! every version.

use crate::client::qdrant as proto;
use crate::stage::{IDS, client, everything, scroll, start};
use proto::vectors_output::VectorsOptions;
use simulator::qdrant::{Collection, Distance, Mix, Odds, Options, Qdrant, VectorParams, Version};

/// Vectors by what they mean, whichever fields they came in; floats by their bits, for NaN equals nothing.
fn meaning(point: &proto::RetrievedPoint) -> Vec<(String, String)> {
    let told = |name: &str, vector: &proto::VectorOutput| {
        let bits = |row: &[f32]| row.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        use proto::vector_output::Vector;
        let told = match vector.clone().into_vector() {
            Vector::Dense(dense) => format!("dense {:?}", bits(&dense.data)),
            Vector::Sparse(sparse) => format!("sparse {:?} {:?}", sparse.indices, bits(&sparse.values)),
            Vector::MultiDense(multi) => {
                let rows: Vec<_> = multi.vectors.iter().map(|row| bits(&row.data)).collect();
                format!("multi {rows:?}")
            }
        };
        (name.to_owned(), told)
    };
    let mut all: Vec<_> = match point
        .vectors
        .as_ref()
        .and_then(|vectors| vectors.vectors_options.as_ref())
    {
        None => Vec::new(),
        Some(VectorsOptions::Vector(vector)) => vec![told("", vector)],
        Some(VectorsOptions::Vectors(named)) => named
            .vectors
            .iter()
            .map(|(name, vector)| told(name, vector))
            .collect(),
    };
    all.sort();
    all
}

fn assert_same(read: &[proto::RetrievedPoint], made: &[proto::RetrievedPoint]) {
    assert_eq!(read.len(), made.len());
    for (read, made) in read.iter().zip(made) {
        assert_eq!(read.id, made.id);
        assert_eq!(read.payload, made.payload);
        assert_eq!(meaning(read), meaning(made), "{:?}", read.id);
        assert_eq!(read.shard_key, made.shard_key);
    }
}

#[tokio::test]
async fn every_kind_of_point_is_read_as_it_was_made_over_every_versions_wire() {
    for version in [
        Version(1, 13, 6),
        Version(1, 15, 5),
        Version(1, 16, 3),
        Version(1, 17, 0),
        Version(1, 19, 1),
    ] {
        let options = Options::default().version(version).with(everything("all", 300));
        let server = Qdrant::start(options).unwrap();
        let made = server.retrieved("all");
        let read = scroll(&client(&server), "all", 37).await;
        assert_same(&read, &made);
        let new = version >= Version(1, 17, 0);
        for point in &read {
            let Some(VectorsOptions::Vectors(named)) =
                point.vectors.as_ref().and_then(|v| v.vectors_options.as_ref())
            else {
                panic!("vectors with names");
            };
            assert!(
                named
                    .vectors
                    .values()
                    .all(|vector| vector.vector.is_some() == new)
            );
        }
    }
}

#[tokio::test]
async fn points_come_in_the_order_of_their_ids_whatever_the_page() {
    for ids in IDS {
        let server = start(Collection::new("c", 211).ids(ids).payload(Mix::None));
        let made = server.retrieved("c");
        for limit in [1, 2, 10, 210, 211, 212, 10_000] {
            let read = scroll(&client(&server), "c", limit).await;
            assert_same(&read, &made);
        }
        let points = server.points("c");
        assert!(points.is_sorted_by(|one, next| one.1.id < next.1.id), "{ids:?}");
    }
}

#[tokio::test]
async fn an_unnamed_vector_is_there_or_left_open() {
    let odds = Odds {
        missing: 0.5,
        ..Odds::default()
    };
    let unnamed = Collection::new("c", 100)
        .vector(VectorParams::new(4, Distance::Cosine))
        .odds(odds);
    let server = start(unnamed);
    let read = scroll(&client(&server), "c", 64).await;
    assert_same(&read, &server.retrieved("c"));
    let kinds: std::collections::BTreeSet<bool> = read
        .iter()
        .map(|point| point.vectors.as_ref().unwrap().vectors_options.is_some())
        .collect();
    assert_eq!(kinds.len(), 2, "some have one, some have none");
}
