//! Points that are written and deleted while they are moved: each mode keeps what its plan promises, and no more.

use super::judge::{assert_same, exported};
use super::spans::assert_spans;
use super::world::{World, complete, summary};
use crate::support::test;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::process::Signal;
use simulator::qdrant::{
    Collection, Distance, Ids, Mix, Options, Point, PointId, Qdrant, Value, Vector, VectorParams,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const NAME: &str = "memory";
const POINTS: u64 = 3_000;

fn memory() -> Collection {
    Collection::new(NAME, POINTS)
        .ids(Ids::Mixed)
        .vector(VectorParams::new(8, Distance::Cosine))
        .payload(Mix::Plain)
}

/// Writes and deletes points until it is told to rest: every second id is left alone.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Writer {
    fn on(qdrant: &Arc<Qdrant>) -> Writer {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, qdrant) = (stop.clone(), qdrant.clone());
        let thread = std::thread::spawn(move || {
            let ids = touched();
            let mut round = 0;
            while !stopped.load(Ordering::Relaxed) {
                change(&qdrant, &ids, round);
                round += 1;
                // About two thousand writes a second: the source is busy, and there are processors left to read it.
                std::thread::park_timeout(Duration::from_micros(500));
            }
            round
        });
        Writer {
            stop,
            thread: Some(thread),
        }
    }

    /// Lets what is under way end; how many writes there were.
    fn rest(&mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map_or(0, |thread| thread.join().unwrap())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.rest();
    }
}

/// The ids as they were in the beginning, in order.
fn ids() -> Vec<PointId> {
    let fresh = Qdrant::start(Options::default().with(memory())).unwrap();
    fresh
        .points(NAME)
        .into_iter()
        .map(|(_, point)| point.id)
        .collect()
}

fn touched() -> Vec<PointId> {
    ids().into_iter().step_by(2).collect()
}

/// The points that nobody writes to.
fn untouched() -> BTreeSet<String> {
    ids()
        .into_iter()
        .skip(1)
        .step_by(2)
        .map(|id| id.to_string())
        .collect()
}

