//! The simulator and PostgreSQL as processes of their own, and what a client costs all three.

use crate::process::{beside, busy, children, own, resident, seconds};
use rehearsal::postgres::{Options, Server, connect};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Between two looks at the memory of a client; the system remembers the highest.
const GLANCE: Duration = Duration::from_millis(5);

/// Both ends.
pub(crate) struct Ends {
    pub(crate) runtime: Runtime,
    server: Server,
    simulator: Child,
    began: Instant,
    /// Where the simulator answers gRPC.
    pub(crate) place: String,
    /// Where it says what it billed, if anything is.
    pub(crate) bill: Option<String>,
}

/// What a client did, and what it cost.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// Rows loaded, or records read where nothing is loaded.
    pub(crate) records: f64,
    /// What it took, as the client says.
    pub(crate) seconds: f64,
    /// Seconds of CPU.
    pub(crate) client: f64,
    pub(crate) source: f64,
    pub(crate) postgres: f64,
    /// Seconds of CPU that everybody else on this machine had in each second meanwhile.
    pub(crate) others: f64,
    /// The most memory the client had, in bytes.
    pub(crate) peak: f64,
    /// What PostgreSQL wrote to its log meanwhile, in bytes.
    pub(crate) wal: f64,
    /// Reads billed meanwhile.
    pub(crate) reads: f64,
}

impl Ends {
    /// Starts the simulator with `arguments` and a file that says what is `described`. On the page `bill` it says what
    /// it billed.
    pub(crate) fn start(arguments: &[&str], described: &str, bill: Option<&str>) -> Ends {
        let runtime = Runtime::new().unwrap();
        let options = Options {
            // What it does after a load would be counted against whoever comes next.
            settings: vec![("autovacuum".to_owned(), "off".to_owned())],
            ..Options::default()
        };
        let server = runtime.block_on(Server::start_with(options)).unwrap();
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("described.toml");
        std::fs::write(&file, described).unwrap();
        let mut simulator = Command::new(beside("etl-simulator"))
            .args(["--port", "0"])
            .args(arguments)
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(simulator.stdout.take().unwrap());
        let mut lines = said.lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("listening on")).unwrap();
        let place = line.rsplit(' ').next().unwrap().to_owned();
        // The rest is read too, so that whoever says it is never kept waiting.
        std::thread::spawn(move || lines.for_each(drop));
        Ends {
            runtime,
            server,
            simulator,
            began: Instant::now(),
            bill: bill.map(|page| format!("http://{place}{page}")),
            place,
        }
    }

    /// The version of PostgreSQL and pgvector, and how they are set.
    pub(crate) fn told(&self) -> String {
        let url = self.database();
        let versions = self.asked(
            &url,
            "select current_setting('server_version') || ', pgvector ' || \
             (select extversion from pg_extension where extname = 'vector')",
        );
        self.gone(&url);
        format!("PostgreSQL {versions}, fsync off, autovacuum off")
    }

    /// A new database.
    pub(crate) fn database(&self) -> String {
        self.runtime.block_on(self.server.database("bench")).unwrap()
    }

    /// Does away with a database that [`Ends::database`] made.
    pub(crate) fn gone(&self, url: &str) {
        self.runtime.block_on(self.server.remove(url)).unwrap();
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
        let before = self.spent();
        let (peak, said) = self.watched(command);
        let after = self.spent();
        let [client, source, postgres] = [
            after.client - before.client,
            after.source - before.source,
            after.postgres - before.postgres,
        ];
        let figures = Figures {
            records: said["loaded"].as_f64().unwrap(),
            seconds: said["seconds"].as_f64().unwrap(),
            client: said["cpu"].as_f64().unwrap_or(client),
            source,
            postgres,
            others: (after.busy - before.busy - client - source - postgres).max(0.0) / (after.at - before.at),
            peak,
            wal: after.wal - before.wal,
            reads: after.reads - before.reads,
        };
        (figures, said)
    }

    /// The most memory that a client had, in bytes, and what it said.
    fn watched(&self, command: &mut Command) -> (f64, Value) {
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
        (peak, serde_json::from_str(&said).unwrap())
    }

    /// What all processes have cost so far.
    fn spent(&self) -> Spent {
        let wal = self.asked(self.server.url(), "pg_current_wal_lsn() - '0/0'");
        Spent {
            client: children(),
            source: own(self.simulator.id()),
            postgres: self.postgres(),
            wal: wal.parse().unwrap(),
            reads: self.reads(),
            busy: busy(),
            at: self.began.elapsed().as_secs_f64(),
        }
    }

    /// Seconds of CPU of the server: its first process, those it waited for, and those that are there.
    fn postgres(&self) -> f64 {
        let first = self.runtime.block_on(self.server.pid()).unwrap();
        let there = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let there = there.split_whitespace().map(|child| own(child.parse().unwrap()));
        seconds(first).iter().sum::<f64>() + there.sum::<f64>()
    }

    /// Reads billed so far.
    pub(crate) fn reads(&self) -> f64 {
        let Some(page) = &self.bill else { return 0.0 };
        let bill: Value = self.runtime.block_on(async {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            http.get(page).send().await.unwrap().json().await.unwrap()
        });
        bill["reads"].as_f64().unwrap()
    }
}

/// Sums since the processes started.
struct Spent {
    client: f64,
    source: f64,
    postgres: f64,
    wal: f64,
    reads: f64,
    /// Of the whole machine.
    busy: f64,
    /// Seconds of a clock.
    at: f64,
}

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
    }
}
