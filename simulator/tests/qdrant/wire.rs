//! The bytes that are written by hand are those of the library, for any point.

use crate::client::qdrant as proto;
use crate::stage::start;
use proptest::prelude::*;
use prost::Message;
use proto::points_client::PointsClient;
use proto::{ScrollPointsBuilder, ScrollResponse, vector_output, vectors_output::VectorsOptions};
use simulator::qdrant::{
    Collection, Distance, Options, Payload, Point, PointId, Qdrant, ShardKey, SparseParams, Value, Vector,
    VectorParams, Version,
};
use std::borrow::Cow;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        // Equality is asked for below, and NaN has none.
        any::<f64>()
            .prop_filter("a number", |number| !number.is_nan())
            .prop_map(Value::Double),
        ".{0,200}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            fields(inner).prop_map(Value::Struct),
        ]
    })
}

fn fields(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Payload> {
    prop::collection::btree_map(".{0,12}", value, 0..6).prop_map(|fields| {
        fields
            .into_iter()
            .map(|(key, value)| (Cow::Owned(key), value))
            .collect()
    })
}

fn row(size: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        any::<f32>().prop_filter("a number", |number| !number.is_nan()),
        size,
    )
}

fn point() -> impl Strategy<Value = Point> {
    let id = prop_oneof![
        any::<u64>().prop_map(PointId::Number),
        any::<u128>().prop_map(PointId::Uuid)
    ];
    let dense = row(40).prop_map(|row| ("dense".to_owned(), Vector::Dense(row)));
    let multi =
        prop::collection::vec(row(3), 0..5).prop_map(|rows| ("multi".to_owned(), Vector::Multi(rows)));
    let sparse = prop::collection::btree_map(any::<u32>(), -1e9_f32..1e9, 0..20).prop_map(|pairs| {
        let (indices, values) = pairs.into_iter().unzip();
        ("sparse".to_owned(), Vector::Sparse { indices, values })
    });
    let some = |vector: BoxedStrategy<(String, Vector)>| prop::option::of(vector);
    let vectors = (some(dense.boxed()), some(multi.boxed()), some(sparse.boxed()));
    (id, fields(value()), vectors).prop_map(|(id, payload, (dense, multi, sparse))| Point {
        id,
        payload,
        vectors: [dense, multi, sparse].into_iter().flatten().collect(),
    })
}

fn collection() -> Collection {
    Collection::new("c", 0)
        .named("dense", VectorParams::new(40, Distance::Dot))
        .named("multi", VectorParams::new(3, Distance::Dot).multi())
        .sparse("sparse", SparseParams::default())
}

/// What servers before 1.17 sent in place of the kinds.
#[expect(deprecated, reason = "it is about the old fields")]
fn aged(mut page: Vec<proto::RetrievedPoint>) -> Vec<proto::RetrievedPoint> {
    for point in &mut page {
        let options = point
            .vectors
            .as_mut()
            .and_then(|vectors| vectors.vectors_options.as_mut());
        let Some(VectorsOptions::Vectors(named)) = options else {
            continue;
        };
        for output in named.vectors.values_mut() {
            match output.vector.take() {
                Some(vector_output::Vector::Dense(dense)) => output.data = dense.data,
                Some(vector_output::Vector::Sparse(sparse)) => {
                    output.data = sparse.values;
                    output.indices = Some(proto::SparseIndices { data: sparse.indices });
                }
                Some(vector_output::Vector::MultiDense(multi)) => {
                    output.vectors_count = Some(multi.vectors.len() as u32);
                    output.data = multi.vectors.into_iter().flat_map(|row| row.data).collect();
                }
                None => {}
            }
        }
    }
    page
}

async fn page(server: &Qdrant) -> ScrollResponse {
    let mut client = PointsClient::connect(server.url()).await.unwrap();
    let request = ScrollPointsBuilder::new("c")
        .limit(1_000)
        .with_payload(true)
        .with_vectors(true);
    client.scroll(request.build()).await.unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_point_is_written_as_the_library_writes_it(points in prop::collection::vec(point(), 1..4)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            for version in [Version(1, 15, 0), Version(1, 16, 0), Version(1, 18, 3)] {
                let server = Qdrant::start(Options::default().version(version).with(collection())).unwrap();
                for point in &points {
                    assert!(server.put("c", None, point.clone()));
                }
                let page = page(&server).await;
                let made = server.retrieved("c");
                let made = if version < Version(1, 17, 0) { aged(made) } else { made };
                assert_eq!(&page.result, &made);
                let (_, bytes) = server.sent();
                // The library writes old floats as 1.16 did; those before it have a law of their own below.
                if version >= Version(1, 16, 0) {
                    assert_eq!(bytes, page.encoded_len() as u64, "nothing is written twice or in vain");
                }
            }
        });
    }
}

#[tokio::test]
async fn floats_of_1_16_have_a_tag_each() {
    let mut sizes = Vec::new();
    for version in [Version(1, 15, 0), Version(1, 16, 0)] {
        let one = Collection::new("c", 1).vector(VectorParams::new(20, Distance::Dot));
        let server = Qdrant::start(Options::default().version(version).with(one)).unwrap();
        assert_eq!(page(&server).await.result.len(), 1);
        sizes.push(server.sent().1);
    }
    // 20 tags instead of a tag and a length.
    assert_eq!(sizes[1] - sizes[0], 20 - 2);
}

#[tokio::test]
async fn shard_keys_are_written_with_their_points() {
    let server = start(Collection::new("c", 3).shard_keys([ShardKey::from("eu"), ShardKey::from(0)]));
    let mut client = PointsClient::connect(server.url()).await.unwrap();
    for key in [ShardKey::from("eu"), ShardKey::from(0)] {
        let selector = proto::ShardKeySelectorBuilder::with_shard_key(key.proto());
        let request = ScrollPointsBuilder::new("c").shard_key_selector(selector).build();
        let read = client.scroll(request).await.unwrap().into_inner().result;
        assert!(read.len() == 3 && read.iter().all(|point| point.shard_key == Some(key.proto())));
    }
}
