//! What the official client reads is what the generator makes: every kind of id, vector and payload, over the wire of
//! every version.

use crate::client::qdrant as proto;
use crate::stage::{IDS, client, everything, scroll, start};
use proto::ScrollPointsBuilder;
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

#[tokio::test]
async fn only_what_is_asked_for_is_sent() {
    use proto::with_payload_selector::SelectorOptions;
    let server = start(everything("all", 60).odds(Odds::default()));
    let client = client(&server);
    let keys = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
    let include = proto::PayloadIncludeSelector {
        fields: keys(&["title", "seller.address.zip", "\"a.dotted key\""]),
    };
    let names = proto::VectorsSelector {
        names: keys(&["half", "words"]),
    };
    let request = ScrollPointsBuilder::new("all")
        .limit(100)
        .with_payload(SelectorOptions::Include(include))
        .with_vectors(names);
    let read = client.scroll(request).await.unwrap().result;
    for (read, made) in read.iter().zip(server.retrieved("all")) {
        let mut kept: Vec<&str> = read.payload.keys().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["a.dotted key", "seller", "title"]);
        assert_eq!(read.payload["title"], made.payload["title"]);
        assert_eq!(
            read.payload["seller"].to_string(),
            r#"{"address":{"zip":"01234"}}"#
        );
        let wanted: Vec<_> = meaning(&made)
            .into_iter()
            .filter(|(name, _)| ["half", "words"].contains(&name.as_str()))
            .collect();
        assert_eq!(meaning(read), wanted);
    }
    let exclude = proto::PayloadExcludeSelector {
        fields: keys(&["text", "seller.address"]),
    };
    let request = ScrollPointsBuilder::new("all")
        .limit(100)
        .with_payload(SelectorOptions::Exclude(exclude));
    for read in client.scroll(request).await.unwrap().result {
        assert_eq!(read.payload.len(), 14);
        assert!(!read.payload["seller"].to_string().contains("zip") && read.vectors.is_none());
    }
    let request = ScrollPointsBuilder::new("all").with_payload(false);
    let read = client.scroll(request).await.unwrap().result;
    assert_eq!(read.len(), 10, "as many as nobody asked for");
    assert!(
        read.iter()
            .all(|point| point.payload.is_empty() && point.vectors.is_none())
    );
}

#[test]
fn generated_payloads_are_as_large_as_those_that_were_measured() {
    for (mix, keys, bytes) in [(Mix::Plain, 5, 330..480), (Mix::Rich, 15, 600..860)] {
        let server = start(Collection::new("c", 1_000).payload(mix));
        let points = server.retrieved("c");
        assert!(points.iter().all(|point| point.payload.len() == keys));
        let size: usize = points.iter().map(prost::Message::encoded_len).sum::<usize>() / points.len();
        assert!(bytes.contains(&size), "{mix:?}: {size} bytes");
    }
}

#[test]
fn a_seed_makes_the_same_points_and_another_seed_others() {
    let made = |seed| start(everything("c", 50).seed(seed)).retrieved("c");
    let told = |points: &[proto::RetrievedPoint]| points.iter().map(meaning).collect::<Vec<_>>();
    let (one, again, other) = (made(1), made(1), made(2));
    assert_eq!(told(&one), told(&again));
    assert!(
        one.iter()
            .zip(&other)
            .filter(|(one, other)| one.payload == other.payload)
            .count()
            < 10
    );
    assert_ne!(told(&one), told(&other));
}
