//! `etl quarantine`: what could not be stored as asked, and why. `list` and `show` only read.

mod retry;

pub(crate) use retry::retry;

use crate::exit::Exit;
use crate::text::table;
use crate::{Voice, complain, say};
use clap::ArgMatches;
use config::Config;
use pipeline::fault::Fault;
use pipeline::load::postgres::{Filter, Ledger, Postgres, Quarantined};
use pipeline::retry::Policy;

pub(crate) fn verb(config: &Config, verb: &str, matches: &ArgMatches, voice: Voice) -> anyhow::Result<Exit> {
    let Some(target) = &config.target else {
        return Ok(Exit::Configuration);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let policy = Policy::once(&config.run);
    let shown = runtime.block_on(async {
        let ledger = Ledger::new(Postgres::new(target, policy)?);
        if !ledger.exists().await? {
            return Ok(None);
        }
        match verb {
            "show" => ledger.quarantined_document(&path(matches)).await.map(Some),
            _ => ledger.quarantine(&filter(matches)).await.map(Some),
        }
    });
    match shown {
        Err(fault) => Ok(refuse(&fault)),
        Ok(None) => {
            say("nothing is in quarantine: no run has loaded into this database yet\n");
            Ok(Exit::Complete)
        }
        Ok(Some(documents)) if verb == "show" => Ok(show(&documents, &path_text(matches), &voice)),
        Ok(Some(documents)) => {
            list(&documents, matches, &voice);
            Ok(Exit::Complete)
        }
    }
}

fn refuse(fault: &Fault) -> Exit {
    complain(&fault.to_string());
    Exit::of_fault(fault)
}

fn filter(matches: &ArgMatches) -> Filter {
    Filter {
        collection: matches.get_one::<String>("collection").cloned(),
        reason: matches.get_one::<String>("reason").cloned(),
        limit: limit(matches),
    }
}

/// Only lists are limited.
fn limit(matches: &ArgMatches) -> u32 {
    let limit = matches.try_get_one::<u32>("limit");
    limit.ok().flatten().copied().unwrap_or(u32::MAX)
}

fn path_text(matches: &ArgMatches) -> String {
    matches.get_one::<String>("path").cloned().unwrap_or_default()
}

fn path(matches: &ArgMatches) -> Vec<u8> {
    unescape(&path_text(matches)).into_bytes()
}

fn list(documents: &[Quarantined], matches: &ArgMatches, voice: &Voice) {
    if voice.json {
        let rows: Vec<_> = documents.iter().map(json).collect();
        say(&format!("{}\n", serde_json::Value::from(rows)));
        return;
    }
    if documents.is_empty() {
        say("nothing is in quarantine\n");
        return;
    }
    let cell = |text: &str| escape(text.as_bytes());
    let rows: Vec<Vec<String>> = documents
        .iter()
        .map(|document| {
            let path = shortened(&escape(&document.path), 60);
            vec![
                path,
                document.reason.clone(),
                shortened(&cell(document.column.as_deref().unwrap_or("—")), 30),
                cell(&document.detail),
            ]
        })
        .collect();
    say(&table(&["path", "reason", "field", "detail"], &rows));
    let limit = filter(matches).limit as usize;
    if documents.len() == limit {
        say(&format!(
            "\nonly the first {limit} are shown; see more with --limit\n"
        ));
    }
    say("\nnext: etl quarantine show PATH\n");
}

fn show(documents: &[Quarantined], path: &str, voice: &Voice) -> Exit {
    if documents.is_empty() {
        complain(&format!(
            "nothing at {path:?} is in quarantine; `etl quarantine list` prints the paths"
        ));
        return Exit::Configuration;
    }
    for document in documents {
        if voice.json {
            say(&format!("{}\n", json(document)));
            continue;
        }
        let pretty =
            serde_json::from_str::<serde_json::Value>(document.document.as_deref().unwrap_or("null"))
                .and_then(|value| serde_json::to_string_pretty(&value))
                .unwrap_or_else(|_| document.document.clone().unwrap_or_default());
        say(&format!(
            "{}\nrun {}, {}\nreason: {}{}: {}\n\n{pretty}\n",
            escape(&document.path),
            document.run,
            document.at,
            document.reason,
            document
                .column
                .as_ref()
                .map(|column| format!(" in {}", escape(column.as_bytes())))
                .unwrap_or_default(),
            escape(document.detail.as_bytes()),
        ));
    }
    Exit::Complete
}

fn json(document: &Quarantined) -> serde_json::Value {
    let parsed = document
        .document
        .as_deref()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    serde_json::json!({
        "run": document.run, "collection": document.collection, "path": String::from_utf8_lossy(&document.path),
        "reason": document.reason, "field": document.column, "detail": document.detail,
        "sqlstate": document.sqlstate, "document": parsed, "at": document.at,
    })
}

/// A path that no terminal can be tricked by and that `show` takes back.
fn escape(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for character in String::from_utf8_lossy(path).chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            obeyed if config::is_obeyed(obeyed) => text.push_str(&format!("\\u{{{:x}}}", u32::from(obeyed))),
            plain => text.push(plain),
        }
    }
    text
}

fn unescape(text: &str) -> String {
    let (mut path, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(place) = rest.find('\\') {
        path.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        let code = rest.strip_prefix("u{").and_then(|code| code.split_once('}'));
        let character = code
            .and_then(|(code, after)| Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, after)));
        match character {
            Some((character, after)) => {
                path.push(character);
                rest = after;
            }
            None => {
                path.push('\\');
                rest = rest.strip_prefix('\\').unwrap_or(rest);
            }
        }
    }
    path.push_str(rest);
    path
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_comes_back_from_what_is_printed() {
        for path in [
            "users/alice",
            "a/\0",
            "a/b\\c",
            "a/\u{1b}[31m",
            "a/\u{202e}\n",
            "a/\\u{0}",
            "ü/\u{1F600}",
            "a/\\",
        ] {
            assert_eq!(unescape(&escape(path.as_bytes())), path, "{path:?}");
            assert!(
                escape(path.as_bytes())
                    .chars()
                    .all(|character| !config::is_obeyed(character))
            );
        }
    }
}
