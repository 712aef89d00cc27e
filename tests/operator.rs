//! What a tired person is told when something is wrong: what happened, where, what to do, and the exit code that
//! `--help` documents. Nothing is left half-done, and no password is ever told.

mod checkpoints; // the checkpoint directory: in the way, read-only, full, in use
mod log; // the log where it is for programs
mod settings; // the command line and etl.toml: all mistakes at once, before anything is touched
mod source; // Firestore: not there, empty
mod target; // PostgreSQL: not there, refusing, without pgvector, full
mod words; // what is printed: help, plans, summaries, quarantine, and never a control character

use crate::support::World;
use crate::support::shop::Shop;
use rehearsal::postgres::{PASSWORD, connect};
use rehearsal::process::{Outcome, Program};
use rehearsal::rest::Write;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

/// An address where nobody listens: the port is reserved and belongs to no service in use.
const NOBODY: &str = "127.0.0.1:1";
const PEOPLE: usize = 8;
const GOODS: usize = 4;

fn document(path: impl Into<String>, fields: Value) -> Write {
    let Value::Object(fields) = fields else {
        panic!("fields are an object")
    };
    Write::Set(path.into(), fields)
}

fn text(value: &str) -> Value {
    json!({ "stringValue": value })
}

fn vector(components: &[f64]) -> Value {
    let values: Vec<Value> = components.iter().map(|x| json!({ "doubleValue": x })).collect();
    let fields = json!({ "__type__": text("__vector__"), "value": { "arrayValue": { "values": values } } });
    json!({ "mapValue": { "fields": fields } })
}

/// A few people and a few goods with vectors, and an empty target for them.
async fn small() -> World {
    static SHOP: OnceCell<Shop> = OnceCell::const_new();
    let open = || async {
        let project = crate::support::emulator().await.fresh_project();
        let person = |n| document(format!("people/p{n}"), json!({ "name": text("Ada") }));
        let good = |n| {
            document(
                format!("goods/g{n}"),
                json!({ "embedding": vector(&[0.5, f64::from(n), 2.0]) }),
            )
        };
        let people = (0..PEOPLE as u32).map(person);
        let goods = (0..GOODS as u32).map(good);
        Shop::of(project, people.chain(goods).collect(), Vec::new()).await
    };
    SHOP.get_or_init(open).await.target().await
}

/// Runs to the end, which must be `code` with all of `words` said somewhere and the password nowhere.
async fn ends(program: Program, code: i32, words: &[&str]) -> Outcome {
    let outcome = program.run().await.unwrap();
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(outcome.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in:\n{said}");
    }
    assert!(!said.contains(PASSWORD), "the password is in:\n{said}");
    outcome
}

/// Asserts that nobody created anything in this database.
async fn assert_untouched(url: &str) {
    let found = "select nspname::text from pg_namespace where nspname !~ '^pg_' and nspname not in \
                 ('information_schema', 'public') union all select relname::text from pg_class \
                 where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S', 'f')";
    let rows = connect(url).await.unwrap().query(found, &[]).await.unwrap();
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(found, [""; 0]);
}

/// Asserts that everything of [`small`] is there.
async fn assert_moved(url: &str) {
    let counts =
        "select (select count(*) from people), (select count(*) from goods where embedding is not null)";
    let row = connect(url).await.unwrap().query_one(counts, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (PEOPLE as i64, GOODS as i64));
}

/// The keys that `--output json` documents.
const KEYS: [&str; 14] = [
    "run",
    "snapshot_time",
    "read",
    "loaded",
    "quarantined",
    "skipped",
    "lanes",
    "reads_billed",
    "retries",
    "seconds",
    "documents_per_second",
    "tables",
    "complete",
    "next",
];

/// The one JSON object on standard output.
fn object(outcome: &Outcome) -> Map<String, Value> {
    match serde_json::from_str(&outcome.stdout) {
        Ok(Value::Object(object)) => object,
        other => panic!("not one JSON object ({other:?}):\n{}", outcome.stdout),
    }
}
