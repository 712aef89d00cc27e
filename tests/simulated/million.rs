//! A million documents: as many rows, no memory to speak of, and one read for each.

use super::large::{BESIDE, run};
use crate::support::test;
use futures::StreamExt;
use simulator::dataset::Dataset;
use std::pin::pin;
use tokio_postgres::Client;

const SMALL: u64 = 100_000;
/// More or fewer may be asked for with `ETL_DOCUMENTS`.
const LARGE: u64 = 1_000_000;

/// Documents of thirteen fields and about 600 bytes.
fn orders(documents: u64) -> String {
    format!("seed = 7\n[[collection]]\npattern = \"orders\"\ndocuments = {documents}\nbytes = [580, 620]\n")
}
/// As many lanes in flight whatever the size, and no more memory than they need.
const SHAPE: [&str; 6] = [
    "--lane-documents",
    "20000",
    "--batch-rows",
    "5000",
    "--memory",
    "128MiB",
];
/// What that grants, in KiB.
const GRANTED: u64 = 128 << 10;
/// What the simulator may take, however many documents it makes up, in KiB.
const SIMULATOR: u64 = 32 << 10;

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
        let small = run(&orders(SMALL), &SHAPE).await;
        let verdict = small.world.verdict(&small.summary).await;
        assert!(
            verdict.is_exact() && verdict.documents as u64 == SMALL,
            "{verdict}"
        );

        let documents = std::env::var("ETL_DOCUMENTS").map_or(LARGE, |text| text.parse().unwrap());
        let large = run(&orders(documents), &SHAPE).await;
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
