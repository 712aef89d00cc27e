//! Several processes that share a run: each document arrives once whoever dies, stands still or leaves, and all of them
//! together keep to the quota.

use super::Stage;
use crate::support::ledger::Ledger;
use crate::support::{Looking, code, completed, summary, test};
use rehearsal::process::{Outcome, Program, Running, Signal, Stream};
use rehearsal::proxy::{Proxy, Rule, Upstream};
use simulator::dataset::Dataset;
use simulator::fault::{Fault, Method, Plan, Strike};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const DOCUMENTS: u64 = 6_000;
/// What the source allows in a second. A fifth is not used: it is for what arrives late, after its second.
const ALLOWED: u64 = 3_000;
pub(super) const QUOTA: &str = "3000";
/// The shortest there is.
const LEASE: &str = "1s";

impl Stage {
    pub(super) async fn shared(documents: u64, plan: Plan) -> Stage {
        Stage::set(Dataset::shop(7, documents), plan).await
    }

    /// More lanes than one worker moves at a time stand still until [`Stage::goes_on`].
    pub(super) async fn that_stands_still() -> Stage {
        Stage::shared(DOCUMENTS, Plan::new(7).fault(stall("orders"))).await
    }

    pub(super) fn goes_on(&self) {
        self.simulator.set_plan(Plan::default());
    }

    /// A worker with a directory of its own.
    pub(super) fn worker(&self, name: &str, arguments: &[&str]) -> Program {
        let join = [
            "--join",
            "--worker",
            name,
            "--retry-delay",
            "5ms",
            "--sample",
            "40",
            "--lanes",
            "2",
        ];
        let program = self.world.run(&[&join[..], arguments].concat());
        program.env("ETL_CHECKPOINT_DIR", self.world.folder().join(name))
    }

    /// So many workers under the quota, started at once.
    pub(super) fn crew(&self, count: usize, arguments: &[&str]) -> Vec<Running> {
        let quota = ["--reads-per-second", QUOTA];
        (1..=count)
            .map(|number| {
                let program = self.worker(&format!("w{number}"), &[&quota[..], arguments].concat());
                program.start().unwrap()
            })
            .collect()
    }

    /// Everything is there once, all who are left say so, and nobody read more than was allowed.
    pub(super) async fn assert_shared(&self, crew: Vec<Running>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for mut worker in crew {
            outcomes.push(worker.wait().await.unwrap());
        }
        let most = self.bill().most_in_a_second;
        for outcome in &outcomes {
            completed(outcome);
        }
        self.assert_exact(&outcomes[0]).await;
        assert!(most <= ALLOWED, "{most} reads in a second");
        outcomes
    }
}

/// Lanes of a collection stand still, each at a document that no sample comes to, until another plan holds.
pub(super) fn stall(collection: &str) -> Fault {
    let stall = Fault::new(Strike::Stall).methods([Method::RunQuery]);
    let stall = stall.collection(collection).after_documents(45);
    stall.lasting(Duration::from_secs(3_600))
}

/// Lanes that have not ended, by the name of the worker who holds them.
async fn held(client: &Client, worker: &str) -> i64 {
    let there = Ledger::of(client).await.lanes > 0;
    let held = "select count(*) from etl.lane l join etl.worker w using (worker) \
                where l.state <> 'end' and w.name like $1 || ',%'";
    match there {
        true => client.query_one(held, &[&worker]).await.unwrap().get(0),
        false => 0,
    }
}

/// Waits until a worker of the crew holds lanes. Lanes that stand still keep it so.
pub(super) async fn until_it_holds(client: &Client, worker: &str, crew: &mut [Running]) {
    while held(client, worker).await == 0 {
        for running in crew.iter_mut() {
            assert!(!running.has_ended().unwrap(), "{}", running.said(Stream::Stderr));
        }
        Looking::again().await;
    }
}

/// Waits until the others have taken its lanes over.
async fn until_it_holds_none(client: &Client, worker: &str, others: &mut [Running]) {
    while held(client, worker).await > 0 {
        let all_ended = others.iter_mut().all(|running| running.has_ended().unwrap());
        assert!(!all_ended, "nobody is left to take lanes over");
        Looking::again().await;
    }
}

pub(super) async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// What each of them read.
fn billed(outcomes: &[Outcome]) -> Vec<u64> {
    let read = outcomes
        .iter()
        .map(|outcome| summary(outcome)["reads_billed"].as_u64().unwrap());
    read.collect()
}

#[test]
fn several_workers_move_one_run_and_each_document_once() {
    test(async {
        let stage = Stage::shared(DOCUMENTS, Plan::default()).await;
        let crew = stage.crew(4, &[]);
        let outcomes = stage.assert_shared(crew).await;
        let client = stage.world.client().await;
        assert_eq!(count(&client, "select count(*) from etl.run").await, 1);
        // One plan was made, and each document read once: the judge came after that.
        let billed = billed(&outcomes);
        let all: u64 = billed.iter().sum();
        assert!(all <= DOCUMENTS + 1_500, "{billed:?}");
        assert_eq!(
            count(&client, "select count(*) from etl.worker").await,
            0,
            "all have left"
        );
    });
}

