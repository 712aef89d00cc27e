//! What is written is read, and nothing else: a collection is a map from ids to points.

use crate::client::qdrant as proto;
use crate::stage::{IDS, client, scroll, start, told};
use proptest::prelude::*;
use proto::{
    Condition, DeletePointsBuilder, Filter, GetPointsBuilder, PointStruct, PointsIdsList,
    SetPayloadPointsBuilder, UpsertPointsBuilder, Vector,
};
use simulator::qdrant::{Collection, Distance, Mix, PointId, VectorParams};
use std::collections::BTreeMap;

/// A step of a test: one point written, changed or taken away.
#[derive(Debug, Clone)]
enum Step {
    Upsert(PointId, i64),
    SetPayload(PointId, i64),
    Delete(PointId),
}

fn step() -> impl Strategy<Value = Step> {
    // Near the generated ones, so that both kinds are met.
    let id = prop_oneof![
        (0_u64..60).prop_map(PointId::Number),
        Just(PointId::Number(u64::MAX)),
        (0_u128..4).prop_map(PointId::Uuid),
        Just(PointId::Uuid(u128::MAX)),
    ];
    (id, any::<i64>(), 0..3).prop_map(|(id, number, which)| match which {
        0 => Step::Upsert(id, number),
        1 => Step::SetPayload(id, number),
        _ => Step::Delete(id),
    })
}

async fn take(client: &crate::client::Qdrant, step: &Step) {
    match step {
        Step::Upsert(id, number) => {
            let vector: Vec<f32> = vec![3.0, 4.0];
            let point = PointStruct::new(id.proto(), vector, [("n", proto::Value::from(*number))]);
            let request = UpsertPointsBuilder::new("c", vec![point]).wait(true);
            client.upsert_points(request).await.unwrap();
        }
        Step::SetPayload(id, number) => {
            let payload = std::collections::HashMap::from([("n".to_owned(), proto::Value::from(*number))]);
            let request = SetPayloadPointsBuilder::new("c", payload)
                .points_selector(PointsIdsList {
                    ids: vec![id.proto()],
                })
                .wait(true);
            client.set_payload(request).await.unwrap();
        }
        Step::Delete(id) => {
            let request = DeletePointsBuilder::new("c")
                .points(PointsIdsList {
                    ids: vec![id.proto()],
                })
                .wait(true);
            client.delete_points(request).await.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_collection_is_a_map(
        ids in prop::sample::select(&IDS[..]),
        points in 0_u64..40,
        steps in prop::collection::vec(step(), 0..20),
        limit in 1_u32..30,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = start(
                Collection::new("c", points)
                    .ids(ids)
                    .payload(Mix::Plain)
                    .vector(VectorParams::new(2, Distance::Cosine)),
            );
            let client = client(&server);
            let mut model: BTreeMap<PointId, proto::RetrievedPoint> = BTreeMap::new();
            for ((_, point), retrieved) in server.points("c").into_iter().zip(server.retrieved("c")) {
                model.insert(point.id, retrieved);
            }
            for step in &steps {
                take(&client, step).await;
                match step {
                    Step::Upsert(id, number) => {
                        let made = proto::RetrievedPoint {
                            id: Some(id.proto()),
                            payload: [("n".to_owned(), proto::Value::from(*number))].into(),
                            vectors: Some(unnamed(vec![0.6, 0.8])),
                            ..Default::default()
                        };
                        model.insert(*id, made);
                    }
                    Step::SetPayload(id, number) => {
                        if let Some(point) = model.get_mut(id) {
                            point.payload.insert("n".to_owned(), proto::Value::from(*number));
                        }
                    }
                    Step::Delete(id) => drop(model.remove(id)),
                }
            }
            let read = scroll(&client, "c", limit).await;
            assert_eq!(read, model.values().cloned().collect::<Vec<_>>());
            let count = proto::CountPointsBuilder::new("c").exact(true);
            assert_eq!(client.count(count).await.unwrap().result.unwrap().count, model.len() as u64);
        });
    }
}

fn unnamed(data: Vec<f32>) -> proto::VectorsOutput {
    let dense = proto::vector_output::Vector::Dense(proto::DenseVector { data });
    proto::VectorsOutput {
        vectors_options: Some(proto::vectors_output::VectorsOptions::Vector(
            proto::VectorOutput {
                vector: Some(dense),
                ..Default::default()
            },
        )),
    }
}

#[tokio::test]
async fn points_are_got_by_their_ids_and_deleted_by_a_filter() {
    let server = start(Collection::new("c", 50).payload(Mix::Plain));
    let client = client(&server);
    let ids = vec![3.into(), 3.into(), 49.into(), 50.into()];
    let got = client
        .get_points(GetPointsBuilder::new("c", ids))
        .await
        .unwrap()
        .result;
    let ids: Vec<String> = got.iter().map(|point| told(&point.id)).collect();
    assert_eq!(ids, ["3", "49"], "each once, without those that are not there");
    assert!(
        got.iter()
            .all(|point| point.payload.is_empty() && point.vectors.is_none())
    );
    let books = Filter::must([Condition::matches("category", "books".to_owned())]);
    let before = server.points("c");
    let request = DeletePointsBuilder::new("c").points(books).wait(true);
    client.delete_points(request).await.unwrap();
    let is_book =
        |point: &simulator::qdrant::Point| point.payload.iter().any(|(_, value)| *value == "books".into());
    let left: Vec<_> = before.into_iter().filter(|(_, point)| !is_book(point)).collect();
    assert!(left.len() < 50);
    assert_eq!(server.points("c"), left);
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let server = start(Collection::new("c", 0).vector(VectorParams::new(2, Distance::Dot)));
    let client = client(&server);
    let vectors: [proto::Vectors; 3] = [
        vec![1.0, 2.0, 3.0].into(),
        std::collections::HashMap::from([("other".to_owned(), Vector::from(vec![1.0, 2.0]))]).into(),
        proto::Vectors::from(vec![1.0]),
    ];
    for vectors in vectors {
        let point = PointStruct {
            id: Some(1.into()),
            vectors: Some(vectors),
            ..Default::default()
        };
        let refused = client
            .upsert_points(UpsertPointsBuilder::new("c", vec![point]))
            .await;
        assert!(refused.unwrap_err().to_string().contains("Wrong input"));
    }
    assert!(server.points("c").is_empty());
}
