//! Nobody is believed to be the endpoint without a certificate that holds, and nothing is sent to them.

use crate::cache::process;
use crate::server::{Reply, Server};
use crate::{embed, is_final, many, settings};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// A server's identity under an authority of its own, and that authority's certificate.
fn identity(name: &str) -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let chain = vec![
        CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap()
            .der()
            .clone(),
    ];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate.pem())
}

#[tokio::test]
async fn an_endpoint_whose_certificate_nobody_vouches_for_is_sent_nothing() {
    let (acceptor, _) = identity("localhost");
    let server = Server::with(Reply::honest, None, Some(acceptor)).await;
    let fault = embed(&settings(&server.url()), &many(1)).await.unwrap_err();
    is_final(&fault, "tls");
    assert!(
        fault.message.contains("certificate") && fault.to_string().contains("SSL_CERT_FILE"),
        "{fault}"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_the_system_is_told_of_vouches_for_its_names_and_no_others() {
    for (name, good) in [("localhost", true), ("elsewhere.example", false)] {
        let dir = tempfile::tempdir().unwrap();
        let (acceptor, authority) = identity(name);
        let file = dir.path().join("authority.pem");
        std::fs::write(&file, authority).unwrap();
        let server = Server::with(Reply::honest, None, Some(acceptor)).await;
        let mut process = process(&dir.path().join("checkpoints"), &server.url());
        process.env("SSL_CERT_FILE", &file);
        let status = tokio::task::spawn_blocking(move || process.status().unwrap())
            .await
            .unwrap();
        assert_eq!(
            (status.success(), server.asked().is_empty()),
            (good, !good),
            "{name}"
        );
    }
}
