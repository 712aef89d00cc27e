//! Up to eight processes that share a run and are killed, stopped for longer than their lease, sent away, doubled and cut
//! off from both ends, all at any time. Where they are on machines of their own, lines go dead and nobody is told, and
//! PostgreSQL is killed as well.

use super::trial::Trial;
use crate::support::ledger::{Ledger, assert_whole_batches, released};
use crate::support::{Looking, code, server};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::campaign::Case;
use rehearsal::machines::Machine;
use rehearsal::postgres::{Server, connect};
use rehearsal::process::{Outcome, Program, Running, Signal};
use rehearsal::proxy::{Proxy, Upstream};
use serde_json::Value;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_postgres::Client;

/// Silence that is taken for death: the shortest lease there is, and the same at both ends. And plans that are made soon,
/// for it is lanes that are to be disturbed.
const HASTE: [&str; 8] = [
    "--sample",
    "10",
    "--lease",
    "1s",
    "--stream-timeout",
    "1s",
    "--transaction-timeout",
    "2s",
];
/// Reads a second, and what of them is used: so few that lanes are still moved when the last of the events comes.
const QUOTA: u64 = 500;
const USED: u64 = 400;
/// Starts that a worker may take.
const STARTS: usize = 1_000;

#[derive(Debug, Clone, Copy)]
enum Event {
    Kill,
    Leave,
    /// Stand still for so long.
    Stop(Duration),
    /// Nothing comes through to the target, the source, or both, for so long.
    Cut([bool; 2], Duration),
}

/// One of them, on a machine of its own, or as if it were as far as its lines go.
struct Worker<'t> {
    trial: &'t Trial,
    number: usize,
    machine: Option<Machine>,
    /// Told how long the lanes of one that was killed lie there.
    taken: Taken,
    /// To the target and to the source.
    lines: [Proxy; 2],
}

/// How long it took others to take over what those had who were killed.
pub(super) type Taken = Arc<Mutex<Vec<Duration>>>;

/// Workers as they come, beside one another.
pub(super) async fn case(case: &mut Case) {
    play(case, server().await, None, &Taken::default()).await;
}

/// Workers on machines of their own, and a server of their own.
pub(super) async fn apart(case: &mut Case, taken: &Taken) {
    let server = Server::start().await.unwrap();
    play(case, &server, Some(&server), taken).await;
}

async fn play(case: &mut Case, server: &Server, mortal: Option<&Server>, taken: &Taken) {
    let trial = Trial::on(server, case, 3_000).await;
    let events = AtomicU64::new(0);
    let (crew, most) = (case.dice.random_range(2..=8), case.scaled(20).max(1) as u64);
    let mut workers = Vec::new();
    for number in 0..crew {
        workers.push(Worker::new(&trial, number, mortal.is_some(), taken).await);
    }
    let (asks, heard): (Vec<_>, Vec<_>) = (0..crew).map(|_| mpsc::channel(1)).unzip();
    let moved = workers
        .iter()
        .zip(heard)
        .map(|(worker, heard)| worker.work(heard));
    let dice = StdRng::seed_from_u64(case.dice.random());
    let outcomes = tokio::select! {
        outcomes = join_all(moved) => outcomes,
        () = nemesis(&trial, &asks, mortal, dice, &events, most) => unreachable!("it never ends"),
    };
    let bill = trial.bill();
    let client = trial.world.client().await;
    released(&client).await;
    assert_whole_batches(&client).await;
    match outcomes.iter().find(|outcome| is_given_up(outcome)) {
        None => trial.judge(&outcomes[0]).await,
        Some(_) => trial.judge(&alone(&trial).await).await,
    }
    // What is not used of a second is for what arrives late; but nothing is used up that way.
    let is_kept = bill.most_in_a_second <= QUOTA && bill.most_in_ten_seconds <= 10 * USED;
    assert!(is_kept, "{bill:?}");
    case.note(events.load(Ordering::Relaxed));
}

