//! Traces for a collector of OpenTelemetry (OTLP over gRPC), where one is named: a span for the run, one for each lane, and
//! one for what each stage does with a batch.
//!
//! What sends them has a runtime of its own, so a busy run does not hold them up, and a collector that is slow or away
//! costs spans, which it says, and nothing else. Spans hold numbers and short words of ours: nothing of any document.

use crate::args::VERSION;
use anyhow::Context;
use config::Telemetry;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use std::time::Duration;
use tokio::runtime::Runtime;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// What sending some spans may take; and the end of a process waits for no more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Says what could not be sent.
#[derive(Debug)]
struct Telling(SpanExporter);

impl opentelemetry_sdk::trace::SpanExporter for Telling {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let count = spans.len();
        let sent = self.0.export(spans).await;
        if let Err(error) = &sent {
            tracing::warn!("{count} spans could not be sent to the collector: {error}");
        }
        sent
    }

    fn shutdown_with_timeout(&self, patience: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(patience)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// Where spans go. What is still to be sent is sent when it is dropped.
#[derive(Debug)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    /// Drives the connection to the collector.
    _runtime: Runtime,
}

impl Traces {
    /// To the collector that the settings name, if they name one. The variables that the standard has for what a program
    /// is called and sends along (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS`) hold.
    pub(crate) fn of(telemetry: &Telemetry) -> anyhow::Result<Option<Traces>> {
        let Some(endpoint) = &telemetry.otlp_endpoint else {
            return Ok(None);
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let exporter = {
            let _entered = runtime.enter();
            let builder = SpanExporter::builder().with_tonic().with_endpoint(endpoint);
            let builder = builder.with_timeout(PATIENCE);
            let builder = match endpoint.starts_with("https://") {
                true => builder.with_tls_config(ClientTlsConfig::new().with_webpki_roots()),
                false => builder,
            };
            builder
                .build()
                .with_context(|| format!("traces cannot be sent to {endpoint}"))?
        };
        let resource = Resource::builder()
            .with_service_name(std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "etl".to_owned()))
            .with_attribute(KeyValue::new("service.version", VERSION))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Telling(exporter))
            .with_resource(resource)
            .build();
        Ok(Some(Traces {
            provider,
            _runtime: runtime,
        }))
    }

    /// What takes spans in.
    pub(crate) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> impl Layer<S> + use<S> {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("etl"))
            .with_location(false)
            .with_threads(false)
            .with_target(false);
        // Events are not for it: what they repeat of servers and documents is made safe for logs alone.
        let ours = [pipeline::CONTEXT, pipeline::TRACE];
        layer.with_filter(filter_fn(move |what| {
            what.is_span() && ours.contains(&what.target())
        }))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // Whatever could not be sent was told.
        let _ = self.provider.shutdown_with_timeout(PATIENCE);
    }
}
