//! The endpoint that turns texts into vectors, for columns that embed.
//! Its key came in through the environment or not at all, its address holds no secret, and the operator was told
//! whenever texts travel unencrypted beyond this machine.
//! Whether it answers, knows the model and takes the key is left to the pipeline.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use crate::answers::{Answer, Answers};
use crate::origin::Origin;
use crate::secret::Secret;

/// How texts are embedded, where a column asks for it.
#[derive(Clone, Debug)]
pub struct Embed {
    /// The base address, without a slash at its end: requests go to `{url}/embeddings`.
    pub url: String,
    /// The model that is asked for.
    pub model: String,
    /// The key sent as a bearer token; none is sent when there is none.
    pub api_key: Option<Secret>,
    /// Most texts in a request.
    pub batch: NonZeroUsize,
    /// Most requests in any minute; unlimited when there is none.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Requests under way at the same time, over all lanes.
    pub concurrency: NonZeroUsize,
    /// How long one request may take, from connecting to the end of the answer.
    pub timeout: Duration,
    /// Components the model is asked for; as many as it has when there is none.
    pub dimensions: Option<NonZeroU32>,
    /// Characters a text is cut to before it is embedded; sent whole when there is none.
    pub max_characters: Option<NonZeroUsize>,
}

const EXAMPLE: &str = "https://api.openai.com/v1";

impl Embed {
    /// Nothing, where no endpoint is named.
    pub(crate) fn relied_on(answers: &mut Answers) -> Answer<Option<Embed>> {
        let url = answers.read("embed.url", base_url);
        let model = answers.read("embed.model", |text| Ok(text.trim().to_owned()));
        let batch = answers.at_least_one("embed.batch");
        let requests_per_minute = answers.at_least_one_if_any("embed.requests_per_minute");
        let concurrency = answers.at_least_one("embed.concurrency");
        let timeout = answers.duration("embed.timeout");
        let dimensions = answers.at_least_one_if_any("embed.dimensions");
        let max_characters = answers.at_least_one_if_any("embed.max_characters");
        let (url, model) = match (url?, model?) {
            (Some((url, origin)), Some((model, _))) => {
                notice_of_plain_text(answers, &url, &origin);
                (url, model)
            }
            (Some((_, origin)), None) => {
                let what = "embed.url needs embed.model beside it; name the model that embeds";
                return Err(answers.refuse(origin, what));
            }
            (None, Some((_, origin))) => {
                let what = format!("embed.model needs embed.url beside it; write for example {EXAMPLE}");
                return Err(answers.refuse(origin, what));
            }
            (None, None) => return Ok(None),
        };
        // Asked for only here: a key that lies in the environment for another program is no concern of ours.
        let api_key = answers.read("embed.api_key", key)?;
        Ok(Some(Embed {
            url,
            model,
            api_key: api_key.map(|(key, _)| key),
            batch: batch?,
            requests_per_minute: requests_per_minute?,
            concurrency: concurrency?,
            timeout: timeout?,
            dimensions: dimensions?,
            max_characters: max_characters?,
        }))
    }

    /// Whether the endpoint is this machine, as far as its name tells.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

fn notice_of_plain_text(answers: &mut Answers, url: &str, origin: &Origin) {
    if url.starts_with("http://") && !is_loopback(url) {
        answers.notice(format!(
            "embed.url ({origin}) begins with http://: texts, vectors and the key travel unencrypted; write \
             https:// if the endpoint has it"
        ));
    }
}

/// A base address in one spelling. What may hold a secret is never repeated.
fn base_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("holds a blank; write an address such as {EXAMPLE}"));
    }
    if text.contains('@') {
        return Err(
            "holds an @, as before a host where a password stands; take it out, and give the key as \
                    the environment ETL_EMBED_API_KEY"
                .to_owned(),
        );
    }
    if text.contains(['?', '#']) {
        return Err(format!(
            "holds a query or a fragment; write the address alone, such as {EXAMPLE}"
        ));
    }
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return Err(format!(
            "begins with neither https:// nor http://; write for example {EXAMPLE}"
        ));
    }
    let (authority, path) = rest
        .split_once('/')
        .map_or((rest, ""), |(host, path)| (host, path));
    if host_of(authority).is_none() {
        return Err(format!(
            "names no host, or a port that is none; write for example {EXAMPLE}"
        ));
    }
    // The address of the method itself is as clear a wish.
    let path = path.trim_end_matches('/');
    let path = path
        .strip_suffix("embeddings")
        .map_or(path, |before| match before {
            "" => before,
            before if before.ends_with('/') => before.trim_end_matches('/'),
            _ => path,
        });
    let slash = if path.is_empty() { "" } else { "/" };
    Ok(format!("{scheme}://{authority}{slash}{path}"))
}

/// The host of `host:port`, an IPv6 address without its brackets.
pub(crate) fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let numbered = |port: &str| {
        port.strip_prefix(':').is_some_and(|digits| {
            let numeric = digits.bytes().all(|byte| byte.is_ascii_digit());
            numeric && digits.parse::<u16>().is_ok_and(|port| port != 0)
        })
    };
    let odd = |c: char| !(c.is_alphanumeric() || "-._:".contains(c));
    (!host.is_empty() && !host.contains(odd) && (port.is_empty() || numbered(port))).then_some(host)
}

pub(crate) fn is_loopback(url: &str) -> bool {
    let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
    let host = authority.and_then(host_of).unwrap_or_default();
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A key as a header can carry it; a key that is none is not shown.
pub(crate) fn key(text: &str) -> Result<Secret, String> {
    let key = text.trim();
    match key.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Secret::new(key)),
        false => Err("holds a blank or a character that no key has; copy the key again".to_owned()),
    }
}
