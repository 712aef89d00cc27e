//! Encryption to the server: verified unless the operator said in so many words that it need not be.
//! What the server showed is remembered, be it taken or refused.

use crate::fault::{Fault, Part};
use crate::trust;
use config::{Connection, Tls};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The certificate that a server showed last, in DER: its own, not those of its authorities.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown(Arc<Mutex<Option<Vec<u8>>>>);

impl Shown {
    pub(super) fn last(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, certificate: &CertificateDer<'_>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(certificate.to_vec());
    }
}

/// The connector `connection` asks for, which remembers what it is `shown`.
pub(super) fn connector(connection: &Connection, shown: &Shown) -> Result<MakeRustlsConnect, Fault> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let unusable = |error: rustls::Error| Fault::permanent(Part::Target, "prepare TLS", error.to_string());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let chain = match connection.tls {
        Tls::NoVerify => None,
        Tls::Disable | Tls::VerifyFull | Tls::VerifyCa => {
            let roots = Arc::new(roots(connection)?);
            let chain = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
            Some(chain.map_err(|error| Fault::permanent(Part::Target, "prepare TLS", error.to_string()))?)
        }
    };
    let verifier = Verifier {
        chain,
        any_name: connection.tls == Tls::VerifyCa,
        provider,
        shown: shown.clone(),
    };
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The authority the operator named, or those the system and the web trust.
fn roots(connection: &Connection) -> Result<RootCertStore, Fault> {
    let Some(file) = &connection.root_certificate else {
        return Ok(trust::usual());
    };
    let unusable = |why: String| {
        Fault::permanent(
            Part::Target,
            format!("read the root certificate {}", file.display()),
            why,
        )
        .with_cause("tls")
        .with_remedy(
            "sslrootcert in DATABASE_URL must name a PEM file with the server's certificate authority",
        )
    };
    trust::only(file).map_err(unusable)
}

/// `verify-full`; `verify-ca` (any name under the authority); `no-verify` (anyone).
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    any_name: bool,
    provider: Arc<CryptoProvider>,
    shown: Shown,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.shown.remember(end_entity);
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The chain is checked before the name, so a wrong name means a good chain.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_name => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
