//! What a collector of traces is sent.

use crate::support::shop::Shop;
use crate::support::{World, complete, test};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use rehearsal::application::Application;
use simulator::dataset::Dataset;
use simulator::fault::{Fault, Method, Plan, Strike};
use simulator::{Options, Simulator};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status};

/// What came, and the key it came with.
type Came = (ExportTraceServiceRequest, Option<String>);

#[derive(Debug, Clone, Default)]
struct Collector(Arc<Mutex<Vec<Came>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let key = request
            .metadata()
            .get("x-key")
            .map(|key| key.to_str().unwrap().to_owned());
        self.0.lock().unwrap().push((request.into_inner(), key));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn listen() -> (Collector, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (collector, address) = (Collector::default(), listener.local_addr().unwrap());
        let service = TowerToHyperService::new(TraceServiceServer::new(collector.clone()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serve = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(serve.serve_connection(TokioIo::new(stream), service.clone()));
            }
        });
        (collector, address)
    }

    fn spans(&self) -> Vec<Span> {
        let came = self.0.lock().unwrap();
        let resources = came.iter().flat_map(|(request, _)| &request.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    fn keys(&self) -> Vec<Option<String>> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|(_, key)| key.clone())
            .collect()
    }
}

/// A number that a span holds.
fn number(span: &Span, name: &str) -> i64 {
    let held = span.attributes.iter().find(|attribute| attribute.key == name);
    match held.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Value::IntValue(number)) => number,
        other => panic!("{name} of {span:?} is {other:?}"),
    }
}

/// A word that a span holds.
fn text<'s>(span: &'s Span, name: &str) -> &'s str {
    let held = span.attributes.iter().find(|attribute| attribute.key == name);
    match held.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{name} of {span:?} is {other:?}"),
    }
}

fn is_failed(span: &Span) -> bool {
    let status = span.status.as_ref();
    status.is_some_and(|status| status.code() == StatusCode::Error)
}

#[test]
fn a_collector_gets_a_span_for_the_run_each_lane_and_each_batch() {
    test(async {
        let shop = Shop::open(300).await;
        let world = shop.target().await;
        let (collector, address) = Collector::listen().await;
        let endpoint = format!("http://{address}");
        let run = world.run(&["--otlp-endpoint", &endpoint, "--batch-rows", "50"]);
        let headers = "x-key=k3y%20of-the-collector";
        let summary = complete(run.env("OTEL_EXPORTER_OTLP_HEADERS", headers)).await;
        let keys = collector.keys();
        assert!(!keys.is_empty());
        assert!(
            keys.iter()
                .all(|key| key.as_deref() == Some("k3y of-the-collector")),
            "{keys:?}"
        );
        let spans = collector.spans();
        let named = |name: &str| -> Vec<&Span> { spans.iter().filter(|span| span.name == name).collect() };
        let [run] = named("run")[..] else {
            panic!("{spans:?}");
        };
        assert!(run.parent_span_id.is_empty());
        let lanes = named("lane");
        assert_eq!(lanes.len() as u64, summary["lanes"]["total"].as_u64().unwrap());
        assert!(lanes.iter().all(|lane| lane.parent_span_id == run.span_id));
        for stage in ["extract", "transform", "load"] {
            let batches = named(stage);
            assert!(
                batches
                    .iter()
                    .all(|batch| lanes.iter().any(|lane| lane.span_id == batch.parent_span_id))
            );
            // The reader's last answer is that there is nothing more.
            let full = batches
                .iter()
                .filter(|batch| batch.attributes.iter().any(|held| held.key == "documents"));
            let documents: i64 = full.map(|batch| number(batch, "documents")).sum();
            assert_eq!(documents, summary["read"].as_i64().unwrap(), "{stage}");
        }
        assert!(spans.iter().all(|span| span.trace_id == run.trace_id));
        assert!(spans.iter().all(|span| span.events.is_empty()), "{spans:?}");
        assert!(!spans.iter().any(is_failed));
        shop.assert_exact(&world, &summary, "with a collector").await;
    });
}

#[test]
fn the_span_of_a_lane_that_failed_says_why() {
    test(async {
        let fault = Fault::new(Strike::PermissionDenied).methods([Method::RunQuery]);
        let fault = fault.collection("reviews").after_documents(45);
        let options = Options::default().with_dataset("shop", "(default)", Dataset::shop(7, 1_000));
        let simulator = Simulator::start(options.plan(Plan::new(7).fault(fault))).unwrap();
        let world = World::of(&simulator.host(), "shop", Application::small(0)).await;
        let (collector, address) = Collector::listen().await;
        let endpoint = format!("http://{address}");
        let outcome = world
            .run(&["--otlp-endpoint", &endpoint, "--sample", "40"])
            .run()
            .await
            .unwrap();
        assert_eq!(outcome.status.code(), Some(3), "{}", outcome.stderr);
        let spans = collector.spans();
        let mut failed = spans.iter().filter(|span| is_failed(span));
        let (Some(lane), None) = (failed.next(), failed.next()) else {
            panic!("{spans:?}");
        };
        assert_eq!(
            (lane.name.as_str(), text(lane, "cause")),
            ("lane", "permission_denied")
        );
        assert_eq!(text(lane, "collection"), "reviews");
    });
}

#[test]
fn a_collector_that_is_away_costs_its_spans_and_nothing_else() {
    test(async {
        let shop = Shop::open(100).await;
        let world = shop.target().await;
        // A port that nobody listens on.
        let endpoint = format!("http://{}", super::free_address());
        let run = world.run(&["--otlp-endpoint", &endpoint]);
        let outcome = run
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=k3y-of-the-collector")
            .run()
            .await
            .unwrap();
        assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
        let told = "spans could not be sent to the collector: ";
        assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
        assert!(
            !outcome.stderr.contains("k3y-of-the-collector"),
            "{}",
            outcome.stderr
        );
        let summary = crate::support::summary(&outcome);
        shop.assert_exact(&world, &summary, "without its collector").await;
    });
}
