//! The command line, the environment and `etl.toml`: all mistakes at once, before anything is touched.

use super::{assert_untouched, ends, small};
use crate::support::test;
use rehearsal::postgres::PASSWORD;
use std::net::TcpListener;

#[test]
fn every_mistake_of_the_file_is_named_with_its_line() {
    test(async {
        let world = small().await;
        let file = "[run]\nlanes = 0\n\n[target]\nshcema = \"app\"\n\n[telemetry]\nlog_format = \"xml\"\n";
        std::fs::write(world.folder().join("etl.toml"), file).unwrap();
        let words = [
            "etl.toml line 2",
            "etl.toml line 5",
            "shcema",
            "etl.toml line 8",
            "text, json",
            "3 things",
        ];
        ends(world.run(&[]), 2, &words).await;
        assert_untouched(&world.url).await;
        assert!(!world.checkpoint_dir().exists());
    });
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    test(async {
        let world = small().await;
        let words = ["holds a password", "process lists", "DATABASE_URL"];
        ends(world.run(&["--database-url", &world.url]), 2, &words).await;
        assert_untouched(&world.url).await;
        let bare = world.url.replace(&format!(":{PASSWORD}"), "");
        let split = world
            .run(&["--database-url", &bare])
            .env("DATABASE_URL", "")
            .env("PGPASSWORD", PASSWORD);
        ends(split, 0, &[]).await;
    });
}

#[test]
fn a_password_in_the_file_is_refused_and_not_repeated() {
    test(async {
        let world = small().await;
        let file = format!("[target]\nurl = \"{}\"\n", world.url);
        std::fs::write(world.folder().join("etl.toml"), file).unwrap();
        let run = world.run(&[]).env("DATABASE_URL", "");
        ends(run, 2, &["etl.toml line 2", "holds a password"]).await;
    });
}

#[test]
fn an_unknown_flag_is_answered_with_the_one_that_was_meant() {
    test(async {
        let world = small().await;
        ends(
            world.run(&["--lane-document", "9"]),
            2,
            &["--lane-document'", "--lane-documents"],
        )
        .await;
        ends(world.run(&["--lanes", "many"]), 2, &["--lanes", "many"]).await;
        ends(world.etl(&["statsu"]), 2, &["statsu", "'status'"]).await;
        assert!(!world.checkpoint_dir().exists());
    });
}

#[test]
fn what_is_required_and_missing_is_told_all_at_once() {
    test(async {
        let world = small().await;
        let mut run = world.run(&[]);
        for name in ["DATABASE_URL", "GOOGLE_CLOUD_PROJECT", "ETL_CHECKPOINT_DIR"] {
            run = run.env(name, "");
        }
        ends(
            run,
            2,
            &["3 things", "DATABASE_URL", "--project", "--checkpoint-dir"],
        )
        .await;
    });
}

#[test]
fn a_port_in_use_is_refused_where_it_was_asked_for_and_noted_where_it_was_not() {
    test(async {
        let world = small().await;
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let words = ["--metrics-listen", &address, "in use", "choose another, or off"];
        ends(world.run(&["--metrics-listen", &address]), 2, &words).await;
        assert_untouched(&world.url).await;
        assert!(!world.checkpoint_dir().exists());

        // The default port may be ours, somebody else's, or free: the run goes on all the same.
        let _taken = TcpListener::bind("127.0.0.1:9464");
        let unasked = world.etl(&["run", "--output", "json"]);
        ends(unasked, 0, &["metrics are off: 127.0.0.1:9464"]).await;
    });
}
