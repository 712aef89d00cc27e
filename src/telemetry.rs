//! Logs on standard error, metrics for Prometheus.
//!
//! Log lines never tear the progress display: both go through one writer. The listener is bound before anything
//! else happens, so that a port in use is told at once.

use anyhow::Context;
use config::{LogFormat, Telemetry};
use indicatif::MultiProgress;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::io::{self, Write};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Libraries that say at `info` what an operator does not need.
const QUIET: &str =
    "firestore=warn,gcloud_sdk=warn,tokio_postgres=warn,hyper=warn,h2=warn,tonic=warn,rustls=warn";

/// Starts logging.
pub(crate) fn log(telemetry: &Telemetry, display: MultiProgress, colour: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", telemetry.log)).with_context(|| {
        format!(
            "the log filter {:?} cannot be read; write for example info or pipeline=debug",
            telemetry.log
        )
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Shared(display));
    match telemetry.log_format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.with_ansi(colour).with_target(false).init(),
    }
    Ok(())
}

/// Starts the metrics listener, unless it is off. Must run inside the runtime.
pub(crate) fn metrics(telemetry: &Telemetry) -> anyhow::Result<()> {
    let Some(address) = telemetry.metrics_listen else {
        return Ok(());
    };
    // Bound here to learn at once whether it can be; the exporter binds for itself and would only log it.
    if let Err(error) = std::net::TcpListener::bind(address) {
        if telemetry.metrics_listen_is_default {
            tracing::warn!(
                "metrics are off: {address} cannot be listened on ({error}); choose one with --metrics-listen"
            );
            return Ok(());
        }
        anyhow::bail!("--metrics-listen {address} cannot be listened on: {error}; choose another, or off");
    }
    PrometheusBuilder::new()
        .with_http_listener(address)
        .set_buckets_for_metric(
            Matcher::Suffix("_seconds".to_owned()),
            &pipeline::metrics::LATENCY_BUCKETS,
        )
        .and_then(PrometheusBuilder::install)
        .context("the metrics listener cannot be started")?;
    pipeline::metrics::describe(env!("CARGO_PKG_VERSION"));
    tracing::info!("metrics on http://{address}/metrics");
    Ok(())
}

/// Standard error, shared with the progress display.
#[derive(Clone)]
struct Shared(MultiProgress);

impl<'a> MakeWriter<'a> for Shared {
    type Writer = Shared;

    fn make_writer(&'a self) -> Shared {
        self.clone()
    }
}

impl Write for Shared {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
