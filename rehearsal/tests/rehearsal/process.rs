//! Programs as an operator would run them.

use rehearsal::process::{Program, Signal, Stream};

fn shell(script: &str) -> Program {
    Program::new("/bin/sh").args(["-c", script])
}

#[tokio::test]
async fn a_program_sees_only_what_it_is_given_and_is_read_to_the_end() {
    let script =
        "env | cut -d= -f1 | sort | tr '\\n' ' '; echo to-stderr >&2; head -c 300000 /dev/zero; exit 3";
    let outcome = shell(script).env("GIVEN", "x").run().await.unwrap();
    assert_eq!(outcome.status.code(), Some(3));
    assert_eq!(outcome.stderr, "to-stderr\n");
    let (names, zeroes) = outcome.stdout.split_at(outcome.stdout.find('\0').unwrap());
    let inherited = ["HOME", "PATH", "PWD", "GIVEN", "_", "OLDPWD", "SHLVL"];
    assert!(
        names.split_whitespace().all(|name| inherited.contains(&name)),
        "{names}"
    );
    assert!(names.contains("GIVEN"));
    assert_eq!(zeroes.len(), 300_000);
}

#[tokio::test]
async fn a_line_is_waited_for_and_a_signal_is_answered() {
    let script = "trap 'echo drained; exit 0' TERM; echo up and running >&2; while :; do sleep 0.01; done";
    let mut running = shell(script).start().unwrap();
    assert_eq!(
        running.line(Stream::Stderr, "running").await.unwrap(),
        "up and running"
    );
    running.signal(Signal::Terminate).unwrap();
    let outcome = running.wait().await.unwrap();
    assert!(outcome.status.success());
    assert_eq!(outcome.stdout, "drained\n");
    assert!(running.signal(Signal::Kill).is_err(), "it has ended");
}

#[tokio::test]
async fn a_line_that_never_comes_is_an_error_with_what_was_said() {
    let running = shell("echo 'something else' >&2").start().unwrap();
    let error = running.line(Stream::Stderr, "ready").await.unwrap_err();
    assert!(error.to_string().contains("something else"), "{error}");
}
