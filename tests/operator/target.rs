//! PostgreSQL: not there, refusing, without pgvector, with tables in the way, full.

use super::{NOBODY, assert_moved, assert_untouched, document, ends, object, small, text};
use crate::support::shop::Shop;
use crate::support::{World, complete, emulator, server, test};
use rehearsal::postgres::{Options, PASSWORD, Server, connect};
use rehearsal::proxy::{Proxy, Upstream};
use serde_json::json;

#[test]
fn a_wrong_password_is_told_without_telling_it() {
    test(async {
        let world = small().await;
        let wrong = "not-this-one-9c4e";
        let run = world
            .run(&[])
            .env("DATABASE_URL", world.url.replace(PASSWORD, wrong));
        let words = [
            "password authentication failed",
            "check user and password in DATABASE_URL",
        ];
        let outcome = ends(run, 3, &words).await;
        assert!(!outcome.stdout.contains(wrong) && !outcome.stderr.contains(wrong));
        assert_untouched(&world.url).await;
    });
}

#[test]
fn an_unknown_database_is_named() {
    test(async {
        let world = small().await;
        let run = world.run(&[]).env("DATABASE_URL", format!("{}_typo", world.url));
        ends(
            run,
            3,
            &[
                "_typo",
                "does not exist",
                "check the database name in DATABASE_URL",
            ],
        )
        .await;
    });
}

#[test]
fn a_server_that_is_not_there_is_named_with_its_address() {
    test(async {
        let world = small().await;
        let url = format!("postgres://postgres:{PASSWORD}@{NOBODY}/app");
        let words = [
            "127.0.0.1:1/app",
            "refused",
            "check that PostgreSQL is running there",
        ];
        ends(world.run(&[]).env("DATABASE_URL", url), 3, &words).await;
        assert!(!world.checkpoint_dir().join("plan").exists());
    });
}

#[test]
fn a_server_without_tls_is_refused_when_verification_was_asked_for() {
    test(async {
        let world = small().await;
        let proxy = Proxy::start(Upstream::postgres(&world.url).unwrap(), Vec::new())
            .await
            .unwrap();
        let url = format!("{}?sslmode=verify-full", proxy.url(&world.url).unwrap());
        let words = ["TLS", "turn TLS on at the server", "sslmode=disable"];
        ends(world.run(&[]).env("DATABASE_URL", url), 3, &words).await;
        assert_untouched(&world.url).await;
    });
}

/// The URL of a new role on `world`'s database that has no right beyond connecting and `grants`.
async fn role(world: &World, grants: &str) -> String {
    let database = world.url.rsplit('/').next().unwrap();
    let client = world.client().await;
    let grants = grants.replace("DATABASE", database).replace("ROLE", database);
    let create = format!("create role {database} login password '{PASSWORD}'; {grants}");
    client.batch_execute(&create).await.unwrap();
    world.url.replace("//postgres:", &format!("//{database}:"))
}

#[test]
fn a_role_without_the_right_to_create_is_told_which_right_it_lacks() {
    test(async {
        for (grants, lacking) in [
            ("", "permission denied for database"),
            (
                "grant create on database DATABASE to ROLE",
                "permission denied for schema public",
            ),
        ] {
            let world = small().await;
            let run = world.run(&[]).env("DATABASE_URL", role(&world, grants).await);
            ends(run, 3, &[lacking, "give the role the right that is missing"]).await;
            assert_untouched(&world.url).await;
        }
    });
}

#[test]
fn a_role_with_both_rights_needs_no_other() {
    test(async {
        let world = small().await;
        let grants = "grant create on database DATABASE to ROLE; grant create on schema public to ROLE";
        complete(world.run(&[]).env("DATABASE_URL", role(&world, grants).await)).await;
        assert_moved(&world.url).await;
    });
}

#[test]
fn pgvector_is_created_where_it_is_offered() {
    test(async {
        let world = small().await;
        let url = server().await.plain_database("plain").await.unwrap();
        complete(world.run(&[]).env("DATABASE_URL", &url)).await;
        assert_moved(&url).await;
    });
}

#[test]
fn vectors_for_a_server_without_pgvector_are_refused_before_anything_is_created() {
    test(async {
        let world = small().await;
        let settings = vec![("extension_control_path".to_owned(), "/nowhere".to_owned())];
        let options = Options {
            settings,
            ..Options::default()
        };
        let server = Server::start_with(options).await.unwrap();
        let url = server.plain_database("without").await.unwrap();
        let run = world.run(&[]).env("DATABASE_URL", &url);
        ends(
            run,
            3,
            &[
                "does not have the extension pgvector",
                "install pgvector on the server",
            ],
        )
        .await;
        assert_untouched(&url).await;
        // What has no vectors needs no extension.
        let people = world.run(&["--collections", "people"]).env("DATABASE_URL", &url);
        complete(people).await;
    });
}

