//! One request to an OpenAI-compatible endpoint: `POST {url}/embeddings`.
//!
//! Here it is decided what an answer means: vectors, a refusal of the texts, or a fault of the endpoint, which may get
//! better or not. No text and no key ever gets into a message.

use super::answer::{self, Broken};
use super::refusal::{Refusal, shown};
use super::{Embedding, tls};
use crate::fault::{Class, Fault, Part};
use crate::metrics;
use config::Secret;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// The largest answer that makes sense: this, and for each text as many components as a column can have.
const LARGEST: usize = 1 << 20;
const LARGEST_VECTOR: usize = 16_000 * 32;
/// As much of a refusal is read as may say why.
const LARGEST_REFUSAL: usize = 64 << 10;

/// Why there are no vectors.
#[derive(Debug)]
pub(super) enum Failure {
    /// These texts will not be embedded, however often they are sent: one is too long, or they are too many.
    Refused(String),
    /// Something is wrong with the endpoint or the way to it.
    Fault(Fault),
}

/// Where texts are sent to.
#[derive(Debug)]
pub(super) struct Endpoint {
    client: Client,
    address: String,
    model: String,
    dimensions: Option<u32>,
    key: Option<Secret>,
}

#[derive(Serialize)]
struct Asked<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

impl Endpoint {
    pub(super) fn new(embed: &config::Embed) -> Result<Self, Fault> {
        let address = format!("{}/embeddings", embed.url);
        let unusable = |why: String| {
            let action = format!("prepare to embed texts with {address}");
            Fault::permanent(Part::Embedding, action, why)
        };
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls::client().map_err(|error| unusable(error.to_string()))?)
            .http1_only()
            // A redirected request would lose its body, and might take the key elsewhere.
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("etl/", env!("CARGO_PKG_VERSION")))
            .timeout(embed.timeout);
        if embed.is_loopback() {
            // A proxy cannot reach this machine by that name.
            client = client.no_proxy();
        }
        Ok(Endpoint {
            client: client.build().map_err(|error| unusable(told(&error)))?,
            model: embed.model.clone(),
            dimensions: embed.dimensions.map(u32::from),
            key: embed.api_key.clone(),
            address,
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Asks once. The vectors are in the order of the texts; one that is not finite is a refusal of its text.
    pub(super) async fn ask(&self, texts: &[&str]) -> Result<Vec<Embedding>, Failure> {
        let asked = Asked {
            model: &self.model,
            input: texts,
            encoding_format: "float",
            dimensions: self.dimensions,
        };
        let began = Instant::now();
        metrics::embedding_requested();
        let mut request = self.client.post(&self.address).json(&asked);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        let (status, wait) = (response.status(), wait(response.headers()));
        if !status.is_success() {
            let body = self.body(response, LARGEST_REFUSAL).await.unwrap_or_default();
            return Err(self.refused(status, wait, &body, texts));
        }
        let body = self
            .body(response, LARGEST + texts.len() * LARGEST_VECTOR)
            .await?;
        let answer = answer::read(&body, texts.len()).map_err(|broken| match broken {
            Broken::NotFinite => Failure::Refused(answer::NOT_FINITE.to_owned()),
            Broken::Answer(what) => self.transient("answer", what.to_owned(), None),
        })?;
        metrics::embedding_answered(began.elapsed(), answer.tokens);
        Ok(answer.embeddings)
    }

    /// What came as a body, which must not be more than `most` bytes.
    async fn body(&self, mut response: Response, most: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if body.len() + piece.len() > most {
                return Err(self.transient(
                    "answer",
                    format!("its answer is longer than {most} bytes"),
                    None,
                ));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// What an answer that is no success means.
    fn refused(&self, status: StatusCode, wait: Option<Duration>, body: &[u8], texts: &[&str]) -> Failure {
        let refusal = Refusal::read(body);
        let said = shown(&refusal.message, texts);
        let message = match said.as_str() {
            "" => format!("it answers {status}"),
            said => format!("it answers {status}: {said}"),
        };
        match status.as_u16() {
            400 | 413 | 422 => Failure::Refused(message),
            // llama.cpp and what is built on it count a text that is too long as their own failure.
            500 if refusal.is_of_length() => Failure::Refused(message),
            429 if refusal.is_of_credit() => self.permanent(
                "credit",
                message,
                "the account has no credit left: add some, then start the same command again",
            ),
            408 | 425 | 429 | 500 | 502..=599 => self.transient(status.as_str(), message, wait),
            401 | 403 => self.permanent(status.as_str(), message, self.about_the_key()),
            402 => self.permanent(
                "credit",
                message,
                "add credit to the account, then start the same command again",
            ),
            300..=399 => self.permanent(
                status.as_str(),
                message,
                "write the address it has moved to as embed.url: redirections are not followed",
            ),
            _ => self.permanent(
                status.as_str(),
                message,
                format!(
                    "check that embed.url is right and that the endpoint has the model {}",
                    self.model
                ),
            ),
        }
    }

    fn about_the_key(&self) -> &'static str {
        match self.key {
            Some(_) => {
                "the key is not good for this model: give another as the environment ETL_EMBED_API_KEY"
            }
            None => "give the endpoint's key as the environment ETL_EMBED_API_KEY",
        }
    }

    /// A connection that could not be made, or broke.
    fn broken(&self, error: &reqwest::Error) -> Failure {
        if tls::is_of_certificate(error) {
            let remedy = "the endpoint's certificate must hold: correct embed.url, or name its authority's file as the \
                          environment SSL_CERT_FILE";
            return self.permanent("tls", told(error), remedy);
        }
        let cause = match error {
            error if error.is_timeout() => "timeout",
            error if error.is_connect() => "unavailable",
            _ => "cut",
        };
        self.transient(cause, told(error), None)
    }

    fn transient(&self, cause: &str, message: String, retry_after: Option<Duration>) -> Failure {
        Failure::Fault(Fault {
            class: Class::Transient { retry_after },
            ..self.fault(cause, message)
        })
    }

    fn permanent(&self, cause: &str, message: String, remedy: impl Into<String>) -> Failure {
        Failure::Fault(self.fault(cause, message).with_remedy(remedy))
    }

    fn fault(&self, cause: &str, message: String) -> Fault {
        let action = format!("embed texts with {}", self.address);
        Fault::permanent(Part::Embedding, action, message).with_cause(cause)
    }

    /// The model's vectors do not fit the column.
    pub(super) fn wrong_dimension(&self, found: usize, wanted: usize) -> Fault {
        let message = format!(
            "the model {} gives vectors of {found} components, the column takes {wanted}",
            self.model
        );
        self.fault("dimension", message).with_remedy(format!(
            "name a model of {wanted} components as embed.model, ask for {wanted} with embed.dimensions where the model \
             can, or declare the column with {found}"
        ))
    }
}

/// The wait that was asked for, in any of the ways there are.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |value: &reqwest::header::HeaderValue| value.to_str().ok().map(|text| text.trim().to_owned());
    let milliseconds = headers.get("retry-after-ms").and_then(text);
    if let Some(milliseconds) = milliseconds.and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let asked = headers.get(RETRY_AFTER).and_then(text)?;
    if let Ok(seconds) = asked.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let moment = jiff::fmt::rfc2822::parse(&asked).ok()?.timestamp();
    let left = moment.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(left).unwrap_or_default())
}

/// An error with all its causes; the address is in the action already.
fn told(error: &reqwest::Error) -> String {
    let mut text = match error {
        error if error.is_timeout() => "no answer in time".to_owned(),
        error if error.is_connect() => "no connection".to_owned(),
        error if error.is_body() || error.is_decode() => "the answer broke off".to_owned(),
        _ => "the request failed".to_owned(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asked(name: &'static str, value: &str) -> Option<Duration> {
        wait(&HeaderMap::from_iter([(
            reqwest::header::HeaderName::from_static(name),
            value.parse().unwrap(),
        )]))
    }

    #[test]
    fn a_wait_is_understood_in_every_way_it_is_asked_for() {
        assert_eq!(asked("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("retry-after", " 0.25 "), Some(Duration::from_millis(250)));
        assert_eq!(asked("retry-after-ms", "40"), Some(Duration::from_millis(40)));
        assert_eq!(
            asked("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::ZERO)
        );
        let far = asked("retry-after", "Tue, 31 Dec 2199 23:59:59 GMT").unwrap();
        assert!(far > Duration::from_secs(86_400 * 365));
        for nonsense in ["soon", "-1", "NaN", "inf", "1e99"] {
            assert_eq!(asked("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
