//! Texts embedded on the way: each vector in the row of its text, no text paid for twice, a refused one put aside.

use super::endpoint::{DIMENSION, Endpoint, Reply, vector};
use super::source::{document, text};
use super::{aside, ends, export, number, settle};
use crate::support::ledger::released;
use crate::support::shop::Shop;
use crate::support::{Looking, World, completed, emulator, summary, test};
use rehearsal::process::{Program, Signal};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::sync::OnceCell;

const DOCUMENTS: usize = 60;
/// Its text is said by every tenth document.
const SAID_OFTEN: &str = "the same words again";

const MAPPING: &str = r#"
[tables.notes]
from = "notes"
key = ["id"]
indexes = [ { on = ["meaning"], using = "hnsw", distance = "cosine" } ]

[tables.notes.columns]
id      = { from = "$id", type = "text" }
title   = { type = "text" }
meaning = { embed = "{title}\n{body}", type = "vector(3)" }
gist    = { embed = "{body}", type = "halfvec(3)" }
"#;

fn body(number: usize) -> String {
    match number.is_multiple_of(10) {
        true => SAID_OFTEN.to_owned(),
        false => format!("what note number {number:03} has to say"),
    }
}

/// Notes with texts, and two without a body.
async fn notes() -> World {
    static SHOP: OnceCell<Shop> = OnceCell::const_new();
    let write = || async {
        let note = |number: usize| {
            let fields = json!({ "title": text(&format!("note {number:03}")), "body": text(&body(number)) });
            document(&format!("notes/n{number:03}"), fields)
        };
        let silent = (0..2).map(|number| {
            document(
                &format!("notes/silent{number}"),
                json!({ "title": text("nothing") }),
            )
        });
        let project = emulator().await.fresh_project();
        Shop::of(
            project,
            (0..DOCUMENTS).map(note).chain(silent).collect(),
            Vec::new(),
        )
        .await
    };
    let world = SHOP.get_or_init(write).await.target().await;
    settle(&world, MAPPING);
    world
}

/// One lane and one request at a time, of four texts, so that it is known what was answered.
fn run(world: &World, endpoint: &Endpoint) -> Program {
    let url = endpoint.url();
    let flags = [
        ["--embed-url", &url],
        ["--embed-model", "a model"],
        ["--embed-batch", "4"],
        ["--embed-concurrency", "1"],
        ["--lanes", "1"],
        ["--lane-documents", "100000"],
        ["--batch-rows", "10"],
        ["--emergency-threshold", "1"],
    ];
    world.run(&flags.concat())
}

