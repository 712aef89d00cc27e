//! Memory is what `--memory` says and a constant, however many documents there are, and however large they are.

use super::large::{BESIDE, run};
use crate::support::test;

/// What is granted, in KiB. Half of it is for documents in flight, and even the smallest set has twice that, in more lanes
/// than are moved at a time: on a machine that is busy elsewhere, all of it is in use, whatever the size.
const GRANTED: u64 = 48 << 10;
const SHAPE: [&str; 6] = [
    "--memory",
    "48MiB",
    "--batch-bytes",
    "1MiB",
    "--lane-documents",
    "4000",
];
/// What equal runs differ by at the most, in KiB; ten times the documents are 500 MiB more.
const MARGIN: u64 = 24 << 10;

/// So many documents of so many bytes.
fn orders(documents: u64, bytes: u64) -> String {
    let (least, most) = (bytes - bytes / 32, bytes + bytes / 32);
    format!(
        "seed = 7\n[[collection]]\npattern = \"orders\"\ndocuments = {documents}\nbytes = [{least}, {most}]\n"
    )
}

#[test]
fn ten_times_the_documents_take_the_same_memory_and_never_more_than_is_granted() {
    test(async {
        let [small, large, wide] = [(40_000, 1_500), (400_000, 1_500), (1_000, 64_000)];
        let mut took = Vec::new();
        for (documents, bytes) in [small, large, wide] {
            let run = run(&orders(documents, bytes), &SHAPE).await;
            assert_eq!(run.summary["loaded"], documents);
            eprintln!("{documents} documents of {bytes} bytes: {} MiB", run.etl >> 10);
            assert!(
                run.etl <= GRANTED + BESIDE,
                "{documents} documents took {} KiB",
                run.etl
            );
            took.push(run.etl);
        }
        assert!(
            took[1] <= took[0] + MARGIN,
            "{} KiB, and {} of a tenth",
            took[1],
            took[0]
        );
    });
}
