//! How well `etl plan` knows how long a run takes, what it reads and what it fills: `make bench`.
//!
//! Three databases of the simulator and two collections of its Qdrant; for each, a plan and then the run that it speaks of, several times in turn. All
//! parts share this machine, which is the hardest case: where the ends are elsewhere, each has its own processors.

#![allow(clippy::unwrap_used, missing_docs)]

use rehearsal::postgres::{Server, connect};
use rehearsal::process::Program;
use serde_json::Value;
use simulator::dataset::Dataset;
use simulator::qdrant::{self, Collection, Distance, Mix, Qdrant, VectorParams};
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

/// Collections of points: how many, of how many components.
const COLLECTIONS: [(&str, u64, usize); 2] =
    [("points of 384", 200_000, 384), ("points of 1536", 20_000, 1_536)];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Server::start().await.unwrap();
        println!(
            "{:22} {:>9} {:>9} {:>7} {:>11} {:>11} {:>7} {:>9} {:>9} {:>7}",
            "", "reads", "said", "", "disk", "said", "", "seconds", "said", ""
        );
        // `cargo bench --bench forecast -- points` is those whose name begins so.
        let only: Vec<String> = std::env::args()
            .skip(1)
            .filter(|word| !word.starts_with('-'))
            .collect();
        let wanted = |name: &str| only.is_empty() || only.iter().any(|word| name.starts_with(word.as_str()));
        for (name, dataset, mapping) in DATABASES.into_iter().filter(|(name, ..)| wanted(name)) {
            for _ in 0..ROUNDS {
                let dataset = Dataset::parse(dataset).unwrap();
                let options = Options::default().with_dataset(PROJECT, "(default)", dataset);
                let origin = Origin::Firestore(Simulator::start(options).unwrap());
                round(&server, name, &origin, mapping).await;
            }
        }
        for (name, points, dimension) in COLLECTIONS.into_iter().filter(|(name, ..)| wanted(name)) {
            for _ in 0..ROUNDS {
                let vectors = VectorParams::new(dimension, Distance::Cosine);
                let points = Collection::new("points", points)
                    .vector(vectors)
                    .payload(Mix::Plain);
                let options = qdrant::Options::default().with(points);
                let origin = Origin::Qdrant(Qdrant::start(options).unwrap());
                round(&server, name, &origin, "[source]\nkind = \"qdrant\"\n").await;
            }
        }
    });
}

/// What is moved.
enum Origin {
    Firestore(Simulator),
    Qdrant(Qdrant),
}

impl Origin {
    /// What was billed so far; nothing where nothing is.
    fn reads(&self) -> f64 {
        match self {
            Origin::Firestore(simulator) => simulator.bill(PROJECT, "(default)").reads() as f64,
            Origin::Qdrant(_) => 0.0,
        }
    }

    fn told(&self, program: Program) -> Program {
        match self {
            Origin::Firestore(simulator) => program
                .env("FIRESTORE_EMULATOR_HOST", simulator.host())
                .env("GOOGLE_CLOUD_PROJECT", PROJECT),
            Origin::Qdrant(qdrant) => program.env("QDRANT_URL", qdrant.url()),
        }
    }
}

async fn round(server: &Server, name: &str, origin: &Origin, mapping: &str) {
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
        let program = Program::new(program())
            .args([arguments, &fixed].concat())
            .env("DATABASE_URL", &url)
            .current_dir(folder.path());
        origin.told(program)
    };
    let plan = etl(&["plan"]).run().await.unwrap();
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let before = origin.reads();
    let began = Instant::now();
    let run = etl(&["run"]).run().await.unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert!(run.status.success(), "{}", run.stderr);
    let reads = origin.reads() - before;
    let sizes = "select sum(pg_total_relation_size(oid))::float8 from pg_class \
                 where relkind = 'r' and relnamespace = 'public'::regnamespace";
    let client = connect(&url).await.unwrap();
    let disk: f64 = client.query_one(sizes, &[]).await.unwrap().get(0);
    let said = |pointer: &str| plan.pointer(pointer).and_then(Value::as_f64).unwrap();
    let reads_said = plan.pointer("/reads").and_then(Value::as_f64).unwrap_or(0.0);
    let (disk_said, seconds_said) = (said("/forecast/disk"), said("/duration/seconds"));
    let off = |said: f64, found: f64| match found > 0.0 {
        true => format!("{:+.0} %", (said / found - 1.0) * 100.0),
        false => String::new(),
    };
    for part in ["planning", "load", "passes", "finish"] {
        if let Some(seconds) = plan.pointer(&format!("/forecast/{part}/seconds")) {
            print!("{part} {:.1}  ", seconds.as_f64().unwrap());
        }
    }
    println!();
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
