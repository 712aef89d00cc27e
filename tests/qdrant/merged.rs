//! Points merged into a table of the application, by the key that its rows carry.

use super::world::{World, complete, summary};
use crate::support::test;
use simulator::qdrant::{Collection, Distance, Ids, Mix, VectorParams};

const SETTINGS: &str = "[source]\ncollections = [\"dac_memory\"]\n\n[tables.memory_fragments]\nfrom = \"dac_memory\"\n\
    load = \"merge\"\nkey = [\"vector_id\"]\ndrop = [\"payload\"]\n\n[tables.memory_fragments.columns]\n\
    vector_id = { from = \"$id\", type = \"uuid\" }\nembedding = { from = \"vector\", type = \"vector(8)\" }\n\
    org_id = { value = \"acme\", type = \"text\" }\n";

/// An application's table: `rows` of its rows belong to points, and some to none yet.
async fn application(points: u64, rows: usize) -> World {
    let memory = Collection::new("dac_memory", points)
        .ids(Ids::Uuid)
        .vector(VectorParams::new(8, Distance::Cosine))
        .payload(Mix::Plain);
    let world = World::of([memory]).await;
    let client = world.client().await;
    client
        .batch_execute(
            "create extension if not exists vector; create table memory_fragments (id bigserial primary key, \
             org_id text not null, content text, vector_id uuid unique, embedding vector(8))",
        )
        .await
        .unwrap();
    let ids: Vec<String> = world
        .qdrant
        .points("dac_memory")
        .iter()
        .take(rows)
        .map(|(_, point)| point.id.to_string())
        .collect();
    let fill = "insert into memory_fragments (org_id, content, vector_id) \
                select 'acme', 'fragment ' || n, id::uuid from unnest($1::text[]) with ordinality as i (id, n)";
    client.execute(fill, &[&ids]).await.unwrap();
    world
}

#[test]
fn rows_that_are_there_get_their_vectors_and_keep_the_rest() {
    test(async {
        let world = application(1_200, 1_000).await;
        let other = "insert into memory_fragments (org_id, content) values ('globex', 'of nobody')";
        let client = world.client().await;
        client.batch_execute(other).await.unwrap();
        world.settle(SETTINGS);
        let summary = complete(world.run(&[])).await;
        assert_eq!(summary["loaded"], 1_200, "{summary:#}");
        let counts = "select count(*), count(embedding), count(vector_id), \
                      count(*) filter (where (embedding is null) <> (vector_id is null)), count(distinct org_id), \
                      count(*) filter (where content like 'fragment %') from memory_fragments";
        let row = client.query_one(counts, &[]).await.unwrap();
        let counts: Vec<i64> = (0..6).map(|column| row.get(column)).collect();
        // 1,000 had a row, 200 got one, and one row is of nobody.
        assert_eq!(counts, [1_201, 1_200, 1_200, 0, 2, 1_000]);
        for (_, point) in world.qdrant.points("dac_memory") {
            let find = "select embedding::real[] from memory_fragments where vector_id = $1::text::uuid";
            let found: Vec<f32> = client
                .query_one(find, &[&point.id.to_string()])
                .await
                .unwrap()
                .get(0);
            let [(_, simulator::qdrant::Vector::Dense(truth))] = point.vectors.as_slice() else {
                panic!("{point:?}");
            };
            let bits = |vector: &[f32]| vector.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&found), bits(truth), "{}", point.id);
        }
    });
}

#[test]
fn what_cannot_be_merged_is_told_before_a_point_is_read() {
    test(async {
        let world = application(50, 10).await;
        world.settle(SETTINGS);
        let client = world.client().await;
        let refused = async |words: &str| {
            let outcome = world.run(&[]).run().await.unwrap();
            assert_eq!(
                outcome.status.code(),
                Some(7),
                "{}{}",
                outcome.stdout,
                outcome.stderr
            );
            assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
        };
        let drop_key = "alter table memory_fragments drop constraint memory_fragments_vector_id_key";
        client.batch_execute(drop_key).await.unwrap();
        refused("CREATE UNIQUE INDEX ON").await;
        client
            .batch_execute("create unique index on memory_fragments (vector_id)")
            .await
            .unwrap();
        client
            .batch_execute("alter table memory_fragments drop column embedding")
            .await
            .unwrap();
        refused("has no column embedding").await;
        client.batch_execute("drop table memory_fragments").await.unwrap();
        refused("needs one to merge into").await;
        world.settle(&SETTINGS.replace("key = [\"vector_id\"]\n", "key = [\"org_id\"]\n"));
        let outcome = world.run(&[]).run().await.unwrap();
        assert_eq!(
            outcome.status.code(),
            Some(2),
            "{}{}",
            outcome.stdout,
            outcome.stderr
        );
        assert!(
            outcome.stderr.contains("tells every record"),
            "{}",
            outcome.stderr
        );
    });
}

