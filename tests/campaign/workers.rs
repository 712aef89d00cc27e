//! Up to eight processes that share a run and are killed, stopped for longer than their lease, sent away, doubled and cut
//! off from both ends, all at any time.

use super::trial::Trial;
use crate::support::ledger::{assert_whole_batches, released};
use crate::support::server;
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::campaign::Case;
use rehearsal::process::{Outcome, Program, Running, Signal};
use rehearsal::proxy::{Proxy, Upstream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Silence that is taken for death: the shortest lease there is, and the same at both ends.
const SILENCE: [&str; 6] = [
    "--lease",
    "1s",
    "--stream-timeout",
    "1s",
    "--transaction-timeout",
    "2s",
];
/// Reads a second, and what of them is used.
const QUOTA: u64 = 2_000;
const USED: u64 = 1_600;

#[derive(Debug, Clone, Copy)]
enum Event {
    Kill,
    Leave,
    /// Stand still for so long.
    Stop(Duration),
    /// Nothing comes through to the target, the source, or both, for so long.
    Cut([bool; 2], Duration),
}

/// One of them, on a machine of its own as far as its lines go.
struct Worker<'t> {
    trial: &'t Trial,
    number: usize,
    /// To the target and to the source.
    lines: [Proxy; 2],
}

pub(super) async fn case(case: &mut Case) {
    let trial = Trial::on(server().await, case, 3_000).await;
    let events = AtomicU64::new(0);
    let (crew, most) = (case.dice.random_range(2..=8), case.scaled(20).max(1) as u64);
    let mut workers = Vec::new();
    for number in 0..crew {
        workers.push(Worker::new(&trial, number).await);
    }
    let (asks, heard): (Vec<_>, Vec<_>) = (0..crew).map(|_| mpsc::channel(1)).unzip();
    let moved = workers
        .iter()
        .zip(heard)
        .map(|(worker, heard)| worker.work(heard));
    let dice = StdRng::seed_from_u64(case.dice.random());
    let outcomes = tokio::select! {
        outcomes = join_all(moved) => outcomes,
        () = nemesis(&asks, dice, &events, most) => unreachable!("it never ends"),
    };
    let bill = trial.bill();
    let client = trial.world.client().await;
    released(&client).await;
    assert_whole_batches(&client).await;
    trial.judge(&outcomes[0]).await;
    assert!(bill.most_in_a_second <= USED, "{bill:?}");
    case.note(events.load(Ordering::Relaxed));
}

/// Does something to one of them, so often; then leaves them alone for good.
async fn nemesis(asks: &[mpsc::Sender<Event>], mut dice: StdRng, events: &AtomicU64, most: u64) {
    while events.load(Ordering::Relaxed) < most {
        let millis = |dice: &mut StdRng, most| Duration::from_millis(super::trial::spread(dice, 1, most));
        // A timer here waits for nothing: it is what makes the moment random.
        tokio::time::sleep(millis(&mut dice, 400)).await;
        let event = match dice.random_range(0..8) {
            0..3 => Event::Kill,
            3 => Event::Leave,
            4..6 => Event::Stop(millis(&mut dice, 3_000)),
            _ => {
                let both = [[true, false], [false, true], [true, true]];
                Event::Cut(both[dice.random_range(0..3)], millis(&mut dice, 3_000))
            }
        };
        // Whoever is done, or has another one to get over, is spared.
        if asks[dice.random_range(0..asks.len())].try_send(event).is_ok() {
            events.fetch_add(1, Ordering::Relaxed);
        }
    }
    std::future::pending().await
}

impl<'t> Worker<'t> {
    async fn new(trial: &'t Trial, number: usize) -> Worker<'t> {
        let target = Upstream::postgres(&trial.world.url).unwrap();
        let source = Upstream::tcp(trial.world.host.clone());
        Worker {
            trial,
            number,
            lines: [
                Proxy::start(target, Vec::new()).await.unwrap(),
                Proxy::start(source, Vec::new()).await.unwrap(),
            ],
        }
    }

    fn start(&self) -> Program {
        // Every second one has the name of another one.
        let name = format!("w{}", self.number / 2);
        let quota = QUOTA.to_string();
        let flags = [
            &SILENCE[..],
            &["--join", "--worker", &name, "--reads-per-second", &quota],
        ]
        .concat();
        let [target, source] = &self.lines;
        let folder = self
            .trial
            .world
            .folder()
            .join(format!("checkpoints-{}", self.number));
        self.trial
            .start(&flags)
            .env("DATABASE_URL", target.url(&self.trial.world.url).unwrap())
            .env("FIRESTORE_EMULATOR_HOST", source.address().to_string())
            .env("ETL_CHECKPOINT_DIR", folder)
    }

    /// Started again until it says that all is done.
    async fn work(&self, mut heard: mpsc::Receiver<Event>) -> Outcome {
        loop {
            let mut running = self.start().start().unwrap();
            let outcome = loop {
                tokio::select! {
                    ended = running.wait() => break ended.unwrap(),
                    Some(event) = heard.recv() => self.suffer(&running, event).await,
                }
            };
            match outcome.status.code() {
                Some(0) => return outcome,
                // What was out of reach for good, or it was sent away; or it was killed.
                Some(3 | 4) | None => {}
                Some(_) => panic!("{}\n{}", outcome.stdout, outcome.stderr),
            }
        }
    }

    async fn suffer(&self, running: &Running, event: Event) {
        // It may have ended by itself in between.
        let signal = |signal| drop(running.signal(signal));
        match event {
            Event::Kill => signal(Signal::Kill),
            Event::Leave => signal(Signal::Terminate),
            Event::Stop(long) => {
                signal(Signal::Stop);
                tokio::time::sleep(long).await;
                signal(Signal::Continue);
            }
            Event::Cut(which, long) => {
                let lines = || self.lines.iter().zip(which).filter(|(_, cut)| *cut);
                lines().for_each(|(line, _)| line.hold());
                tokio::time::sleep(long).await;
                lines().for_each(|(line, _)| {
                    line.cut_now();
                    line.pass_through();
                });
            }
        }
    }
}
