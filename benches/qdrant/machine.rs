//! Qdrant and PostgreSQL as processes of their own, and what a client costs all three.

use rehearsal::postgres::{Options, Server, connect};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Between two looks at the memory of a client; the system remembers the highest.
const GLANCE: Duration = Duration::from_millis(5);
/// A page of about a megabyte is what Qdrant serves fastest.
const PAGE: u64 = 1 << 20;
/// Bytes of a plain payload, as it is sent.
const PAYLOAD: u64 = 400;

/// A collection of points with numbers from 0 on for ids, a dense vector and a plain payload.
pub(crate) struct Case {
    pub(crate) collection: &'static str,
    pub(crate) points: u64,
    pub(crate) size: u64,
}

impl Case {
    pub(crate) fn new(collection: &'static str, points: u64, size: u64) -> Case {
        Case {
            collection,
            points,
            size,
        }
    }

    /// Points that make a page.
    pub(crate) fn page(&self) -> u64 {
        PAGE / (PAYLOAD + 4 * self.size)
    }

    fn described(&self, ids: &str) -> String {
        let Case {
            collection,
            points,
            size,
        } = self;
        format!(
            "[[collection]]\nname = \"{collection}\"\npoints = {points}\nids = \"{ids}\"\npayload = \"plain\"\n\
             [collection.vector]\nsize = {size}\ndistance = \"cosine\"\n"
        )
    }
}

/// Points whose ids have gaps between them.
pub(crate) const GAPS: Case = Case {
    collection: "gaps",
    points: 1_000,
    size: 384,
};

/// Both ends.
pub(crate) struct Machine {
    pub(crate) runtime: Runtime,
    server: Server,
    qdrant: Child,
    /// Where Qdrant answers gRPC.
    pub(crate) url: String,
}

/// What a client did, and what it cost.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// Rows loaded, or points read where nothing is loaded.
    pub(crate) points: f64,
    /// What it took, as the client says.
    pub(crate) seconds: f64,
    /// Seconds of CPU.
    pub(crate) client: f64,
    pub(crate) qdrant: f64,
    pub(crate) postgres: f64,
    /// The most memory the client had, in bytes.
    pub(crate) peak: f64,
}

impl Machine {
    pub(crate) fn start(cases: &[Case]) -> Machine {
        let runtime = Runtime::new().unwrap();
        let options = Options {
            // What it does after a load would be counted against whoever comes next.
            settings: vec![("autovacuum".to_owned(), "off".to_owned())],
            ..Options::default()
        };
        let server = runtime.block_on(Server::start_with(options)).unwrap();
        let described: Vec<String> = cases.iter().map(|case| case.described("dense")).collect();
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("qdrant.toml");
        std::fs::write(&file, described.concat() + &GAPS.described("gaps")).unwrap();
        let mut qdrant = Command::new(beside("etl-simulator"))
            .args(["--port", "0", "--rest-port", "0", "--qdrant"])
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(qdrant.stdout.take().unwrap());
        let mut lines = said.lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("listening on")).unwrap();
        let url = line.rsplit(' ').next().unwrap().to_owned();
        // The rest is read too, so that whoever says it is never kept waiting.
        std::thread::spawn(move || lines.for_each(drop));
        Machine {
            runtime,
            server,
            qdrant,
            url,
        }
    }

    /// What everything is measured with.
    pub(crate) fn told(&self) -> String {
        let url = self.database();
        let versions = self.asked(
            &url,
            "select current_setting('server_version') || ', pgvector ' || \
             (select extversion from pg_extension where extname = 'vector')",
        );
        self.gone(&url);
        format!(
            "{} cores; PostgreSQL {versions}, fsync off, autovacuum off; Qdrant played by the simulator, as version {}",
            cores(),
            simulator::qdrant::Version::default()
        )
    }

    /// A new database.
    pub(crate) fn database(&self) -> String {
        self.runtime.block_on(self.server.database("bench")).unwrap()
    }

    /// Does away with a database that [`Machine::database`] made.
    pub(crate) fn gone(&self, url: &str) {
        let name = url.rsplit('/').next().unwrap();
        self.does(self.server.url(), &format!("drop database {name} with (force)"));
    }

    pub(crate) fn does(&self, url: &str, statements: &str) {
        self.runtime.block_on(async {
            let client = connect(url).await.unwrap();
            client.batch_execute(statements).await.unwrap();
        });
    }

    /// The only value that a question is answered with, as text.
    pub(crate) fn asked(&self, url: &str, question: &str) -> String {
        self.runtime.block_on(async {
            let client = connect(url).await.unwrap();
            let sql = format!("select ({question})::text");
            client.query_one(&sql, &[]).await.unwrap().get(0)
        })
    }

    /// Runs a client to its end. It says an object with what it `loaded` in how many `seconds`, and
    /// of CPU, where that is not its whole life.
    pub(crate) fn measure(&self, command: &mut Command) -> (Figures, Value) {
        // Nobody pays for what somebody else left to be written.
        self.does(self.server.url(), "checkpoint");
        let (client, qdrant, postgres) = (children(), own(self.qdrant.id()), self.postgres());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut peak = 0.0;
        let status = loop {
            peak = f64::max(peak, resident(child.id()));
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None => self.runtime.block_on(async { tokio::time::sleep(GLANCE).await }),
            }
        };
        let (mut said, mut told) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert!(status.success(), "{command:?}: {status}\n{said}{told}");
        let said: Value = serde_json::from_str(&said).unwrap();
        let figures = Figures {
            points: said["loaded"].as_f64().unwrap(),
            seconds: said["seconds"].as_f64().unwrap(),
            client: said["cpu"].as_f64().unwrap_or(children() - client),
            qdrant: own(self.qdrant.id()) - qdrant,
            postgres: self.postgres() - postgres,
            peak,
        };
        (figures, said)
    }

    /// Seconds of CPU of the server: its first process, those it waited for, and those that are there.
    fn postgres(&self) -> f64 {
        let first = self.runtime.block_on(self.server.pid()).unwrap();
        let there = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let there = there.split_whitespace().map(|child| own(child.parse().unwrap()));
        seconds(first).iter().sum::<f64>() + there.sum::<f64>()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qdrant.kill();
        let _ = self.qdrant.wait();
    }
}

/// A program that `make bench` builds beside this one.
pub(crate) fn beside(program: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join(program)
}

/// This program in another part.
pub(crate) fn ourselves(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(part);
    command
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

/// Seconds of CPU of a process, for its user and for the system, and of those it waited for; none of one that is gone.
fn seconds(process: u32) -> [f64; 4] {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else {
        return [0.0; 4];
    };
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    // A tick is a hundredth of a second on every Linux that Rust's standard library runs on.
    [11, 12, 13, 14].map(|at| fields[at].parse::<f64>().unwrap() / 100.0)
}

fn own(process: u32) -> f64 {
    seconds(process)[..2].iter().sum()
}

/// Of the processes that this one waited for.
fn children() -> f64 {
    seconds(std::process::id())[2..].iter().sum()
}

/// The most memory that a process has had so far, in bytes; none of one that is gone.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or(0.0, |line| {
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    })
}
