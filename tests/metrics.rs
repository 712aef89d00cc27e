//! What Prometheus sees is what happened: its figures and the summary's agree, every metric is there with its help,
//! nobody but this machine is served, and a quota is kept.

mod health; // what supervisors of processes ask
mod page; // what stands on the page
mod traces; // what a collector of traces is sent

use crate::support::shop::Shop;
use crate::support::{Looking, complete, test};
use rehearsal::parts;
use rehearsal::process::{Outcome, Program, Running, Stream};
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use tempfile::TempDir;

/// Documents of the run that is watched, and the quota that makes it last for some twenty scrapes.
const DOCUMENTS: usize = 1500;
const QUOTA: f64 = 100.0;
/// What `etl` makes of a quota by default.
const SAFETY: f64 = 0.8;

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A Prometheus that looks at `target` every second.
struct Prometheus {
    running: Running,
    address: SocketAddr,
    _folder: TempDir,
}

impl Prometheus {
    async fn watching(target: SocketAddr) -> Prometheus {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("prometheus.yml");
        let job = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
             scrape_configs: [{{job_name: etl, static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        std::fs::write(&config, job).unwrap();
        let address = free_address();
        let flag = |name: &str, value: &Path| format!("--{name}={}", value.display());
        let running = Program::new(parts::prometheus().unwrap())
            .args([
                flag("config.file", &config),
                flag("storage.tsdb.path", &folder.path().join("data")),
            ])
            .args([format!("--web.listen-address={address}")])
            .start()
            .unwrap();
        running.line(Stream::Stderr, "Server is ready").await.unwrap();
        Prometheus {
            running,
            address,
            _folder: folder,
        }
    }

    /// The samples of the first series that `query` names: seconds and values.
    async fn samples(&self, query: &str) -> Vec<(f64, f64)> {
        let url = format!("http://{}/api/v1/query", self.address);
        let request = http().get(url).query(&[("query", &format!("{query}[1h]"))]);
        let answer: Value = request
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap()
            .json()
            .await
            .unwrap();
        let values = answer["data"]["result"][0]["values"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        values
            .iter()
            .map(|sample| (sample[0].as_f64().unwrap(), number(&sample[1])))
            .collect()
    }

    /// What all series of `query` add up to at `moment`.
    async fn sum(&self, query: &str, moment: f64) -> f64 {
        let url = format!("http://{}/api/v1/query", self.address);
        let query = [
            ("query", format!("sum({query})")),
            ("time", format!("{moment:.3}")),
        ];
        let answer: Value = http()
            .get(url)
            .query(&query)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        answer["data"]["result"][0]["value"][1]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }
}

/// The page of `etl`, once it has what is wanted.
async fn page(etl: &mut Running, address: SocketAddr, wanted: &str) -> String {
    loop {
        let ended = etl.has_ended().unwrap();
        if let Ok(answer) = http().get(format!("http://{address}/metrics")).send().await {
            let page = answer.text().await.unwrap();
            if page.contains(wanted) {
                return page;
            }
        }
        assert!(!ended, "no {wanted}\n{}", etl.said(Stream::Stderr));
        Looking::again().await;
    }
}

#[test]
fn what_prometheus_saw_agrees_with_the_summary() {
    test(async {
        let shop = Shop::open(DOCUMENTS).await;
        let world = shop.target().await;
        let address = free_address();
        let mut prometheus = Prometheus::watching(address).await;
        let listen = ["--metrics-listen", &address.to_string()];
        let quota = [
            "--reads-per-second",
            &QUOTA.to_string(),
            "--sample",
            "10",
            "--batch-rows",
            "10",
        ];
        let mut etl = world.run(&[&listen[..], &quota].concat()).start().unwrap();
        let text = page(&mut etl, address, "# TYPE etl_eta_seconds").await;
        let outcome = etl.wait().await.unwrap();
        page::assert_whole(&text).await;

        let Outcome { stdout, stderr, .. } = &outcome;
        assert_eq!(outcome.status.code(), Some(0), "{stdout}\n{stderr}");
        let summary: Value = serde_json::from_str(stdout).unwrap();
        let number = |key: &str| summary[key].as_f64().unwrap();
        let rate = number("documents_per_second");
        eprintln!(
            "summary: {} read, {} loaded, {rate:.2}/s",
            summary["read"], summary["loaded"]
        );

        // What was read before the first scrape and after the last one is unknown, a scrape's interval of each.
        let read = prometheus.samples("etl_documents_read_total").await;
        let (first, last) = (read[0], read[read.len() - 1]);
        assert!(read.len() >= 10, "only {} scrapes", read.len());
        eprintln!("prometheus: {} scrapes, {first:?} … {last:?}", read.len());
        assert!(
            read.windows(2).all(|pair| pair[0].1 <= pair[1].1),
            "a counter went back: {read:?}"
        );
        assert!(last.1 <= number("read"));
        assert!(
            number("read") - last.1 <= 2.0 * QUOTA,
            "{last:?} is too far from {}",
            summary["read"]
        );

        // Between two scrapes in which documents came: the first bursts, a page a lane, weigh at most one second.
        let moving: Vec<_> = read
            .iter()
            .filter(|sample| sample.1 > first.1 && sample.1 < last.1)
            .collect();
        let (from, to) = (moving[0], moving[moving.len() - 1]);
        let seen = (to.1 - from.1) / (to.0 - from.0);
        let tolerance = rate * 2.0 / (to.0 - from.0) + 0.05 * rate;
        eprintln!("prometheus: {seen:.2} documents/s, allowed to differ by {tolerance:.2}");
        assert!((seen - rate).abs() <= tolerance, "{seen} against {rate}");

        // Rows follow the documents by what is in flight: four batches a lane, and four lanes.
        let rows = prometheus.sum("etl_rows_loaded_total", last.0).await;
        let aside = prometheus
            .sum("etl_documents_quarantined_total or vector(0)", last.0)
            .await;
        eprintln!(
            "prometheus: {rows} rows and {aside} aside at the last scrape, {} documents",
            last.1
        );
        assert!(rows + aside <= last.1 && last.1 - rows - aside <= 4.0 * 4.0 * 10.0);
        // Before each of two stages one batch waits, and one with whoever read or packed it.
        let waiting = prometheus.sum("etl_channel_batches", last.0).await;
        assert!((0.0..=4.0 * 4.0).contains(&waiting), "{waiting} batches wait");

        assert!(number("reads_billed") / number("seconds") <= QUOTA, "{summary}");
        shop.assert_exact(&world, &summary, "watched").await;
        prometheus
            .running
            .signal(rehearsal::process::Signal::Terminate)
            .unwrap();
        prometheus.running.wait().await.unwrap();
    });
}

#[test]
fn retries_are_counted_by_cause() {
    test(async {
        let shop = Shop::open(300).await;
        let world = shop.target().await;
        let upstream = rehearsal::proxy::Upstream::postgres(&world.url).unwrap();
        let proxy = rehearsal::proxy::Proxy::start(upstream, Vec::new())
            .await
            .unwrap();
        let address = free_address();
        let listen = [
            "--metrics-listen",
            &address.to_string(),
            "--reads-per-second",
            "100",
            "--sample",
            "10",
        ];
        let slow = ["--max-retries", "1000"];
        let run = world
            .run(&[&listen[..], &slow].concat())
            .env("DATABASE_URL", proxy.url(&world.url).unwrap());
        let mut etl = run.start().unwrap();
        page(&mut etl, address, "etl_commit_seconds_bucket").await;
        proxy.refuse();
        proxy.cut_now();
        let page = page(&mut etl, address, "etl_retries_total{").await;
        proxy.pass_through();
        let outcome = etl.wait().await.unwrap();
        assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
        let lines: Vec<_> = page
            .lines()
            .filter(|line| line.starts_with("etl_retries_total{"))
            .collect();
        assert!(
            lines
                .iter()
                .any(|line| line.contains("part=\"target\"") && line.contains("cause=\"")),
            "{lines:?}"
        );
        assert!(
            page.contains("# HELP etl_retries_total ") && page.contains("# TYPE etl_retries_total counter")
        );
        let summary = crate::support::summary(&outcome);
        assert!(summary["retries"].as_u64().unwrap() > 0);
        shop.assert_exact(&world, &summary, "with the target away for a while")
            .await;
    });
}

#[test]
fn only_this_machine_is_served_unless_the_operator_says_otherwise() {
    test(async {
        let shop = Shop::open(300).await;
        let help = Program::new(env!("CARGO_BIN_EXE_etl"))
            .args(["run", "--help"])
            .run()
            .await
            .unwrap();
        assert!(
            help.stdout.contains("[default: 127.0.0.1:9464]"),
            "{}",
            help.stdout
        );
        // Whoever has the port, it is this one that is asked for.
        let outcome = shop.target().await.etl(&["run"]).run().await.unwrap();
        let asked = [
            "metrics on http://127.0.0.1:9464/metrics",
            "metrics are off: 127.0.0.1:9464",
        ];
        assert!(
            asked.iter().any(|words| outcome.stderr.contains(words)),
            "{}",
            outcome.stderr
        );
    });
}

#[test]
fn a_quota_is_never_exceeded() {
    test(async {
        let shop = Shop::open(600).await;
        for quota in [100_u32, 400] {
            let arguments = ["--reads-per-second", &quota.to_string(), "--sample", "10"];
            let summary = complete(shop.target().await.run(&arguments)).await;
            let rate = summary["documents_per_second"].as_f64().unwrap();
            let seconds = shop.documents() as f64 / rate;
            // The bucket begins with an eighth of a second's reads in it.
            let most = f64::from(quota) * SAFETY * (1.0 + 0.125 / seconds);
            eprintln!("quota {quota}: {rate:.2} documents/s, at most {most:.2}");
            assert!(rate <= most, "{rate} of {most}");
            assert!(
                rate >= 0.5 * most,
                "{rate} of {most}: what is allowed is not used"
            );
        }
    });
}
