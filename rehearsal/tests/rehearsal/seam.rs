//! A seam strikes where it is told to, and the program knows nothing of it.

use rehearsal::process::{Outcome, Program};
use rehearsal::seam::{Of, Seam, Strike};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use tempfile::TempDir;

/// Writes eight bytes twice, syncs them, and gives them their name: five steps with making the file.
const DONE: &str = "from os import *; f = open('new', O_WRONLY | O_CREAT); write(f, b'12345678'); fsync(f); \
                    write(f, b'12345678'); close(f); rename('new', 'old')";

/// Runs Python with the seam around it; the folder counts by its whole path.
async fn python(seam: &Seam, folder: &Path, program: &str) -> Outcome {
    let program = program.replace("('new'", &format!("('{}/new'", folder.display()));
    let program = program.replace("'old'", &format!("'{}/old'", folder.display()));
    let python = Program::new("python3").args(["-c", &program]);
    seam.around(python, folder).unwrap().run().await.unwrap()
}

fn read(folder: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(folder.join(name)).ok()
}

#[tokio::test]
async fn steps_are_counted_and_nothing_is_struck_unless_asked_for() {
    let (dir, seam) = (TempDir::new().unwrap(), Seam::counting(Of::Files).unwrap());
    let outcome = python(&seam, dir.path(), DONE).await;
    assert!(outcome.status.success(), "{}", outcome.stderr);
    assert_eq!((seam.steps(), seam.struck()), (5, None));
    assert_eq!(read(dir.path(), "old").as_deref(), Some("1234567812345678"));
    let seam = Seam::counting(Of::Files).unwrap().saying("5678");
    python(&seam, dir.path(), DONE).await;
    assert_eq!(seam.steps(), 2);
}

#[tokio::test]
async fn a_program_ends_before_a_step_after_it_or_half_way_through() {
    let whole = "1234567812345678";
    for (strike, at, left) in [
        (Strike::Before, 1, None),
        (Strike::After, 1, Some("")),
        (Strike::Before, 2, Some("")),
        (Strike::Half, 2, Some("1234")),
        (Strike::After, 2, Some("12345678")),
        (Strike::Half, 4, Some("123456781234")),
        (Strike::Before, 5, Some(whole)),
    ] {
        let (dir, seam) = (TempDir::new().unwrap(), Seam::at(Of::Files, at, strike).unwrap());
        let outcome = python(&seam, dir.path(), DONE).await;
        assert_eq!(outcome.status.signal(), Some(9), "{strike:?} {at}");
        assert_eq!(read(dir.path(), "new").as_deref(), left, "{strike:?} {at}");
        assert_eq!(read(dir.path(), "old"), None);
        assert!(seam.struck().is_some());
    }
}

#[tokio::test]
async fn a_step_fails_once_or_every_one_that_takes_space() {
    let (dir, seam) = (
        TempDir::new().unwrap(),
        Seam::at(Of::Files, 3, Strike::Fails(5)).unwrap(),
    );
    let said = python(&seam, dir.path(), DONE).await.stderr;
    assert!(said.contains("Input/output error"), "{said}");
    let twice = "import os; f = os.open('new', os.O_WRONLY | os.O_CREAT)\nfor n in range(3):\n  \
                 try: os.write(f, b'1234')\n  except OSError as e: print(e.strerror)\nos.fsync(f)";
    let (dir, seam) = (
        TempDir::new().unwrap(),
        Seam::at(Of::Files, 3, Strike::Full).unwrap(),
    );
    let outcome = python(&seam, dir.path(), twice).await;
    assert_eq!(
        outcome.stdout,
        "No space left on device\n".repeat(2),
        "{}",
        outcome.stderr
    );
    assert_eq!(read(dir.path(), "new").as_deref(), Some("1234"));
}

#[tokio::test]
async fn what_was_not_synced_is_gone_when_power_is() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("before"), "there").unwrap();
    let synced = "from os import *; d = open('new'[:-4], O_RDONLY); f = open('new', O_WRONLY | O_CREAT); write(f, b'1234'); \
                  fsync(f); fsync(d); write(f, b'5678'); rename('new', 'old')";
    let seam = Seam::counting(Of::Files).unwrap().keeping();
    let synced = synced.replace("open('new'[:-4]", &format!("open('{}'", dir.path().display()));
    let outcome = python(&seam, dir.path(), &synced).await;
    assert!(outcome.status.success(), "{}", outcome.stderr);
    assert_eq!(read(dir.path(), "old").as_deref(), Some("12345678"));
    seam.lose_power(dir.path()).unwrap();
    assert_eq!(read(dir.path(), "old"), None);
    assert_eq!(read(dir.path(), "new").as_deref(), Some("1234"));
    assert_eq!(read(dir.path(), "before").as_deref(), Some("there"));

    // Neither content nor name of this one was ever synced.
    let seam = Seam::counting(Of::Files).unwrap().keeping();
    python(
        &seam,
        dir.path(),
        "from os import *; write(open('new' + '2', O_WRONLY | O_CREAT), b'1234')",
    )
    .await;
    seam.lose_power(dir.path()).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn a_clock_can_be_turned() {
    let (dir, seam) = (TempDir::new().unwrap(), Seam::counting(Of::Files).unwrap());
    let told = |outcome: Outcome| outcome.stdout.trim().parse::<f64>().unwrap();
    let program = || Program::new("python3").args(["-c", "import time; print(time.time())"]);
    let right = told(program().run().await.unwrap());
    let start = seam.around(program(), dir.path()).unwrap();
    seam.turn_clock(-86_400).unwrap();
    let turned = told(start.run().await.unwrap());
    assert!(
        (right - 86_500.0..right - 80_000.0).contains(&turned),
        "{right} {turned}"
    );
}
