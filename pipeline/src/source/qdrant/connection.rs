//! Channels to a Qdrant server, with the key that belongs there and no other.
//!
//! They are our own, not the client's: its builder takes no certificate authority, its pool repeats every failed call in
//! secret, and its compatibility check writes to standard output. Connections are made when they are first used, and
//! again whenever one is gone.

use crate::fault::{Fault, Part};
use crate::trust;
use config::Secret;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

/// A page of a megabyte should never wait for a window: a stream may be sent this much before it is acknowledged.
const STREAM_WINDOW: u32 = 8 << 20;
/// The same for all streams of a connection.
const CONNECTION_WINDOW: u32 = 16 << 20;
/// A connection that nothing was heard on for this long is asked for a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long the sign may take.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(10);

/// A channel that sends the key along.
pub(super) type Service = InterceptedService<Channel, ApiKey>;

/// Several connections, used in turn; each carries several lanes.
#[derive(Debug)]
pub(super) struct Connections {
    services: Vec<Service>,
    turn: AtomicUsize,
}

impl Connections {
    /// As many as `config` asks for. Nothing is connected to yet.
    pub(super) fn open(config: &config::Qdrant) -> Result<Connections, Fault> {
        let endpoint = endpoint(config)?;
        let key = ApiKey::of(config.api_key.as_ref())?;
        let services = (0..config.connections.get())
            .map(|_| Service::new(endpoint.connect_lazy(), key.clone()))
            .collect();
        Ok(Connections {
            services,
            turn: AtomicUsize::new(0),
        })
    }

    /// The next one in turn. There is one at least.
    pub(super) fn next(&self) -> Service {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.services[turn % self.services.len()].clone()
    }
}

fn endpoint(config: &config::Qdrant) -> Result<Endpoint, Fault> {
    let unusable = |error: tonic::transport::Error| {
        Fault::permanent(
            Part::Source,
            "prepare the connection to Qdrant",
            format!("{error:?}"),
        )
        .with_cause("connection")
        .with_remedy("check --qdrant-url and --qdrant-ca-file")
    };
    let endpoint = Endpoint::from_shared(config.url.clone())
        .map_err(unusable)?
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(KEEP_ALIVE))
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(SIGN_OF_LIFE)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    match config.is_encrypted() {
        true => endpoint
            .tls_config(tls(config.ca_file.as_deref())?)
            .map_err(unusable),
        false => Ok(endpoint),
    }
}

/// Verified against the authority the operator named, or those the system and the web trust.
fn tls(ca_file: Option<&Path>) -> Result<ClientTlsConfig, Fault> {
    let roots = roots(ca_file)?;
    Ok(ClientTlsConfig::new().trust_anchors(roots.roots))
}

/// The same for what speaks HTTP/1.1.
pub(super) fn rustls(ca_file: Option<&Path>) -> Result<ClientConfig, Fault> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::permanent(Part::Source, "prepare TLS", error.to_string()))?;
    Ok(builder
        .with_root_certificates(roots(ca_file)?)
        .with_no_client_auth())
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, Fault> {
    let Some(file) = ca_file else {
        return Ok(trust::usual());
    };
    let unusable = |why: String| {
        Fault::permanent(
            Part::Source,
            format!("read the certificate authority {}", file.display()),
            why,
        )
        .with_cause("tls")
        .with_remedy(
            "source.ca_file must name a PEM file with the authority that signed the server's certificate",
        )
    };
    trust::only(file).map_err(unusable)
}

/// Sends the key with every call, marked so that nothing between here and the socket logs it.
#[derive(Debug, Clone)]
pub(super) struct ApiKey(Option<MetadataValue<Ascii>>);

impl ApiKey {
    fn of(key: Option<&Secret>) -> Result<ApiKey, Fault> {
        let Some(key) = key else {
            return Ok(ApiKey(None));
        };
        // The error would quote the key.
        let mut value: MetadataValue<Ascii> = key.expose().parse().map_err(|_| {
            Fault::permanent(Part::Source, "use the key of Qdrant", "no header can carry it")
                .with_cause("credentials")
                .with_remedy("copy QDRANT_API_KEY again")
        })?;
        value.set_sensitive(true);
        Ok(ApiKey(Some(value)))
    }
}

impl Interceptor for ApiKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.0 {
            request.metadata_mut().insert("api-key", key.clone());
        }
        Ok(request)
    }
}
