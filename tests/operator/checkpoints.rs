//! The checkpoint directory: in the way, read-only, full, in use.

use super::{assert_moved, assert_untouched, document, ends, object, small, text};
use crate::support::shop::Shop;
use crate::support::{World, complete, emulator, test};
use rehearsal::postgres::PASSWORD;
use rehearsal::process::{Program, Signal};
use serde_json::json;
use std::process::Command;
use tokio::net::TcpListener;

#[test]
fn a_file_in_the_way_of_the_directory_is_named() {
    test(async {
        let world = small().await;
        std::fs::write(world.checkpoint_dir(), "mine").unwrap();
        let dir = world.checkpoint_dir().display().to_string();
        ends(
            world.run(&[]),
            3,
            &["checkpoint directory", &dir, "must be a writable directory"],
        )
        .await;
        assert_eq!(std::fs::read(world.checkpoint_dir()).unwrap(), b"mine");
        assert_untouched(&world.url).await;
    });
}

/// `etl run` where its checkpoint directory is a disk in memory, mounted with `options` for its eyes only.
fn mounted(world: &World, options: &str) -> Program {
    const MOUNT: &str = r#"mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@""#;
    const RUN: [&str; 6] = [
        "run",
        "--output",
        "json",
        "--metrics-listen",
        "off",
        "--batch-rows=1",
    ];
    std::fs::create_dir_all(world.checkpoint_dir()).unwrap();
    let user = ["--user", "--map-root-user", "--mount"];
    let namespaces = Command::new("unshare").args(user).arg("true").output().unwrap();
    // Where user namespaces are forbidden, only root can mount at all.
    let namespaces = if namespaces.status.success() {
        &user[..]
    } else {
        &user[2..]
    };
    Program::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", MOUNT, "mounted", options])
        .args([
            world.checkpoint_dir().as_os_str(),
            env!("CARGO_BIN_EXE_etl").as_ref(),
        ])
        .args(RUN)
        .env("DATABASE_URL", &world.url)
        .env("FIRESTORE_EMULATOR_HOST", &world.host)
        .env("GOOGLE_CLOUD_PROJECT", &world.project)
        .env("ETL_CHECKPOINT_DIR", world.checkpoint_dir())
}

#[test]
fn a_read_only_directory_is_told_before_anything_is_touched() {
    test(async {
        let world = small().await;
        let words = [
            "checkpoint directory",
            "Read-only file system",
            "must be a writable directory",
        ];
        ends(mounted(&world, "ro"), 3, &words).await;
        assert_untouched(&world.url).await;
    });
}

#[test]
fn a_disk_without_room_for_checkpoints_is_told_and_the_same_command_completes_elsewhere() {
    test(async {
        let project = emulator().await.fresh_project();
        let person = |n| document(format!("people/p{n:02}"), json!({ "name": text("Ada") }));
        let shop = Shop::of(project, (0..100).map(person).collect(), Vec::new()).await;
        // The first has no room for a directory at all, the second none for all of its checkpoints.
        for (kibibytes, begun) in [(16, false), (64, true)] {
            let world = shop.target().await;
            let words = ["heckpoint", "No space left on device"];
            let full = object(&ends(mounted(&world, &format!("size={kibibytes}k")), 3, &words).await);
            assert_eq!(full["loaded"] != 0, begun, "{full:?}");
            assert_ne!(full["loaded"], 100);
            let summary = complete(world.run(&[])).await;
            shop.assert_exact(&world, &summary, "with room for checkpoints")
                .await;
        }
    });
}

#[test]
fn a_second_process_on_the_directory_is_told_which_one_holds_it() {
    test(async {
        let world = small().await;
        // A server that takes the connection and says nothing: whoever is connected has opened its directory.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let url = format!("postgres://postgres:{PASSWORD}@{address}/app?connect_timeout=3600");
        let mut first = world.run(&[]).env("DATABASE_URL", url).start().unwrap();
        let _held = silent.accept().await.unwrap();

        let process = format!("process {}", first.pid().unwrap());
        ends(
            world.run(&[]),
            7,
            &["in use by", &process, "wait for it, stop it, or name another"],
        )
        .await;
        assert_untouched(&world.url).await;

        first.signal(Signal::Kill).unwrap();
        first.wait().await.unwrap();
        complete(world.run(&[])).await;
        assert_moved(&world.url).await;
    });
}
