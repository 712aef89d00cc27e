//! The checkpoint directory: absent, in the way, read-only, full, somebody else's, held, of another run, damaged. A look
//! at it leaves no trace, whatever it finds.

use super::{check, ends, golden, listing, masked, object, said};
use crate::support::{World, complete, emulator, server, test};
use checkpoints::{CheckpointStore, Rocks};
use rehearsal::process::{Outcome, Program};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

const DIRECTORY: &str = "checkpoints.directory";
const RUN: &str = "checkpoints.run";

/// A world with a few documents, whose checkpoint directory is not there.
async fn small() -> World {
    World::with(40).await
}

/// What the check says of the directory, which must be as it was before.
async fn told(world: &World, name: &str, code: i32) -> String {
    let before = listing(world.folder());
    let outcome = ends(check(world, &[]), code).await;
    assert_eq!(listing(world.folder()), before, "a look leaves no trace");
    masked(world, &said(&outcome, name))
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    test(async {
        let world = small().await;
        golden("directory-absent", &told(&world, DIRECTORY, 0).await);
        assert!(!world.checkpoint_dir().exists());
    });
}

#[test]
fn what_is_in_the_way_is_named() {
    test(async {
        let world = small().await;
        std::fs::write(world.checkpoint_dir(), "mine").unwrap();
        golden("directory-in-the-way", &told(&world, DIRECTORY, 3).await);
        std::fs::remove_file(world.checkpoint_dir()).unwrap();
        symlink("nowhere", world.checkpoint_dir()).unwrap();
        golden("directory-link-to-nothing", &told(&world, DIRECTORY, 3).await);
        let below = world.folder().join("file");
        std::fs::write(&below, "mine").unwrap();
        let below = below.join("a/b").display().to_string();
        let outcome = ends(check(&world, &["--checkpoint-dir", &below]), 3).await;
        golden(
            "directory-below-a-file",
            &masked(&world, &said(&outcome, DIRECTORY)),
        );
    });
}

#[test]
fn whoever_holds_it_is_named() {
    test(async {
        let world = small().await;
        let held = Rocks::open(&world.checkpoint_dir(), "etl run, process 42 on web-1").unwrap();
        golden("directory-held", &told(&world, DIRECTORY, 3).await);
        drop(held);
        golden("directory-there", &told(&world, DIRECTORY, 0).await);
    });
}

#[test]
fn a_run_that_is_remembered_is_gone_on_with_or_refused_as_the_run_would_be() {
    test(async {
        let world = small().await;
        complete(world.run(&[])).await;
        let goes_on = told(&world, RUN, 0).await;
        golden("directory-of-this-run", &without_the_time(&goes_on));

        let elsewhere = emulator().await.fresh_project();
        let outcome = ends(check(&world, &["--project", &elsewhere]), 3).await;
        let other = masked(&world, &said(&outcome, RUN).replace(&elsewhere, "ANOTHER"));
        golden("directory-of-another-run", &other);
        let refused = world.run(&["--project", &elsewhere]).run().await.unwrap();
        assert_eq!(refused.status.code(), Some(7), "{}", refused.stdout);
    });
}

#[test]
fn directory_and_target_must_know_the_same_run() {
    test(async {
        let world = small().await;
        let other = world.again(server().await).await;
        complete(world.run(&[])).await;
        // Of the two, the target is the one that counts.
        std::fs::rename(world.checkpoint_dir(), world.folder().join("aside")).unwrap();
        golden("directory-lost", &without_the_time(&told(&world, RUN, 0).await));
        complete(other.run(&[])).await;
        let url = ("DATABASE_URL", world.url.as_str());
        let outcome = ends(check(&other, &[]).env(url.0, url.1), 3).await;
        golden(
            "directory-of-another-target",
            &masked(&other, &said(&outcome, RUN)),
        );
        let refused = other.run(&[]).env(url.0, url.1).run().await.unwrap();
        assert_eq!(refused.status.code(), Some(7), "{}", refused.stdout);
        world
            .client()
            .await
            .batch_execute("drop table users")
            .await
            .unwrap();
        golden("directory-of-tables-that-are-gone", &told(&world, RUN, 3).await);
    });
}