/// One write: most change a point, some delete one, some add one that was never there.
fn change(qdrant: &Qdrant, ids: &[PointId], round: u64) {
    // A step that has no divisor in common with the number of ids comes to all of them.
    let id = ids[(round.wrapping_mul(7_919) % ids.len() as u64) as usize];
    match round % 5 {
        0 => {
            qdrant.remove(NAME, None, id);
        }
        1 => {
            // Odd numbers all over 64 bits; that one of them is an id already is as good as impossible.
            let id = PointId::Number(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            qdrant.put(NAME, None, point(id, round));
        }
        _ => {
            qdrant.put(NAME, None, point(id, round));
        }
    }
}

fn point(id: PointId, round: u64) -> Point {
    let turned = round as f32;
    let components = (0..8).map(|place| (turned + place as f32).sin()).collect();
    Point {
        id,
        payload: vec![("round".into(), Value::Integer(round as i64))],
        vectors: vec![(String::new(), Vector::Dense(components))],
    }
}

fn consistency(mode: &str) -> [&str; 2] {
    ["--consistency", mode]
}

/// Whether the load is done and the source is being read again.
async fn is_swept(world: &World) {
    let client = world.client().await;
    let begun = "select to_regclass('etl.sweep') is not null and exists (select from etl.lane) \
                 and not exists (select from etl.lane where state <> 'end')";
    loop {
        // The ledger is made in one transaction, so that nothing in between is ever seen.
        let asked = client
            .query_one("select to_regclass('etl.lane') is not null", &[])
            .await
            .unwrap();
        if asked.get::<_, bool>(0) && client.query_one(begun, &[]).await.unwrap().get::<_, bool>(0) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Asserts that every point that nobody wrote to is there once, as it is.
async fn assert_untouched(world: &World) {
    let (untouched, mut exported) = (untouched(), exported(world).await);
    exported.retain(|(.., id), _| untouched.contains(id));
    let quiet = World::of([memory()]).await;
    quiet.keep_only(NAME, &untouched);
    assert_same(&quiet, NAME, &exported);
}

#[test]
fn passes_mend_until_one_finds_nothing_and_then_every_point_is_there() {
    test(async {
        let world = World::of([memory()]).await;
        let mut writer = Writer::on(&world.qdrant);
        let mut run = world.run(&consistency("sweeps")).start().unwrap();
        is_swept(&world).await;
        assert!(writer.rest() > 0);
        let outcome = run.wait().await.unwrap();
        assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);
        let summary = summary(&outcome);
        let swept = &summary["swept"];
        assert_eq!(swept["last"]["inserted"], 0, "{summary:#}");
        assert_eq!(swept["last"]["updated"], 0, "{summary:#}");
        assert_eq!(swept["last"]["deleted"], 0, "{summary:#}");
        assert_same(&world, NAME, &exported(&world).await);
        // Once complete, a start finds that nothing has changed.
        complete(world.run(&consistency("sweeps"))).await;
    });
}

#[test]
fn a_source_that_never_rests_fails_the_run_which_goes_on_when_it_does() {
    test(async {
        let world = World::of([memory()]).await;
        let mut writer = Writer::on(&world.qdrant);
        let outcome = world.run(&consistency("sweeps")).run().await.unwrap();
        assert_eq!(
            outcome.status.code(),
            Some(6),
            "{}{}",
            outcome.stdout,
            outcome.stderr
        );
        assert!(
            outcome.stdout.contains("passes in a row found changes"),
            "{}",
            outcome.stdout
        );
        writer.rest();
        complete(world.run(&consistency("sweeps"))).await;
        assert_same(&world, NAME, &exported(&world).await);
    });
}

#[test]
fn two_readings_that_differ_fail_a_run_that_was_promised_rest() {
    test(async {
        let world = World::of([memory()]).await;
        complete(world.run(&consistency("quiescent"))).await;
        assert_same(&world, NAME, &exported(&world).await);

        let world = world.again().await;
        let mut run = world.run(&consistency("quiescent")).start().unwrap();
        let mut writer = Writer::on(&world.qdrant);
        let outcome = run.wait().await.unwrap();
        assert!(writer.rest() > 0);
        assert_eq!(
            outcome.status.code(),
            Some(6),
            "{}{}",
            outcome.stdout,
            outcome.stderr
        );
    });
}

#[test]
fn a_single_pass_has_every_point_that_nobody_wrote_to() {
    test(async {
        let world = World::of([memory()]).await;
        let mut writer = Writer::on(&world.qdrant);
        complete(world.run(&consistency("fuzzy"))).await;
        assert!(writer.rest() > 0);
        assert_untouched(&world).await;
    });
}

fn dice(what: &str) -> StdRng {
    let seed = std::env::var("ETL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random);
    eprintln!("ETL_SEED={seed}: {what}");
    StdRng::seed_from_u64(seed)
}

/// Starts that are killed at random moments while points are written; then the source rests, and a start completes.
async fn kills(mode: &str, wanted: usize) {
    let mut dice = dice(&format!("{wanted} kills under --consistency {mode}"));
    let source = World::of([memory()]).await;
    let mut killed = 0;
    while killed < wanted {
        let world = source.again().await;
        let mut writer = Writer::on(&world.qdrant);
        for _ in 0..dice.random_range(3..12) {
            self::killed(&world, mode, &mut dice).await;
            killed += 1;
        }
        assert!(writer.rest() > 0);
        complete(world.run(&consistency(mode))).await;
        match mode {
            "fuzzy" => assert_untouched(&world).await,
            _ => {
                assert_same(&world, NAME, &exported(&world).await);
                assert_spans(&world, NAME).await;
            }
        }
    }
}

/// Starts a run and kills it at a random moment.
async fn killed(world: &World, mode: &str, dice: &mut StdRng) {
    let mut run = world.run(&consistency(mode)).start().unwrap();
    // A timer that waits for nothing: it is what makes the moment random.
    tokio::time::sleep(Duration::from_millis(dice.random_range(20..1_500))).await;
    run.signal(Signal::Kill).unwrap();
    run.wait().await.unwrap();
}

#[test]
fn seventy_kills_with_passes_lose_double_and_alter_nothing() {
    test(kills("sweeps", 70));
}

#[test]
fn thirty_kills_with_a_single_pass_lose_double_and_alter_nothing_that_nobody_wrote_to() {
    test(kills("fuzzy", 30));
}

#[test]
fn thirty_kills_of_a_run_that_was_promised_rest_hide_no_change_and_make_none_up() {
    test(async {
        let mut dice = dice("30 kills under --consistency quiescent");
        let source = World::of([memory()]).await;
        for round in 0..5 {
            let world = source.again().await;
            for _ in 0..6 {
                killed(&world, "quiescent", &mut dice).await;
            }
            complete(world.run(&consistency("quiescent"))).await;
            assert_same(&world, NAME, &exported(&world).await);
            assert_spans(&world, NAME).await;
            change(&world.qdrant, &touched(), 7 * round + 2);
            let outcome = world.run(&consistency("quiescent")).run().await.unwrap();
            assert_eq!(
                outcome.status.code(),
                Some(6),
                "{}{}",
                outcome.stdout,
                outcome.stderr
            );
        }
    });
}
