//! The throw-away server: what survives a crash, what does not survive its owner.

use std::path::{Path, PathBuf};

use rehearsal::postgres::{Options, Server, connect};
use rehearsal::process::{Program, Signal, Stream};

async fn number(url: &str, sql: &str) -> i64 {
    connect(url)
        .await
        .unwrap()
        .query_one(sql, &[])
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn a_database_has_vector_and_a_plain_one_has_not() {
    let server = Server::start().await.unwrap();
    let url = server.database("shop").await.unwrap();
    let nearest = "select count(*) from (select 1 where '[1,2,3]'::vector <-> '[1,2,4]'::vector = 1) found";
    assert_eq!(number(&url, nearest).await, 1);
    let plain = server.plain_database("shop").await.unwrap();
    assert_eq!(
        number(
            &plain,
            "select count(*) from pg_extension where extname = 'vector'"
        )
        .await,
        0
    );
    assert_ne!(url, plain);
}

#[tokio::test]
async fn what_was_committed_survives_a_crash_and_a_restart() {
    let server = Server::start().await.unwrap();
    let url = server.database("crash").await.unwrap();
    let client = connect(&url).await.unwrap();
    client
        .batch_execute("create table kept(n int); insert into kept values (1), (2)")
        .await
        .unwrap();
    client
        .batch_execute("begin; insert into kept values (3)")
        .await
        .unwrap();
    server.stop_immediate().await.unwrap();
    assert!(client.batch_execute("select 1").await.is_err());
    assert!(connect(&url).await.is_err());
    server.start_again().await.unwrap();
    assert_eq!(number(&url, "select count(*) from kept").await, 2);
}

#[tokio::test]
async fn two_servers_run_side_by_side_and_know_nothing_of_each_other() {
    let (one, two) = tokio::join!(Server::start(), Server::start());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(
        one.url(),
        two.url(),
        "ETL_POSTGRES_URL is set, and this is about servers of our own"
    );
    connect(one.url())
        .await
        .unwrap()
        .batch_execute("create table only_here()")
        .await
        .unwrap();
    let tables = "select count(*) from pg_tables where tablename = 'only_here'";
    assert_eq!(number(one.url(), tables).await, 1);
    assert_eq!(number(two.url(), tables).await, 0);
}

#[tokio::test]
async fn databases_can_be_made_at_the_same_time() {
    let server = Server::start().await.unwrap();
    let made = futures::future::join_all((0..8).map(|_| server.database("many"))).await;
    let names: std::collections::BTreeSet<String> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(names.len(), 8);
}

#[tokio::test]
async fn settings_are_the_callers_and_a_durable_server_syncs() {
    let settings = vec![("max_connections".to_owned(), "7".to_owned())];
    let server = Server::start_with(Options {
        settings,
        durable: true,
        ..Options::default()
    })
    .await
    .unwrap();
    let client = connect(server.url()).await.unwrap();
    for (name, value) in [
        ("max_connections", "7"),
        ("fsync", "on"),
        ("listen_addresses", ""),
    ] {
        let row = client.query_one(&format!("show {name}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), value, "{name}");
    }
}

#[tokio::test]
async fn the_password_is_asked_for() {
    let server = Server::start().await.unwrap();
    let wrong = server.url().replace(rehearsal::postgres::PASSWORD, "guessed");
    assert!(connect(&wrong).await.is_err());
}

#[tokio::test]
async fn a_small_disk_runs_full_and_with_more_room_what_was_committed_is_there() {
    let options = Options {
        tmpfs_bytes: Some(120 << 20),
        ..Options::default()
    };
    let server = Server::start_with(options).await.unwrap();
    let url = server.database("small").await.unwrap();
    let client = connect(&url).await.unwrap();
    client
        .batch_execute("create table kept(t text); insert into kept values ('kept')")
        .await
        .unwrap();
    let fill = "insert into kept select repeat(md5(n::text), 30) from generate_series(1, 400000) n";
    let full = client.batch_execute(fill).await.unwrap_err();
    let said = format!("{:?} {}", full.as_db_error(), server.log().unwrap());
    assert!(said.contains("No space left on device"), "{said}");
    // Whether the statement or the whole server fell victim: without room it could not recover.
    server.stop_immediate().await.unwrap();
    server.resize_disk(400 << 20).unwrap();
    server.start_again().await.unwrap();
    assert_eq!(number(&url, "select count(*) from kept").await, 1);
}

#[tokio::test]
async fn dropping_a_server_ends_it_and_removes_its_files() {
    let server = Server::start().await.unwrap();
    let (url, folder, pid) = (
        server.url().to_owned(),
        folder(server.url()),
        server.pid().await.unwrap(),
    );
    assert!(folder.exists());
    drop(server);
    assert!(connect(&url).await.is_err());
    assert!(!folder.exists());
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

const OWNER: &str = "REHEARSAL_OWNS_A_SERVER";

/// Plays both parts: the owner, as a second process, starts a server and waits to be killed.
#[tokio::test]
async fn a_killed_owner_takes_its_server_along() {
    if std::env::var_os(OWNER).is_some() {
        let server = Server::start().await.unwrap();
        println!("\nserver {}", server.url());
        std::future::pending::<()>().await;
    }
    let name = "postgres::a_killed_owner_takes_its_server_along";
    let mut owner = Program::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(OWNER, "yes")
        .env("ETL_CACHE", rehearsal::parts::cache().unwrap())
        .start()
        .unwrap();
    let line = owner.line(Stream::Stdout, "server postgresql://").await.unwrap();
    let url = line.trim_start_matches("server ").to_owned();
    let (_client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    owner.signal(Signal::Kill).unwrap();
    owner.wait().await.unwrap();
    assert!(connection.await.is_err(), "the server closes its connections");
    while folder(&url).exists() {
        std::thread::yield_now();
    }
}

/// The folder of a server of our own, out of its URL.
fn folder(url: &str) -> PathBuf {
    let start = url.find("%2F").unwrap();
    let host = url[start..].split('/').next().unwrap();
    PathBuf::from(host.replace("%2F", "/"))
}
