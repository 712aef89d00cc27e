//! Every failure there is, provoked by every verb that can meet it, with secrets planted wherever one can be given and
//! every library told to say all it can: none of them comes out, on either stream, in any file, in any table.

mod credentials; // key files of Google's
mod endpoint; // what embeds
mod mistakes; // in the settings
mod source; // Firestore and Qdrant
mod target; // PostgreSQL

use super::planted::{
    EMBED_KEY, PRIVATE_KEY, QDRANT_KEY, REFRESH_TOKEN, assert_nothing_kept, assert_nothing_noted,
    assert_nothing_said, percent_encoded,
};
use crate::support::World;
use rehearsal::application::Application;
use rehearsal::rest::Write;
use serde_json::json;

/// Nobody waits for long, everybody says all, and a column makes the endpoint be asked.
const SETTINGS: &str = r#"
[run]
max_retries = 1
retry_delay = "1ms"
retry_budget = "1s"
emergency_threshold = 1
[telemetry]
metrics_listen = "off"
log = "trace,firestore=trace,gcloud_sdk=trace,tokio_postgres=trace,hyper=trace,h2=trace,tonic=trace,rustls=trace"
[tables.notes]
from = "notes"
[tables.notes.columns]
meaning = { embed = "{text}", type = "vector(3)" }
"#;

/// The verbs that read Firestore, those that reach PostgreSQL, and those of either that may begin without the other.
const ALL: [&str; 8] = [
    "check",
    "plan",
    "run",
    "status",
    "export",
    "quarantine list",
    "quarantine show a/b",
    "quarantine retry",
];
const OF_SOURCE: [&str; 4] = ["check", "plan", "run", "init --force"];
const OF_POINTS: [&str; 5] = [
    "check --source qdrant",
    "plan --source qdrant",
    "run --source qdrant",
    "init --force --source qdrant",
    "verify --search --source qdrant --report page.html",
];

/// A few notes in the simulator, and an empty database; the simulator lives as long.
async fn world() -> (simulator::Simulator, World) {
    let simulator = simulator::Simulator::start(simulator::Options::default()).unwrap();
    let world = World::of(&simulator.host(), "planted", Application::small(0)).await;
    let note = |number: usize| {
        let fields = json!({ "text": { "stringValue": format!("note {number}") } });
        Write::Set(format!("notes/n{number}"), fields.as_object().unwrap().clone())
    };
    world
        .firestore
        .commit((0..5).map(note).collect::<Vec<_>>())
        .await
        .unwrap();
    std::fs::write(world.folder().join("etl.toml"), SETTINGS).unwrap();
    (simulator, world)
}

/// One way of failing: what the environment says otherwise, and for which verbs.
struct Way<'w> {
    name: String,
    verbs: &'w [&'w str],
    environment: Vec<(&'static str, String)>,
}

fn way<'w>(
    name: impl Into<String>,
    verbs: &'w [&'w str],
    environment: impl IntoIterator<Item = (&'static str, String)>,
) -> Way<'w> {
    Way {
        name: name.into(),
        verbs,
        environment: environment.into_iter().collect(),
    }
}

/// Goes each way, for people and for scripts in turn, and looks everywhere. What `etl` was given to read is in `but`.
async fn go(world: &World, ways: &[Way<'_>], but: &[&str]) {
    let client = world.client().await;
    let mut ends = std::collections::BTreeMap::<i32, usize>::new();
    for (number, (way, verb)) in ways
        .iter()
        .flat_map(|way| way.verbs.iter().map(move |verb| (way, verb)))
        .enumerate()
    {
        let what = format!("{}: etl {verb}", way.name);
        let mut arguments: Vec<&str> = verb.split(' ').collect();
        if number % 2 == 1 {
            arguments.extend(["--output", "json"]);
        }
        let mut etl = world
            .etl(&arguments)
            .env("QDRANT_API_KEY", QDRANT_KEY)
            .env("ETL_EMBED_API_KEY", EMBED_KEY)
            .env("ETL_EMBED_URL", "http://127.0.0.1:1/v1")
            .env("ETL_EMBED_MODEL", "a model");
        for (name, value) in &way.environment {
            etl = etl.env(name, value);
        }
        let outcome = etl.run().await.unwrap();
        assert_nothing_said(&outcome, &what);
        let code = outcome.status.code();
        assert!(
            code.is_some_and(|code| code < 100),
            "{what}: {code:?}\n{}",
            outcome.stderr
        );
        assert!(
            !outcome.stderr.contains("panicked at"),
            "{what}: {}",
            outcome.stderr
        );
        *ends.entry(code.unwrap()).or_default() += 1;
    }
    let files = assert_nothing_kept(world.folder(), but, "files");
    let cells = assert_nothing_noted(&client, "tables").await;
    eprintln!("runs by exit code: {ends:?}; {files} files and {cells} cells were looked through");
    assert!(ends.keys().any(|code| *code > 1), "nothing failed: {ends:?}");
}

fn url_with(password: &str, at: &str) -> (&'static str, String) {
    (
        "DATABASE_URL",
        format!("postgres://postgres:{}@{at}", percent_encoded(password)),
    )
}

fn service_account(key: &str) -> String {
    json!({
        "type": "service_account", "project_id": "p", "client_email": "a@p.iam.gserviceaccount.com",
        "private_key_id": REFRESH_TOKEN, "private_key": format!("{key}\n{PRIVATE_KEY}\n"),
        "token_uri": "http://127.0.0.1:1/token",
    })
    .to_string()
}
