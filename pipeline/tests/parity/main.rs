//! Search asked of the real pgvector: exact answers are exact, an index is asked where an index is meant, and what it
//! finds of real texts is on a page.
#![allow(clippy::unwrap_used, missing_docs)]

mod asked; // what PostgreSQL answers
mod real; // the whole report, on texts with a meaning

use pipeline::parity::{Answer, Metric};
use rehearsal::postgres::{Server, connect};
use std::sync::{LazyLock, OnceLock};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

/// The server outlives any one test's runtime, so all tests share this one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn test(body: impl Future<Output = ()>) {
    RUNTIME.block_on(body);
}

async fn database() -> Client {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = STARTING.lock().await;
    if SERVER.get().is_none() {
        let _ = SERVER.set(Server::start().await.unwrap());
    }
    connect(&SERVER.get().unwrap().database("parity").await.unwrap())
        .await
        .unwrap()
}

/// Nearest neighbours by definition: every pair, in 64 bits.
fn nearest(metric: Metric, k: usize, points: &[(String, Vec<f32>)], question: &[f32]) -> Vec<Answer> {
    let pairs = |one: &[f32]| -> Vec<(f64, f64)> {
        one.iter()
            .zip(question)
            .map(|(one, other)| (f64::from(*one), f64::from(*other)))
            .collect()
    };
    let score = |vector: &[f32]| {
        let pairs = pairs(vector);
        let dot = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
        match metric {
            Metric::Dot => dot(|(a, b)| a * b),
            Metric::Cosine => dot(|(a, b)| a * b) / (dot(|(a, _)| a * a) * dot(|(_, b)| b * b)).sqrt(),
            Metric::Euclid => dot(|(a, b)| (a - b).powi(2)).sqrt(),
            Metric::Manhattan => dot(|(a, b)| (a - b).abs()),
        }
    };
    let mut all: Vec<Answer> = points
        .iter()
        .map(|(id, vector)| Answer {
            id: id.clone(),
            score: score(vector),
        })
        .collect();
    let sign = if metric.larger_is_nearer() { -1.0 } else { 1.0 };
    all.sort_by(|one, other| (sign * one.score).total_cmp(&(sign * other.score)));
    all.truncate(k);
    all
}