#[test]
fn points_of_one_id_under_two_shard_keys_are_two_rows_or_none() {
    test(async {
        let memory = Collection::new("dac_memory", 200)
            .ids(Ids::Dense)
            .shard_keys(["eu", "us"])
            .vector(VectorParams::new(8, Distance::Cosine));
        let world = World::of([memory]).await;
        let key = |name: &str| simulator::qdrant::ShardKey::from(name);
        let (_, twin) = world.qdrant.points("dac_memory").swap_remove(0);
        for name in ["eu", "us"] {
            assert!(world.qdrant.put("dac_memory", Some(&key(name)), twin.clone()));
        }
        let points = world.qdrant.points("dac_memory").len() as u64;
        let client = world.client().await;
        client
            .batch_execute(
                "create extension if not exists vector; create table memory_fragments (id bigint not null unique, \
                 shard text not null, embedding vector(8), unique (id, shard))",
            )
            .await
            .unwrap();
        let settings = "[source]\ncollections = [\"dac_memory\"]\n\n[tables.memory_fragments]\nfrom = \"dac_memory\"\n\
             load = \"merge\"\nkey = [\"id\"]\n\n[tables.memory_fragments.columns]\n\
             id = { from = \"$id\", type = \"bigint\" }\nembedding = { from = \"vector\", type = \"vector(8)\" }\n\
             shard = { from = \"shard_key\", type = \"text\", required = true }\n";
        world.settle(settings);
        for (verb, code) in [("check", 3), ("plan", 7), ("run", 7)] {
            let refused = world.etl(&[verb, "--source", "qdrant"]).run().await.unwrap();
            let text = format!("{}{}", refused.stdout, refused.stderr);
            assert_eq!(refused.status.code(), Some(code), "{verb}: {text}");
            for words in [
                "memory_fragments merges points of dac_memory by (id)",
                "from = \"shard_key\"",
            ] {
                assert!(
                    text.replace("\n          ", " ").contains(words),
                    "{verb}: {words}: {text}"
                );
            }
        }
        let rows = "select count(*) from memory_fragments";
        assert_eq!(client.query_one(rows, &[]).await.unwrap().get::<_, i64>(0), 0);
        client
            .batch_execute("alter table memory_fragments drop constraint memory_fragments_id_key")
            .await
            .unwrap();
        world.settle(&settings.replace("key = [\"id\"]", "key = [\"id\", \"shard\"]"));
        let said = complete(world.run(&[])).await;
        assert_eq!(said["loaded"], points, "{said:#}");
        let twins = format!("select count(*) from memory_fragments where id = {}", twin.id);
        assert_eq!(client.query_one(&twins, &[]).await.unwrap().get::<_, i64>(0), 2);
        assert_eq!(
            client.query_one(rows, &[]).await.unwrap().get::<_, i64>(0) as u64,
            points
        );
    });
}

#[test]
fn what_no_column_takes_is_not_lost_but_put_aside() {
    test(async {
        let world = application(30, 30).await;
        world.settle(&SETTINGS.replace("drop = [\"payload\"]\n", ""));
        let outcome = world.run(&["--emergency-threshold", "1"]).run().await.unwrap();
        let said = summary(&outcome);
        assert_eq!(said["quarantined"], 30, "{said:#}");
        let client = world.client().await;
        let reasons = "select distinct reason from etl.quarantine";
        let reason: String = client.query_one(reasons, &[]).await.unwrap().get(0);
        assert_eq!(reason, "left_over");
    });
}
