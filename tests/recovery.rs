//! Gone on with, or refused with the reason: another run's directory, another process, another day.

use crate::support::ledger::{Ledger, assert_whole_batches, released, rows};
use crate::support::shop::Shop;
use crate::support::{Looking, code, complete, server, summary, test};
use rehearsal::postgres::{Server, connect};
use rehearsal::process::{Program, Running, Signal, Stream};
use rehearsal::proxy::{Proxy, Upstream};
use std::path::Path;
use std::process::Command;
use tokio_postgres::Client;

/// Slow enough to be met half-way: so many documents a second, in small batches.
const SLOWLY: [&str; 6] = [
    "--reads-per-second",
    "300",
    "--quota-safety",
    "1",
    "--batch-rows",
    "10",
];
const DOCUMENTS: usize = 600;

/// Runs to its end, which must be a refusal that names `reason`.
async fn refused(program: Program, reason: &str) {
    let outcome = program.run().await.unwrap();
    assert_eq!(code(&outcome), 7, "{}\n{}", outcome.stdout, outcome.stderr);
    let error = summary(&outcome)["error"].as_str().unwrap().to_owned();
    assert!(error.contains(reason), "{error}");
}

/// Waits until at least `read` documents are committed by `etl`.
async fn committed(etl: &mut Running, client: &Client, read: i64) -> Ledger {
    Ledger::written(client, etl, |now| now.read >= read).await
}

/// Kills `etl` and waits until the server has let go of it.
async fn kill(mut etl: Running, client: &Client) -> Ledger {
    etl.signal(Signal::Kill).unwrap();
    etl.wait().await.unwrap();
    released(client).await;
    Ledger::of(client).await
}

/// Everything a refusal must leave as it was: who holds which lane, and every row.
async fn state(client: &Client) -> String {
    let there = "select to_regclass('etl.lane') is not null";
    let lanes: Option<String> = match client.query_one(there, &[]).await.unwrap().get(0) {
        true => {
            let lanes = "select string_agg(l::text, ';' order by run, lane) from etl.lane l";
            client.query_one(lanes, &[]).await.unwrap().get(0)
        }
        false => None,
    };
    let tables = "select coalesce(string_agg(schemaname || '.' || tablename, ';' order by 1), '') from pg_tables \
                  where schemaname in ('etl', 'public')";
    let tables: String = client.query_one(tables, &[]).await.unwrap().get(0);
    format!("{lanes:?} {tables} {}", rows(client).await)
}

#[test]
fn a_directory_of_another_project_is_refused_and_nothing_changes() {
    test(async {
        let mine = Shop::open(DOCUMENTS).await.target().await;
        complete(mine.run(&[])).await;
        let other = Shop::open(DOCUMENTS).await.target().await;
        let dir = mine.checkpoint_dir();
        // Into the target of the first run, into an empty one, and the run it belongs to is as it was.
        for url in [&mine.url, &other.url] {
            let client = connect(url).await.unwrap();
            let (before, remembered) = (state(&client).await, mine.status().await);
            let program = other
                .run(&[])
                .env("DATABASE_URL", url)
                .env("ETL_CHECKPOINT_DIR", &dir);
            refused(program, "the checkpoint directory belongs to run").await;
            assert_eq!(state(&client).await, before);
            assert_eq!(mine.status().await, remembered);
        }
        complete(mine.run(&[])).await;
    });
}

#[test]
fn other_collections_than_the_runs_are_refused_and_nothing_changes() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        let target = shop.target().await;
        let client = target.client().await;
        let mut etl = target.run(&SLOWLY).start().unwrap();
        committed(&mut etl, &client, 50).await;
        kill(etl, &client).await;
        let before = state(&client).await;
        refused(target.run(&["--collections", "users"]), "collections").await;
        // Without the directory it is the target that remembers.
        let elsewhere = target.folder().join("elsewhere");
        refused(
            target
                .run(&["--collections", "users"])
                .env("ETL_CHECKPOINT_DIR", &elsewhere),
            "collections",
        )
        .await;
        assert_eq!(state(&client).await, before);
        let summary = complete(target.run(&[])).await;
        shop.assert_exact(&target, &summary, "the options of before")
            .await;
    });
}