/// Every vector that is there is that of its row's text, but for what half precision makes of it.
async fn assert_vectors(world: &World, rows: usize) {
    let client = world.client().await;
    let found = client
        .query(
            "select id, meaning::text, gist::text from notes where meaning is not null order by id",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(found.len(), rows);
    let read = |text: &str| -> Vec<f32> {
        text.trim_matches(['[', ']'])
            .split(',')
            .map(|component| component.parse().unwrap())
            .collect()
    };
    for row in found {
        let (id, meaning, gist): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let number: usize = id[1..].parse().unwrap();
        assert_eq!(
            read(&meaning),
            vector(&format!("note {number:03}\n{}", body(number))),
            "{id}"
        );
        for (half, whole) in read(&gist).into_iter().zip(vector(&body(number))) {
            assert!(
                (half - whole).abs() <= whole.abs() / 1_000.0,
                "{id}: {half} {whole}"
            );
        }
    }
}

/// The texts that must have been embedded.
fn texts() -> BTreeSet<String> {
    (0..DOCUMENTS)
        .flat_map(|number| [format!("note {number:03}\n{}", body(number)), body(number)])
        .collect()
}

fn is_ours(text: &&String) -> bool {
    text.starts_with("note ") || text.starts_with("what note") || *text == SAID_OFTEN
}

#[test]
fn vectors_arrive_in_the_rows_of_their_texts_and_no_text_is_paid_for_twice() {
    test(async {
        let (world, endpoint) = (notes().await, Endpoint::start(|_, _| Reply::Vectors).await);
        let done = completed(&run(&world, &endpoint).run().await.unwrap());
        assert_eq!(done["loaded"], DOCUMENTS + 2);
        assert_vectors(&world, DOCUMENTS).await;
        let paid = endpoint.paid();
        let paid: Vec<&String> = paid.iter().filter(is_ours).collect();
        assert_eq!(paid.len(), texts().len(), "{paid:#?}");
        assert_eq!(paid.into_iter().cloned().collect::<BTreeSet<_>>(), texts());
        let silent =
            "select count(*) from notes where meaning is null and gist is null and id like 'silent%'";
        assert_eq!(number(&world.client().await, silent).await, 2);
        let nearest =
            "select count(*) from pg_indexes where indexdef like '%hnsw (meaning vector_cosine_ops)%'";
        assert_eq!(number(&world.client().await, nearest).await, 1);
        // What was made on the way is no part of a document.
        let exported = export(&world, &[]).await;
        assert_eq!(exported.len(), DOCUMENTS + 2);
        assert!(
            exported
                .values()
                .all(|document| !document.fields.contains_key("meaning"))
        );
        assert_eq!(DIMENSION, 3);
    });
}

#[test]
fn killed_and_started_again_nothing_is_paid_for_twice() {
    test(async {
        let world = notes().await;
        // Each start is answered for a while and then waits for an answer that does not come.
        let quiet_at = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let limit = quiet_at.clone();
        let endpoint = Endpoint::start(move |request, _| {
            match request < limit.load(std::sync::atomic::Ordering::SeqCst) {
                true => Reply::Vectors,
                false => Reply::Silence,
            }
        })
        .await;
        let client = world.client().await;
        for answered in [2, 5, 9, 13] {
            let silent = endpoint.requests() + answered;
            quiet_at.store(silent, std::sync::atomic::Ordering::SeqCst);
            let mut etl = run(&world, &endpoint).start().unwrap();
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
        quiet_at.store(usize::MAX, std::sync::atomic::Ordering::SeqCst);
        completed(&run(&world, &endpoint).run().await.unwrap());
        assert_vectors(&world, DOCUMENTS).await;
        let paid = endpoint.paid();
        let mut paid: Vec<&String> = paid.iter().filter(is_ours).collect();
        paid.sort();
        assert_eq!(paid.len(), texts().len(), "paid for more than once: {paid:#?}");
    });
}

#[test]
fn a_text_that_is_refused_puts_its_document_aside_and_no_other() {
    test(async {
        let world = notes().await;
        let refused = |texts: &[String]| {
            texts
                .iter()
                .any(|text| text.contains("number 007") || text.contains("number 033"))
        };
        let endpoint = Endpoint::start(move |_, texts| match refused(texts) {
            true => Reply::Refusal,
            false => Reply::Vectors,
        })
        .await;
        let done = completed(&run(&world, &endpoint).run().await.unwrap());
        assert_eq!(
            (&done["loaded"], &done["quarantined"]),
            (&json!(DOCUMENTS), &json!(2))
        );
        let found = aside(&world.client().await).await;
        let expected = ["notes/n007", "notes/n033"].map(|path| (path.to_owned(), "embedding".to_owned()));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        assert_vectors(&world, DOCUMENTS - 2).await;
        let show = world.etl(&["quarantine", "show", "notes/n007"]);
        ends(show, 0, &["embedding", "not acceptable", "what note number 007"]).await;
    });
}

#[test]
fn a_mapping_that_embeds_needs_an_endpoint_and_one_whose_vectors_fit() {
    test(async {
        let world = notes().await;
        for verb in ["run", "plan"] {
            ends(
                world.etl(&[verb]),
                2,
                &["2 things", "etl.toml line 10", "line 11", "--embed-url"],
            )
            .await;
        }
        assert!(!world.checkpoint_dir().exists());

        let nobody = [
            "--embed-url",
            "http://127.0.0.1:1/v1",
            "--embed-model",
            "m",
            "--max-retries",
            "1",
        ];
        ends(world.run(&nobody), 3, &["127.0.0.1:1"]).await;

        let world = notes().await;
        settle(
            &world,
            &MAPPING
                .replace("vector(3)", "vector(4)")
                .replace("halfvec(3)", "halfvec(4)"),
        );
        let endpoint = Endpoint::start(|_, _| Reply::Vectors).await;
        let unfit = ends(run(&world, &endpoint), 3, &["4", "3", "embed"]).await;
        assert_eq!(summary(&unfit)["loaded"], 0);
        let there = "select to_regclass('notes') is null or not exists (select from pg_class where relname = 'notes' and reltuples > 0)";
        assert!(
            world
                .client()
                .await
                .query_one(there, &[])
                .await
                .unwrap()
                .get::<_, bool>(0)
        );
    });
}
