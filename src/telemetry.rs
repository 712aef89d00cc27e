//! Logs on standard error, metrics for Prometheus.
//!
//! Log lines never tear the progress display: both go through one writer. The listener is bound before anything
//! else happens, so that a port in use is told at once; what it answers is [`exposition`]'s.

use crate::args::{COMMIT, VERSION};
use crate::exposition::{self, Told};
use crate::health::Health;
use crate::traces::Traces;
use crate::watched::Watched;
use anyhow::Context;
use config::{LogFormat, Telemetry, spelled, veiled};
use indicatif::MultiProgress;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use metrics_process::Collector;
use std::io::{self, Write};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Libraries that say what an operator does not need: at `info`, or of each failure what we say better ourselves.
const QUIET: &str = "deadpool=off,firestore=warn,gcloud_sdk=off,h2=warn,hyper=warn,rustls=warn,tokio_postgres=warn,tonic=warn";

/// Starts logging, and sending traces where a collector is named.
pub(crate) fn log(
    telemetry: &Telemetry,
    display: MultiProgress,
    colour: bool,
) -> anyhow::Result<Option<Traces>> {
    // Of which run and lane a line is, is for programs; people would read it on every line.
    let context = match telemetry.log_format {
        LogFormat::Json => "info",
        LogFormat::Text => "off",
    };
    let (lines, spans) = (&telemetry.log, (pipeline::CONTEXT, pipeline::TRACE));
    let filter = format!("{QUIET},{lines},{}={context},{}=off", spans.0, spans.1);
    let filter = EnvFilter::try_new(filter).with_context(|| {
        format!(
            "the log filter {:?} cannot be read; write for example info or pipeline=debug",
            telemetry.log
        )
    })?;
    let traces = Traces::of(telemetry)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(Shared { display, colour });
    let lines = match telemetry.log_format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_filter(filter)
            .boxed(),
        LogFormat::Text => lines
            .with_ansi(colour)
            .with_target(false)
            .with_filter(filter)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(traces.as_ref().map(Traces::layer))
        .init();
    Ok(traces)
}

/// Starts the listener that tells metrics and health, unless it is off, and says who watches. Must run inside the runtime.
pub(crate) fn metrics(telemetry: &Telemetry, health: Health) -> anyhow::Result<Watched> {
    let watched = Watched::default();
    let Some(address) = telemetry.metrics_listen else {
        return Ok(watched);
    };
    let listener = match std::net::TcpListener::bind(address) {
        Ok(listener) => listener,
        Err(error) if telemetry.metrics_listen_is_default => {
            tracing::warn!(
                "metrics are off: {address} cannot be listened on ({error}); choose one with --metrics-listen"
            );
            return Ok(watched);
        }
        Err(error) => {
            anyhow::bail!("--metrics-listen {address} cannot be listened on: {error}; choose another, or off")
        }
    };
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Suffix("_seconds".to_owned()),
            &pipeline::metrics::LATENCY_BUCKETS,
        )
        .and_then(PrometheusBuilder::install_recorder)
        .context("the metrics cannot be kept")?;
    let process = Collector::default();
    process.describe();
    pipeline::metrics::describe(VERSION, COMMIT);
    let told = Told {
        metrics,
        process,
        health,
        watched: watched.clone(),
    };
    tokio::spawn(exposition::serve(listener, told));
    tracing::info!("metrics on http://{address}{}", exposition::PATH);
    if !address.ip().is_loopback() {
        tracing::warn!(
            "metrics on {address} are for whoever can reach it, unencrypted: names of tables, counts and times; \
             127.0.0.1 serves this machine alone"
        );
    }
    Ok(watched)
}

/// Standard error, shared with the progress display: a line for each event, whatever is in it.
#[derive(Clone)]
struct Shared {
    display: MultiProgress,
    colour: bool,
}

impl<'a> MakeWriter<'a> for Shared {
    type Writer = Shared;

    fn make_writer(&'a self) -> Shared {
        self.clone()
    }
}

impl Shared {
    /// An event as it may be written. What servers and documents say is in it, and at finer levels what libraries say:
    /// no secret is, nothing ends the line before its end, and no terminal obeys but where colour is ours. (An escape
    /// in what was logged is written out by the formatter.)
    fn fit(&self, event: &str) -> String {
        let event = veiled(event.trim_end());
        let kept = |character| self.colour && character == '\u{1b}';
        let line = spelled(&event.replace(['\n', '\t'], " "), kept).into_owned();
        line + "\n"
    }
}

impl Write for Shared {
    /// One event at a time: the formatter writes each with one call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = self.fit(&String::from_utf8_lossy(event));
        self.display.suspend(|| io::stderr().write_all(line.as_bytes()))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_and_tells_no_secret() {
        let _key = config::Secret::new("k3y-of-the-log");
        let log = |colour| Shared {
            display: MultiProgress::new(),
            colour,
        };
        let event = "\u{1b}[32m INFO\u{1b}[0m a\r\nb \u{202e}c k3y-of-the-log\n";
        assert_eq!(
            log(true).fit(event),
            "\u{1b}[32m INFO\u{1b}[0m a\\u000d b \\u202ec ***\n"
        );
        assert_eq!(log(false).fit("a\u{1b}[2J\n"), "a\\u001b[2J\n");
    }
}
