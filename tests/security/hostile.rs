//! Documents and points that mean harm by their shape: as deep as is allowed and far deeper, as wide and as large as can be.
//! Each is loaded, or put aside with a reason; memory stays what was granted, and nothing overflows.

use crate::support::{World, completed, test};
use rehearsal::application::Application;
use rehearsal::process::Outcome;
use rehearsal::rest::Write;
use serde_json::{Map, Value, json};
use simulator::qdrant::{
    Collection, Distance, Options, Point, Qdrant, Value as Payload, Vector, VectorParams,
};

const MEMORY: [&str; 2] = ["--memory", "128MiB"];

/// A run that accounts for everything.
async fn assert_accounted(outcome: &Outcome, count: u64) -> Value {
    assert!(!outcome.stderr.contains("panicked at"), "{}", outcome.stderr);
    let summary = completed(outcome);
    let number = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!(number("loaded") + number("quarantined"), count, "{summary}");
    summary
}

fn text(value: String) -> Value {
    json!({ "stringValue": value })
}

fn nested(depth: usize) -> Value {
    let inside = |value: Value, _| json!({ "mapValue": { "fields": { "m": value } } });
    (0..depth).fold(text("deep".to_owned()), inside)
}

fn fields(all: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    all.into_iter().collect()
}

#[test]
fn documents_of_every_harmful_shape_are_loaded_or_put_aside() {
    test(async {
        let simulator = simulator::Simulator::start(simulator::Options::default()).unwrap();
        let world = World::of(&simulator.host(), "shapes", Application::small(0)).await;
        // An empty value of so many fields is 30 bytes each; a document has 1 MiB.
        let wide = (0..30_000).map(|number| (format!("f{number:05}"), json!({ "nullValue": null })));
        let list = |values: Vec<Value>| json!({ "arrayValue": { "values": values } });
        let shapes = [
            ("deepest", fields([("m".to_owned(), nested(19))])),
            ("widest", fields(wide)),
            ("longest", fields([("s".to_owned(), text("x".repeat(1_040_000)))])),
            (
                "controls",
                fields([("s".to_owned(), text("\u{1}".repeat(1_040_000)))]),
            ),
            ("long name", fields([("k".repeat(1500), text("x".to_owned()))])),
            (
                "long names",
                fields((0..600).map(|n| (format!("{n}{}", "k".repeat(1490)), text(String::new())))),
            ),
            (
                "many",
                fields([(
                    "a".to_owned(),
                    list((0..100_000).map(|_| json!({ "nullValue": null })).collect()),
                )]),
            ),
            (
                "maps",
                fields([("a".to_owned(), list((0..20_000).map(|_| nested(1)).collect()))]),
            ),
            (
                "odd numbers",
                fields([(
                    "n".to_owned(),
                    list(
                        [
                            json!({ "doubleValue": "NaN" }),
                            json!({ "doubleValue": "-Infinity" }),
                            json!({ "doubleValue": 5e-324 }),
                            json!({ "integerValue": i64::MIN.to_string() }),
                            json!({ "doubleValue": 1.797e308 }),
                        ]
                        .into(),
                    ),
                )]),
            ),
        ];
        let count = shapes.len() as u64;
        for (name, fields) in shapes {
            let written = world
                .firestore
                .commit(vec![Write::Set(format!("shapes/{name}"), fields)])
                .await;
            written.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
        let flags = [&MEMORY[..], &["--emergency-threshold", "1"]].concat();
        let outcome = world.run(&flags).run().await.unwrap();
        assert_accounted(&outcome, count).await;
        for verb in [&["init", "--force"][..], &["export"], &["quarantine", "list"]] {
            let outcome = world.etl(verb).run().await.unwrap();
            assert_eq!(outcome.status.code(), Some(0), "{verb:?}: {}", outcome.stderr);
        }
    });
}

#[test]
fn points_far_deeper_and_larger_than_any_document_are_loaded_or_put_aside() {
    test(async {
        let deep =
            |depth: usize| (0..depth).fold(Payload::Integer(7), |inside, _| Payload::List(vec![inside]));
        let maps = |depth: usize| {
            (0..depth).fold(Payload::Null, |inside, _| {
                Payload::Struct(vec![("m".into(), inside)])
            })
        };
        let shapes = [
            deep(20),
            deep(90),
            deep(500),
            maps(20),
            maps(90),
            maps(500),
            Payload::Text("x".repeat(1 << 20).into()),
            Payload::Text("\u{1}".repeat(1 << 20).into()),
            Payload::Struct(vec![("k".repeat(1 << 20).into(), Payload::Null)]),
            Payload::Struct(
                (0..40_000)
                    .map(|n| (format!("f{n}").into(), Payload::Bool(true)))
                    .collect(),
            ),
        ];
        let notes = Collection::new("shapes", 1).vector(VectorParams::new(4, Distance::Cosine));
        let qdrant = Qdrant::start(Options::default().with(notes)).unwrap();
        let known = qdrant.points("shapes").remove(0).1;
        let mut count = 1;
        for (number, shape) in shapes.into_iter().enumerate() {
            let id = simulator::qdrant::PointId::Number(1000 + number as u64);
            let point = Point {
                id,
                payload: vec![("p".into(), shape)],
                vectors: known.vectors.clone(),
            };
            assert!(qdrant.put("shapes", None, point), "there is such a collection");
            count += 1;
        }
        assert!(matches!(known.vectors[0].1, Vector::Dense(_)));
        let world = World::of("127.0.0.1:1", "nobody", Application::small(0)).await;
        let flags = [
            &MEMORY[..],
            &[
                "--source",
                "qdrant",
                "--emergency-threshold",
                "1",
                "--metrics-listen",
                "off",
                "--output",
                "json",
            ],
        ];
        let run = world
            .etl(&[&["run"][..], &flags.concat()].concat())
            .env("FIRESTORE_EMULATOR_HOST", "")
            .env("QDRANT_URL", qdrant.url());
        let outcome = run.run().await.unwrap();
        assert_accounted(&outcome, count).await;
    });
}