#[test]
fn what_a_worker_that_died_left_is_taken_over() {
    test(async {
        let stage = Stage::that_stands_still().await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(3, &["--lease", LEASE]);
        until_it_holds(&client, "w2", &mut crew).await;
        let mut dead = crew.remove(1);
        dead.signal(Signal::Kill).unwrap();
        dead.wait().await.unwrap();
        stage.goes_on();
        let began = Instant::now();
        until_it_holds_none(&client, "w2", &mut crew).await;
        eprintln!("taken over after {:.1} s", began.elapsed().as_secs_f64());
        stage.assert_shared(crew).await;
    });
}

#[test]
fn a_worker_that_stood_still_changes_nothing_that_is_not_its_own_any_more() {
    test(async {
        let stage = Stage::that_stands_still().await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(3, &["--lease", LEASE]);
        until_it_holds(&client, "w2", &mut crew).await;
        let still = crew.remove(1);
        still.signal(Signal::Stop).unwrap();
        stage.goes_on();
        until_it_holds_none(&client, "w2", &mut crew).await;
        still.signal(Signal::Continue).unwrap();
        crew.push(still);
        stage.assert_shared(crew).await;
    });
}

#[test]
fn two_workers_of_one_name_are_two_workers() {
    test(async {
        let stage = Stage::shared(DOCUMENTS, Plan::default()).await;
        let mut crew = stage.crew(1, &[]);
        let twin = stage.worker("w1", &["--reads-per-second", QUOTA]);
        let folder = stage.world.folder().join("twin");
        crew.push(twin.env("ETL_CHECKPOINT_DIR", folder).start().unwrap());
        stage.assert_shared(crew).await;
    });
}

#[test]
fn who_leaves_is_not_waited_for() {
    test(async {
        let stage = Stage::that_stands_still().await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(2, &["--lease", "1h"]);
        until_it_holds(&client, "w2", &mut crew).await;
        let mut leaving = crew.remove(1);
        leaving.signal(Signal::Terminate).unwrap();
        assert_eq!(code(&leaving.wait().await.unwrap()), 4);
        stage.goes_on();
        stage.assert_shared(crew).await;
    });
}

#[test]
fn a_worker_with_nothing_left_gets_a_part_of_a_long_lane() {
    test(async {
        let stage = Stage::set(
            Dataset::flat(7, 2 * DOCUMENTS),
            Plan::new(7).fault(stall("orders")),
        )
        .await;
        let client = stage.world.client().await;
        let few = ["--lane-documents", "1000000", "--batch-rows", "10"];
        let mut crew = stage.crew(3, &few);
        // Two lanes are planned, and at least one is cut while whoever moves it stands still.
        while Ledger::of(&client).await.lanes < 3 {
            for running in &mut crew {
                assert!(!running.has_ended().unwrap(), "{}", running.said(Stream::Stderr));
            }
            Looking::again().await;
        }
        stage.goes_on();
        let outcomes = stage.assert_shared(crew).await;
        let cut = "cut a lane of another worker in two";
        let cuts = outcomes
            .iter()
            .map(|outcome| outcome.stderr.matches(cut).count() as i64);
        let lanes = Ledger::of(&client).await.lanes;
        assert_eq!(lanes, 2 + cuts.sum::<i64>());
        assert!(billed(&outcomes).iter().filter(|reads| **reads > 100).count() > 1);
        let planned = "select sum(expected)::int8 from etl.lane";
        assert_eq!(count(&client, planned).await, 2 * DOCUMENTS as i64);
        // Each of them remembers all of it, whoever cut and moved what.
        for name in ["w1", "w2", "w3"] {
            let status = stage.world.etl(&["status", "--output", "json"]);
            let directory = stage.world.folder().join(name);
            let outcome = status.env("ETL_CHECKPOINT_DIR", directory).run().await.unwrap();
            let told = &summary(&outcome)["lanes"];
            assert_eq!(
                (&told["done"], &told["total"]),
                (&lanes.into(), &lanes.into()),
                "{name}: {told}"
            );
        }
    });
}

#[test]
fn a_claim_whose_answer_is_lost_is_made_again() {
    test(async {
        let stage = Stage::shared(1_000, Plan::default()).await;
        let upstream = Upstream::postgres(&stage.world.url).unwrap();
        // More than a lane may be claimed that takes down one worker after another.
        let claims = (1..=7).map(|nth| Rule::LoseAnswer {
            sql: "for update of l skip locked".to_owned(),
            nth,
        });
        let proxy = Proxy::start(upstream, claims.collect()).await.unwrap();
        let worker = stage.worker("w1", &["--lease", "1h"]);
        let worker = worker.env("DATABASE_URL", proxy.url(&stage.world.url).unwrap());
        // Whoever renews its row would hold a lane that it never heard of for ever.
        let outcome = worker.run().await.unwrap();
        assert!(proxy.cuts() > 0);
        stage.assert_exact(&outcome).await;
    });
}

