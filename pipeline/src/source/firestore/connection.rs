//! Channels to Firestore or to an emulator, with the credentials that belong there and no others.
//!
//! The address is always given explicitly, so that an environment variable can never redirect real credentials
//! to another host; an emulator is sent the customary stub token.

use crate::fault::{Fault, Part};
use config::Secret;
use firestore::gcloud_sdk::google_cloud_auth::credentials::{
    CacheableResource, Credentials, CredentialsProvider, EntityTag, external_account, impersonated,
    user_account,
};
use firestore::gcloud_sdk::google_cloud_auth::errors::CredentialsError;
use firestore::gcloud_sdk::{GCP_DEFAULT_SCOPES, GoogleAuthHeaders, GoogleAuthMiddleware};
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue};
use std::path::Path;
use std::time::Duration;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

const GOOGLE: &str = "https://firestore.googleapis.com";
/// What in Google's key files must not be seen: known as secrets, they are taken out of whatever repeats them.
const SECRETS: [&str; 4] = ["private_key", "private_key_id", "refresh_token", "client_secret"];
/// What opening a connection may take, and how long a silent one is left alone.
const OPENING: Duration = Duration::from_secs(30);
const ALIVE: Duration = Duration::from_secs(60);
/// The most that may come at once: of the usual 16 KiB, each costs a question to the system and a look at its head.
const FRAME: u32 = 256 << 10;
const CONNECT: &str = "connect to Firestore";

/// Opens as many HTTP/2 connections as asked for, all at once; each carries several lanes.
pub(super) async fn open(config: &config::Firestore) -> Result<Vec<GoogleAuthMiddleware>, Fault> {
    let all = (0..config.connections.get()).map(|_| connect(config));
    futures::future::try_join_all(all).await
}

async fn connect(config: &config::Firestore) -> Result<GoogleAuthMiddleware, Fault> {
    let (url, auth) = match &config.emulator {
        Some(host) => {
            let owner = Credentials::from(Owner(EntityTag::new()));
            (format!("http://{host}"), GoogleAuthHeaders::from(owner))
        }
        None => (
            GOOGLE.to_owned(),
            real_credentials(config.credentials.as_deref()).await?,
        ),
    };
    let fault = |error: &(dyn std::error::Error + 'static)| {
        let message = format!("nothing answers at {url}: {}", root_cause(error));
        Fault::transient(Part::Source, CONNECT, message)
            .with_cause("unreachable")
            .with_remedy(format!("check that {url} can be reached from here"))
    };
    let channel = channel(&url).await.map_err(|error| fault(&error))?;
    let database = format!("projects/{}/databases/{}", config.project, config.database);
    GoogleAuthMiddleware::new(channel, auth, Some(database)).map_err(|error| fault(&error))
}

async fn channel(url: &str) -> Result<Channel, tonic::transport::Error> {
    let mut endpoint = Endpoint::from_shared(url.to_owned())?
        .connect_timeout(OPENING)
        .max_frame_size(FRAME)
        .tcp_keepalive(Some(ALIVE))
        .keep_alive_timeout(ALIVE)
        .http2_keep_alive_interval(ALIVE)
        .keep_alive_while_idle(true);
    if url == GOOGLE {
        endpoint = endpoint.tls_config(ClientTlsConfig::new().with_webpki_roots())?;
    }
    endpoint.connect().await
}

/// What lies at the bottom of an error: above it, this client's layers only repeat one another.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut bottom = error;
    while let Some(cause) = bottom.source() {
        bottom = cause;
    }
    bottom.to_string()
}

async fn real_credentials(file: Option<&Path>) -> Result<GoogleAuthHeaders, Fault> {
    let scopes = GCP_DEFAULT_SCOPES.clone();
    match file {
        Some(file) => from_file(file, scopes).await,
        None => GoogleAuthHeaders::from_adc_with_scopes(scopes).await.map_err(|error| {
            Fault::permanent(Part::Source, "find Google credentials", error.to_string())
                .with_cause("credentials")
                .with_remedy("set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run `gcloud auth application-default login`")
        }),
    }
}

/// The kinds of credential file Google hands out, told apart by their `type`.
async fn from_file(file: &Path, scopes: Vec<String>) -> Result<GoogleAuthHeaders, Fault> {
    let unusable = |why: String| {
        Fault::permanent(
            Part::Source,
            format!("use the credentials in {}", file.display()),
            why,
        )
        .with_cause("credentials")
        .with_remedy("GOOGLE_APPLICATION_CREDENTIALS must name a JSON key file as Google issues it")
    };
    let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    // A parse error's text may quote the file, and the file is a secret: only its place is told.
    let json: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| unusable(format!("it is not JSON (line {})", error.line())))?;
    for secret in SECRETS.iter().filter_map(|name| json.get(name)?.as_str()) {
        let _known = Secret::new(secret);
    }
    let kind = json
        .get("type")
        .and_then(|kind| kind.as_str())
        .unwrap_or_default()
        .to_owned();
    let built = match kind.as_str() {
        "service_account" => {
            return GoogleAuthHeaders::from_service_account_key(json, scopes)
                .await
                .map_err(|error| unusable(error.to_string()));
        }
        "authorized_user" => user_account::Builder::new(json).with_scopes(scopes).build(),
        "external_account" => external_account::Builder::new(json).with_scopes(scopes).build(),
        "impersonated_service_account" => impersonated::Builder::new(json).with_scopes(scopes).build(),
        _ => {
            return Err(unusable(
                "it has no `type` that Google's key files have".to_owned(),
            ));
        }
    };
    built
        .map(GoogleAuthHeaders::from)
        .map_err(|error| unusable(error.to_string()))
}

/// The emulator's administrator, who needs no secret.
#[derive(Debug)]
struct Owner(EntityTag);

impl CredentialsProvider for Owner {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        if extensions.get::<EntityTag>() == Some(&self.0) {
            return Ok(CacheableResource::NotModified);
        }
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer owner"));
        Ok(CacheableResource::New {
            entity_tag: self.0.clone(),
            data: headers,
        })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}
