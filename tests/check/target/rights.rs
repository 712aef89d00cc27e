//! Rights: what the role lacks is told with the statement that gives it, and a run would be refused indeed.

use super::{RIGHTS, administer, role, says, world};
use crate::support::{World, complete, test};

#[test]
fn rights_that_lack_are_named_with_the_grant_that_gives_them() {
    test(async {
        let names = ["target.rights"];
        for (text, grants) in [
            ("rights-none", ""),
            (
                "rights-no-tables",
                "grant create on database DATABASE to ROLE; create schema etl",
            ),
            // CREATE SCHEMA IF NOT EXISTS asks for the right before it looks.
            (
                "rights-no-schemas",
                "create schema etl authorization ROLE; grant create on schema public to ROLE",
            ),
        ] {
            let world = world().await;
            let url = role(&world, grants).await;
            says(&world, &url, 3, &names, text).await;
            let run = world.run(&[]).env("DATABASE_URL", &url).run().await.unwrap();
            assert_eq!(run.status.code(), Some(3), "a run is refused too: {}", run.stdout);
        }
    });
}

#[test]
fn a_ledger_of_another_role_is_named_with_its_owner() {
    test(async {
        let world = World::with(40).await;
        complete(world.run(&[])).await;
        let grants = format!("{RIGHTS}; grant usage, create on schema etl to ROLE");
        let url = role(&world, &grants).await;
        says(&world, &url, 3, &["target.rights"], "rights-ledger").await;
        let run = world.run(&[]).env("DATABASE_URL", &url).run().await.unwrap();
        assert_eq!(run.status.code(), Some(3), "a run is refused too: {}", run.stdout);
    });
}

#[test]
fn row_level_security_is_told_with_its_tables() {
    test(async {
        let world = world().await;
        administer(
            &world,
            "create table people (); alter table people enable row level security; create table \"Two words\" ()",
        )
        .await;
        let url = role(&world, RIGHTS).await;
        says(&world, &url, 0, &["target.row_security"], "row-security").await;
    });
}
