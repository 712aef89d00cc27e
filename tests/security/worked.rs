//! The same secrets where nothing fails: every verb does its work with them, and neither what it prints nor what it leaves
//! behind has any of them.

use super::echo::{Answer, answering};
use super::planted::{
    EMBED_KEY, PASSWORD, QDRANT_KEY, assert_nothing_kept, assert_nothing_noted, assert_nothing_said,
    given_away, percent_encoded,
};
use crate::support::{Looking, World, server, test};
use rehearsal::application::Application;
use rehearsal::postgres::connect;
use rehearsal::process::Program;
use rehearsal::rest::Write;
use serde_json::{Value, json};
use simulator::qdrant::{Collection, Distance, Options, Qdrant, VectorParams};
use std::net::TcpListener;

const EVERYTHING: &str =
    "trace,hyper=trace,h2=trace,tonic=trace,rustls=trace,tokio_postgres=trace,firestore=trace";

/// An endpoint that embeds for whoever has the key.
async fn endpoint() -> String {
    let answer = |head: &str, body: &[u8]| {
        let asked: Value = serde_json::from_slice(body).unwrap();
        let item = |index: usize| json!({ "index": index, "embedding": [1.0, 2.0, index] });
        let items: Vec<Value> = (0..asked["input"].as_array().unwrap().len()).map(item).collect();
        Answer {
            status: if head.contains(&format!("Bearer {EMBED_KEY}")) {
                200
            } else {
                401
            },
            headers: String::new(),
            body: json!({ "data": items }).to_string(),
        }
    };
    format!("http://{}/v1", answering(answer).await)
}

/// The URL of the same database for a role that only the planted password lets in.
async fn with_password(url: &str) -> String {
    let client = connect(server().await.url()).await.unwrap();
    let quoted = PASSWORD.replace('\'', "''");
    // Whoever comes second finds the role.
    let role = format!(
        "do $$ begin create role planted superuser login password E'{}'; exception when duplicate_object or \
         unique_violation then null; end $$",
        quoted.replace('\\', "\\\\")
    );
    client.batch_execute(&role).await.unwrap();
    let (_, place) = url.rsplit_once('@').unwrap();
    format!("postgres://planted:{}@{place}", percent_encoded(PASSWORD))
}

fn told(program: Program, url: &str, embed: &str) -> Program {
    program
        .env("DATABASE_URL", url)
        .env("QDRANT_API_KEY", QDRANT_KEY)
        .env("ETL_EMBED_API_KEY", EMBED_KEY)
        .env("ETL_EMBED_URL", embed)
        .env("ETL_EMBED_MODEL", "a model")
        .env("ETL_LOG", EVERYTHING)
}

/// Each verb must end well, or as it says.
async fn all(world: &World, url: &str, embed: &str, verbs: &[(&str, i32)]) {
    for (verb, code) in verbs {
        for json in [false, true] {
            let mut arguments: Vec<&str> = verb.split(' ').collect();
            if json {
                arguments.extend(["--output", "json"]);
            }
            let outcome = told(world.etl(&arguments), url, embed).run().await.unwrap();
            assert_nothing_said(&outcome, verb);
            assert_eq!(
                outcome.status.code(),
                Some(*code),
                "{verb}: {}\n{}",
                outcome.stdout,
                outcome.stderr
            );
        }
    }
}

