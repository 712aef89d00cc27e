//! What came of asking both: figures, and the sentence that they come to.

use super::metric::Metric;
use super::statistics::{Latency, Recall};
use super::ties::{self, Difference, Likeness, Tolerance};
use super::{Answer, Round, Rounds};
use serde::Serialize;

/// So many questions with another answer are told in full.
const SHOWN: usize = 20;

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subject {
    /// The collection in Qdrant, and the vector's name where it has one.
    pub collection: String,
    /// The table in PostgreSQL, as SQL spells it.
    pub table: String,
    /// The column, as SQL spells it.
    pub column: String,
    /// What nearness means.
    pub metric: Metric,
    /// Components of a vector; of a sparse one, the most that were stored.
    pub dimension: usize,
    /// Points there are.
    pub points: u64,
    /// Places of an answer.
    pub k: usize,
    /// How the questions were chosen, in words.
    pub questions: String,
    /// When, in words or as a time.
    pub at: String,
    /// The latency that is to be kept, in milliseconds.
    pub bar_ms: f64,
    /// What else a reader must know, a sentence each.
    pub notes: Vec<String>,
}

/// What asking exactly came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exact {
    /// Questions with the same points in the same order.
    pub identical: usize,
    /// Questions with the same points, but for the order of those as near as each other.
    pub up_to_ties: usize,
    /// Questions with another answer.
    pub different: usize,
    /// The first of those, by number from 0, and what is different.
    pub differences: Vec<(usize, Vec<Difference>)>,
    /// How far scores may be apart.
    pub tolerance: Tolerance,
    /// How far they are apart at most.
    pub apart: f64,
}

/// What asking in one way came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// How the questions were asked.
    pub way: String,
    /// How much of the exact answers was found; absent where asking exactly.
    pub recall: Option<Recall>,
    /// How long it took.
    pub latency: Latency,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What was compared.
    pub subject: Subject,
    /// Questions asked.
    pub asked: usize,
    /// Whether exact answers are the same.
    pub exact: Exact,
    /// Qdrant, exactly and then through its index.
    pub source: Vec<Found>,
    /// PostgreSQL, exactly and then through its index.
    pub target: Vec<Found>,
}

impl Report {
    /// What the answers of both come to. Each round of both answers the same questions in the same order; a question
    /// that one round does not answer counts as answered with nothing.
    pub fn of(subject: Subject, source: &Rounds, target: &Rounds) -> Report {
        let tolerance = Tolerance::of(subject.metric, subject.dimension);
        let (one, other) = (answers(&source.exact), answers(&target.exact));
        let found = |rounds: &Rounds, exact: &[Vec<Answer>]| {
            let exactly = Found {
                way: rounds.exact.way.clone(),
                recall: None,
                latency: latency(&rounds.exact),
            };
            let approximately = rounds.approximate.iter().map(|round| Found {
                way: round.way.clone(),
                recall: Some(Recall::of(
                    subject.metric,
                    &tolerance,
                    subject.k,
                    exact,
                    &padded(answers(round), exact.len()),
                )),
                latency: latency(round),
            });
            std::iter::once(exactly).chain(approximately).collect()
        };
        Report {
            asked: one.len().max(other.len()),
            exact: Exact::of(&subject, tolerance, &one, &other),
            // Each index is held against what its own database says exactly.
            source: found(source, &one),
            target: found(target, &other),
            subject,
        }
    }

    /// Whether every exact answer is the same on both sides. Where nothing was asked, nothing is proved.
    pub fn is_same(&self) -> bool {
        self.asked > 0 && self.exact.different == 0
    }

    /// Whether every way through PostgreSQL's index keeps the bar at the 95th percentile; none where there is no index.
    pub fn keeps_the_bar(&self) -> Option<bool> {
        let mut through_index = self
            .target
            .iter()
            .filter(|found| found.recall.is_some())
            .peekable();
        through_index.peek()?;
        Some(through_index.all(|found| found.latency.p95 <= self.subject.bar_ms))
    }

    /// The sentence it comes to.
    pub fn verdict(&self) -> String {
        let (asked, exact) = (self.asked, &self.exact);
        match (asked, exact.different) {
            (0, _) => "Nothing was asked, so nothing is proved.".to_owned(),
            (_, 0) => match exact.up_to_ties {
                0 => format!("Exact search answers the same, point for point: {asked} of {asked} questions."),
                ties => format!(
                    "Exact search answers the same: {asked} of {asked} questions, {ties} of them but for the order of points \
                     as near as each other."
                ),
            },
            (_, different) => format!("Exact search answers otherwise: {different} of {asked} questions."),
        }
    }
}

impl Exact {
    fn of(subject: &Subject, tolerance: Tolerance, source: &[Vec<Answer>], target: &[Vec<Answer>]) -> Exact {
        let mut exact = Exact {
            identical: 0,
            up_to_ties: 0,
            different: 0,
            differences: Vec::new(),
            tolerance,
            apart: 0.0,
        };
        for number in 0..source.len().max(target.len()) {
            let of = |answers: &[Vec<Answer>]| answers.get(number).cloned().unwrap_or_default();
            let (one, other) = (of(source), of(target));
            exact.apart = exact.apart.max(ties::apart(&one, &other).unwrap_or_default());
            match ties::compare(subject.metric, &exact.tolerance, subject.k, &one, &other) {
                Likeness::Identical => exact.identical += 1,
                Likeness::UpToTies => exact.up_to_ties += 1,
                Likeness::Different(differences) => {
                    exact.different += 1;
                    if exact.differences.len() < SHOWN {
                        exact.differences.push((number, differences));
                    }
                }
            }
        }
        exact
    }
}

fn answers(round: &Round) -> Vec<Vec<Answer>> {
    round
        .answered
        .iter()
        .map(|answered| answered.answers.clone())
        .collect()
}

fn padded(mut answers: Vec<Vec<Answer>>, questions: usize) -> Vec<Vec<Answer>> {
    answers.resize(questions, Vec::new());
    answers
}

fn latency(round: &Round) -> Latency {
    Latency::of(round.answered.iter().map(|answered| answered.took))
}
