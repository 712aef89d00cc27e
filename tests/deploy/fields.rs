//! The fields of the log are those that are written down in deploy/README.md.

use super::{file, read};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn every_field_of_the_log_is_written_down() {
    let readme = read("deploy/README.md");
    let log = readme.split("## Its log").nth(1).unwrap();
    let mut fields = BTreeSet::new();
    for folder in ["pipeline/src", "src"] {
        for path in sources_in(&file(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            for event in ["error", "warn", "info", "debug"] {
                for call in text.split(&format!("tracing::{event}!(")).skip(1) {
                    fields.extend(fields_of(call));
                }
            }
        }
    }
    assert!(fields.len() > 8, "{fields:?}");
    let unknown: Vec<_> = fields
        .iter()
        .filter(|field| !log.contains(&format!("`{field}`")))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The names before the message of an event.
fn fields_of(call: &str) -> Vec<String> {
    let before = call.split('"').next().unwrap_or_default();
    let names = before.split(',').filter_map(|field| {
        let name = field.split('=').next()?.trim();
        let is_name = !name.is_empty() && name.chars().all(|each| each.is_ascii_lowercase() || each == '_');
        (is_name && field.contains('=')).then(|| name.to_owned())
    });
    names.collect()
}

fn sources_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(sources_in(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
    found
}