#[test]
fn a_move_of_documents_tells_and_leaves_no_secret() {
    test(async {
        let simulator = simulator::Simulator::start(simulator::Options::default()).unwrap();
        let world = World::of(&simulator.host(), "planted", Application::small(0)).await;
        let note = |number: usize| {
            let text = if number.is_multiple_of(10) {
                "nul\0"
            } else {
                "note"
            };
            let fields = json!({ "text": { "stringValue": format!("{text} {number}") } });
            Write::Set(format!("notes/n{number}"), fields.as_object().unwrap().clone())
        };
        world
            .firestore
            .commit((0..300).map(note).collect::<Vec<_>>())
            .await
            .unwrap();
        let (url, embed) = (with_password(&world.url).await, endpoint().await);
        all(&world, &url, &embed, &[("check", 0), ("init --force", 0)]).await;
        let mapping = "[tables.notes]\nfrom = \"notes\"\n[tables.notes.columns]\ntext = { type = \"text\" }\n\
                       meaning = { embed = \"{text}\", type = \"vector(3)\" }\n[run]\nemergency_threshold = 1\n";
        std::fs::write(world.folder().join("etl.toml"), mapping).unwrap();

        // Looked at while it runs: the page of metrics, and what the system shows of the process.
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string();
        let slow = [
            "run",
            "--metrics-listen",
            &address,
            "--reads-per-second",
            "200",
            "--batch-rows",
            "20",
        ];
        let mut running = told(world.etl(&slow), &url, &embed).start().unwrap();
        let page = loop {
            if let Ok(answer) = reqwest::get(format!("http://{address}/metrics")).await {
                let page = answer.text().await.unwrap();
                if page.contains("etl_commit_seconds_bucket") {
                    break page;
                }
            }
            assert!(
                !running.has_ended().unwrap(),
                "{}",
                running.wait().await.unwrap().stderr
            );
            Looking::again().await;
        };
        let command = std::fs::read(format!("/proc/{}/cmdline", running.pid().unwrap())).unwrap();
        for seen in [page.as_bytes(), &command] {
            assert_eq!(given_away(seen), [""; 0]);
        }
        let outcome = running.wait().await.unwrap();
        assert_nothing_said(&outcome, "run");
        assert_eq!(
            outcome.status.code(),
            Some(0),
            "{}\n{}",
            outcome.stdout,
            outcome.stderr
        );

        let verbs = [
            ("plan --sql", 0),
            ("run --metrics-listen off", 0),
            ("status", 0),
            ("quarantine list", 0),
            ("quarantine show notes/n10", 0),
            ("quarantine retry", 0),
        ];
        all(&world, &url, &embed, &verbs).await;
        let export = world.etl(&["export", "--to-firestore-json", "documents.jsonl"]);
        assert_nothing_said(&told(export, &url, &embed).run().await.unwrap(), "export");
        let files = assert_nothing_kept(world.folder(), &[], "files");
        let cells = assert_nothing_noted(&world.client().await, "tables").await;
        assert!(files > 10 && cells > 300, "{files} files, {cells} cells");
    });
}

#[test]
fn a_move_of_points_tells_and_leaves_no_secret() {
    test(async {
        let notes = Collection::new("notes", 200).vector(VectorParams::new(4, Distance::Cosine));
        let qdrant = Qdrant::start(Options::default().api_key(QDRANT_KEY).with(notes)).unwrap();
        let world = World::of("127.0.0.1:1", "nobody", Application::small(0)).await;
        let url = with_password(&world.url).await;
        let verbs = [
            ("check --source qdrant", 0),
            ("init --force --source qdrant", 0),
            ("plan --source qdrant --sql", 0),
            ("run --source qdrant --metrics-listen off", 0),
            ("run --source qdrant --metrics-listen off --per-shard", 0),
            ("verify --search --source qdrant --report page.html", 0),
            ("status", 0),
        ];
        for (verb, code) in verbs {
            let arguments: Vec<&str> = verb.split(' ').collect();
            let etl = told(world.etl(&arguments), &url, "")
                .env("ETL_EMBED_MODEL", "")
                .env("FIRESTORE_EMULATOR_HOST", "")
                .env("QDRANT_URL", qdrant.url())
                .env("QDRANT_REST_URL", qdrant.rest_url());
            let outcome = etl.run().await.unwrap();
            assert_nothing_said(&outcome, verb);
            assert_eq!(
                outcome.status.code(),
                Some(code),
                "{verb}: {}\n{}",
                outcome.stdout,
                outcome.stderr
            );
        }
        assert!(world.folder().join("page.html").exists());
        let files = assert_nothing_kept(world.folder(), &[], "files");
        let cells = assert_nothing_noted(&world.client().await, "tables").await;
        assert!(files > 10 && cells > 30, "{files} files, {cells} cells");
    });
}