/// Does something to one of them, so often; then leaves them alone for good.
async fn nemesis(
    trial: &Trial,
    asks: &[mpsc::Sender<Event>],
    mortal: Option<&Server>,
    mut dice: StdRng,
    events: &AtomicU64,
    most: u64,
) {
    if dice.random_range(0..4) > 0 {
        // Who is disturbed while the plan is made moves no lane for a while.
        let client = trial.world.client().await;
        Ledger::until(&client, |now| now.read > 0).await;
    }
    while events.load(Ordering::Relaxed) < most {
        let millis = |dice: &mut StdRng, most| Duration::from_millis(super::trial::spread(dice, 1, most));
        // A timer here waits for nothing: it is what makes the moment random.
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..600))).await;
        if let Some(server) = mortal
            && dice.random_range(0..12) == 0
        {
            server.stop_immediate().await.unwrap();
            tokio::time::sleep(millis(&mut dice, 2_000)).await;
            server.start_again().await.unwrap();
            events.fetch_add(1, Ordering::Relaxed);
            continue;
        }
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
    async fn new(trial: &'t Trial, number: usize, apart: bool, taken: &Taken) -> Worker<'t> {
        let machine = apart.then(|| Machine::new().unwrap());
        let here = machine.as_ref().map_or(Ipv4Addr::LOCALHOST, Machine::gateway);
        let target = Upstream::postgres(&trial.world.url).unwrap();
        let source = Upstream::tcp(trial.world.host.clone());
        Worker {
            trial,
            number,
            machine,
            taken: taken.clone(),
            lines: [
                Proxy::start_on(here, target, Vec::new()).await.unwrap(),
                Proxy::start_on(here, source, Vec::new()).await.unwrap(),
            ],
        }
    }

    fn start(&self) -> Program {
        // Every second one has the name of another one.
        let name = format!("w{}", self.number / 2);
        let quota = QUOTA.to_string();
        let flags = [
            &HASTE[..],
            &["--join", "--worker", &name, "--reads-per-second", &quota],
        ]
        .concat();
        let [target, source] = &self.lines;
        let folder = self
            .trial
            .world
            .folder()
            .join(format!("checkpoints-{}", self.number));
        let url = target.url(&self.trial.world.url).unwrap();
        // It is another machine's, and the server has no certificate.
        let sign = if url.contains('?') { '&' } else { '?' };
        let program = self
            .trial
            .start(&flags)
            .env("DATABASE_URL", format!("{url}{sign}sslmode=disable"))
            .env("FIRESTORE_EMULATOR_HOST", source.address().to_string())
            .env("ETL_CHECKPOINT_DIR", folder);
        match &self.machine {
            Some(machine) => machine.run(program),
            None => program,
        }
    }

    /// Started again until it says that all is done, or that nobody is to try again what is left.
    async fn work(&self, mut heard: mpsc::Receiver<Event>) -> Outcome {
        let mut said = String::new();
        for _ in 0..STARTS {
            let mut running = self.start().start().unwrap();
            let outcome = loop {
                tokio::select! {
                    ended = running.wait() => break ended.unwrap(),
                    Some(event) = heard.recv() => self.suffer(&running, event).await,
                }
            };
            match outcome.status.code() {
                Some(0) => return outcome,
                Some(3) if is_given_up(&outcome) => return outcome,
                // What was out of reach for good, or it was sent away; or it was killed.
                Some(3 | 4) | None => said = outcome.stderr,
                Some(_) => panic!("{}\n{}", outcome.stdout, outcome.stderr),
            }
        }
        panic!("{STARTS} starts did not get through; the last one said: {said}");
    }

    /// What tells when the lanes of the worker that is `running` are another one's; nothing where it has none, or
    /// PostgreSQL is away.
    async fn watched(&self, running: &Running) -> Option<(Client, String)> {
        let named = format!("%process {} on %", running.pid().ok()?);
        let client = connect(&self.trial.world.url).await.ok()?;
        let worker = "select worker::text from etl.worker where name like $1";
        let worker: String = client.query_opt(worker, &[&named]).await.ok()??.get(0);
        (lanes_of(&client, &worker).await? > 0).then_some((client, worker))
    }

    async fn suffer(&self, running: &Running, event: Event) {
        // It may have ended by itself in between.
        let signal = |signal| drop(running.signal(signal));
        match event {
            Event::Kill => {
                let watched = self.watched(running).await;
                signal(Signal::Kill);
                if let Some((client, worker)) = watched {
                    tokio::spawn(watch(client, worker, self.taken.clone()));
                }
            }
            Event::Leave => signal(Signal::Terminate),
            Event::Stop(long) => {
                signal(Signal::Stop);
                tokio::time::sleep(long).await;
                signal(Signal::Continue);
            }
            Event::Cut(_, long) if self.machine.is_some() => {
                let machine = self.machine.as_ref().unwrap();
                machine.cut().unwrap();
                tokio::time::sleep(long).await;
                machine.mend().unwrap();
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

/// Whether lanes are left that took down five workers without moving, and nothing else is. Such events can do that.
fn is_given_up(outcome: &Outcome) -> bool {
    let failed = |told: &Value| {
        told["failed_lanes"]
            .as_array()
            .map(|lanes| !lanes.is_empty() && lanes.iter().all(|lane| lane["cause"] == "poisoned"))
    };
    serde_json::from_str(&outcome.stdout).is_ok_and(|told: Value| failed(&told).unwrap_or_default())
}

/// What is to be done then: a run of its own, which takes every lane, once those are gone who had them.
async fn alone(trial: &Trial) -> Outcome {
    loop {
        let outcome = trial.start(&HASTE).run().await.unwrap();
        match code(&outcome) {
            7 => Looking::again().await,
            _ => return outcome,
        }
    }
}

/// Lanes that are still to be moved and are this worker's, but for those that were given up.
async fn lanes_of(client: &Client, worker: &str) -> Option<i64> {
    let held = "select count(*) from etl.lane where worker = $1::text::uuid and state <> 'end' \
                and (claims < 5 or claimed_at_read <> read)";
    Some(client.query_one(held, &[&worker]).await.ok()?.get(0))
}

/// Notes how long it takes others to take over what a worker has that was killed just now; nothing where PostgreSQL goes
/// away meanwhile.
async fn watch(client: Client, worker: String, taken: Taken) {
    let began = Instant::now();
    while let Some(lanes) = lanes_of(&client, &worker).await {
        if lanes == 0 {
            return taken.lock().unwrap().push(began.elapsed());
        }
        Looking::again().await;
    }
}

/// What is to be told of it.
pub(super) fn told(taken: &Taken) -> String {
    let mut taken = taken.lock().unwrap();
    taken.sort_unstable();
    let at = |share: f64| {
        let place = ((taken.len() as f64 * share) as usize).min(taken.len().saturating_sub(1));
        taken.get(place).copied().unwrap_or_default().as_secs_f64()
    };
    format!(
        "workers killed with lanes: {}; the last of their lanes was another one's within {:.2} s (half of them), {:.2} s \
         (95 %), {:.2} s (all), of which the lease is 1 s",
        taken.len(),
        at(0.5),
        at(0.95),
        at(1.0)
    )
}
