//! Disks that are full from some step on, until somebody makes room: the checkpoint directory's, and PostgreSQL's.

use super::failing::assert_told;
use super::struck::Strikes;
use super::trial::{Trial, any_step};
use crate::support::{code, server};
use rand::RngExt;
use rehearsal::campaign::Case;
use rehearsal::postgres::{Options, Server, connect};
use rehearsal::seam::{Of, Seam, Strike};
use tokio::sync::OnceCell;

const DOCUMENTS: usize = 400;
const MEGABYTE: u64 = 1 << 20;
/// Megabytes the write-ahead log keeps. Without room for its log a server gives up altogether.
const LOG: u64 = 64;
const DISK: u64 = 400 * MEGABYTE;

/// The server whose disk can be filled.
static SMALL: OnceCell<Server> = OnceCell::const_new();

pub(super) async fn case(case: &mut Case, strikes: &Strikes) {
    match case.dice.random_range(0..5) {
        0 => target(case).await,
        _ => directory(case, strikes).await,
    }
}

/// Room is made after every start that had too little.
async fn directory(case: &mut Case, strikes: &Strikes) {
    let server = server().await;
    let trial = Trial::on(server, case, DOCUMENTS).await;
    let steps = trial.steps(server, Of::Files).await;
    for _ in 0..case.dice.random_range(1..=12) {
        let seam = Seam::at(Of::Files, any_step(&mut case.dice, steps), Strike::Full).unwrap();
        let outcome = trial.left_whole(trial.struck(&seam)).await;
        if let Some(struck) = seam.struck() {
            case.note(1);
            strikes.note(Of::Files, Strike::Full, &seam);
            assert_told(&outcome, &format!("no space from {struck} on"));
        }
        if code(&outcome) == 0 {
            return trial.judge(&outcome).await;
        }
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(said.contains("No space left on device"), "{said}");
    }
    trial.through(|| trial.start(&[])).await;
}

/// A disk that has room for some of the rows, or for none.
async fn target(case: &mut Case) {
    let server = SMALL.get_or_init(small).await;
    // A case that failed has left it full.
    server.resize_disk(DISK).unwrap();
    let trial = Trial::on(server, case, 4 * DOCUMENTS).await;
    // The first who connects to a database writes a file, which those who look on could not do either.
    drop(trial.world.client().await);
    let free = case.dice.random_range(0..2 * MEGABYTE);
    shrink(server, free);
    let outcome = trial.left_whole(trial.start(&["--retry-budget", "2s"])).await;
    server.resize_disk(DISK).unwrap();
    case.note(1);
    assert_told(&outcome, &format!("{free} bytes free"));
    match code(&outcome) {
        0 => trial.judge(&outcome).await,
        _ => trial.through(|| trial.start(&[])).await,
    }
    // The disk is for the next case as well.
    server.remove(&trial.world.url).await.unwrap();
}

/// A server whose write-ahead log has taken its share of the disk.
async fn small() -> Server {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let log = format!("{LOG}MB");
    let server = Server::start_with(Options {
        settings: vec![setting("min_wal_size", &log), setting("max_wal_size", &log)],
        tmpfs_bytes: Some(DISK),
        ..Options::default()
    })
    .await
    .unwrap();
    let client = connect(server.url()).await.unwrap();
    let line = "insert into log select string_agg(md5(n::text), '') from generate_series(1, 40000) as n; truncate log";
    client
        .batch_execute("create table log (filling text)")
        .await
        .unwrap();
    for _ in 0..2 * LOG {
        client.batch_execute(line).await.unwrap();
    }
    client.batch_execute("drop table log; checkpoint").await.unwrap();
    server
}

/// Leaves about so many bytes of the server's disk free.
fn shrink(server: &Server, free: u64) {
    let (mut full, mut fits) = (0, DISK);
    // A disk cannot become smaller than what is on it.
    while fits - full > MEGABYTE / 8 {
        let size = full + (fits - full) / 2;
        match server.resize_disk(size) {
            Ok(()) => fits = size,
            Err(_) => full = size,
        }
    }
    server.resize_disk(fits + free).unwrap();
}
