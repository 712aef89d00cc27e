//! A million documents: as many rows, no memory to speak of, and one read for each.

use crate::support::{Looking, World, completed, test};
use futures::StreamExt;
use rehearsal::application::Application;
use rehearsal::process::{Program, Running, Stream};
use serde_json::Value;
use simulator::dataset::Dataset;
use std::path::{Path, PathBuf};
use std::pin::pin;
use tokio_postgres::Client;

const SMALL: u64 = 100_000;
/// More or fewer may be asked for with `ETL_DOCUMENTS`.
const LARGE: u64 = 1_000_000;

/// Documents of thirteen fields and about 600 bytes.
fn orders(documents: u64) -> String {
    format!("seed = 7\n[[collection]]\npattern = \"orders\"\ndocuments = {documents}\nbytes = [580, 620]\n")
}
/// What `--memory` grants, and what a process may take beside it, in KiB.
const GRANTED: u64 = 128 << 10;
const BESIDE: u64 = 64 << 10;
/// What the simulator may take, however many documents it makes up, in KiB.
const SIMULATOR: u64 = 32 << 10;

/// What a run of so many documents took.
struct Took {
    world: World,
    /// The most memory either process ever held, in KiB.
    etl: u64,
    simulator: u64,
    summary: Value,
    /// What the simulator billed.
    bill: Value,
    /// Ends with this.
    _serving: Running,
}

/// The program, where cargo put it beside this one.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join("etl-simulator")
}

/// The most memory that a process held so far, in KiB; nothing once it has ended.
fn peak(running: &Running) -> Option<u64> {
    let status = Path::new("/proc")
        .join(running.pid().ok()?.to_string())
        .join("status");
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

async fn run(documents: u64) -> Took {
    let folder = tempfile::TempDir::new().unwrap();
    let dataset = folder.path().join("orders.toml");
    std::fs::write(&dataset, orders(documents)).unwrap();
    let free = ["--port", "0", "--project", "large", "--dataset"];
    let serving = Program::new(program())
        .args(free)
        .args([&dataset])
        .start()
        .unwrap();
    let line = serving.line(Stream::Stdout, "listening on ").await.unwrap();
    let host = line.rsplit(' ').next().unwrap().trim().to_owned();
    let world = World::of(&host, "large", Application::small(0)).await;
    let quiet = [
        "run",
        "--source",
        "firestore",
        "--output",
        "json",
        "--metrics-listen",
        "off",
    ];
    // As many lanes in flight whatever the size, and no more memory than they need.
    let shape = [
        "--lane-documents",
        "20000",
        "--batch-rows",
        "5000",
        "--memory",
        "128MiB",
    ];
    let mut etl = world.etl(&[&quiet[..], &shape].concat()).start().unwrap();
    let mut most = 0;
    while !etl.has_ended().unwrap() {
        most = peak(&etl).unwrap_or(most);
        Looking::again().await;
    }
    let summary = completed(&etl.wait().await.unwrap());
    let page = format!("http://{host}/simulator/v1/bill?database=projects/large/databases/(default)");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let bill = http.get(page).send().await.unwrap().text().await.unwrap();
    Took {
        world,
        etl: most,
        simulator: peak(&serving).unwrap(),
        summary,
        bill: serde_json::from_str(&bill).unwrap(),
        _serving: serving,
    }
}

/// Every document that the dataset has is in the table once, by its path.
async fn assert_every_path_once(client: &Client, documents: u64) {
    let dataset = Dataset::parse(&orders(documents)).unwrap();
    let sequences = dataset.sequences("projects/large/databases/(default)/documents");
    let [orders] = &sequences[..] else {
        panic!("one collection")
    };
    let mut seen = vec![false; documents as usize];
    let rows = client
        .query_raw("select _path from orders", [""; 0])
        .await
        .unwrap();
    let mut rows = pin!(rows);
    while let Some(row) = rows.next().await {
        let path: String = row.unwrap().get(0);
        let index = orders.find(&simulator::Path::parse(&path).unwrap());
        let index = index.unwrap_or_else(|| panic!("{path} was never there")) as usize;
        assert!(
            !std::mem::replace(&mut seen[index], true),
            "{path} is there twice"
        );
    }
    assert!(seen.iter().all(|seen| *seen), "documents are missing");
}

#[test]
fn a_million_documents_in_constant_memory_at_one_read_each() {
    test(async {
        let small = run(SMALL).await;
        let verdict = small.world.verdict(&small.summary).await;
        assert!(
            verdict.is_exact() && verdict.documents as u64 == SMALL,
            "{verdict}"
        );

        let documents = std::env::var("ETL_DOCUMENTS").map_or(LARGE, |text| text.parse().unwrap());
        let large = run(documents).await;
        let client = large.world.client().await;
        let rows: i64 = client
            .query_one("select count(*) from orders", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(rows as u64, documents);
        assert_every_path_once(&client, documents).await;

        let (told, billed) = (&large.summary["reads_billed"], &large.bill["reads"]);
        assert_eq!(told, billed, "what etl says it was billed: {}", large.bill);
        let reads = told.as_u64().unwrap();
        eprintln!(
            "{documents} documents: {:.1} s, {:.0} documents/s; reads billed {reads} = {:.4} a document: {}; peak memory of \
             etl {} MiB (of {SMALL} documents {} MiB), of the simulator {} MiB ({} MiB)",
            large.summary["seconds"].as_f64().unwrap(),
            large.summary["documents_per_second"].as_f64().unwrap(),
            reads as f64 / documents as f64,
            large.bill,
            large.etl >> 10,
            small.etl >> 10,
            large.simulator >> 10,
            small.simulator >> 10,
        );
        assert!(
            reads < documents + documents / 100,
            "{reads} reads for {documents} documents"
        );
        for took in [&small, &large] {
            assert!(took.etl < GRANTED + BESIDE, "etl took {} KiB", took.etl);
            assert!(
                took.simulator < SIMULATOR,
                "the simulator took {} KiB",
                took.simulator
            );
        }
    });
}