#[test]
fn a_second_process_on_the_same_directory_is_refused_and_told_of_the_first() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        let target = shop.target().await;
        let client = target.client().await;
        let mut first = target.run(&SLOWLY).start().unwrap();
        committed(&mut first, &client, 50).await;
        refused(target.run(&[]), &format!("process {} ", first.pid().unwrap())).await;
        assert!(!Ledger::of(&client).await.all_ended());
        let outcome = first.wait().await.unwrap();
        assert_eq!(code(&outcome), 0, "{}", outcome.stderr);
        shop.assert_exact(&target, &summary(&outcome), "the first process")
            .await;
    });
}

#[test]
fn of_two_processes_with_their_own_directories_the_older_is_fenced_off() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        let target = shop.target().await;
        let client = target.client().await;
        let mut older = target.run(&SLOWLY).start().unwrap();
        committed(&mut older, &client, 50).await;
        let elsewhere = target.folder().join("elsewhere");
        let younger = target.run(&SLOWLY).env("ETL_CHECKPOINT_DIR", &elsewhere);
        let summary_of_younger = complete(younger).await;
        shop.assert_exact(&target, &summary_of_younger, "the younger process")
            .await;
        let outcome = older.wait().await.unwrap();
        assert_eq!(code(&outcome), 7, "{}\n{}", outcome.stdout, outcome.stderr);
        assert_eq!(Ledger::of(&client).await.fence, 2);
        // Its directory is behind and catches up.
        let summary = complete(target.run(&[])).await;
        shop.assert_exact(&target, &summary, "the older directory").await;
    });
}

/// The database that `url` names, copied as it is now; nobody may be connected.
async fn copied(server: &Server, url: &str) -> String {
    let maintenance = connect(server.url()).await.unwrap();
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let connected = "select count(*) from pg_stat_activity where datname = $1";
    while maintenance
        .query_one(connected, &[&name])
        .await
        .unwrap()
        .get::<_, i64>(0)
        > 0
    {
        Looking::again().await;
    }
    maintenance
        .batch_execute(&format!("create database {name}_copy template {name}"))
        .await
        .unwrap();
    url.replace(name, &format!("{name}_copy"))
}

#[test]
fn a_target_restored_to_an_earlier_day_is_gone_on_with_from_that_day() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        for finished_meanwhile in [false, true] {
            let mut target = shop.target().await;
            let client = target.client().await;
            let mut etl = target.run(&SLOWLY).start().unwrap();
            committed(&mut etl, &client, 100).await;
            let earlier = kill(etl, &client).await;
            drop(client);
            let copy = copied(server().await, &target.url).await;
            if finished_meanwhile {
                complete(target.run(&[])).await;
            } else {
                let client = target.client().await;
                let mut etl = target.run(&SLOWLY).start().unwrap();
                committed(&mut etl, &client, earlier.read + 100).await;
                kill(etl, &client).await;
            }
            assert!(target.status().await["read"].as_i64().unwrap() > earlier.read);
            target.url = copy;
            let summary = complete(target.run(&[])).await;
            shop.assert_exact(&target, &summary, "the restored target").await;
            let rest = shop.documents() as i64 - earlier.read;
            assert!(summary["reads_billed"].as_i64().unwrap() >= rest);
        }
    });
}

#[test]
fn a_target_that_was_wiped_is_filled_from_the_beginning_by_the_same_plan() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        for finished in [false, true] {
            let mut target = shop.target().await;
            let client = target.client().await;
            if finished {
                complete(target.run(&[])).await;
            } else {
                let mut etl = target.run(&SLOWLY).start().unwrap();
                committed(&mut etl, &client, 100).await;
                kill(etl, &client).await;
            }
            let planned = target.status().await;
            target.url = server().await.database("run").await.unwrap();
            let summary = complete(target.run(&[])).await;
            assert_eq!(summary["run"], planned["run"]);
            shop.assert_exact(&target, &summary, "the wiped target").await;
        }
    });
}

