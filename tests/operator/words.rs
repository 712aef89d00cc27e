//! What is printed: help, plans, summaries, quarantine, and never a control character out of the data.

use super::{KEYS, NOBODY, assert_moved, assert_untouched, document, ends, object, small, text};
use crate::support::shop::Shop;
use crate::support::{emulator, test};
use rehearsal::process::{Outcome, Program};
use serde_json::{Value, json};

fn etl(arguments: &[&str]) -> Program {
    Program::new(env!("CARGO_BIN_EXE_etl")).args(arguments)
}

#[test]
fn every_verb_shows_examples_and_the_exit_codes_are_documented() {
    test(async {
        let verbs = [
            &["check"][..],
            &["run"],
            &["status"],
            &["quarantine"],
            &["quarantine", "list"],
            &["quarantine", "show"],
            &["completions"],
        ];
        for verb in verbs {
            let help = [verb, &["--help"]].concat();
            let example = format!("etl {}", verb[0]);
            ends(etl(&help), 0, &["Example", &example, "Usage:"]).await;
        }
        let codes = [
            "Exit codes:",
            "0  complete",
            "2  wrong command line",
            "3  source, target",
            "7  the checkpoint",
        ];
        ends(etl(&["--help"]), 0, &codes).await;
        ends(etl(&["run", "--help"]), 0, &codes).await;
    });
}

#[test]
fn completions_name_every_verb() {
    test(async {
        for shell in ["bash", "zsh", "fish"] {
            let words = [
                "check",
                "run",
                "status",
                "quarantine",
                "completions",
                "checkpoint-dir",
            ];
            ends(etl(&["completions", shell]), 0, &words).await;
        }
        ends(etl(&["completions", "dos"]), 2, &["dos", "bash"]).await;
    });
}

#[test]
fn a_dry_run_shows_tables_and_bill_and_changes_nothing() {
    test(async {
        let world = small().await;
        let dry = || world.etl(&["run", "--dry-run"]);
        let words = [
            "CREATE TABLE \"public\".\"people\"",
            "vector(3)",
            "12 documents",
            "nothing was changed",
            "reads     ",
            "for its plan",
        ];
        ends(dry(), 0, &words).await;
        assert_untouched(&world.url).await;
        assert!(!world.checkpoint_dir().exists());
        let outcome = ends(world.etl(&["run", "--dry-run", "--output", "json"]), 0, &[]).await;
        assert!(object(&outcome)["sql"].as_str().unwrap().contains("CREATE TABLE"));

        ends(world.run(&[]), 0, &[]).await;
        ends(dry(), 0, &["the run is registered"]).await;
        assert_moved(&world.url).await;
    });
}

#[test]
fn a_dry_run_is_refused_as_the_run_would_be() {
    test(async {
        let world = small().await;
        ends(
            world
                .etl(&["run", "--dry-run"])
                .env("FIRESTORE_EMULATOR_HOST", NOBODY),
            3,
            &["Firestore"],
        )
        .await;
        let theirs = "create table people (theirs int)";
        world.client().await.batch_execute(theirs).await.unwrap();
        ends(world.etl(&["run", "--dry-run"]), 7, &["table people"]).await;
    });
}

#[test]
fn the_summary_is_one_json_object_with_the_documented_keys_however_the_run_ends() {
    test(async {
        let world = small().await;
        let away = world.run(&[]).env("FIRESTORE_EMULATOR_HOST", NOBODY);
        let done = world.run(&[]);
        let refused = world.run(&["--schema", "other"]);
        for (run, code) in [(away, 3), (done, 0), (refused, 7)] {
            let outcome = ends(run, code, &[]).await;
            let summary = object(&outcome);
            for key in KEYS {
                assert!(summary.contains_key(key), "no {key} in {summary:?}");
            }
            assert_eq!(summary["complete"], code == 0);
            assert_eq!(summary["error"].is_null(), code == 0);
            assert!(!summary["next"].as_str().unwrap().is_empty());
        }
    });
}

#[test]
fn the_page_for_people_ends_with_what_to_do_next() {
    test(async {
        let world = small().await;
        let page = ends(
            world.etl(&["run", "--metrics-listen", "off"]),
            0,
            &["12 documents read", "people", "complete"],
        )
        .await;
        assert!(
            page.stdout.lines().last().unwrap().starts_with("next: "),
            "{}",
            page.stdout
        );
        let status = ends(world.etl(&["status"]), 0, &["12 of 12 documents"]).await;
        assert!(
            status.stdout.lines().last().unwrap().starts_with("next: "),
            "{}",
            status.stdout
        );
    });
}

