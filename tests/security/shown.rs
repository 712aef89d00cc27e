//! Names that mean harm: they break no SQL and no file, everything that they name arrives, and whatever shows them shows
//! them in one line that neither a terminal nor a reader's eye is led astray by.

use crate::support::{World, completed, emulator, test};
use config::is_obeyed;
use rehearsal::application::Application;
use rehearsal::process::{Outcome, Program};
use rehearsal::rest::Write;
use serde_json::{Map, Value, json};

/// Names of collections, documents and fields: whatever quotes, ends, begins or turns around a line, comments, climbs, or is
/// the same as another where names are cut or folded. (A slash Firestore does not allow in a name of the first two.)
fn names() -> Vec<String> {
    let long = "l".repeat(70);
    let mut names: Vec<String> = [
        "a\u{1b}[2J\u{7}\u{8}\u{9b}31m",
        "a\u{202e}gpj.exe\u{2066}\u{200f}",
        "a\nnext: rm -rf ~\r\nnext: forged",
        "a\u{2028}next: forged\u{85}next: forged",
        "a\"; drop schema public cascade; --",
        "a'; drop schema etl cascade; --",
        "a$$; drop schema etl cascade; $$ /* ",
        "a\\\"\\'\\",
        "a -- \n drop table a;",
        "..a..",
        "~a",
        "-rf",
        "--help",
        "%s%n%x{0}{name}",
        "<script>alert(1)</script>",
        "[tables.a]",
        "select",
        "_path",
        "É",
        "e\u{301}",
        "A",
        "a",
        " ",
        "🦀",
    ]
    .map(str::to_owned)
    .into();
    names.extend(["one", "two"].map(|end| format!("{long}{end}")));
    names.push("ü".repeat(40));
    names
}

/// For each name a collection of that name, with a document of that name, with fields of all names; a second document that
/// cannot be stored, for the same names are told of the quarantine.
fn documents() -> Vec<Write> {
    let fields = |value: &str| -> Map<String, Value> {
        let field = |name: String| (name.clone(), json!({ "stringValue": format!("{name}{value}") }));
        names().into_iter().map(field).collect()
    };
    let documents = names().into_iter().flat_map(|name| {
        [
            Write::Set(format!("{name}/{name}"), fields("")),
            Write::Set(format!("{name}/{name}2"), fields("\0")),
        ]
    });
    documents.collect()
}

/// Asserts that both streams are fit to be read, and that no line of them is somebody else's.
fn assert_fit(outcome: &Outcome, what: &str) {
    for said in [&outcome.stdout, &outcome.stderr] {
        let bad = said.lines().find(|line| line.contains(is_obeyed));
        assert_eq!(bad, None, "{what}");
        // SQL is shown as SQL: what it quotes may have lines.
        let forged = |line: &&str| {
            line.trim_start().starts_with("next: rm") || line.trim_start().starts_with("next: forged")
        };
        let forged = said.lines().find(forged).filter(|_| !what.contains("SQL"));
        assert_eq!(forged, None, "{what}");
        assert!(!said.contains("panicked at"), "{what}: {said}");
    }
}

async fn runs(program: Program, code: i32, what: &str) -> Outcome {
    let outcome = program.run().await.unwrap();
    assert_fit(&outcome, what);
    assert_eq!(
        outcome.status.code(),
        Some(code),
        "{what}: {}\n{}",
        outcome.stdout,
        outcome.stderr
    );
    outcome
}

/// The tables of everybody, and their rows.
async fn rows(world: &World) -> i64 {
    let client = world.client().await;
    let tables = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'public'";
    let mut sum = 0;
    for table in client.query(tables, &[]).await.unwrap() {
        let count = format!("select count(*) from {}", table.get::<_, String>(0));
        sum += client.query_one(&count, &[]).await.unwrap().get::<_, i64>(0);
    }
    sum
}

