//! TLS in front of a server that has none: certificates good and bad, and something that shows them.
//! It unwraps what comes and passes it on to the server behind; in front of PostgreSQL it first answers the client's
//! question for encryption.
//! Whether the client should have trusted the certificate is for the test to judge.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, ensure};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_postgres::config::Host;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a PostgreSQL client sends to ask for encryption: the length, then 1234 and 5679.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A certificate authority of our own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    /// An authority nobody trusts yet.
    pub fn new() -> anyhow::Result<Authority> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "rehearsal authority");
        let pem = params.self_signed(&key)?.pem();
        Ok(Authority {
            issuer: Issuer::new(params, key),
            pem,
        })
    }

    /// Its certificate, for `sslrootcert`.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for `host`, valid or long expired.
    pub fn certify(&self, host: &str, expired: bool) -> anyhow::Result<Identity> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        if expired {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        }
        self.sign(params, &key)
    }

    /// A certificate for `host`, valid from one moment until another.
    pub fn certify_between(
        &self,
        host: &str,
        from: SystemTime,
        until: SystemTime,
    ) -> anyhow::Result<Identity> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        (params.not_before, params.not_after) = (from.into(), until.into());
        self.sign(params, &key)
    }

    /// A certificate for `host` that vouches for itself.
    pub fn none(host: &str) -> anyhow::Result<Identity> {
        let key = KeyPair::generate()?;
        let chain = vec![
            CertificateParams::new(vec![host.to_owned()])?
                .self_signed(&key)?
                .der()
                .clone(),
        ];
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Ok(Identity { chain, key })
    }

    fn sign(&self, params: CertificateParams, key: &KeyPair) -> anyhow::Result<Identity> {
        let certificate = params.signed_by(key, &self.issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Ok(Identity {
            chain: vec![certificate.der().clone()],
            key,
        })
    }
}

/// The server that a certificate is shown for.
#[derive(Debug, Clone)]
enum Behind {
    Postgres(PathBuf),
    Http(String),
}

/// A running server that shows a certificate; dropping it ends it.
#[derive(Debug)]
pub struct Terminator {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Terminator {
    /// Shows `identity` in front of the server that `url` names by its socket.
    pub async fn start(url: &str, identity: Identity) -> anyhow::Result<Terminator> {
        Terminator::before(Behind::Postgres(socket(url)?), identity).await
    }

    /// Shows `identity` in front of whatever listens at `host:port`, and speaks HTTP in either version.
    pub async fn of_http(address: &str, identity: Identity) -> anyhow::Result<Terminator> {
        Terminator::before(Behind::Http(address.to_owned()), identity).await
    }

    async fn before(behind: Behind, identity: Identity) -> anyhow::Result<Terminator> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(identity.chain, identity.key)?;
        if matches!(behind, Behind::Http(_)) {
            config.alpn_protocols = [&b"h2"[..], b"http/1.1"].map(<[u8]>::to_vec).to_vec();
        }
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                // A client that turns away from the certificate is what this is here for.
                tokio::spawn(async move { serve(client, acceptor, behind).await.ok() });
            }
        });
        Ok(Terminator { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut client: TcpStream, acceptor: TlsAcceptor, behind: Behind) -> anyhow::Result<()> {
    if let Behind::Postgres(_) = behind {
        let mut asked = [0; 8];
        client.read_exact(&mut asked).await?;
        ensure!(asked == ASKS_FOR_TLS, "the client did not ask for encryption");
        client.write_all(b"S").await?;
    }
    let mut client = acceptor.accept(client).await?;
    match behind {
        Behind::Postgres(socket) => {
            let mut server = UnixStream::connect(socket).await?;
            copy_bidirectional(&mut client, &mut server).await?;
        }
        Behind::Http(address) => {
            let mut server = TcpStream::connect(address).await?;
            copy_bidirectional(&mut client, &mut server).await?;
        }
    }
    Ok(())
}

fn socket(url: &str) -> anyhow::Result<PathBuf> {
    let config: tokio_postgres::Config = url.parse().context("read the PostgreSQL URL")?;
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match config.get_hosts().first() {
        Some(Host::Unix(folder)) => Ok(folder.join(format!(".s.PGSQL.{port}"))),
        _ => anyhow::bail!("TLS is put in front of a server on a socket"),
    }
}
