//! Whose the files are that it makes: their user's, whatever the mask of the shell that started it.

use crate::support::{World, test};
use rehearsal::process::{Outcome, Program};
use simulator::qdrant::{Collection, Distance, Options, Qdrant, VectorParams};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `etl` as a shell with this mask starts it.
async fn under(mask: &str, world: &World, qdrant: Option<&Qdrant>, arguments: &[&str]) -> Outcome {
    let script = format!("umask {mask} && exec \"$0\" \"$@\"");
    let mut etl = Program::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_etl")])
        .args(arguments)
        .env("DATABASE_URL", &world.url)
        .env("GOOGLE_CLOUD_PROJECT", &world.project)
        .env("ETL_CHECKPOINT_DIR", world.checkpoint_dir())
        .current_dir(world.folder());
    etl = match qdrant {
        Some(qdrant) => etl.env("QDRANT_URL", qdrant.url()),
        None => etl.env("FIRESTORE_EMULATOR_HOST", &world.host),
    };
    let outcome = etl.run().await.unwrap();
    assert_eq!(
        outcome.status.code(),
        Some(0),
        "{arguments:?}: {}\n{}",
        outcome.stdout,
        outcome.stderr
    );
    outcome
}

/// Asserts that nobody else may do anything with what is in `folder`, and counts it.
fn assert_private(folder: &Path) -> usize {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777;
        let (wanted, more) = match path.is_dir() {
            true => (0o700, assert_private(&path)),
            false => (0o600, 0),
        };
        assert_eq!(mode, wanted, "{}: {mode:o}", path.display());
        seen += 1 + more;
    }
    seen
}

#[test]
fn whatever_the_mask_what_is_made_is_its_users_alone() {
    test(async {
        let source = World::with(300).await;
        // Everybody may do everything; and, by mistake, nobody may do anything.
        for mask in ["000", "277"] {
            let world = source.again(crate::support::server().await).await;
            let off = ["--metrics-listen", "off"];
            under(mask, &world, None, &["init"]).await;
            std::fs::remove_file(world.folder().join("etl.toml")).unwrap();
            under(mask, &world, None, &[&["run"][..], &off].concat()).await;
            under(
                mask,
                &world,
                None,
                &["export", "--to-firestore-json", "documents.jsonl"],
            )
            .await;
            under(mask, &world, None, &["status"]).await;
            let seen = assert_private(world.folder());
            assert!(seen > 10, "{seen}");

            let notes = Collection::new("notes", 50).vector(VectorParams::new(4, Distance::Cosine));
            let qdrant = Qdrant::start(Options::default().with(notes)).unwrap();
            let world = source.again(crate::support::server().await).await;
            let points = ["--source", "qdrant"];
            under(
                mask,
                &world,
                Some(&qdrant),
                &[&["run"][..], &points, &off].concat(),
            )
            .await;
            let verify = ["verify", "--search", "--report", "page.html"];
            under(mask, &world, Some(&qdrant), &[&verify[..], &points].concat()).await;
            assert!(assert_private(world.folder()) > 10);
        }
    });
}

#[test]
fn a_directory_that_anybody_may_write_to_is_told_and_left_as_it_is() {
    test(async {
        let world = World::with(50).await;
        let dir = world.checkpoint_dir();
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o777)).unwrap();
        let check = under("022", &world, None, &["check"]).await;
        assert!(check.stdout.contains("chmod o-w"), "{}", check.stdout);
        let run = under("022", &world, None, &["run", "--metrics-listen", "off"]).await;
        assert!(run.stderr.contains("chmod o-w"), "{}", run.stderr);
        let mode = std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o777);
        assert!(assert_private(&dir) > 5);
    });
}
