//! After the proof: what to try, with commands that work as they stand, for as long as the servers stay.

use std::path::PathBuf;

use tokio::sync::oneshot;

use crate::crash;
use crate::screen::{Screen, Tone};
use crate::stage::Stage;

/// Says how to reach everything and what to type.
pub(crate) fn say_what_is_there(screen: &Screen, stage: &Stage) {
    let etl = quoted(&stage.etl.to_string_lossy());
    let checkpoints = quoted(&stage.checkpoints().to_string_lossy());
    let command = |text: &str| screen.command(text);
    screen.heading("The servers stay. In another terminal:");
    command(&format!("export DATABASE_URL={}", quoted(&stage.shown_url())));
    command(&format!(
        "export FIRESTORE_EMULATOR_HOST={} GOOGLE_CLOUD_PROJECT={}",
        stage.host, stage.project
    ));
    screen.line("\n  how far the run got, from the checkpoint directory alone:");
    command(&format!("{etl} status --checkpoint-dir {checkpoints}"));
    screen.line("\n  what was put aside, and why:");
    command(&format!("{etl} quarantine list"));
    screen.line("\n  the same run once more, which finds nothing left to do:");
    let arguments: Vec<String> = crash::arguments(stage).iter().map(|word| quoted(word)).collect();
    command(&format!("{etl} {}", arguments.join(" ")));
    if let Some(psql) = psql() {
        let psql = quoted(&psql.to_string_lossy());
        screen.line("\n  the rows themselves:");
        command(&format!("{psql} \"$DATABASE_URL\" -c '\\d orders'"));
        command(&format!("{psql} \"$DATABASE_URL\""));
    }
    screen.line("\nEnter or Ctrl-C ends the servers; nothing of them is left then.");
}

/// Says what else there is to do.
pub(crate) fn say_how_to_stay(screen: &Screen) {
    screen.heading("Next");
    for (command, purpose) in [
        (
            "make demo KEEP=1",
            "the same, and the servers stay for psql, etl status, etl quarantine list",
        ),
        ("make demo DOCUMENTS=60000", "the same with more documents"),
        ("make test", "the tests, against the same servers"),
    ] {
        // Padded before it is painted: colour has no width.
        let command = screen.paint(Tone::Command, &format!("{command:<27}"));
        screen.line(&format!("  {command} {purpose}"));
    }
}

/// Resolves when Enter is pressed; never, where nobody can press it.
pub(crate) async fn enter() {
    let (pressed, wait) = oneshot::channel();
    // A thread of its own: a read from a terminal cannot be called off, and must not hold up the end.
    std::thread::spawn(move || {
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line).is_ok_and(|read| read > 0) {
            let _ = pressed.send(());
        } else {
            // Dropped, it would count as pressed.
            std::mem::forget(pressed);
        }
    });
    let _ = wait.await;
}

/// The one in PATH, or the one that came with the server.
fn psql() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = rehearsal::parts::postgres_bin().ok();
    let mut folders = std::env::split_paths(&path)
        .map(|folder| (folder, true))
        .chain(own.map(|own| (own, false)));
    folders.find_map(|(folder, in_path)| {
        let there = folder.join("psql");
        let is_there = there.is_file();
        is_there.then(|| if in_path { PathBuf::from("psql") } else { there })
    })
}

/// A word as a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@%+,".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::quoted;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_shell_takes_a_quoted_word_for_what_it_was(word in "[^\0]{0,20}") {
            let script = format!("printf %s {}", quoted(&word));
            let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            prop_assert_eq!(String::from_utf8(said.stdout).unwrap(), word);
        }
    }
}
