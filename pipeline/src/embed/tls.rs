//! Encryption to the endpoint: always verified, against the authorities that the system and the web trust.

use crate::trust;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use std::error::Error;
use std::sync::Arc;

pub(super) fn client() -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder
        .with_root_certificates(trust::usual())
        .with_no_client_auth())
}

/// Whether a certificate that does not hold is the cause of `error`.
pub(super) fn is_of_certificate(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An I/O error passes its inner error over when it is asked for its source.
        let inner = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        let found = inner
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
            .or(error.downcast_ref::<rustls::Error>());
        if matches!(found, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
