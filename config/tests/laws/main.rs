//! What holds of settings as a whole, whichever way they were written.
#![allow(clippy::unwrap_used)]

mod connections;
mod embed;
mod files;
mod mapping;
mod precedence;
mod qdrant;
mod sections;

use std::path::Path;

use config::{Config, Invalid, Needs, Written};

/// Settings from a file's text and some variables, for a verb that needs everything.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Invalid> {
    written(text, variables).relied_on(Needs::RUN)
}

fn written(text: &str, variables: &[(&str, &str)]) -> Written {
    let mut written = Written::new();
    written.toml(Path::new("etl.toml"), text);
    let variables: Vec<(String, String)> = variables
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    written.environment(|name| {
        variables
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    });
    written
}

/// The least that has to be said.
const NEEDED: [(&str, &str); 3] = [
    ("GOOGLE_CLOUD_PROJECT", "p"),
    ("DATABASE_URL", "postgres://u:hunter2@db.example.com/app"),
    ("ETL_CHECKPOINT_DIR", "/tmp/c"),
];

/// Reads `text` beside the least that has to be said.
fn read_with_needed(text: &str) -> Result<Config, Invalid> {
    read(text, &NEEDED)
}

/// The problems, a line each.
fn problems(read: Result<Config, Invalid>) -> Vec<String> {
    read.unwrap_err().to_string().lines().map(str::to_owned).collect()
}