#[test]
fn colour_is_left_out_when_asked_and_where_nobody_looks() {
    test(async {
        let world = small().await;
        let piped = ends(world.etl(&["run", "--dry-run"]), 0, &[]).await;
        assert!(is_clean(&piped.stdout) && is_clean(&piped.stderr));
        // `script` lends a terminal, where colour is shown unless NO_COLOR says otherwise.
        let on_a_terminal = |no_color: &str| {
            let line = format!("{} run --metrics-listen off", env!("CARGO_BIN_EXE_etl"));
            Program::new("script")
                .args(["-qec", &line, "/dev/null"])
                .env("TERM", "xterm")
                .env("NO_COLOR", no_color)
                .env("DATABASE_URL", "postgres://me@db.invalid/app?sslmode=no-verify")
                .env("FIRESTORE_EMULATOR_HOST", NOBODY)
                .env("GOOGLE_CLOUD_PROJECT", "nobody")
                .env("ETL_CHECKPOINT_DIR", world.checkpoint_dir())
        };
        // The notice about sslmode is a log line, and log lines are coloured by their level.
        let coloured = |outcome: &Outcome| {
            assert!(outcome.stdout.contains("no-verify"), "{}", outcome.stdout);
            outcome.stdout.contains("\u{1b}[33m") || outcome.stdout.contains("\u{1b}[2m")
        };
        assert!(coloured(&on_a_terminal("").run().await.unwrap()));
        assert!(!coloured(&on_a_terminal("1").run().await.unwrap()));
    });
}

/// Whether a terminal shows it as it is.
fn is_clean(said: &str) -> bool {
    said.chars()
        .all(|character| !character.is_control() || character == '\n')
}

/// What a terminal would obey: escape, bell, delete, and the one-character form of escape `[`.
const OBEYED: &str = "\u{1b}[31m\u{7}\u{7f}\u{9b}2J";

/// Documents whose names and texts hold what a terminal obeys, some of them not storable.
async fn hostile() -> Shop {
    let project = emulator().await.fresh_project();
    let mut unstorable = vec![
        "odd/nul\0id".to_owned(),
        "odd/back\\slash\0".to_owned(),
        format!("odd/{OBEYED}\0"),
        format!("{OBEYED}/nul\0"),
    ];
    let storable = ["odd/fine".to_owned(), format!("{OBEYED}/fine")];
    let fields = || json!({ OBEYED: text(OBEYED), "field": text(OBEYED) });
    let documents = unstorable
        .iter()
        .chain(&storable)
        .map(|path| document(path, fields()));
    let below = json!({ format!("{OBEYED}\0"): text(&format!("{OBEYED}\0")) });
    let documents = documents.chain([document("odd/below", below)]).collect();
    unstorable.push("odd/below".to_owned());
    unstorable.sort();
    Shop::of(project, documents, unstorable).await
}

#[test]
fn what_is_in_quarantine_is_listed_and_shown_and_nothing_a_terminal_obeys_gets_out() {
    test(async {
        let shop = hostile().await;
        let world = shop.target().await;
        let clean = |outcome: &Outcome| {
            assert!(is_clean(&outcome.stdout), "{:?}", outcome.stdout);
            assert!(is_clean(&outcome.stderr), "{:?}", outcome.stderr);
        };
        clean(
            &ends(
                world.etl(&["quarantine", "list"]),
                0,
                &["nothing is in quarantine"],
            )
            .await,
        );
        clean(&ends(world.etl(&["run", "--dry-run"]), 0, &["7 documents"]).await);
        let run = ends(
            world.run(&["--emergency-threshold", "1", "--log", "debug"]),
            0,
            &[],
        )
        .await;
        clean(&run);
        clean(&ends(world.etl(&["status"]), 0, &["5 quarantined"]).await);
        clean(
            &ends(
                world.etl(&["run", "--metrics-listen", "off", "--emergency-threshold", "1"]),
                0,
                &["quarantine list"],
            )
            .await,
        );
        shop.assert_exact(&world, &Value::Object(object(&run)), "hostile names")
            .await;

        let list = ends(
            world.etl(&["quarantine", "list"]),
            0,
            &["nul_character", "etl quarantine show PATH"],
        )
        .await;
        clean(&list);
        let rows = list.stdout.lines().skip(1).take_while(|line| !line.is_empty());
        let paths: Vec<&str> = rows.map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(paths.len(), 5, "{}", list.stdout);
        for path in &paths {
            let shown = ends(
                world.etl(&["quarantine", "show", path]),
                0,
                &[path, "nul_character"],
            )
            .await;
            clean(&shown);
            clean(
                &ends(
                    world.etl(&["quarantine", "show", path, "--output", "json"]),
                    0,
                    &[],
                )
                .await,
            );
        }
        let json = ends(world.etl(&["quarantine", "list", "--output", "json"]), 0, &[]).await;
        clean(&json);
        let listed: Value = serde_json::from_str(&json.stdout).unwrap();
        assert!(
            listed
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["path"] == "odd/nul\0id"),
            "{listed}"
        );
        let one = ends(
            world.etl(&["quarantine", "show", "odd/below", "--output", "json"]),
            0,
            &[],
        )
        .await;
        assert_eq!(
            object(&one)["document"][format!("{OBEYED}\0")],
            format!("{OBEYED}\0")
        );
        ends(
            world.etl(&["quarantine", "show", "odd/nobody"]),
            2,
            &["odd/nobody", "etl quarantine list"],
        )
        .await;
    });
}
