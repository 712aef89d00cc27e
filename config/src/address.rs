//! Addresses of servers: a scheme, a host, a port, and nothing else.

use crate::embed::host_of;

/// What an address is one of.
pub(crate) struct Address {
    /// The port where none is named.
    pub(crate) port: u16,
    /// One of them.
    pub(crate) example: &'static str,
    /// The variable that holds what lets one in.
    pub(crate) key: &'static str,
}

impl Address {
    /// `scheme://host:port` in one spelling. What may hold a secret is never repeated.
    pub(crate) fn read(&self, text: &str) -> Result<String, String> {
        let Address { port, example, key } = self;
        let text = text.trim();
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("holds a blank; write an address such as {example}"));
        }
        if text.contains('@') {
            return Err(format!(
                "holds an @, as before a host where a password stands; take it out, and give the key as the environment {key}"
            ));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err(format!(
                "begins with neither https:// nor http://; write for example {example}"
            ));
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(format!(
                "holds more than a host and a port; write an address such as {example}"
            ));
        }
        if host_of(authority).is_none() {
            return Err(format!(
                "names no host, or a port that is none; write for example {example}"
            ));
        }
        // The colons of an IPv6 address stand before its bracket.
        let behind = authority.rsplit(']').next().unwrap_or(authority);
        Ok(match behind.contains(':') {
            true => format!("{scheme}://{authority}"),
            false => format!("{scheme}://{authority}:{port}"),
        })
    }
}
