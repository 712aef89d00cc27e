//! The laws of embedding, against an endpoint that follows a script: faults of every kind, refusals, limits, the cache;
//! and against a real model.
#![allow(clippy::unwrap_used, missing_docs)]

mod cache; // nothing is paid for twice, whatever ends the process
mod counted; // what the metrics say
mod faults; // what gets better and what does not
mod limits; // batches, pace, concurrency, what is sent
mod real; // a real model
mod refusals; // texts the endpoint will not have
mod server; // the endpoint
mod trust; // who is believed to be the endpoint

use checkpoints::Memory;
use config::Embed;
use pipeline::embed::{Embedder, Embedding};
use pipeline::fault::{Class, Fault};
use pipeline::retry::Policy;
use server::{DIMENSION, vector};
use std::sync::Arc;
use std::time::Duration;

/// Attempts after the first.
const AGAIN: u32 = 3;

fn policy() -> Policy {
    Policy {
        attempts: AGAIN,
        delay: Duration::from_millis(1),
        longest: Duration::from_millis(5),
        budget: Duration::from_secs(60),
    }
}

/// One request at a time of at most four texts.
fn settings(url: &str) -> Embed {
    Embed {
        url: url.to_owned(),
        model: "a model".to_owned(),
        api_key: None,
        batch: 4.try_into().unwrap(),
        requests_per_minute: None,
        concurrency: 1.try_into().unwrap(),
        timeout: Duration::from_secs(60),
        dimensions: None,
        max_characters: None,
    }
}

/// An embedder that remembers nothing of others.
fn embedder(settings: &Embed) -> Embedder {
    Embedder::new(settings, Arc::new(Memory::default()), policy()).unwrap()
}

fn texts<T: ToString>(texts: impl IntoIterator<Item = T>) -> Vec<Option<String>> {
    texts.into_iter().map(|text| Some(text.to_string())).collect()
}

/// The numbers below `count` as texts long enough to be recognised.
fn many(count: usize) -> Vec<Option<String>> {
    texts((0..count).map(|number| format!("a text with the number {number:04}")))
}

/// What an honest endpoint makes of texts.
fn honest(texts: &[Option<String>]) -> Vec<Embedding> {
    let embedded = texts
        .iter()
        .map(|text| text.as_deref().filter(|text| !text.trim().is_empty()));
    embedded
        .map(|text| text.map_or(Embedding::Nothing, |text| Embedding::Vector(vector(text))))
        .collect()
}

async fn embed(settings: &Embed, texts: &[Option<String>]) -> Result<Vec<Embedding>, Fault> {
    embedder(settings).vectors(texts, DIMENSION).await
}

/// A fault that is final and says what to do, and nothing of what was sent.
fn is_final(fault: &Fault, cause: &str) {
    assert_eq!(
        (fault.class, fault.cause.as_str()),
        (Class::Permanent, cause),
        "{fault}"
    );
    assert!(fault.remedy.is_some(), "{fault}");
    assert!(!fault.to_string().contains("with the number"), "{fault}");
}
