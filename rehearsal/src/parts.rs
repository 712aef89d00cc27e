//! Where the parts are that `deploy/bootstrap` found or installed on this machine.
//! The environment wins over the file that bootstrap wrote; a part that is in neither is an error that says what
//! to run.
//! Nothing is searched for or installed here.

use std::path::PathBuf;

use anyhow::{Context, bail};

/// The folder where bootstrap keeps what it unpacked, and where templates may be kept.
pub fn cache() -> anyhow::Result<PathBuf> {
    if let Some(cache) = variable("ETL_CACHE") {
        return Ok(PathBuf::from(cache));
    }
    if let Some(cache) = variable("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(cache).join("etl"));
    }
    let home = variable("HOME").context("HOME is not set; set ETL_CACHE to a folder for unpacked parts")?;
    Ok(PathBuf::from(home).join(".cache/etl"))
}

/// The folder with `postgres` and `initdb` in it.
pub fn postgres_bin() -> anyhow::Result<PathBuf> {
    part("ETL_POSTGRES_BIN", "PostgreSQL with pgvector")
}

/// The official Firestore emulator.
pub fn emulator_jar() -> anyhow::Result<PathBuf> {
    part("ETL_FIRESTORE_EMULATOR_JAR", "the Firestore emulator")
}

/// The `java` that runs the emulator.
pub fn java() -> anyhow::Result<PathBuf> {
    part("ETL_JAVA", "java")
}

/// The `prometheus` binary; only `deploy/bootstrap --test` installs it.
pub fn prometheus() -> anyhow::Result<PathBuf> {
    part("ETL_PROMETHEUS", "prometheus").context("prometheus comes with deploy/bootstrap --test")
}

/// The `pgbouncer` binary; only `deploy/bootstrap --test` installs it.
pub fn pgbouncer() -> anyhow::Result<PathBuf> {
    part("ETL_PGBOUNCER", "pgbouncer").context("pgbouncer comes with deploy/bootstrap --test")
}

/// The `node` that runs Google's client for Node; only `deploy/bootstrap --test` looks for it.
pub fn node() -> anyhow::Result<PathBuf> {
    part("ETL_NODE", "node").context("node comes with deploy/bootstrap --test")
}

/// The folder in whose `node_modules` Google's client for Node is; only `deploy/bootstrap --test` installs it.
pub fn node_client() -> anyhow::Result<PathBuf> {
    part("ETL_NODE_CLIENT", "Google's Firestore client for Node")
        .context("Google's Firestore client for Node comes with deploy/bootstrap --test")
}

/// The `python3` that runs the model below; only `deploy/bootstrap --test` looks for it.
pub fn python() -> anyhow::Result<PathBuf> {
    part("ETL_PYTHON", "python").context("python comes with deploy/bootstrap --test")
}

/// The folder of Python packages in which the model is that embeds texts; only `deploy/bootstrap --test` installs it,
/// where it can.
pub fn embedding_model() -> anyhow::Result<PathBuf> {
    part("ETL_EMBEDDING_MODEL", "a model that embeds texts")
        .context("a model that embeds texts comes with deploy/bootstrap --test")
}

/// A variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn part(name: &str, what: &str) -> anyhow::Result<PathBuf> {
    if let Some(value) = variable(name) {
        return Ok(PathBuf::from(value));
    }
    let file = cache()?.join("parts.env");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("read {}", file.display())),
    };
    let Some(value) = assigned(&text, name) else {
        bail!("{what} is not set up on this machine: run deploy/bootstrap (or set {name})")
    };
    let path = PathBuf::from(value);
    if !path.exists() {
        bail!(
            "{what} is no longer at {}: run deploy/bootstrap again",
            path.display()
        )
    }
    Ok(path)
}

/// The value a shell would give `name` after reading `text`: the last assignment wins.
fn assigned(text: &str, name: &str) -> Option<String> {
    let is_it = |line: &str| line.strip_prefix(name)?.strip_prefix('=').map(unquoted);
    text.lines()
        .rev()
        .find_map(is_it)
        .filter(|value| !value.is_empty())
}

/// Takes the shell's single quotes and backslashes off a word.
fn unquoted(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    let mut quoted = false;
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => quoted = !quoted,
            '\\' if !quoted => plain.extend(letters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_the_shell_quotes_is_read_back_unchanged(value in "[^\n\r\0]{1,40}") {
            let quoted = format!("'{}'", value.replace('\'', "'\\''"));
            let text = format!("ETL_JAVA='/old'\nETL_JAVA={quoted}\nETL_JAVA_HOME='/other'\n");
            prop_assert_eq!(assigned(&text, "ETL_JAVA"), Some(value));
        }
    }

    #[test]
    fn a_part_that_was_not_written_or_is_empty_is_missing() {
        assert_eq!(assigned("ETL_JAVA=\n", "ETL_JAVA"), None);
        assert_eq!(assigned("ETL_JAVA=/usr/bin/java\n", "ETL_PROMETHEUS"), None);
    }
}
