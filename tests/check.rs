//! What `etl check` says: every thing it looks at, in good order and made to fail or warn on purpose. Whole texts are
//! compared, with those in `tests/check/golden`; ETL_BLESS=1 writes these anew. Nothing is ever created or changed.

mod directory; // the checkpoint directory: absent, in the way, read-only, full, held, of another run
mod source; // Firestore: away, refusing, with a clock of its own, without partitions
mod target; // PostgreSQL: away, old, read-only, poolers, rights, limits
mod verb; // the page, the JSON object, exit codes, spellings; no trace and no secret anywhere

use crate::support::World;
use rehearsal::postgres::PASSWORD;
use rehearsal::process::{Outcome, Program};
use serde_json::{Map, Value};
use std::path::Path;

/// `etl check` with these arguments, told of this world by its environment alone.
fn check(world: &World, arguments: &[&str]) -> Program {
    world.etl(&[&["check"], arguments].concat())
}

/// Runs to the end, which must be `code`, with the password nowhere.
async fn ends(program: Program, code: i32) -> Outcome {
    let outcome = program.run().await.unwrap();
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(outcome.status.code(), Some(code), "{said}");
    assert!(!said.contains(PASSWORD), "the password is in:\n{said}");
    outcome
}

/// What the page says of one thing: its line, and the lines below it that belong to it. How wide its columns are
/// depends on other things, and does not show.
fn said(outcome: &Outcome, name: &str) -> String {
    let named = |line: &&str| line.split_whitespace().nth(1) == Some(name) && !line.starts_with(' ');
    let Some(place) = outcome.stdout.lines().position(|line| named(&line)) else {
        return said_of_several(outcome, name);
    };
    let mut lines = outcome.stdout.lines().skip(place);
    let first: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let below = lines.take_while(|line| line.starts_with(' '));
    let below: String = below.map(|line| format!("  {}\n", line.trim_start())).collect();
    format!("{}\n{below}", first.join(" "))
}

/// The same where the page says it of several things in one line: `skipped  target.*  why (version, tls)`.
fn said_of_several(outcome: &Outcome, name: &str) -> String {
    let (part, short) = name.split_once('.').unwrap();
    let several = format!("{part}.*");
    let of_all = outcome
        .stdout
        .lines()
        .filter_map(|line| line.split_once(&several));
    for (verdict, found) in of_all {
        let (why, names) = found.trim_end_matches(')').rsplit_once(" (").unwrap();
        if names.split(", ").any(|name| name == short) {
            return format!("{} {name} {}\n", verdict.trim(), why.trim());
        }
    }
    panic!("nothing is said of {name}:\n{}", outcome.stdout)
}

/// `text` with what is another each time replaced by what it is.
fn masked(world: &World, text: &str) -> String {
    let database = world.url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let folder = world.folder().display().to_string();
    let known = [
        (folder.as_str(), "FOLDER"),
        (&world.host, "SOURCE"),
        (&world.project, "PROJECT"),
        (database, "DATABASE"),
    ];
    let text = known
        .iter()
        .filter(|(there, _)| !there.is_empty())
        .fold(text.to_owned(), |text, (there, name)| text.replace(there, name));
    without_runs(&text)
}

/// `text` with the ids of runs replaced.
fn without_runs(text: &str) -> String {
    let of_an_id = |character: char| character.is_ascii_hexdigit() || character == '-';
    let is_an_id = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
    let mut masked = String::new();
    for word in text.split_inclusive(|character| !of_an_id(character)) {
        let end = word.trim_end_matches(|character| !of_an_id(character)).len();
        masked.push_str(if is_an_id(&word[..end]) {
            "RUN"
        } else {
            &word[..end]
        });
        masked.push_str(&word[end..]);
    }
    masked
}

/// Asserts that `text` is what the golden file `name` holds.
fn golden(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/check/golden/{name}.txt"));
    if std::env::var_os("ETL_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&file, text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        text,
        golden,
        "{} differs; ETL_BLESS=1 writes it anew",
        file.display()
    );
}

/// The one JSON object on standard output.
fn object(outcome: &Outcome) -> Map<String, Value> {
    match serde_json::from_str(&outcome.stdout) {
        Ok(Value::Object(object)) => object,
        other => panic!("not one JSON object ({other:?}):\n{}", outcome.stdout),
    }
}

/// Everything in this folder and below, with sizes and times of change.
fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let facts = path.symlink_metadata().unwrap();
        found.push(format!(
            "{} {} {:?}",
            path.display(),
            facts.len(),
            facts.modified().unwrap()
        ));
        if facts.is_dir() {
            found.extend(listing(&path));
        }
    }
    found.sort();
    found
}
