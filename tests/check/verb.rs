//! The page, the JSON object, the exit codes, the spellings; and that a look leaves no trace and tells no secret.

use super::{check, ends, golden, listing, masked, object};
use crate::support::{World, test};
use rehearsal::postgres::{PASSWORD, connect};
use rehearsal::process::Program;
use serde_json::Value;

/// An address where nobody listens.
const NOBODY: &str = "127.0.0.1:1";

/// What the keys of the object are, in the order they are written.
const KEYS: [&str; 7] = ["fail", "findings", "next", "pass", "skipped", "warn", "would_run"];

/// The same check with neither end there and a file for a directory.
fn hopeless(world: &World, arguments: &[&str]) -> Program {
    std::fs::write(world.checkpoint_dir(), "mine").unwrap();
    check(world, arguments)
        .env("FIRESTORE_EMULATOR_HOST", NOBODY)
        .env("DATABASE_URL", format!("postgres://me:{PASSWORD}@{NOBODY}/app"))
}

#[test]
fn everything_that_fails_is_told_at_once_with_the_next_step() {
    test(async {
        let world = World::with(0).await;
        let outcome = ends(hopeless(&world, &["--lanes", "2"]), 3).await;
        golden("page-bad", &masked(&world, &outcome.stdout));
    });
}

#[test]
fn the_page_of_a_run_that_would_work_ends_with_its_command() {
    test(async {
        let world = World::with(40).await;
        let arguments = ["--collections", "users,odd ids"];
        let outcome = ends(check(&world, &arguments), 0).await;
        let last: Vec<&str> = outcome.stdout.lines().rev().take(2).collect();
        assert_eq!(last[0], "next: etl run --collections 'users,odd ids'");
        assert!(last[1].starts_with("a run would work: "), "{}", outcome.stdout);
    });
}

#[test]
fn the_object_has_the_documented_keys_and_its_counts_add_up() {
    test(async {
        let world = World::with(40).await;
        let good = object(&ends(check(&world, &["--output", "json"]), 0).await);
        let bad = object(&ends(hopeless(&world, &["--output", "json"]), 3).await);
        for (object, would_run) in [(&good, true), (&bad, false)] {
            let keys: Vec<&str> = object.keys().map(String::as_str).collect();
            assert_eq!(keys, KEYS);
            let findings = object["findings"].as_array().unwrap();
            for verdict in ["pass", "warn", "fail", "skipped"] {
                let counted = findings
                    .iter()
                    .filter(|finding| finding["verdict"] == verdict)
                    .count();
                assert_eq!(object[verdict], counted, "{verdict}: {object:?}");
            }
            assert_eq!(object["would_run"], would_run);
            assert_eq!(object["fail"] == 0, would_run);
            findings.iter().for_each(assert_whole);
        }
        assert_eq!(good["next"], "etl run --output json");
        let next = bad["next"].as_str().unwrap();
        assert_eq!(next, "mend what fails, then look again: etl check --output json");
    });
}

/// Asserts that a finding has all its keys, and that whoever is warned is told what it means and what to do.
fn assert_whole(finding: &Value) {
    let keys: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["check", "found", "means", "next", "verdict"]);
    let told = |key: &str| finding[key].as_str().is_some_and(|text| !text.is_empty());
    assert!(told("found"), "{finding}");
    if finding["verdict"] == "warn" || finding["verdict"] == "fail" {
        assert!(told("means") && told("next"), "{finding}");
    }
}

/// The names of everything that is not PostgreSQL's own.
async fn everything_in(url: &str) -> Vec<String> {
    let names = "select nspname::text from pg_namespace union all select relname::text from pg_class \
                 union all select extname::text from pg_extension order by 1";
    let rows = connect(url).await.unwrap().query(names, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn a_check_changes_nothing_anywhere() {
    test(async {
        let world = World::with(40).await;
        let (folder, database) = (listing(world.folder()), everything_in(&world.url).await);
        ends(check(&world, &[]), 0).await;
        ends(world.etl(&["run", "--verify-only"]), 0).await;
        assert_eq!(listing(world.folder()), folder);
        assert_eq!(everything_in(&world.url).await, database);
        assert!(!world.checkpoint_dir().exists());
    });
}

#[test]
fn all_spellings_say_the_same() {
    test(async {
        let world = World::with(0).await;
        let page = ends(hopeless(&world, &[]), 3).await.stdout;
        let findings = |page: &str| page.rsplit_once("next: ").unwrap().0.to_owned();
        for spelling in ["--verify-only", "--validate-only"] {
            let same = world
                .etl(&["run", spelling])
                .env("FIRESTORE_EMULATOR_HOST", NOBODY)
                .env("DATABASE_URL", format!("postgres://me:{PASSWORD}@{NOBODY}/app"));
            let same = ends(same, 3).await.stdout;
            assert_eq!(findings(&same), findings(&page));
            let last = same.lines().last().unwrap();
            assert!(last.ends_with(&format!("etl run {spelling}")), "{last}");
        }
        let both = ends(world.etl(&["run", "--verify-only", "--dry-run"]), 2).await;
        assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
    });
}

#[test]
fn what_is_missing_is_configuration_and_told_as_for_a_run() {
    test(async {
        let world = World::with(0).await;
        let mut check = check(&world, &[]);
        for name in ["DATABASE_URL", "GOOGLE_CLOUD_PROJECT", "ETL_CHECKPOINT_DIR"] {
            check = check.env(name, "");
        }
        let outcome = ends(check, 2).await;
        for word in ["3 things", "DATABASE_URL", "--project", "--checkpoint-dir"] {
            assert!(outcome.stderr.contains(word), "{word}: {}", outcome.stderr);
        }
    });
}

#[test]
fn verdicts_are_coloured_on_a_terminal_unless_colour_is_unwelcome() {
    test(async {
        let world = World::with(0).await;
        std::fs::write(world.checkpoint_dir(), "mine").unwrap();
        // `script` lends a terminal.
        let on_a_terminal = |no_color: &str| {
            let line = format!("{} check", env!("CARGO_BIN_EXE_etl"));
            Program::new("script")
                .args(["-qec", &line, "/dev/null"])
                .env("TERM", "xterm")
                .env("NO_COLOR", no_color)
                .env("DATABASE_URL", format!("postgres://me:{PASSWORD}@{NOBODY}/app"))
                .env("FIRESTORE_EMULATOR_HOST", NOBODY)
                .env("GOOGLE_CLOUD_PROJECT", "nobody")
                .env("ETL_CHECKPOINT_DIR", world.checkpoint_dir())
        };
        let red = "\u{1b}[1;31mfail";
        let coloured = ends(on_a_terminal(""), 3).await;
        assert!(coloured.stdout.contains(red), "{}", coloured.stdout);
        let plain = ends(on_a_terminal("1"), 3).await;
        assert!(
            !plain.stdout.contains('\u{1b}') && plain.stdout.contains("fail"),
            "{}",
            plain.stdout
        );
        let piped = ends(check(&world, &[]), 3).await;
        assert!(!piped.stdout.contains('\u{1b}'), "{}", piped.stdout);
    });
}

#[test]
fn the_help_shows_examples_and_says_how_it_ends() {
    test(async {
        let help = ends(
            Program::new(env!("CARGO_BIN_EXE_etl")).args(["check", "--help"]),
            0,
        )
        .await;
        for words in [
            "Usage:",
            "etl check --project",
            "changes nothing",
            "Exits with 0",
            "--checkpoint-dir",
        ] {
            assert!(help.stdout.contains(words), "{words}: {}", help.stdout);
        }
    });
}
