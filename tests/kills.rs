//! Interrupted at random, again and again: nothing is lost, nothing doubled, nothing altered.
//!
//! The tables have no unique constraint, so a row loaded twice would stay there and be found. Whatever run is
//! interrupted so often ends complete; then the next target is filled, until there were enough interruptions.

mod crash;
mod moment;

pub(crate) use crash::{crash, crash_again_and_again};
pub(crate) use moment::{Directory, Moment};

use crate::support::ledger::{Ledger, assert_whole_batches, released};
use crate::support::{World, completed, server, test};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rehearsal::process::{Program, Signal};
use serde_json::Value;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::time::Instant;
use tokio_postgres::Client;

pub(crate) const DOCUMENTS: usize = 4_000;
const BATCH_ROWS: u64 = 20;
const LANES: u64 = 4;
/// One batch in each of a lane's three stages and one between each two.
const BATCHES_IN_A_LANE: u64 = 5;
/// The number of the signal SIGKILL.
pub(crate) const KILL: i32 = 9;

/// How a start ended.
enum End {
    /// Killed; documents it was last seen to have read, if it could be asked.
    Killed(Option<u64>),
    Complete(Value),
}

/// What every start is told.
pub(crate) struct Shape {
    /// Documents of a batch at the most.
    pub(crate) rows: u64,
    /// Lanes at a time.
    pub(crate) lanes: u64,
    /// These two among them.
    pub(crate) flags: Vec<String>,
}

impl Shape {
    /// Small batches, so that there are many.
    fn usual() -> Shape {
        let (rows, lanes) = (BATCH_ROWS, LANES);
        let flags = format!("--primary-key none --batch-rows {rows} --lanes {lanes}");
        Shape {
            rows,
            lanes,
            flags: flags.split(' ').map(str::to_owned).collect(),
        }
    }

    /// Documents that one start can have read without having committed them.
    fn in_flight(&self) -> u64 {
        self.lanes * BATCHES_IN_A_LANE * self.rows
    }
}

/// Starts that are killed, target after target.
pub(crate) struct Interrupted {
    wanted: usize,
    shape: Shape,
    /// Whether the source is in trouble of its own.
    stormy: bool,
    directory: Directory,
    dice: StdRng,
    source: World,
    http: reqwest::Client,
    /// The port of the metrics of every start.
    port: u16,
    kills: usize,
    /// Kills at any time, registering, loading, finishing.
    at: [usize; 4],
    /// Kill by kill, what was read and not committed.
    in_flight: Vec<u64>,
    /// Reads billed for plans, and for what was committed.
    billed: [i64; 2],
}

impl Interrupted {
    async fn new(wanted: usize, directory: Directory) -> Interrupted {
        let source = World::with(DOCUMENTS).await;
        Interrupted::shaped(source, false, wanted, directory, Shape::usual(), told_dice()).await
    }

    /// Kills of runs from a source in trouble.
    pub(crate) async fn in_storms(source: World, wanted: usize, directory: Directory) -> Interrupted {
        Interrupted::shaped(source, true, wanted, directory, Shape::usual(), told_dice()).await
    }

    /// Kills of runs of that shape.
    pub(crate) async fn shaped(
        source: World,
        stormy: bool,
        wanted: usize,
        directory: Directory,
        shape: Shape,
        dice: StdRng,
    ) -> Interrupted {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let port = free_port();
        Interrupted {
            wanted,
            shape,
            stormy,
            directory,
            dice,
            source,
            http,
            port,
            kills: 0,
            at: [0; 4],
            in_flight: vec![],
            billed: [0; 2],
        }
    }

    /// Fills targets until there were enough kills; how many there were.
    pub(crate) async fn run(mut self) -> usize {
        let (began, mut targets) = (Instant::now(), 0);
        while self.kills < self.wanted {
            self.fill(&self.source.again(server().await).await).await;
            targets += 1;
        }
        let count = self.in_flight.len().max(1) as f64;
        eprintln!(
            "{} kills in {:.0} s {:?}, {targets} targets of {} documents, each exact in the end; reads billed for plans and \
             for what was committed: {:?}; read and not committed at a kill: {:.0} on average, {:?} at most, {} allowed; the \
             checkpoint directory was {:?} between them",
            self.kills,
            began.elapsed().as_secs_f64(),
            self.at,
            self.source.application.count(),
            self.billed,
            self.in_flight.iter().sum::<u64>() as f64 / count,
            self.in_flight.iter().max(),
            self.shape.in_flight(),
            self.directory,
        );
        self.kills
    }

