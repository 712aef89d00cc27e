//! Asking for the vectors of a few texts until each is answered or refused.
//!
//! What may get better is tried again, within the limits all lanes share. What is refused is halved: the texts of the
//! half without the culprit get their vectors, and the culprit is found after a handful of requests. A refusal is
//! believed only of an endpoint that takes a harmless text at the same time; one that takes none is at fault itself.

use super::Embedding;
use super::endpoint::{Endpoint, Failure};
use crate::breaker::Breaker;
use crate::fault::{Class, Fault, Part};
use crate::retry::{Policy, Retry};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// A text that no endpoint has anything against.
const HARMLESS: &str = "A text that says nothing.";

/// The endpoint within its limits.
#[derive(Debug)]
pub(super) struct Asking {
    endpoint: Endpoint,
    policy: Policy,
    breaker: Breaker,
    turns: Semaphore,
    pace: Option<DefaultDirectRateLimiter>,
    /// Most texts in a request; lowered to what the endpoint turns out to take.
    batch: AtomicUsize,
}

/// What came of a request that is no fault: vectors in the order of the texts, or why they are refused.
type Answered = Result<Vec<Embedding>, String>;

impl Asking {
    pub(super) fn new(endpoint: Endpoint, embed: &config::Embed, policy: Policy) -> Self {
        // One at a time: with any burst a minute could see more than it should.
        let pace = |most| RateLimiter::direct(Quota::per_minute(most).allow_burst(NonZeroU32::MIN));
        Asking {
            endpoint,
            policy,
            breaker: Breaker::default(),
            turns: Semaphore::new(embed.concurrency.get()),
            pace: embed.requests_per_minute.map(pace),
            batch: AtomicUsize::new(embed.batch.get()),
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Most texts in a request.
    pub(super) fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed).max(1)
    }

    /// The components of a vector, asked for once.
    pub(super) async fn greet(&self) -> Result<usize, Fault> {
        match self.endpoint.ask(&[HARMLESS]).await {
            Ok(answer) => match answer.first() {
                Some(Embedding::Vector(vector)) => Ok(vector.len()),
                _ => Err(self.takes_nothing("it gives no finite vector")),
            },
            Err(Failure::Refused(why)) => Err(self.takes_nothing(&why)),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }

    pub(super) fn begin<'t>(&'t self, texts: Vec<&'t str>) -> Open<'t> {
        Open {
            asking: self,
            open: std::iter::once(0..texts.len()).collect(),
            texts,
            taken: None,
            tried: false,
            found: false,
        }
    }

    /// One request, made again until it is answered, refused, or given up.
    async fn ask(&self, texts: &[&str]) -> Result<Answered, Fault> {
        // Kept while waiting, so that an endpoint in trouble is asked less; the semaphore is never closed.
        let _turn = self.turns.acquire().await;
        let mut retry = Retry::among(self.policy, self.breaker.clone());
        let answered = loop {
            if let Some(pace) = &self.pace {
                pace.until_ready().await;
            }
            match self.endpoint.ask(texts).await {
                Ok(vectors) => break Ok(vectors),
                Err(Failure::Refused(why)) => break Err(why),
                Err(Failure::Fault(fault)) => retry.again(self.in_time(fault)).await?,
            }
        };
        retry.progress();
        Ok(answered)
    }

    /// An endpoint that wants to be left alone for longer than the operator waits is not waited for.
    fn in_time(&self, fault: Fault) -> Fault {
        match fault.class {
            Class::Transient {
                retry_after: Some(wait),
            } if wait > self.policy.budget => Fault {
                class: Class::Permanent,
                message: format!(
                    "{} (it asks to wait {} s, longer than run.retry_budget)",
                    fault.message,
                    wait.as_secs()
                ),
                remedy: Some("start the same command again then: it goes on where it was".to_owned()),
                ..fault
            },
            _ => fault,
        }
    }

    /// Fewer texts a request, since that is what the endpoint takes.
    fn lower(&self, taken: usize) {
        if self.batch.fetch_min(taken, Ordering::Relaxed) > taken {
            tracing::warn!(
                batch = taken,
                "the endpoint refuses larger requests; going on with {taken} texts each (embed.batch)"
            );
        }
    }

    fn takes_nothing(&self, why: &str) -> Fault {
        let action = format!("embed texts with {}", self.endpoint.address());
        Fault::permanent(
            Part::Embedding,
            action,
            format!("it refuses even a harmless text: {why}"),
        )
        .with_cause("refused")
        .with_remedy("check embed.model, embed.dimensions and the key against what the endpoint offers")
    }
}

/// The texts of one request while they are asked for.
pub(super) struct Open<'t> {
    asking: &'t Asking,
    texts: Vec<&'t str>,
    /// Stretches still to be asked for, the next one last.
    open: Vec<Range<usize>>,
    /// Texts of the largest request that was answered.
    taken: Option<usize>,
    /// Whether a refusal made us try the harmless text.
    tried: bool,
    /// Whether a culprit was found.
    found: bool,
}

impl Open<'_> {
    /// What became of some more texts, by their places; nothing when all are told.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<(usize, Embedding)>>, Fault> {
        while let Some(stretch) = self.open.pop() {
            let why = match self.asking.ask(&self.texts[stretch.clone()]).await? {
                Ok(vectors) => {
                    self.taken = self.taken.max(Some(stretch.len()));
                    return Ok(Some(stretch.zip(vectors).collect()));
                }
                Err(why) => why,
            };
            if !self.tried {
                self.tried = true;
                if let Err(why) = self.asking.ask(&[HARMLESS]).await? {
                    return Err(self.asking.takes_nothing(&why));
                }
            }
            if stretch.len() == 1 {
                self.found = true;
                return Ok(Some(vec![(stretch.start, Embedding::Refused(why))]));
            }
            let middle = stretch.start + stretch.len() / 2;
            self.open.push(middle..stretch.end);
            self.open.push(stretch.start..middle);
        }
        if let (true, false, Some(taken)) = (self.tried, self.found, self.taken) {
            // No text was to blame: there were too many.
            self.asking.lower(taken);
        }
        Ok(None)
    }
}
