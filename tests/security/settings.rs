//! Settings that mean harm: each is told as a mistake in the settings (exit 2) before anything is touched, in lines that
//! nobody obeys, however large, deep or odd the file is, and whatever lies in its place.

use crate::support::test;
use config::is_obeyed;
use rehearsal::process::{Outcome, Program};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const URL: &str = "postgres://me@127.0.0.1:1/app";
/// What a terminal obeys, what turns a line around, what begins another, and what SQL and TOML are quoted with.
const ODD: &str = "a\u{1b}[31m\u{202e}\u{2028}\u{7}\"'\\;--$$\r\nnext: rm -rf /";
/// `etl run` with this file.
async fn run(folder: &Path, file: &Path) -> Outcome {
    Program::new(env!("CARGO_BIN_EXE_etl"))
        .args(["run", "--config"])
        .args([file])
        .env("DATABASE_URL", URL)
        .env("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
        .env("GOOGLE_CLOUD_PROJECT", "nobody")
        .env("ETL_CHECKPOINT_DIR", folder.join("checkpoints"))
        .current_dir(folder)
        .run()
        .await
        .unwrap()
}

/// Asserts that the file is refused as a mistake, in words that are fit to be read.
async fn assert_refused(folder: &Path, file: &Path, what: &str, word: &str) {
    let outcome = run(folder, file).await;
    let said = &outcome.stderr;
    let shown: String = said.chars().take(2000).collect();
    assert_eq!(outcome.status.code(), Some(2), "{what}: {shown}");
    assert!(said.contains(word), "{what}: {word:?} is not in {shown}");
    assert!(!said.contains("panicked"), "{what}: {shown}");
    let obeyed = |character| is_obeyed(character) && character != '\n';
    assert!(!said.contains(obeyed), "{what}: {shown:?}");
    assert!(
        !said.lines().any(|line| line.starts_with("next: rm")),
        "{what}: {shown}"
    );
    assert!(said.len() < 1 << 20, "{what}: {} bytes are said", said.len());
    assert!(!folder.join("checkpoints").exists(), "{what}");
}

fn written(folder: &Path, text: impl AsRef<[u8]>) -> PathBuf {
    let file = folder.join("etl.toml");
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn whatever_lies_in_the_place_of_the_file_is_told() {
    test(async {
        let dir = TempDir::new().unwrap();
        let folder = dir.path();
        let place = |name: &str| folder.join(name);
        std::fs::create_dir(place("directory")).unwrap();
        let made = Program::new("mkfifo").args([place("pipe")]).run().await.unwrap();
        assert!(made.status.success(), "{}", made.stderr);
        std::os::unix::fs::symlink(place("loop"), place("loop")).unwrap();
        std::os::unix::fs::symlink(place("pipe"), place("link to a pipe")).unwrap();
        let _socket = UnixListener::bind(place("socket")).unwrap();
        let huge = std::fs::File::create(place("huge")).unwrap();
        huge.set_len(64 << 20).unwrap();
        for (name, word) in [
            ("directory", "regular file"),
            ("pipe", "regular file"),
            ("link to a pipe", "regular file"),
            ("socket", "regular file"),
            ("loop", "cannot be read"),
            ("absent", "cannot be read"),
            ("huge", "bytes"),
        ] {
            assert_refused(folder, &place(name), name, word).await;
        }
        assert_refused(folder, Path::new("/dev/zero"), "/dev/zero", "regular file").await;
        let odd = ODD.replace('/', "|");
        std::fs::write(place(&odd), "lanes = 0").unwrap();
        assert_refused(folder, &place(&odd), "an odd name", "line 1").await;
        assert_refused(
            folder,
            &place("a\nnext: rm -rf"),
            "an odd name of nothing",
            "cannot be read",
        )
        .await;
    });
}

#[test]
fn whatever_is_in_the_file_is_told() {
    test(async {
        let dir = TempDir::new().unwrap();
        let folder = dir.path();
        // Of JSON's spelling, which is one of TOML's.
        let quoted = serde_json::Value::from(ODD).to_string();
        let many = |line: &dyn Fn(usize) -> String| (0..100_000).map(line).collect::<String>();
        let huge = "9".repeat(100_000);
        let files = [
            ("not UTF-8", b"# ok\n[run]\nlanes = \xff\xfe".to_vec(), "line 3"),
            ("UTF-16", b"\xff\xfe[\0r\0u\0n\0]\0".to_vec(), "UTF-8"),
            ("NUL", b"[run]\nlanes = 4\0".to_vec(), "line 2"),
            (
                "deep arrays",
                format!("a = {}", "[".repeat(100_000)).into(),
                "line 1",
            ),
            (
                "deep tables",
                format!("a = {}", "{a=".repeat(100_000)).into(),
                "line 1",
            ),
            (
                "deep names",
                format!("[{}]", vec!["a"; 100_000].join(".")).into(),
                "etl.toml",
            ),
            ("nothing but mistakes", "=\n".repeat(1 << 20).into(), "line 1"),
            ("nothing but headers", "[\n".repeat(1 << 20).into(), "line 1"),
            (
                "nothing but unknown keys",
                many(&|n| format!("key{n} = 1\n")).into(),
                "line 1",
            ),
            (
                "nothing but unknown tables",
                many(&|n| format!("[table{n}]\n")).into(),
                "line 1",
            ),
            (
                "a long key",
                format!("{} = 1", "k".repeat(1 << 20)).into(),
                "line 1",
            ),
            ("odd keys", format!("[run]\n{quoted} = 1").into(), "line 2"),
            ("odd tables", format!("[{quoted}]").into(), "line 1"),
            (
                "an odd word",
                format!("[telemetry]\nlog_format = {quoted}").into(),
                "line 2",
            ),
            (
                "an odd path",
                format!("[telemetry]\nmetrics_listen = {quoted}").into(),
                "line 2",
            ),
            (
                "an odd schema",
                format!("[target]\nschema = {quoted}\nlive = 3").into(),
                "line 3",
            ),
            (
                "a number beyond all",
                format!("[run]\nlanes = {huge}").into(),
                "line 2",
            ),
            (
                "a negative number",
                "[run]\nlanes = -9223372036854775808".into(),
                "line 2",
            ),
            ("no number", "[source]\nquota_safety = nan".into(), "line 2"),
            (
                "an endless number",
                "[source]\nquota_safety = inf".into(),
                "line 2",
            ),
            (
                "an absurd size",
                format!("[run]\nmemory = \"{huge}GiB\"").into(),
                "line 2",
            ),
            (
                "an absurd time",
                "[run]\nretry_delay = \"1e400s\"".into(),
                "line 2",
            ),
            (
                "an odd table of the mapping",
                format!("[tables.{quoted}]\nfrom = 3").into(),
                "line 2",
            ),
            (
                "an odd column",
                format!("[tables.a]\nfrom = \"a\"\n[tables.a.columns]\n{quoted} = 3").into(),
                "line 4",
            ),
            (
                "an odd type",
                format!("[tables.a]\nfrom = \"a\"\ncolumns.b = {{ type = {quoted} }}").into(),
                "line 3",
            ),
            (
                "an odd field",
                format!("[tables.a]\nfrom = {quoted}\ncolumns.b = {{ type = 7 }}").into(),
                "etl.toml",
            ),
            (
                "many tables of no kind",
                many(&|n| format!("[tables.a{n}]\nfrom = 3\n")).into(),
                "line 2",
            ),
            (
                "many keys of nothing",
                (0..2000)
                    .map(|n| format!("[tables.a{n}]\nfrom = \"a{n}\"\nkey = [\"x\"]\n"))
                    .collect::<String>()
                    .into(),
                "line 3",
            ),
        ];
        for (what, text, word) in files {
            let text: Vec<u8> = text;
            let file = written(folder, text);
            assert_refused(folder, &file, what, word).await;
        }
    });
}
