//! What a person makes of `etl init`: a proposal taken as it is, a mapping written by hand, tables looked at with SQL, and
//! documents turned back. Whoever judges here reads the source over REST and knows nothing of the product.

mod billed; // init says what it was billed
mod compared; // documents as the source tells them and as export does
mod edited; // a mapping written by hand
mod embedded; // texts that become vectors on the way
mod endpoint; // what embeds them
mod killed; // the same, killed half-way
mod meant; // the same with a real model: what is near is what means the same
mod migrations; // the SQL that init writes
mod proposed; // what init proposes, untouched
mod refused; // mistakes, and what is not to be moved
mod retried; // the quarantine tried again
mod source; // the documents

use crate::support::World;
use compared::Documents;
use rehearsal::postgres::PASSWORD;
use rehearsal::process::{Outcome, Program};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// The mapping written by hand.
const SHOP: &str = include_str!("shaped/shop.toml");

/// Puts `settings` where `etl` finds them.
fn settle(world: &World, settings: &str) {
    std::fs::write(world.folder().join("etl.toml"), settings).unwrap();
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

/// The one JSON value on standard output of a program that must end well.
async fn object(program: Program) -> Value {
    let outcome = ends(program, 0, &[]).await;
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// `etl run` that must end well however many documents cannot be stored, and its summary.
async fn load(world: &World) -> Value {
    let summary = object(world.run(&["--emergency-threshold", "1"])).await;
    assert_eq!(summary["complete"], true, "{summary}");
    summary
}

/// What `etl export` with these arguments gives back.
async fn export(world: &World, arguments: &[&str]) -> Documents {
    let outcome = ends(world.etl(&[&["export"], arguments].concat()), 0, &[]).await;
    compared::exported(&outcome.stdout, &world.firestore.root())
}

/// What lies in quarantine, by path, with the reason.
async fn aside(client: &Client) -> BTreeMap<String, String> {
    let query = "select path, reason from etl.quarantine";
    let rows = client.query(query, &[]).await.unwrap();
    let path = |row: &tokio_postgres::Row| String::from_utf8(row.get(0)).unwrap();
    rows.iter().map(|row| (path(row), row.get(1))).collect()
}

/// The one number that a query answers with.
async fn number(client: &Client, query: &str) -> i64 {
    let row = client.query_one(query, &[]).await;
    row.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
}

/// A line of texts for each row that a query answers with, NULL spelled so.
async fn lines(client: &Client, query: &str) -> Vec<String> {
    let messages = client.simple_query(query).await;
    let messages = messages.unwrap_or_else(|error| panic!("{query}: {error:?}"));
    let row = |message: &tokio_postgres::SimpleQueryMessage| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => {
            let cells = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL"));
            Some(cells.collect::<Vec<_>>().join(" | "))
        }
        _ => None,
    };
    messages.iter().filter_map(row).collect()
}

/// Asserts that both say the same, and shows only what they do not.
fn assert_alike(given: &[String], told: &[String]) {
    let without = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    let (missing, extra) = (without(given, told), without(told, given));
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing: {missing:#?}\nnot given: {extra:#?}"
    );
    assert_eq!(given.len(), told.len());
}
