//! pgvector: what is wrong with the version that is there, and how to get one where none is.

use super::{RIGHTS, administer, golden, looked, of, role, said, says, world};
use crate::support::test;
use rehearsal::postgres::{Options, Server};

#[test]
fn pgvector_is_told_with_its_version_and_what_is_wrong_with_it() {
    test(async {
        let world = world().await;
        for version in ["9.0.0", "0.8.7", "0.8.5", "0.8.1", "0.3.2"] {
            let older = format!("update pg_extension set extversion = '{version}' where extname = 'vector'");
            administer(&world, &older).await;
            let text = format!("pgvector-{version}");
            says(&world, &world.url, 0, &["target.pgvector"], &text).await;
        }
    });
}

#[test]
fn pgvector_that_is_not_installed_is_told_with_how_to_get_it() {
    test(async {
        let world = world().await;
        administer(
            &world,
            "create schema apart; alter extension vector set schema apart; \
             update pg_extension set extversion = '9.0.0' where extname = 'vector'",
        )
        .await;
        let url = role(&world, RIGHTS).await;
        says(&world, &url, 0, &["target.pgvector"], "pgvector-apart").await;

        administer(&world, "drop extension vector").await;
        let outcome = looked(&world, &url, 0).await;
        let forbidden = of(&world, &outcome, &["target.pgvector"]);
        let version = forbidden.split(' ').nth(2).unwrap();
        golden(
            "target-pgvector-forbidden",
            &forbidden.replacen(version, "VERSION", 1),
        );
        let outcome = looked(&world, &world.url, 0).await;
        let creatable = said(&outcome, "target.pgvector");
        assert!(
            creatable.contains("is offered, and a run creates it"),
            "{creatable}"
        );

        let settings = vec![("extension_control_path".to_owned(), "/nowhere".to_owned())];
        let options = Options {
            settings,
            ..Options::default()
        };
        let without = Server::start_with(options).await.unwrap();
        let url = without.plain_database("without").await.unwrap();
        says(&world, &url, 0, &["target.pgvector"], "pgvector-absent").await;
    });
}
