//! How well `etl plan` knows how long a run takes, what it reads and what it fills: `make bench`.
//!
//! Three databases of the simulator; for each, a plan and then the run that it speaks of, several times in turn. All
//! parts share this machine, which is the hardest case: where the ends are elsewhere, each has its own processors.

#![allow(clippy::unwrap_used, missing_docs)]

use rehearsal::postgres::{Server, connect};
use rehearsal::process::Program;
use serde_json::Value;
use simulator::dataset::Dataset;
use simulator::{Options, Simulator};
use std::path::PathBuf;
use std::time::Instant;

const ROUNDS: usize = 3;
const PROJECT: &str = "bench";

const DATABASES: [(&str, &str, &str); 3] = [
    (
        "small documents",
        "seed = 7\n[[collection]]\npattern = \"events\"\ndocuments = 900000\nmix = \"event\"\nbytes = [150, 300]\n\
         [[collection]]\npattern = \"users\"\ndocuments = 200000\nmix = \"user\"\nbytes = [250, 450]\n",
        "",
    ),
    (
        "nested, with elements",
        "seed = 8\n[[collection]]\npattern = \"orders\"\ndocuments = 400000\nmix = \"order\"\nbytes = [500, 1800]\n",
        "[tables.orders]\nfrom = \"**/orders\"\n[tables.orders.columns]\nnumber = { type = \"bigint\" }\n\
         [tables.orders.children.order_items]\nfrom = \"items\"\nof = \"array\"\n\
         [tables.orders.children.order_items.columns]\nprice = { type = \"double precision\" }\n",
    ),
    (
        "vectors",
        "seed = 9\n[[collection]]\npattern = \"chunks\"\ndocuments = 150000\nmix = \"event\"\nbytes = 4000\nvector = 384\n",
        "",
    ),
];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Server::start().await.unwrap();
        println!(
            "{:22} {:>9} {:>9} {:>7} {:>11} {:>11} {:>7} {:>9} {:>9} {:>7}",
            "", "reads", "said", "", "disk", "said", "", "seconds", "said", ""
        );
        for (name, dataset, mapping) in DATABASES {
            for _ in 0..ROUNDS {
                round(&server, name, dataset, mapping).await;
            }
        }
    });
}

async fn round(server: &Server, name: &str, dataset: &str, mapping: &str) {
    let dataset = Dataset::parse(dataset).unwrap();
    let options = Options::default().with_dataset(PROJECT, "(default)", dataset);
    let simulator = Simulator::start(options).unwrap();
    let url = server.database("bench").await.unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("etl.toml"), mapping).unwrap();
    let etl = |arguments: &[&str]| {
        let fixed = [
            "--output",
            "json",
            "--metrics-listen",
            "off",
            "--checkpoint-dir",
            "checkpoints",
        ];
        Program::new(program())
            .args([arguments, &fixed].concat())
            .env("DATABASE_URL", &url)
            .env("FIRESTORE_EMULATOR_HOST", simulator.host())
            .env("GOOGLE_CLOUD_PROJECT", PROJECT)
            .current_dir(folder.path())
    };
    let plan = etl(&["plan"]).run().await.unwrap();
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let before = simulator.bill(PROJECT, "(default)").reads();
    let began = Instant::now();
    let run = etl(&["run"]).run().await.unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert!(run.status.success(), "{}", run.stderr);
    let reads = (simulator.bill(PROJECT, "(default)").reads() - before) as f64;
    let sizes = "select sum(pg_total_relation_size(oid))::float8 from pg_class \
                 where relkind = 'r' and relnamespace = 'public'::regnamespace";
    let client = connect(&url).await.unwrap();
    let disk: f64 = client.query_one(sizes, &[]).await.unwrap().get(0);
    let said = |pointer: &str| plan.pointer(pointer).and_then(Value::as_f64).unwrap();
    let (reads_said, disk_said, seconds_said) =
        (said("/reads"), said("/forecast/disk"), said("/duration/seconds"));
    let off = |said: f64, found: f64| format!("{:+.0} %", (said / found - 1.0) * 100.0);
    println!(
        "{name:22} {reads:>9.0} {reads_said:>9.0} {:>7} {disk:>11.0} {disk_said:>11.0} {:>7} {seconds:>9.1} {seconds_said:>9.1} {:>7}",
        off(reads_said, reads),
        off(disk_said, disk),
        off(seconds_said, seconds)
    );
}

/// `etl` beside this bench: both are built by `make bench`.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join("etl")
}
