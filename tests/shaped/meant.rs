//! Texts embedded on the way by a real model: what SQL finds nearest is what means the same, and a restart asks for no
//! text a second time.

use super::endpoint::{Endpoint, Reply};
use super::source::{document, text};
use super::{number, settle};
use crate::support::ledger::released;
use crate::support::shop::Shop;
use crate::support::{Looking, World, completed, emulator, test};
use rehearsal::embeddings::corpus::{self, PARAPHRASES};
use rehearsal::embeddings::{Endpoint as Model, MODEL};
use rehearsal::process::{Program, Signal};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Documents about other things.
const OTHERS: usize = 300;

const MAPPING: &str = r#"
[tables.notes]
from = "notes"
key = ["id"]
indexes = [ { on = ["meaning"], using = "hnsw", distance = "cosine" } ]

[tables.notes.columns]
id      = { from = "$id", type = "text" }
body    = { type = "text" }
meaning = { embed = "{body}", type = "vector(384)" }
"#;

/// The texts, by id.
fn notes() -> BTreeMap<String, String> {
    let others = corpus::texts(OTHERS);
    let others = (0..)
        .zip(others)
        .map(|(number, (_, text))| (format!("other-{number:03}"), text));
    let said = (0..).zip(PARAPHRASES);
    let said = said.map(|(number, (said, _))| (format!("said-{number}"), said.to_owned()));
    others.chain(said).collect()
}

async fn world(notes: &BTreeMap<String, String>) -> World {
    let note =
        |(id, body): (&String, &String)| document(&format!("notes/{id}"), json!({ "body": text(body) }));
    let project = emulator().await.fresh_project();
    let documents = notes.iter().map(note).collect();
    let world = Shop::of(project, documents, Vec::new()).await.target().await;
    settle(&world, MAPPING);
    world
}

/// One lane and one request at a time, so that it is known what was answered.
fn run(world: &World, endpoint: &Endpoint) -> Program {
    let url = endpoint.url();
    let flags = [
        ["--embed-url", &url],
        ["--embed-model", MODEL],
        ["--embed-batch", "8"],
        ["--embed-concurrency", "1"],
        ["--lanes", "1"],
        ["--lane-documents", "100000"],
        ["--batch-rows", "50"],
    ];
    world.run(&flags.concat())
}

/// Starts it and kills it, several times, each time when the endpoint keeps an answer to itself: whatever it got before
/// it has had the time to keep.
async fn killed_and_completed(world: &World, model: Model) -> Endpoint {
    let quiet_at = Arc::new(AtomicUsize::new(0));
    let limit = Arc::clone(&quiet_at);
    let endpoint = Endpoint::before(model, move |request, _| {
        match request < limit.load(Ordering::SeqCst) {
            true => Reply::Vectors,
            false => Reply::Silence,
        }
    })
    .await;
    let client = world.client().await;
    for answered in [3, 7, 12] {
        let silent = endpoint.requests() + answered;
        quiet_at.store(silent, Ordering::SeqCst);
        let mut etl = run(world, &endpoint).start().unwrap();
        while endpoint.requests() <= silent {
            assert!(
                !etl.has_ended().unwrap(),
                "it ended after {} requests",
                endpoint.requests()
            );
            Looking::again().await;
        }
        etl.signal(Signal::Kill).unwrap();
        etl.wait().await.unwrap();
        released(&client).await;
    }
    quiet_at.store(usize::MAX, Ordering::SeqCst);
    completed(&run(world, &endpoint).run().await.unwrap());
    endpoint
}

#[test]
fn the_nearest_row_means_the_same_and_no_kill_makes_a_text_be_embedded_twice() {
    test(async {
        let what = "loading with a real model that embeds texts";
        let Some(model) = Model::or_say(what).await.unwrap() else {
            return;
        };
        let notes = notes();
        let world = world(&notes).await;
        let endpoint = killed_and_completed(&world, model).await;

        let mut paid = endpoint.paid();
        paid.retain(|text| notes.values().any(|note| note == text));
        paid.sort();
        let mut wanted: Vec<String> = notes.values().cloned().collect();
        wanted.sort();
        assert_eq!(paid, wanted, "each text is asked for exactly once");

        let model = Model::start().await.unwrap();
        let client = world.client().await;
        let rows = client
            .query("select id, meaning::text from notes order by id", &[])
            .await
            .unwrap();
        let told: Vec<(String, Vec<f32>)> = rows
            .iter()
            .map(|row| (row.get(0), serde_json::from_str(row.get(1)).unwrap()))
            .collect();
        let texts: Vec<&str> = notes.values().map(String::as_str).collect();
        let vectors = model.embed(&texts).await.unwrap();
        let expected: Vec<(String, Vec<f32>)> = notes.keys().cloned().zip(vectors).collect();
        assert!(told == expected, "a row has another vector than its text");

        let asked = PARAPHRASES.map(|(_, asked)| asked);
        let asked = model.embed(&asked).await.unwrap();
        assert_eq!(
            number(
                &client,
                "select count(*) from pg_indexes where indexdef like '%hnsw (meaning %'"
            )
            .await,
            1
        );
        for (number, vector) in asked.iter().enumerate() {
            let vector = serde_json::to_string(vector).unwrap();
            let nearest = format!("select id from notes order by meaning <=> '{vector}' limit 1");
            let id: String = client.query_one(&nearest, &[]).await.unwrap().get(0);
            assert_eq!(id, format!("said-{number}"), "{}", PARAPHRASES[number].1);
        }
    });
}
