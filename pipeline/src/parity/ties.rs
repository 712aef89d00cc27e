//! Whether two exact answers to one question are the same, up to what 32-bit arithmetic leaves open.
//!
//! Both databases add up the same 32-bit numbers, each in its own order, so a score may differ in its last digits, and
//! of what lies as near as that either may come first. At the last place that goes for what is in the answer at all.
//! Two answers of `k` are therefore the same if and only if each is in the order of its own scores, what both name has
//! equal scores, and what only one names is as near as the last place of the other. Nothing else can be explained by
//! rounding, and all of that can (the tests search for an explanation by trying all there are).

use super::Answer;
use super::metric::Metric;
use serde::Serialize;
use std::collections::HashMap;

/// How far two scores may be apart and still be the same number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tolerance {
    /// In units of the score.
    pub absolute: f64,
    /// As a part of the larger of both scores.
    pub relative: f64,
}

impl Tolerance {
    /// What can come of adding `dimension` products or differences in 32 bits, whatever the order: each addition is off
    /// by half a unit in the last place at most, on both sides (Higham, Accuracy and Stability, section 4.2; that bound
    /// for products is relative to the sum of their magnitudes, which for vectors of length one is at most one).
    /// Two more for the root or the length.
    pub fn of(metric: Metric, dimension: usize) -> Tolerance {
        let half_unit = f64::from(f32::EPSILON) / 2.0;
        let bound = 2.0 * (dimension as f64 + 2.0) * half_unit;
        match metric {
            Metric::Cosine => Tolerance {
                absolute: bound,
                relative: 0.0,
            },
            // An inner product is near zero by cancellation only, and then not among the nearest.
            Metric::Dot | Metric::Euclid | Metric::Manhattan => Tolerance {
                absolute: f64::from(f32::MIN_POSITIVE),
                relative: bound,
            },
        }
    }

    /// Whether both are the same number; what is not a number is no other.
    fn equal(&self, one: f64, other: f64) -> bool {
        (one.is_nan() && other.is_nan()) || one == other || (one - other).abs() <= self.span(one, other)
    }

    fn span(&self, one: f64, other: f64) -> f64 {
        self.absolute + self.relative * one.abs().max(other.abs())
    }

    /// Whether `one` is as near as `other`, or nearer.
    pub(super) fn reaches(&self, metric: Metric, one: f64, other: f64) -> bool {
        metric.nearness(one) >= metric.nearness(other) || self.equal(one, other)
    }
}

/// Which of the two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Qdrant's.
    Source,
    /// PostgreSQL's.
    Target,
}

/// What cannot be explained by rounding.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    /// One has more places than the other, or than were asked for.
    Length {
        /// Places in Qdrant's answer.
        source: usize,
        /// Places in PostgreSQL's answer.
        target: usize,
    },
    /// An answer names a point twice.
    Twice {
        /// Whose answer.
        side: Side,
        /// The point.
        id: String,
    },
    /// An answer is not in the order of its own scores.
    Unordered {
        /// Whose answer.
        side: Side,
        /// The point that is nearer than the one before it.
        id: String,
    },
    /// Both name the point with other scores.
    Score {
        /// The point.
        id: String,
        /// Its score in Qdrant.
        source: f64,
        /// Its score in PostgreSQL.
        target: f64,
    },
    /// Only one names the point, although it is nearer than the last place of the other.
    Missing {
        /// Who names it not.
        side: Side,
        /// The point.
        id: String,
        /// Its score where it is named.
        score: f64,
    },
}

/// What became of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Likeness {
    /// The same points in the same order.
    Identical,
    /// The same, but for the order of points as near as each other.
    UpToTies,
    /// Not the same.
    Different(Vec<Difference>),
}

/// Compares two exact answers of `k` places.
pub fn compare(
    metric: Metric,
    tolerance: &Tolerance,
    k: usize,
    source: &[Answer],
    target: &[Answer],
) -> Likeness {
    let mut differences = Vec::new();
    if source.len() != target.len() || source.len() > k {
        differences.push(Difference::Length {
            source: source.len(),
            target: target.len(),
        });
    }
    let (by_source, by_target) = (scores(source), scores(target));
    for (side, answers, scores) in [
        (Side::Source, source, &by_source),
        (Side::Target, target, &by_target),
    ] {
        differences.extend(disorder(metric, side, answers, scores));
    }
    for answer in source {
        if let Some(score) = by_target.get(answer.id.as_str())
            && !tolerance.equal(answer.score, *score)
        {
            differences.push(Difference::Score {
                id: answer.id.clone(),
                source: answer.score,
                target: *score,
            });
        }
    }
    for (side, answers, other, known) in [
        (Side::Target, source, target, &by_target),
        (Side::Source, target, source, &by_source),
    ] {
        // An answer that is not full holds everything there is.
        let last = other.last().filter(|_| other.len() >= k);
        let alone = answers
            .iter()
            .filter(|answer| !known.contains_key(answer.id.as_str()));
        let unexplained = alone
            .filter(|answer| last.is_none_or(|last| !tolerance.reaches(metric, last.score, answer.score)));
        differences.extend(unexplained.map(|answer| Difference::Missing {
            side,
            id: answer.id.clone(),
            score: answer.score,
        }));
    }
    let same = source
        .iter()
        .zip(target)
        .all(|(source, target)| source.id == target.id);
    match (differences.is_empty(), same) {
        (true, true) => Likeness::Identical,
        (true, false) => Likeness::UpToTies,
        (false, _) => Likeness::Different(differences),
    }
}

/// The largest distance between the scores of points that both name; none where they name none in common.
pub(super) fn apart(source: &[Answer], target: &[Answer]) -> Option<f64> {
    let target = scores(target);
    let both = source.iter().filter_map(|answer| {
        let other = target.get(answer.id.as_str())?;
        Some((answer.score - other).abs())
    });
    both.max_by(f64::total_cmp)
}

fn scores(answers: &[Answer]) -> HashMap<&str, f64> {
    answers
        .iter()
        .map(|answer| (answer.id.as_str(), answer.score))
        .collect()
}

/// What is wrong with an answer by itself. Its own scores are what it was ordered by, so nothing is tolerated.
fn disorder(metric: Metric, side: Side, answers: &[Answer], scores: &HashMap<&str, f64>) -> Vec<Difference> {
    let mut wrong = Vec::new();
    if scores.len() != answers.len() {
        let mut ids: Vec<&str> = answers.iter().map(|answer| answer.id.as_str()).collect();
        ids.sort_unstable();
        let twice = ids.windows(2).find(|pair| pair.first() == pair.last());
        wrong.extend(twice.and_then(<[&str]>::first).map(|id| Difference::Twice {
            side,
            id: (*id).to_owned(),
        }));
    }
    let steps = answers.iter().zip(answers.iter().skip(1));
    let back = steps.filter(|(before, after)| metric.nearness(after.score) > metric.nearness(before.score));
    wrong.extend(back.map(|(_, after)| Difference::Unordered {
        side,
        id: after.id.clone(),
    }));
    wrong
}

#[cfg(test)]
mod tests;
