//! Every kind of id, vector and payload.

use super::world::{World, complete};
use crate::support::test;
use simulator::qdrant::{Collection, Distance, Ids, Mix, VectorParams};

fn points(points: u64) -> Collection {
    Collection::new("memory", points)
        .vector(VectorParams::new(8, Distance::Cosine))
        .payload(Mix::Plain)
}

#[test]
fn a_collection_under_a_written_table() {
    test(async {
        let world = World::of([points(1_000).ids(Ids::Gaps)]).await;
        world.settle(
            "[tables.memory]\nfrom = \"memory\"\nkey = [\"id\"]\n[tables.memory.columns]\n\
             id = { from = \"$id\", type = \"bigint\" }\nembedding = { from = \"vector\", type = \"vector(8)\" }\n\
             payload = { type = \"jsonb\" }\n",
        );
        let summary = complete(world.run(&[])).await;
        assert_eq!(summary["loaded"], 1_000, "{summary:#}");
        let client = world.client().await;
        let rows = client
            .query(
                "select id, embedding::real[], payload::text, _extra from memory order by id",
                &[],
            )
            .await
            .unwrap();
        let truth = world.qdrant.retrieved("memory");
        assert_eq!(rows.len(), truth.len());
    });
}
