//! Whether search answers the same after the move: the heart of `etl verify --search`.
//!
//! The same questions, vectors of the user's own, are put to both databases. Asked exactly, both must name the same
//! points with the same scores ([`ties`]), which proves rows, vectors and distance at once. Asked through an index,
//! PostgreSQL names most of them, and how many depends on settings that the user is to choose ([`statistics`]). What
//! comes of it is a [`Report`]: as data, as text, and as a page to look at. Only [`postgres`] here talks to a database;
//! everything else is arithmetic.

pub mod metric;
pub mod postgres;
mod report;
pub mod statistics;
pub mod ties;

mod page;
mod text;

pub use metric::Metric;
pub use report::{Exact, Found, Report, Subject};

use serde::Serialize;
use std::time::Duration;

/// A point that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Its id in canonical text, the same on both sides.
    pub id: String,
    /// How near it is, in Qdrant's scale.
    pub score: f64,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The nearest first.
    pub answers: Vec<Answer>,
    /// How long it took, as whoever asked sees it.
    pub took: Duration,
}

/// All questions, asked in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// How they were asked, in words: `hnsw.ef_search = 40`.
    pub way: String,
    /// An answer to each question, in the order of the questions.
    pub answered: Vec<Answered>,
}

/// What one database answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounds {
    /// Asked exactly.
    pub exact: Round,
    /// Asked through its index, once for each setting.
    pub approximate: Vec<Round>,
}

#[cfg(test)]
mod tests {
    use super::Answer;

    pub(super) fn answers<'a>(said: impl IntoIterator<Item = (&'a str, f64)>) -> Vec<Answer> {
        let answer = |(id, score): (&str, f64)| Answer {
            id: id.to_owned(),
            score,
        };
        said.into_iter().map(answer).collect()
    }
}