    /// Fills one target: killed as often as is still wanted, then left alone.
    async fn fill(&mut self, target: &World) {
        let client = target.client().await;
        let mut copies = Vec::new();
        let documents = self.source.application.count() as i64;
        loop {
            let found = Ledger::of(&client).await;
            let moment =
                Moment::random(&mut self.dice, &found, documents).filter(|_| self.kills < self.wanted);
            let end = self.start(target, moment, &client, &found).await;
            released(&client).await;
            let now = assert_whole_batches(&client).await;
            assert!(
                now.runs <= 1 && now.read >= found.read,
                "{found:?} became {now:?}"
            );
            match end {
                End::Killed(read) => self.note(moment, read, &found, &now),
                End::Complete(summary) => return self.judge(target, &summary, &found, &now).await,
            }
            self.directory.disturb(target, &mut self.dice, &mut copies);
        }
    }

    async fn start(&self, target: &World, moment: Option<Moment>, client: &Client, found: &Ledger) -> End {
        let mut etl = self.etl(target).start().unwrap();
        let read = tokio::select! {
            ended = etl.wait() => {
                drop(ended.unwrap());
                None
            }
            read = async {
                match moment {
                    Some(moment) => moment.comes(client, found).await,
                    None => std::future::pending().await,
                }
                self.documents_read().await
            } => read,
        };
        // It may have ended by itself in between; its status says which came first.
        let _ = etl.signal(Signal::Kill);
        let outcome = etl.wait().await.unwrap();
        if outcome.status.signal() == Some(KILL) {
            return End::Killed(read);
        }
        End::Complete(completed(&outcome))
    }

    fn etl(&self, target: &World) -> Program {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut shape: Vec<&str> = self.shape.flags.iter().map(String::as_str).collect();
        shape.extend(["--metrics-listen", &listen]);
        target.run(&shape)
    }

    /// What the start under way says it has read; nothing if it does not answer.
    async fn documents_read(&self) -> Option<u64> {
        let answer = self
            .http
            .get(format!("http://127.0.0.1:{}/metrics", self.port))
            .send()
            .await
            .ok()?;
        let page = answer.text().await.ok()?;
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix("etl_documents_read_total"))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    fn note(&mut self, moment: Option<Moment>, read: Option<u64>, found: &Ledger, now: &Ledger) {
        self.kills += 1;
        self.at[match moment {
            Some(Moment::Registered) => 1,
            Some(Moment::Committed(_)) => 2,
            Some(Moment::Ended) => 3,
            _ => 0,
        }] += 1;
        // More may have been committed after it was asked; never more than it had read.
        if let Some(read) = read {
            let unfinished = read.saturating_sub((now.read - found.read) as u64);
            assert!(
                unfinished <= self.shape.in_flight(),
                "{unfinished} documents were read and not committed"
            );
            self.in_flight.push(unfinished);
        }
    }

    async fn judge(&mut self, target: &World, summary: &Value, found: &Ledger, now: &Ledger) {
        target.assert_exact(summary).await;
        let documents = target.application.count() as i64;
        assert_eq!((now.read, now.ended), (documents, now.lanes));
        assert_eq!(summary["read"].as_i64(), Some(documents));
        if found.runs > 0 && !self.stormy {
            // It began where the others had come to: asking for the time costs a read, and so does an empty rest.
            let billed = summary["reads_billed"].as_i64().unwrap();
            assert!(
                billed <= documents - found.read + now.lanes + 1,
                "{billed} reads for the rest of {found:?}"
            );
        }
        let status = target.status().await;
        assert_eq!(status["read"].as_i64(), Some(documents), "{status}");
        let plan = "select sum((plan->>'planning_reads')::int8)::int8 from etl.run";
        let plan: i64 = target.client().await.query_one(plan, &[]).await.unwrap().get(0);
        self.billed[0] += plan;
        self.billed[1] += status["reads_billed"].as_i64().unwrap() - plan;
    }
}

/// Kills in the long loop; fewer may be asked for.
pub(crate) fn kills(default: usize) -> usize {
    std::env::var("ETL_KILLS").map_or(default, |kills| kills.parse().unwrap())
}

/// Dice that can be thrown again with `ETL_SEED`.
pub(crate) fn dice() -> (u64, StdRng) {
    let seed = std::env::var("ETL_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    (seed, StdRng::seed_from_u64(seed))
}

/// The same, told.
fn told_dice() -> StdRng {
    let (seed, dice) = dice();
    eprintln!("ETL_SEED={seed}");
    dice
}

/// A free port that nobody is given by chance: below those the system hands out. It is no part of a case: the same one may
/// be played by two processes at the same time.
fn free_port() -> u16 {
    loop {
        let port = rand::rng().random_range(20_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

#[test]
fn a_hundred_kills_lose_double_and_alter_nothing() {
    test(async {
        Interrupted::new(kills(100), Directory::Kept).await.run().await;
    });
}

#[test]
fn kills_with_the_checkpoint_directory_deleted_in_between_lose_double_and_alter_nothing() {
    test(async {
        Interrupted::new(20, Directory::Deleted).await.run().await;
    });
}

#[test]
fn kills_with_an_older_checkpoint_directory_put_back_lose_double_and_alter_nothing() {
    test(async {
        Interrupted::new(20, Directory::Older).await.run().await;
    });
}
