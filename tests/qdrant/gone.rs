//! What is gone at the source leaves every table: elements of points that changed or went, and points of one shard key
//! without those of the others.

use super::judge::{assert_same, exported};
use super::world::{World, complete};
use crate::support::test;
use serde_json::Value as Json;
use simulator::qdrant::{Collection, Distance, Ids, Mix, ShardKey, Value, VectorParams};

const SWEEPS: [&str; 2] = ["--consistency", "sweeps"];

const TAGGED: &str = "[source]\ncollections = [\"memory\"]\n\n[tables.memory]\nfrom = \"memory\"\n\n\
    [tables.memory.columns]\nid = { from = \"$id\", type = \"bigint\" }\n\
    embedding = { from = \"vector\", type = \"vector(4)\" }\n\n\
    [tables.memory.children.memory_tags]\nfrom = \"payload.tags\"\nof = \"array\"\n\n\
    [tables.memory.children.memory_tags.columns]\ntag = { from = \"$value\", type = \"text\" }\n";

/// Gives the point at this place among all these tags, in this order.
fn tag(world: &World, at: usize, tags: &[&'static str]) {
    let (_, mut point) = world.qdrant.points("memory").swap_remove(at);
    let tags = tags.iter().map(|tag| Value::Text((*tag).into())).collect();
    point.payload = vec![("tags".into(), Value::List(tags))];
    world.qdrant.put("memory", None, point);
}

/// Asserts that the elements in PostgreSQL are those of the points by now, and that the ledger counts them.
async fn assert_tags(world: &World, what: &str) {
    let mut truth = Vec::new();
    for (_, point) in world.qdrant.points("memory") {
        let tags = point.payload.iter().find(|(name, _)| &**name == "tags");
        let Some((_, Value::List(tags))) = tags else {
            continue;
        };
        for (ordinal, tag) in (0..).zip(tags) {
            let Value::Text(tag) = tag else { panic!("{tag:?}") };
            truth.push((format!("memory/{}", point.id), ordinal, tag.to_string()));
        }
    }
    truth.sort();
    let client = world.client().await;
    let sql = "select _path, _ordinal, tag from memory_tags";
    let rows = client.query(sql, &[]).await.unwrap();
    let mut found: Vec<(String, i32, String)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    found.sort();
    assert_eq!(found, truth, "{what}");
    let counted = "select sum((select sum(n) from unnest(rows) n))::int8 from etl.lane";
    let counted: i64 = client.query_one(counted, &[]).await.unwrap().get(0);
    assert_eq!(
        counted as usize,
        world.qdrant.points("memory").len() + truth.len(),
        "{what}"
    );
}

fn deleted(summary: &Json) -> u64 {
    summary["swept"]["mended"]["deleted"].as_u64().unwrap()
}

#[test]
fn elements_leave_with_their_points_and_with_what_they_were() {
    test(async {
        let memory = Collection::new("memory", 620)
            .ids(Ids::Gaps)
            .vector(VectorParams::new(4, Distance::Dot))
            .payload(Mix::Plain);
        let world = World::of([memory]).await;
        let count = world.qdrant.points("memory").len();
        for at in 0..count {
            tag(&world, at, &["red", "green", "blue"][..at % 4]);
        }
        world.settle(TAGGED);
        complete(world.run(&SWEEPS)).await;
        assert_tags(&world, "loaded").await;
        let client = world.client().await;
        // With what is known of the rows there were, and without.
        for (round, is_known) in [(0, true), (1, false)] {
            let here = |place: usize| 40 * round + place;
            tag(&world, here(3), &["red", "green"]);
            tag(&world, here(7), &["red", "grey", "blue"]);
            tag(&world, here(11), &["blue", "red", "green"]);
            tag(&world, here(15), &[]);
            tag(&world, here(16), &["new"]);
            let ids = [19, 22, 24].map(|place| world.qdrant.points("memory").swap_remove(here(place)).1.id);
            ids.iter()
                .for_each(|id| assert!(world.qdrant.remove("memory", None, *id)));
            if !is_known {
                client.execute("delete from etl.span", &[]).await.unwrap();
            }
            let summary = complete(world.run(&SWEEPS)).await;
            assert_eq!(deleted(&summary), 3 * (round as u64 + 1), "{summary:#}");
            assert_tags(&world, &format!("in round {round}")).await;
            assert_same(&world, "memory", &exported(&world).await);
        }
    });
}

/// A mapping with these columns and all else beside them.
fn mapping(columns: &str) -> String {
    format!(
        "[source]\ncollections = [\"at@home\"]\n\n[tables.home]\nfrom = \"at@home\"\n\n[tables.home.columns]\n{columns}\
         embedding = {{ from = \"vector\", type = \"vector(4)\" }}\npayload = {{ type = \"jsonb\" }}\n"
    )
}

#[test]
fn a_point_that_is_gone_under_one_shard_key_stays_under_the_others() {
    test(async {
        let id = "id = { from = \"$id\", type = \"bigint\" }\n";
        let texts = "key = { from = \"shard_key\", type = \"text\" }\n";
        let numbers = "key = { from = \"shard_key\", type = \"bigint\" }\n";
        let spelled = || {
            ["eu", "us@west", "a%b", "a/b", "say \"hi\"", "\\"]
                .map(ShardKey::from)
                .to_vec()
        };
        let alike = || vec![ShardKey::from("7"), ShardKey::from(7), ShardKey::from("77")];
        for (columns, keys) in [
            (String::new(), [spelled(), alike()].concat()),
            (id.to_owned(), [spelled(), alike()].concat()),
            (texts.to_owned(), spelled()),
            (format!("{id}{texts}"), spelled()),
            (
                format!("{id}{numbers}"),
                vec![ShardKey::from(7), ShardKey::from(77)],
            ),
        ] {
            let home = Collection::new("at@home", 30)
                .ids(Ids::Gaps)
                .shard_keys(keys.clone())
                .vector(VectorParams::new(4, Distance::Dot))
                .payload(Mix::Plain);
            let world = World::of([home]).await;
            world.settle(&mapping(&columns));
            complete(world.run(&SWEEPS)).await;
            let client = world.client().await;
            let mut removed = 0;
            for is_known in [true, false] {
                for (place, key) in keys.iter().enumerate() {
                    let points = world.qdrant.points("at@home").into_iter();
                    let mut own = points.filter(|(of, _)| of.as_ref() == Some(key));
                    let (_, point) = own.nth(place).unwrap();
                    assert!(world.qdrant.remove("at@home", Some(key), point.id));
                    removed += 1;
                }
                if !is_known {
                    client.execute("delete from etl.span", &[]).await.unwrap();
                }
                let summary = complete(world.run(&SWEEPS)).await;
                assert_eq!(deleted(&summary), removed, "{columns}{summary:#}");
                assert_same(&world, "at@home", &exported(&world).await);
            }
        }
    });
}
