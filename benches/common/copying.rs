//! Rows copied that were packed before the clock started: no client can load faster.
//!
//! They are the rows of a run of `etl`, as PostgreSQL itself packs them, and they go into the table of that run.

use crate::ends::{Ends, Figures};
use crate::process::ourselves;
use ::bytes::Bytes;
use futures::{SinkExt, TryStreamExt};
use serde_json::json;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;

/// Bytes sent at a time.
const PIECE: usize = 256 << 10;

/// A table, and its rows in two files.
pub(crate) struct Packed {
    url: String,
    table: String,
    records: f64,
    folder: TempDir,
}

impl Packed {
    /// Keeps the rows of `table` in the database at `url`.
    pub(crate) fn of(ends: &Ends, url: String, table: &str) -> Packed {
        let packed = Packed {
            table: table.to_owned(),
            records: ends
                .asked(&url, &format!("select count(*) from {table}"))
                .parse()
                .unwrap(),
            folder: TempDir::new_in("/tmp").unwrap(),
            url,
        };
        let pages = format!("pg_relation_size('{table}') / current_setting('block_size')::int");
        let middle = ends.asked(&packed.url, &format!("select format('(%s,0)', {pages} / 2)"));
        for (file, side) in packed.files().iter().zip(["<", ">="]) {
            let rows = format!("select * from {table} where ctid {side} '{middle}'");
            ends.runtime.block_on(keep(&packed.url, &rows, file));
        }
        packed
    }

    fn files(&self) -> [PathBuf; 2] {
        ["first", "second"].map(|name| self.folder.path().join(name))
    }

    /// Copies all rows into the empty table.
    pub(crate) fn run(&self, ends: &Ends, connections: usize) -> Figures {
        ends.does(&self.url, &format!("truncate {}", self.table));
        let mut command = ourselves("copy");
        command
            .args([&self.url, &self.table, &connections.to_string()])
            .args(self.files());
        let (figures, _) = ends.measure(&mut command);
        assert_eq!(figures.records, self.records);
        figures
    }
}

async fn keep(url: &str, rows: &str, file: &PathBuf) {
    let client = rehearsal::postgres::connect(url).await.unwrap();
    let mut file = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    let statement = format!("copy ({rows}) to stdout (format binary)");
    let pieces = client.copy_out(&statement).await.unwrap();
    let written = pieces.try_for_each(|piece| {
        file.write_all(&piece).unwrap();
        std::future::ready(Ok(()))
    });
    written.await.unwrap();
    file.flush().unwrap();
}

/// The client: every connection copies its share of the files in one transaction.
pub(crate) fn client(url: &str, table: &str, connections: usize, files: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let began = Instant::now();
    let loaded: u64 = runtime.block_on(async {
        let copying = (0..connections).map(|first| {
            let files = files
                .iter()
                .skip(first)
                .step_by(connections)
                .map(|file| (*file).to_owned());
            tokio::spawn(copy(url.to_owned(), table.to_owned(), files.collect()))
        });
        let mut loaded = 0;
        for copy in copying.collect::<Vec<_>>() {
            loaded += copy.await.unwrap();
        }
        loaded
    });
    let seconds = began.elapsed().as_secs_f64();
    println!("{}", json!({ "loaded": loaded, "seconds": seconds }));
}

async fn copy(url: String, table: String, files: Vec<String>) -> u64 {
    let client = rehearsal::postgres::connect(&url).await.unwrap();
    client.batch_execute("begin").await.unwrap();
    let mut loaded = 0;
    for file in files {
        let statement = format!("copy {table} from stdin (format binary)");
        let sink = client.copy_in(&statement).await.unwrap();
        let mut sink = std::pin::pin!(sink);
        let mut file = std::fs::File::open(file).unwrap();
        loop {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).unwrap();
            if read == 0 {
                break;
            }
            piece.truncate(read);
            sink.send(Bytes::from(piece)).await.unwrap();
        }
        loaded += sink.finish().await.unwrap();
    }
    client.batch_execute("commit").await.unwrap();
    loaded
}
