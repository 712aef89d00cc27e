//! What README.md writes about points does what it says there: its settings, its commands and its queries, word for word.

use super::world::World;
use crate::support::test;
use rehearsal::process::Outcome;
use serde_json::Value;
use simulator::qdrant::{Collection, Distance, Ids, Point, PointId, Vector, VectorParams};
use tokio_postgres::SimpleQueryMessage;

const README: &str = include_str!("../../README.md");

/// The blocks of one language in the chapter about points.
fn blocks(language: &str) -> Vec<&'static str> {
    let chapter = README.split("\n## Points of Qdrant\n").nth(1).unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let opened = chapter
        .split(&format!("```{language}\n"))
        .skip(1)
        .collect::<Vec<_>>();
    let blocks: Vec<&str> = opened
        .iter()
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert!(!blocks.is_empty(), "README has no {language} about points");
    blocks
}

/// The arguments of a verb's command in README, without `etl` and what follows the command.
fn command(verb: &str) -> Vec<&'static str> {
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    let mut of_verb = lines.filter(|line| line.starts_with(&format!("etl {verb} ")));
    let line = of_verb
        .next()
        .unwrap_or_else(|| panic!("README has no etl {verb}"));
    let command = line.split('#').next().unwrap();
    command.split_whitespace().skip(1).collect()
}

async fn well(world: &World, arguments: &[&str]) -> Outcome {
    let outcome = world.etl(arguments).run().await.unwrap();
    assert!(
        outcome.status.success(),
        "etl {arguments:?}\n{}{}",
        outcome.stdout,
        outcome.stderr
    );
    outcome
}

/// Every row that the queries of README answer with: for each, its columns by name.
async fn asked(world: &World) -> Vec<Value> {
    let client = world.client().await;
    let mut rows = Vec::new();
    for block in blocks("sql") {
        for message in client.simple_query(block).await.unwrap() {
            if let SimpleQueryMessage::Row(row) = message {
                let columns = row.columns().iter().enumerate();
                let named = columns.map(|(place, column)| {
                    let number: i64 = row.get(place).unwrap().parse().unwrap();
                    (column.name().to_owned(), Value::from(number))
                });
                rows.push(Value::Object(named.collect()));
            }
        }
    }
    rows
}

/// The application that the chapter speaks of: fragments that carry the ids of their vectors, and attachments.
async fn application(points: u64) -> World {
    let vectors = VectorParams::new(384, Distance::Cosine);
    let memory = Collection::new("dac_memory", 0).ids(Ids::Uuid).vector(vectors);
    let world = World::of([memory]).await;
    let client = world.client().await;
    let tables = "create extension if not exists vector; \
         create table memory_fragments (id bigserial primary key, org_id text not null, content text not null, \
             vector_id uuid unique, embedding vector(384), created_at timestamptz not null default now()); \
         create table attachments (id bigserial primary key, file_data bytea, storage_path text); \
         insert into attachments (file_data, storage_path) values ('\\x01', null), (null, 'a/b'), (null, null)";
    client.batch_execute(tables).await.unwrap();
    let fill = "insert into memory_fragments (org_id, content, vector_id) values ($1, $2, $3::text::uuid)";
    for number in 0..points {
        let id = PointId::Uuid((u128::from(number) << 64) | 0x4000_8000_0000_0000_0000);
        let (org, content) = (format!("org {}", number % 5), format!("fragment {number}"));
        let made = (0..384_u64).map(|place| ((number * 31 + place * 17) % 101) as f32 / 101.0 - 0.5);
        // As Qdrant keeps vectors that are compared by their angle.
        let made: Vec<f32> = made.collect();
        let length = made.iter().map(|value| value * value).sum::<f32>().sqrt();
        let components = made.iter().map(|value| value / length);
        let text = |text: &str| simulator::qdrant::Value::from(text.to_owned());
        let point = Point {
            id,
            payload: vec![
                ("org_id".into(), text(&org)),
                ("content".into(), text(&content)),
                ("source".into(), text("chat")),
            ],
            vectors: vec![(String::new(), Vector::Dense(components.collect()))],
        };
        assert!(world.qdrant.put("dac_memory", None, point));
        client
            .execute(fill, &[&org, &content, &id.to_string()])
            .await
            .unwrap();
    }
    let other = "insert into memory_fragments (org_id, content) values ('org 1', 'not embedded yet')";
    client.batch_execute(other).await.unwrap();
    world
}

#[test]
fn its_example_moves_the_points_and_its_queries_say_so() {
    test(async {
        let world = application(400).await;
        let [settings] = blocks("toml")[..] else {
            panic!("README has one settings file about points");
        };
        world.settle(settings);
        let init = [&command("init")[..], &["--write", "drawn.toml"]].concat();
        well(&world, &init).await;
        let drawn = std::fs::read_to_string(world.folder().join("drawn.toml")).unwrap();
        assert!(drawn.contains("[tables.dac_memory]"), "{drawn}");
        let before = asked(&world).await;
        assert_eq!(before[0]["with_embedding"], 0, "{before:#?}");

        well(&world, &command("check")).await;
        let plan = well(&world, &command("plan")).await;
        assert!(plan.stdout.contains("400 points"), "{}", plan.stdout);
        let run = well(&world, &command("run")).await;
        assert!(run.stdout.contains("400 points read"), "{}", run.stdout);
        let rows = asked(&world).await;
        for row in &rows {
            println!("{row}");
        }
        assert_eq!(rows[0]["fragments"], 401, "{rows:#?}");
        assert_eq!(rows[0]["with_embedding"], 400, "{rows:#?}");
        assert_eq!(rows[0]["with_vector_id"], 400, "{rows:#?}");
        assert_eq!(rows[0]["vectors_only"], 0, "{rows:#?}");
        assert_eq!(rows[0]["organisations"], 5, "{rows:#?}");
        assert_eq!(rows[1]["problematic_attachments"], 1, "{rows:#?}");
        let verified = well(&world, &command("verify")).await;
        assert!(verified.stdout.contains("next: choose"), "{}", verified.stdout);
        assert!(world.folder().join("parity.html").exists());
        well(&world, &["status"]).await;
    });
}
