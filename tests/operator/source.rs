//! Firestore: not there, empty, not the project that was meant.

use super::{NOBODY, assert_untouched, ends, small};
use crate::support::{emulator, test};

#[test]
fn an_emulator_that_is_not_there_is_said_to_be_away() {
    test(async {
        let world = small().await;
        let run = world.run(&[]).env("FIRESTORE_EMULATOR_HOST", NOBODY);
        let words = [
            "Firestore",
            "could not",
            "refused",
            "check that http://127.0.0.1:1 can be reached",
        ];
        ends(run, 3, &words).await;
        assert_untouched(&world.url).await;
    });
}

#[test]
fn a_project_without_documents_is_taken_for_a_mistyped_one() {
    test(async {
        let world = small().await;
        let project = emulator().await.fresh_project();
        let run = world.run(&["--project", &project]);
        ends(
            run,
            3,
            &[
                "there is no document in",
                &project,
                "check --project and --database",
            ],
        )
        .await;
        assert_untouched(&world.url).await;
    });
}

#[test]
fn a_collection_that_is_not_there_is_named_with_those_that_are() {
    test(async {
        let world = small().await;
        let run = world.run(&["--collections", "poeple"]);
        ends(run, 3, &["poeple", "goods, people", "check --collections"]).await;
        assert_untouched(&world.url).await;
    });
}
