//! PostgreSQL: away, silent, read-only, behind poolers and proxies, without rights, at its limits.

mod certificate; // how long it is valid, taken or refused
mod mapping; // whether what is written can be made, and what its graphs take
mod pgvector; // its version, and how to get it
mod pooler; // found out by what it does, and what it does to a run
mod rights; // what the role may not do, and the statement that lets it

use super::{check, ends, golden, masked, said};
use crate::support::{Looking, World, complete, server, test};
use rehearsal::postgres::{PASSWORD, connect};
use rehearsal::process::Outcome;
use rehearsal::proxy::{Proxy, Upstream};
use rehearsal::tls::{Authority, Terminator};

/// Nothing to move: this is about where it would go.
async fn world() -> World {
    World::with(0).await
}

/// What `etl check` says with `url` for a target, which must end with `code`.
async fn looked(world: &World, url: &str, code: i32) -> Outcome {
    ends(check(world, &[]).env("DATABASE_URL", url), code).await
}

/// What is said of `names`, masked.
fn of(world: &World, outcome: &Outcome, names: &[&str]) -> String {
    let said: String = names.iter().map(|name| said(outcome, name)).collect();
    masked(world, &said)
}

/// Asserts that what is said of `names` with `url` is the golden text `text`.
async fn says(world: &World, url: &str, code: i32, names: &[&str], text: &str) {
    let outcome = looked(world, url, code).await;
    golden(&format!("target-{text}"), &of(world, &outcome, names));
}

fn database(world: &World) -> &str {
    world.url.rsplit('/').next().unwrap()
}

/// Runs `sql` as the superuser, with the name of the world's database in place of DATABASE and ROLE.
async fn administer(world: &World, sql: &str) {
    let sql = sql
        .replace("DATABASE", database(world))
        .replace("ROLE", database(world));
    world.client().await.batch_execute(&sql).await.unwrap();
}

/// The world's database as a new role of the same name that has no right but `grants`.
async fn role(world: &World, grants: &str) -> String {
    administer(world, &format!("create role ROLE login password '{PASSWORD}'")).await;
    administer(world, grants).await;
    world
        .url
        .replace("//postgres:", &format!("//{}:", database(world)))
}

const RIGHTS: &str = "grant create on database DATABASE to ROLE; grant create on schema public to ROLE";

#[test]
fn a_target_that_is_as_it_should_be_passes() {
    test(async {
        let world = world().await;
        let url = role(&world, RIGHTS).await;
        let names = [
            "target.writable",
            "target.tls",
            "target.pooler",
            "target.rights",
            "target.row_security",
            "target.timeouts",
            "target.rows",
        ];
        says(&world, &url, 0, &names, "good").await;
        let outcome = looked(&world, &url, 0).await;
        for (name, words) in [
            ("target.answers", "pass target.answers PostgreSQL answers at /"),
            ("target.version", "pass target.version PostgreSQL "),
            ("target.connections", "and a run holds 4"),
            ("target.memory", "vectors of 768 dimensions"),
            ("target.compression", "rows beyond 2 kB are compressed by "),
            ("target.disk", "`etl plan` forecasts how much a run fills"),
            (
                "target.certificate",
                "skipped target.certificate the connection is not encrypted",
            ),
        ] {
            let said = said(&outcome, name);
            assert!(said.contains(words), "{said}");
        }
    });
}

#[test]
fn a_target_that_is_away_is_told_once_and_the_rest_is_skipped() {
    test(async {
        let world = world().await;
        let url = format!("postgres://postgres:{PASSWORD}@127.0.0.1:1/app");
        says(&world, &url, 3, &["target.answers", "target.rows"], "away").await;
        let url = world.url.replace(PASSWORD, "not-this-one-9c4e");
        let outcome = looked(&world, &url, 3).await;
        let said = said(&outcome, "target.answers");
        assert!(said.contains("password authentication failed"), "{said}");
        assert!(said.contains("next: check user and password"), "{said}");
        assert!(!outcome.stdout.contains("not-this-one-9c4e"));
    });
}

#[test]
fn a_target_that_falls_silent_is_waited_for_only_so_long() {
    test(async {
        let world = world().await;
        let proxy = Proxy::start(Upstream::postgres(&world.url).unwrap(), Vec::new())
            .await
            .unwrap();
        proxy.hold();
        let url = format!("{}?connect_timeout=1", proxy.url(&world.url).unwrap());
        let outcome = looked(&world, &url, 3).await;
        let said = said(&outcome, "target.answers");
        assert!(said.contains("no answer in time"), "{said}");
        assert!(said.contains("firewall"), "{said}");
    });
}

#[test]
fn a_read_only_target_is_refused() {
    test(async {
        let world = world().await;
        administer(
            &world,
            "alter database DATABASE set default_transaction_read_only = on",
        )
        .await;
        says(&world, &world.url, 3, &["target.writable"], "read-only").await;
    });
}