#[test]
fn a_signal_drains_and_the_same_command_completes() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        for signal in [Signal::Terminate, Signal::Interrupt] {
            let target = shop.target().await;
            let client = target.client().await;
            let mut etl = target.run(&SLOWLY).start().unwrap();
            committed(&mut etl, &client, 100).await;
            etl.signal(signal).unwrap();
            let outcome = etl.wait().await.unwrap();
            assert_eq!(code(&outcome), 4, "{}\n{}", outcome.stdout, outcome.stderr);
            let (stopped, remembered) = (summary(&outcome), target.status().await);
            released(&client).await;
            let ledger = assert_whole_batches(&client).await;
            assert_eq!(ledger.read, ledger.loaded + ledger.quarantined);
            assert!(
                ledger.read < shop.documents() as i64,
                "it was over before it was stopped"
            );
            for (name, value) in [
                ("read", ledger.read),
                ("loaded", ledger.loaded),
                ("quarantined", ledger.quarantined),
            ] {
                assert_eq!(stopped[name].as_i64(), Some(value), "{name}");
                assert_eq!(remembered[name].as_i64(), Some(value), "{name}");
            }
            // What was read is loaded: what this start was billed for is in the tables, plan aside.
            let planning = "select (plan->>'planning_reads')::int8 from etl.run";
            let planning: i64 = client.query_one(planning, &[]).await.unwrap().get(0);
            assert_eq!(stopped["reads_billed"].as_i64(), Some(planning + ledger.read));
            let summary = complete(target.run(&[])).await;
            shop.assert_exact(&target, &summary, "after draining").await;
        }
    });
}

#[test]
fn a_second_signal_lets_go_of_what_cannot_be_drained() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        let target = shop.target().await;
        let client = target.client().await;
        let proxy = Proxy::start(Upstream::postgres(&target.url).unwrap(), vec![])
            .await
            .unwrap();
        let through = proxy.url(&target.url).unwrap();
        let patient = ["--drain-deadline", "1h", "--batch-rows", "10"];
        let mut etl = target.run(&patient).env("DATABASE_URL", through).start().unwrap();
        committed(&mut etl, &client, 50).await;
        proxy.hold();
        etl.signal(Signal::Terminate).unwrap();
        etl.line(Stream::Stderr, "a second signal lets go").await.unwrap();
        etl.signal(Signal::Terminate).unwrap();
        let outcome = etl.wait().await.unwrap();
        assert_eq!(code(&outcome), 4, "{}\n{}", outcome.stdout, outcome.stderr);
        proxy.pass_through();
        let summary = complete(target.run(&[])).await;
        shop.assert_exact(&target, &summary, "after letting go").await;
    });
}

#[test]
fn a_run_that_is_complete_stays_as_it_is_when_it_is_run_again() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        let target = shop.target().await;
        let first = complete(target.run(&[])).await;
        let finished = "select finished_at::text from etl.run";
        let client = target.client().await;
        let before: String = client.query_one(finished, &[]).await.unwrap().get(0);
        let second = complete(target.run(&[])).await;
        let after: String = client.query_one(finished, &[]).await.unwrap().get(0);
        assert_eq!(
            (&second["run"], &second["read"], &second["tables"]),
            (&first["run"], &first["read"], &first["tables"])
        );
        // One read asks the source for its time.
        assert_eq!((second["reads_billed"].as_i64(), before), (Some(1), after));
        shop.assert_exact(&target, &second, "the second time").await;
    });
}

#[test]
fn the_status_is_told_with_postgres_down() {
    test(async {
        let postgres = Server::start().await.unwrap();
        let target = Shop::open(DOCUMENTS).await.target_on(&postgres).await;
        let client = target.client().await;
        let mut etl = target.run(&SLOWLY).start().unwrap();
        committed(&mut etl, &client, 100).await;
        let ledger = kill(etl, &client).await;
        postgres.stop_immediate().await.unwrap();
        let told = target.status().await;
        // The directory may be behind by what was committed and not yet remembered, a batch a lane at most.
        let read = told["read"].as_i64().unwrap();
        assert!(
            (ledger.read - 4 * 10..=ledger.read).contains(&read),
            "{read} of {ledger:?}"
        );
        assert_eq!(told["loaded_completely"], false);
    });
}

#[test]
fn looking_at_a_directory_changes_nothing_in_it() {
    test(async {
        let target = Shop::open(DOCUMENTS).await.target().await;
        complete(target.run(&[])).await;
        let before = listing(&target.checkpoint_dir());
        target.status().await;
        assert_eq!(listing(&target.checkpoint_dir()), before);
    });
}

fn listing(dir: &Path) -> String {
    let sums = Command::new("sh")
        .args(["-c", "find . -type f | sort | xargs cksum"])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(sums.status.success());
    String::from_utf8(sums.stdout).unwrap()
}
