//! The simulator as a process of its own, with documents in it.

use simulator::dataset::Dataset;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Bytes that leave together, as in the simulator.
const PIECE: usize = 64 << 10;
pub(crate) const PROJECT: &str = "bench";

/// Documents of thirteen fields and about 600 bytes.
pub(crate) fn orders(documents: u64) -> String {
    format!("seed = 7\n[[collection]]\npattern = \"orders\"\ndocuments = {documents}\nbytes = [580, 620]\n")
}

/// Seconds of CPU that a process has used so far.
pub(crate) fn cpu(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks = |field: &str| field.parse::<f64>().unwrap();
    // A tick is a hundredth of a second on every Linux that Rust's standard library runs on.
    (ticks(fields[11]) + ticks(fields[12])) / 100.0
}

pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) host: String,
    pub(crate) size: u64,
    dataset: Dataset,
}

impl Serving {
    pub(crate) fn start(documents: u64) -> Serving {
        use std::io::BufRead;
        let here = std::env::current_exe().unwrap();
        let program: PathBuf = here.ancestors().nth(2).unwrap().join("etl-simulator");
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("orders.toml");
        std::fs::write(&file, orders(documents)).unwrap();
        let mut child = Command::new(program)
            .args(["--port", "0", "--project", PROJECT, "--dataset"])
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = std::io::BufReader::new(child.stdout.take().unwrap());
        let line = said
            .lines()
            .map(Result::unwrap)
            .find(|line| line.contains("listening on"))
            .unwrap();
        let dataset = Dataset::parse(&orders(documents)).unwrap();
        let sequences = dataset.sequences(&format!("{}/documents", database()));
        let mut body = Vec::new();
        let mut walk = sequences[0].walk(0);
        let looked_at = documents.min(1_000);
        for _ in 0..looked_at {
            walk.append(&mut body);
        }
        Serving {
            child,
            host: line.rsplit(' ').next().unwrap().to_owned(),
            size: body.len() as u64 / looked_at,
            dataset,
        }
    }

    /// Makes every document here and throws it away: what a document costs before anybody sends it.
    pub(crate) fn generate(&self) -> u64 {
        let (mut made, mut buffer) = (0, Vec::new());
        for sequence in self.dataset.sequences(&format!("{}/documents", database())) {
            let mut walk = sequence.walk(0);
            while walk.append(&mut buffer) {
                made += 1;
                if buffer.len() > PIECE {
                    buffer.clear();
                }
            }
        }
        made
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn database() -> String {
    format!("projects/{PROJECT}/databases/(default)")
}