#[test]
fn names_that_mean_harm_break_nothing_and_are_shown_as_names() {
    test(async {
        let project = emulator().await.fresh_project();
        let world = World::of(emulator().await.host(), &project, Application::small(0)).await;
        world.firestore.commit(documents()).await.unwrap();
        let count = names().len() as u64;
        let trace = [
            "--log",
            "trace,hyper=trace,h2=trace,tonic=trace,tokio_postgres=trace,firestore=trace",
        ];
        let many = ["--emergency-threshold", "1", "--metrics-listen", "off"];

        runs(world.etl(&["check"]), 0, "check").await;
        runs(
            world.etl(&["plan", "--sql"]),
            0,
            "plan of what is inferred, with SQL",
        )
        .await;
        runs(world.etl(&["plan"]), 0, "plan for people").await;
        runs(world.etl(&["plan", "--output", "json"]), 0, "plan as JSON").await;
        let run = world.run(&[&many[..], &trace].concat());
        let summary = completed(&runs(run, 0, "run").await);
        assert_eq!(
            (&summary["loaded"], &summary["quarantined"]),
            (&json!(count), &json!(count)),
            "{summary}"
        );
        assert_eq!(rows(&world).await as u64, count);
        runs(world.etl(&[&["run"][..], &many].concat()), 0, "run for people").await;
        runs(world.etl(&["status"]), 0, "status").await;
        runs(world.etl(&["status", "--output", "json"]), 0, "status as JSON").await;
        runs(world.etl(&["export"]), 0, "export").await;
        runs(world.etl(&["quarantine", "retry"]), 0, "retry").await;
        let json = runs(
            world.etl(&["quarantine", "list", "--output", "json"]),
            0,
            "list as JSON",
        )
        .await;
        let listed: Value = serde_json::from_str(&json.stdout).unwrap();
        let mut paths: Vec<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["path"].as_str().unwrap())
            .collect();
        paths.sort_unstable();
        let mut wanted: Vec<String> = names().iter().map(|name| format!("{name}/{name}2")).collect();
        wanted.sort_unstable();
        assert_eq!(paths, wanted);
        let list = runs(world.etl(&["quarantine", "list"]), 0, "list").await;
        assert!(
            list.stdout
                .lines()
                .filter(|line| line.contains("nul_character"))
                .count() as u64
                == count,
            "{}",
            list.stdout
        );
        for name in names() {
            // As a person types it, for whom the list wrote it out.
            let path = format!("{name}/{name}2").replace('\\', "\\\\");
            runs(world.etl(&["quarantine", "show", "--", &path]), 0, "show").await;
        }
    });
}

#[test]
fn files_proposed_for_names_that_mean_harm_are_read_as_they_were_meant() {
    test(async {
        let project = emulator().await.fresh_project();
        let world = World::of(emulator().await.host(), &project, Application::small(0)).await;
        world.firestore.commit(documents()).await.unwrap();
        let count = names().len() as u64;
        runs(world.etl(&["init"]), 0, "init").await;
        let settings = std::fs::read_to_string(world.folder().join("etl.toml")).unwrap();
        let bad = settings.lines().find(|line| line.contains(is_obeyed));
        assert_eq!(bad, None, "{settings}");
        // The SQL is applied as it is; what it makes is found empty, and filled.
        let client = world.client().await;
        let mut files: Vec<_> = std::fs::read_dir(world.folder().join("migrations"))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let sql = std::fs::read_to_string(&files[0]).unwrap();
        client
            .batch_execute(&sql)
            .await
            .unwrap_or_else(|error| panic!("{error:?} in {sql}"));
        runs(world.etl(&["check"]), 0, "check of what is proposed").await;
        runs(
            world.etl(&["plan", "--sql"]),
            0,
            "plan of what is proposed, with SQL",
        )
        .await;
        let many = ["--emergency-threshold", "1"];
        let summary = completed(&runs(world.run(&many), 0, "run of what is proposed").await);
        let (loaded, aside) = (
            summary["loaded"].as_i64().unwrap(),
            summary["quarantined"].as_i64().unwrap(),
        );
        assert_eq!(loaded + aside, 2 * count as i64, "{summary}");
        let sql = std::fs::read_to_string(&files[1]).unwrap();
        client
            .batch_execute(&sql)
            .await
            .unwrap_or_else(|error| panic!("{error:?} in {sql}"));
        assert_eq!(rows(&world).await, loaded);
        runs(world.etl(&["export"]), 0, "export of what was proposed").await;
    });
}
