//! The log where it is for programs.

use super::{NOBODY, ends, small};
use crate::support::test;
use serde_json::Value;

#[test]
fn a_log_for_programs_is_objects_and_the_last_says_how_it_ended() {
    test(async {
        let world = small().await;
        let nobody = format!("postgres://postgres@{NOBODY}/app");
        let json = ["--log-format", "json"];
        for (program, code, level, next) in [
            (world.run(&json).env("DATABASE_URL", nobody), 3, "ERROR", true),
            (world.run(&json), 0, "INFO", false),
        ] {
            let outcome = ends(program, code, &[]).await;
            let events: Vec<Value> = outcome
                .stderr
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let last = events.last().unwrap();
            assert_eq!(
                (&last["level"], &last["exit_code"]),
                (&level.into(), &code.into()),
                "{last}"
            );
            assert_eq!(
                (last["next"].is_string(), last["cause"].is_string()),
                (next, next),
                "{last}"
            );
        }
        let status = ends(
            world.etl(&["status"]),
            0,
            &["next: nothing; the run is complete, and its sums add up"],
        );
        status.await;
    });
}
