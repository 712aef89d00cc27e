//! Nobody is believed to be the server without a certificate that holds, and nothing is sent to them.

use crate::stage::{Habits, NOTES, all, connected, server, settings};
use pipeline::stop::Stop;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use simulator::qdrant::{Collection, Qdrant};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A server's identity under an authority of its own, and that authority's certificate.
fn identity(name: &str) -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let named = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let chain = vec![named.signed_by(&key, &issuer).unwrap().der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols.push(b"h2".to_vec());
    (TlsAcceptor::from(Arc::new(config)), certificate.pem())
}

/// Encrypts on behalf of a server that does not.
async fn before(server: &Qdrant, acceptor: TlsAcceptor) -> SocketAddr {
    let behind = server.url().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let (Ok(mut client), Ok(mut server)) =
                    (acceptor.accept(socket).await, TcpStream::connect(behind).await)
                else {
                    return;
                };
                // Either side may leave first.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_must_hold_for_the_authority_and_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("authority.pem");
    let server = server(Collection::new(NOTES, 5));
    for (name, trusted, good) in [
        ("localhost", true, true),
        ("localhost", false, false),
        ("elsewhere.example", true, false),
    ] {
        let (acceptor, authority) = identity(name);
        std::fs::write(&file, authority).unwrap();
        let address = before(&server, acceptor).await;
        let settings = config::Qdrant {
            ca_file: trusted.then(|| file.clone()),
            api_key: Some(config::Secret::new("hunter2")),
            ..settings(
                &format!("https://localhost:{}", address.port()),
                &Habits::default(),
            )
        };
        let source = connected(&settings, &Habits::default(), Stop::default()).await;
        let asked = server.calls();
        let read = all(&source).await;
        assert_eq!(read.is_ok(), good, "{name} {trusted}");
        if let Err(fault) = read {
            assert_eq!(
                (fault.cause.as_str(), fault.is_transient()),
                ("certificate", false),
                "{fault}"
            );
            assert!(
                fault
                    .remedy
                    .is_some_and(|remedy| remedy.contains("--qdrant-ca-file"))
            );
            assert_eq!(server.calls(), asked, "nothing was sent");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_encrypt_is_told_apart() {
    let server = server(Collection::new(NOTES, 5));
    let settings = settings(
        &server.url().replace("http://127.0.0.1", "https://localhost"),
        &Habits::default(),
    );
    let source = connected(&settings, &Habits::default(), Stop::default()).await;
    let fault = all(&source).await.unwrap_err();
    assert_eq!(
        (fault.cause.as_str(), fault.is_transient()),
        ("tls", false),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_holds_no_authority_is_refused_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("empty.pem", Some("")),
        ("text.pem", Some("no certificate")),
        ("missing.pem", None),
    ] {
        let file = dir.path().join(name);
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let habits = Habits::default();
        let settings = config::Qdrant {
            ca_file: Some(file),
            ..settings("https://localhost:1", &habits)
        };
        let rooms = pipeline::room::Rooms::new(1 << 20, 1 << 10);
        let limits = pipeline::source::BatchLimits { rows: 1, bytes: 1 };
        let policy = pipeline::retry::Policy {
            attempts: 0,
            delay: habits.silence,
            longest: habits.silence,
            budget: habits.silence,
        };
        let refused =
            pipeline::source::qdrant::Qdrant::connect(&settings, rooms, limits, policy, Stop::default());
        let fault = refused.await.unwrap_err();
        assert!(
            fault.to_string().contains(name) && fault.remedy.is_some(),
            "{fault}"
        );
    }
}