#[test]
fn clear_text_and_strangers_are_warned_of_once_they_are_not_this_machine() {
    test(async {
        let world = world().await;
        let proxy = Proxy::start(Upstream::postgres(&world.url).unwrap(), Vec::new())
            .await
            .unwrap();
        // Every address of this machine, hence not counted as this machine's own.
        let afar = |url: String| url.replace("127.0.0.1", "0.0.0.0");
        let url = afar(format!("{}?sslmode=disable", proxy.url(&world.url).unwrap()));
        says(&world, &url, 0, &["target.tls"], "clear-text").await;

        let authority = Authority::new().unwrap();
        let root = world.folder().join("authority.pem");
        std::fs::write(&root, authority.pem()).unwrap();
        let identity = authority.certify("localhost", false).unwrap();
        let terminator = Terminator::start(&world.url, identity).await.unwrap();
        let port = terminator.address().port();
        let at = |host: &str, mode: &str| {
            let database = database(&world);
            format!("postgres://postgres:{PASSWORD}@{host}:{port}/{database}?sslmode={mode}")
        };
        says(
            &world,
            &at("0.0.0.0", "no-verify"),
            0,
            &["target.tls"],
            "stranger",
        )
        .await;
        let verified = format!("verify-full&sslrootcert={}", root.display());
        says(
            &world,
            &at("localhost", &verified),
            0,
            &["target.tls"],
            "encrypted",
        )
        .await;
        let outcome = looked(&world, &at("localhost", "verify-full"), 3).await;
        let said = said(&outcome, "target.answers");
        assert!(
            said.contains("certificate") && said.contains("sslrootcert"),
            "{said}"
        );
    });
}

#[test]
fn time_limits_that_are_shorter_than_a_batch_are_told() {
    test(async {
        let world = world().await;
        administer(
            &world,
            "alter database DATABASE set statement_timeout = '30s'; alter database DATABASE set lock_timeout = '1500ms'",
        )
        .await;
        let url = role(&world, RIGHTS).await;
        says(&world, &url, 0, &["target.timeouts"], "timeouts").await;
        let bare = check(&world, &["--primary-key", "none", "--no-validation"]);
        let outcome = ends(bare.env("DATABASE_URL", &url), 0).await;
        let said = said(&outcome, "target.timeouts");
        assert!(said.starts_with("pass"), "every batch sets its own: {said}");
    });
}

#[test]
fn connections_that_do_not_suffice_are_counted() {
    test(async {
        let names = ["target.connections"];
        let world = world().await;
        let url = role(&world, &format!("{RIGHTS}; alter role ROLE connection limit 3")).await;
        says(&world, &url, 3, &names, "connections-role").await;
        administer(&world, "alter role ROLE connection limit -1").await;
        administer(&world, "alter database DATABASE connection limit 4").await;
        left(&world).await;
        says(&world, &url, 0, &names, "connections-database").await;
    });
}

/// Waits until nobody is connected to the world's database.
async fn left(world: &World) {
    let client = connect(server().await.url()).await.unwrap();
    let there = "select count(*) from pg_stat_activity where datname = $1";
    while client
        .query_one(there, &[&database(world)])
        .await
        .unwrap()
        .get::<_, i64>(0)
        > 0
    {
        Looking::again().await;
    }
}

#[test]
fn little_memory_for_indexes_is_told() {
    test(async {
        let world = world().await;
        administer(
            &world,
            "alter database DATABASE set maintenance_work_mem = '16MB'",
        )
        .await;
        says(&world, &world.url, 0, &["target.memory"], "memory").await;
    });
}

#[test]
fn an_extension_that_sees_the_disks_is_named() {
    test(async {
        let world = world().await;
        // It is not to be had here; that it is there is all that is looked at.
        administer(
            &world,
            "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) \
             values (99999, 'system_stats', 10, 'public'::regnamespace, false, '3.0')",
        )
        .await;
        let outcome = looked(&world, &world.url, 0).await;
        let said = of(&world, &outcome, &["target.disk"]);
        let (_, behind) = said.split_once(" now; ").unwrap();
        golden("target-disk", behind);
    });
}

#[test]
fn a_run_that_is_there_is_named_with_what_becomes_of_it() {
    test(async {
        let world = World::with(40).await;
        complete(world.run(&[])).await;
        says(&world, &world.url, 0, &["target.rows"], "rows-finished").await;
        administer(&world, "update etl.run set finished_at = null").await;
        says(&world, &world.url, 0, &["target.rows"], "rows-unfinished").await;
        let elsewhere = check(
            &world,
            &["--schema", "elsewhere", "--checkpoint-dir", "elsewhere"],
        );
        let outcome = ends(elsewhere, 0).await;
        golden("target-rows-elsewhere", &of(&world, &outcome, &["target.rows"]));
    });
}