/// The moment of a snapshot is another each time.
fn without_the_time(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once("T") {
        Some((day, rest)) if day.len() == 10 && day.starts_with("20") => {
            format!(
                "MOMENT{}",
                rest.trim_start_matches(|c: char| c.is_ascii_digit() || ":.Z".contains(c))
            )
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_cannot_be_read_is_told_with_the_way_out() {
    test(async {
        let world = small().await;
        let store = Rocks::open(&world.checkpoint_dir(), "a test").unwrap();
        store.begin(b"no plan", &[]).unwrap();
        drop(store);
        golden("directory-damaged", &told(&world, RUN, 3).await);
    });
}

#[test]
fn a_directory_of_another_user_is_warned_of() {
    let root = Command::new("id").arg("-u").output().unwrap();
    if root.stdout.trim_ascii() != b"0" {
        return; // Only root can give a directory away.
    }
    test(async {
        let world = small().await;
        std::fs::create_dir(world.checkpoint_dir()).unwrap();
        chown(world.checkpoint_dir(), Some(4711), None).unwrap();
        golden("directory-of-another-user", &told(&world, DIRECTORY, 0).await);
        std::fs::set_permissions(world.checkpoint_dir(), PermissionsExt::from_mode(0o755)).unwrap();
        let outcome = as_nobody(&world).run().await.unwrap();
        assert_eq!(
            outcome.status.code(),
            Some(3),
            "{}{}",
            outcome.stdout,
            outcome.stderr
        );
        golden("directory-forbidden", &masked(&world, &said(&outcome, DIRECTORY)));
    });
}

/// `etl check` as a user who owns nothing.
fn as_nobody(world: &World) -> Program {
    let open = |path: &std::path::Path| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    };
    open(world.folder());
    // The binary may lie where only root can reach it.
    let etl = world.folder().join("etl");
    std::fs::copy(env!("CARGO_BIN_EXE_etl"), &etl).unwrap();
    open(&etl);
    told_of(
        world,
        Program::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args([etl.as_os_str(), "check".as_ref()]),
    )
}

/// `program` with a world in its environment.
fn told_of(world: &World, program: Program) -> Program {
    program
        .env("DATABASE_URL", &world.url)
        .env("FIRESTORE_EMULATOR_HOST", &world.host)
        .env("GOOGLE_CLOUD_PROJECT", &world.project)
        .env("ETL_CHECKPOINT_DIR", world.checkpoint_dir())
}

/// `etl check` where its checkpoint directory is a disk in memory, mounted with `options` for its eyes only.
async fn mounted(world: &World, options: &str) -> Outcome {
    const MOUNT: &str = r#"mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@""#;
    let user = ["--user", "--map-root-user", "--mount"];
    let namespaces = Command::new("unshare").args(user).arg("true").output().unwrap();
    // Where user namespaces are forbidden, only root can mount at all.
    let namespaces = if namespaces.status.success() {
        &user[..]
    } else {
        &user[2..]
    };
    let program = Program::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", MOUNT, "mounted", options])
        .args([
            world.checkpoint_dir().as_os_str(),
            env!("CARGO_BIN_EXE_etl").as_ref(),
        ])
        .args(["check", "--output", "json"]);
    ends(told_of(world, program), 3).await
}

#[test]
fn a_disk_that_cannot_be_written_to_is_told_with_the_systems_words() {
    test(async {
        let world = small().await;
        std::fs::create_dir(world.checkpoint_dir()).unwrap();
        for (options, name) in [("ro", "directory-read-only"), ("size=64k", "directory-full")] {
            let outcome = mounted(&world, options).await;
            let findings = &object(&outcome)["findings"];
            let finding = findings
                .as_array()
                .unwrap()
                .iter()
                .find(|finding| finding["check"] == DIRECTORY);
            let text = serde_json::to_string_pretty(finding.unwrap()).unwrap();
            golden(name, &format!("{}\n", masked(&world, &text)));
        }
    });
}