#[test]
fn who_was_silent_for_too_long_does_not_claim_what_it_still_moves() {
    test(async {
        let stage = Stage::that_stands_still().await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(1, &["--lease", "1h", "--lanes", "8"]);
        until_it_holds(&client, "w1", &mut crew).await;
        let held =
            "select count(*), sum(fence)::int8 from etl.lane where worker is not null and state <> 'end'";
        let claims = "select max(query_start)::text from pg_stat_activity \
                      where query like 'with held as%' and pid <> pg_backend_pid() and datname = current_database()";
        // Long enough for it to ask for more lanes, again and again, while its time has run out.
        let mut asked = BTreeSet::new();
        while asked.len() < 12 {
            client
                .execute("update etl.worker set until = now() - interval '1 minute'", &[])
                .await
                .unwrap();
            let last: Option<String> = client.query_one(claims, &[]).await.unwrap().get(0);
            asked.extend(last);
            assert!(!crew[0].has_ended().unwrap(), "{}", crew[0].said(Stream::Stderr));
        }
        let row = client.query_one(held, &[]).await.unwrap();
        let (lanes, fences) = (row.get::<_, i64>(0), row.get::<_, i64>(1));
        assert!(
            lanes > 0 && fences == lanes,
            "{lanes} lanes under fences of {fences} in all"
        );
        stage.goes_on();
        stage.assert_shared(crew).await;
    });
}

#[test]
fn a_lane_that_nobody_gets_moved_is_claimed_five_times() {
    let fault = Fault::new(Strike::PermissionDenied).methods([Method::RunQuery]);
    let fault = fault.collection("reviews").after_documents(45);
    test(async {
        let stage = Stage::shared(1_000, Plan::new(7).fault(fault)).await;
        for start in 1..=7 {
            let outcome = stage.worker("w1", &[]).run().await.unwrap();
            assert_eq!(code(&outcome), 3, "{}\n{}", outcome.stdout, outcome.stderr);
            let told = summary(&outcome);
            let cause = &told["failed_lanes"][0]["cause"];
            let expected = if start <= 5 {
                "permission_denied"
            } else {
                "poisoned"
            };
            assert_eq!(cause, expected, "start {start}: {told:#}");
        }
        stage.simulator.set_plan(Plan::default());
        // Who is alone takes every lane.
        stage.assert_exact(&stage.run(&[]).await).await;
    });
}

#[test]
fn who_is_alone_does_not_take_lanes_from_workers() {
    test(async {
        let stage = Stage::that_stands_still().await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(1, &["--lease", "1h"]);
        until_it_holds(&client, "w1", &mut crew).await;
        let alone_there = stage.world.folder().join("alone");
        let alone = stage.run(&[]).await;
        assert_eq!(code(&alone), 7, "{}\n{}", alone.stdout, alone.stderr);
        let check = |join: &[&str]| {
            stage
                .world
                .etl(&[&["check"][..], join].concat())
                .env("ETL_CHECKPOINT_DIR", &alone_there)
        };
        for word in ["1 workers share this run: w1, etl run", "--join"] {
            assert!(alone.stdout.contains(word), "{}", alone.stdout);
            let told = check(&[]).run().await.unwrap();
            assert_eq!(code(&told), 3, "{}", told.stdout);
            assert!(told.stdout.contains(word), "{}", told.stdout);
        }
        assert_eq!(code(&check(&["--join"]).run().await.unwrap()), 0);
        stage.goes_on();
        stage.assert_shared(crew).await;
    });
}

#[test]
fn workers_of_two_versions_do_not_mix() {
    test(async {
        let stage = Stage::that_stands_still().await;
        let client = stage.world.client().await;
        let mut crew = stage.crew(1, &["--lease", "1h"]);
        until_it_holds(&client, "w1", &mut crew).await;
        let other = "update etl.worker set etl_version = '99.1.0'";
        assert_eq!(client.execute(other, &[]).await.unwrap(), 1);
        let outcome = stage.worker("w2", &[]).run().await.unwrap();
        assert_eq!(code(&outcome), 7, "{}\n{}", outcome.stdout, outcome.stderr);
        assert!(
            outcome.stdout.contains("runs etl 99.1.0, and this is etl "),
            "{}",
            outcome.stdout
        );
        // A later one of the same line is no other version.
        let same = format!("update etl.worker set etl_version = '{}.99'", minor());
        client.execute(&same, &[]).await.unwrap();
        crew.push(
            stage
                .worker("w2", &["--reads-per-second", QUOTA])
                .start()
                .unwrap(),
        );
        stage.goes_on();
        stage.assert_shared(crew).await;
    });
}

/// Major and minor version of this build.
fn minor() -> String {
    let version = env!("CARGO_PKG_VERSION");
    version.rsplit_once('.').unwrap().0.to_owned()
}