#[test]
fn tables_in_the_way_are_named_with_the_reason_and_left_alone() {
    test(async {
        let world = small().await;
        let theirs = "create table people (theirs int); create table goods (_path text); insert into people values (7)";
        world.client().await.batch_execute(theirs).await.unwrap();
        let words = [
            "tables in the way",
            "table people",
            "table goods",
            "has no column",
            "--schema NAME",
        ];
        let outcome = ends(world.run(&[]), 7, &words).await;
        assert_eq!(object(&outcome)["loaded"], 0);
        let client = world.client().await;
        let row = client
            .query_one("select theirs, to_regnamespace('etl') is null from people", &[])
            .await
            .unwrap();
        assert_eq!((row.get(0), row.get(1)), (7, true));
        complete(world.run(&["--schema", "elsewhere"])).await;
    });
}

#[test]
fn a_table_of_the_right_shape_that_has_rows_is_in_the_way_too() {
    test(async {
        let world = small().await;
        let theirs = "create table people (_path text, _created_at timestamptz, _updated_at timestamptz, name text, \
                      _extra jsonb); insert into people (_path) values ('people/mine')";
        world.client().await.batch_execute(theirs).await.unwrap();
        ends(world.run(&[]), 7, &["table people: it already has rows"]).await;
        let client = world.client().await;
        let row = client
            .query_one("select count(*), min(_path) from people", &[])
            .await
            .unwrap();
        assert_eq!((row.get(0), row.get(1)), (1_i64, "people/mine"));
    });
}

const MEGABYTE: u64 = 1 << 20;
const DISK: u64 = 600 * MEGABYTE;
/// Megabytes the write-ahead log keeps. Without room for its log a server gives up altogether.
const LOG: u64 = 160;
/// What is free when the run begins: enough for its tables, not for their rows.
const FREE: u64 = 6 * MEGABYTE;
const LETTERS: usize = 200;

/// Documents that take about 40 MiB as rows; PostgreSQL's compression finds little in them.
async fn letters() -> Shop {
    let project = emulator().await.fresh_project();
    let letter = |n: usize| {
        let body: String = (0..200_000)
            .map(|_| char::from(rand::random_range(b'!'..=b'~')))
            .collect();
        document(format!("letters/{n:03}"), json!({ "body": text(&body) }))
    };
    Shop::of(project, (0..LETTERS).map(letter).collect(), Vec::new()).await
}

/// Lets the write-ahead log take its share of the disk, and takes what is free away, but for about [`FREE`].
async fn fill(server: &Server) {
    let client = connect(server.url()).await.unwrap();
    client
        .batch_execute("create table log (filling text)")
        .await
        .unwrap();
    let line = "insert into log select string_agg(md5(n::text), '') from generate_series(1, 40000) as n; truncate log";
    for _ in 0..2 * LOG {
        client.batch_execute(line).await.unwrap();
    }
    client.batch_execute("drop table log; checkpoint").await.unwrap();
    let mut size = DISK;
    // A disk cannot become smaller than what is on it.
    while server.resize_disk(size - MEGABYTE).is_ok() {
        size -= MEGABYTE;
    }
    server.resize_disk(size + FREE).unwrap();
}

#[test]
fn a_target_that_is_full_is_told_and_the_same_command_completes_once_there_is_room() {
    test(async {
        let shop = letters().await;
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let settings = vec![
            setting("min_wal_size", &format!("{LOG}MB")),
            setting("max_wal_size", &format!("{LOG}MB")),
        ];
        let options = Options {
            settings,
            tmpfs_bytes: Some(DISK),
            ..Options::default()
        };
        let server = Server::start_with(options).await.unwrap();
        let world = shop.target_on(&server).await;
        fill(&server).await;

        let run = || world.run(&["--lane-documents", "50", "--batch-rows", "4"]);
        let words = [
            "No space left on device",
            "53100",
            "make room on the server's disk",
        ];
        let full = object(&ends(run(), 3, &words).await);
        let loaded = full["loaded"].as_u64().unwrap();
        assert!(loaded < LETTERS as u64, "{full:?}");
        assert_eq!(full["complete"], false);

        server.resize_disk(2 * DISK).unwrap();
        let summary = complete(run()).await;
        assert_eq!(summary["loaded"], LETTERS);
        shop.assert_exact(&world, &summary, "after the disk was full")
            .await;
    });
}
