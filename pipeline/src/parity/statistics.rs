//! Figures about many questions: how much was found, and how long it took.

use super::Answer;
use super::metric::Metric;
use super::ties::Tolerance;
use serde::Serialize;
use std::collections::HashSet;
use std::time::Duration;

/// The value below or at which so many of a hundred values lie (nearest rank: always one of them); zero where there is
/// none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (percent * sorted.len()).div_ceil(100);
    let at = rank.clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or_default()
}

/// Values from the least to the greatest.
pub(super) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

/// How much of the exact answers an index finds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recall {
    /// Over all questions.
    pub mean: f64,
    /// Half of the questions do as well or worse.
    pub median: f64,
    /// One question in twenty does as badly or worse.
    pub p5: f64,
    /// The worst question.
    pub min: f64,
    /// How many questions found 0, 1, … `k` of `k`.
    pub found: Vec<usize>,
}

impl Recall {
    /// Of answers to the questions that `exact` answers, in the same order.
    ///
    /// A point counts as found if it is as near as the last one of the exact answer: which of several as near as that
    /// are in it is chance, and no merit of an index.
    pub(super) fn of(
        metric: Metric,
        tolerance: &Tolerance,
        k: usize,
        exact: &[Vec<Answer>],
        found: &[Vec<Answer>],
    ) -> Recall {
        let each: Vec<(usize, usize)> = exact
            .iter()
            .zip(found)
            .map(|(exact, found)| (hits(metric, tolerance, exact, found), exact.len()))
            .collect();
        let shares = sorted(each.iter().map(|(hits, wanted)| match wanted {
            // Nothing was to be found, and nothing is missing.
            0 => 1.0,
            wanted => *hits as f64 / *wanted as f64,
        }));
        let mut counted = vec![0; k + 1];
        for share in &shares {
            // In places of `k`, also where there are fewer points than that.
            if let Some(count) = counted.get_mut((share * k as f64).round() as usize) {
                *count += 1;
            }
        }
        Recall {
            mean: shares.iter().sum::<f64>() / shares.len().max(1) as f64,
            median: percentile(&shares, 50),
            p5: percentile(&shares, 5),
            min: shares.first().copied().unwrap_or_default(),
            found: counted,
        }
    }
}

fn hits(metric: Metric, tolerance: &Tolerance, exact: &[Answer], found: &[Answer]) -> usize {
    let Some(last) = exact.last() else {
        return 0;
    };
    let near = found
        .iter()
        .filter(|answer| tolerance.reaches(metric, answer.score, last.score));
    let different: HashSet<&str> = near.map(|answer| answer.id.as_str()).collect();
    different.len().min(exact.len())
}

/// How long questions took, in milliseconds, as whoever asks sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Questions.
    pub count: usize,
    /// Half of them took this or less.
    pub p50: f64,
    /// Nineteen of twenty took this or less.
    pub p95: f64,
    /// The slowest.
    pub max: f64,
}

impl Latency {
    pub(super) fn of(times: impl IntoIterator<Item = Duration>) -> Latency {
        let times = sorted(times.into_iter().map(|time| time.as_secs_f64() * 1e3));
        Latency {
            count: times.len(),
            p50: percentile(&times, 50),
            p95: percentile(&times, 95),
            max: times.last().copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::answers;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_percentile_is_the_least_value_with_enough_at_or_below_it(
            values in proptest::collection::vec(-50i32..50, 1..60), percent in 1usize..=100,
        ) {
            let sorted = sorted(values.iter().map(|value| f64::from(*value)));
            let at_or_below = |limit: f64| sorted.iter().filter(|value| **value <= limit).count();
            let enough = |limit: &f64| at_or_below(*limit) * 100 >= percent * sorted.len();
            let naive = sorted.iter().copied().find(enough);
            prop_assert_eq!(Some(percentile(&sorted, percent)), naive);
        }

        #[test]
        fn recall_is_the_share_of_the_nearest_that_was_found(kept in proptest::collection::vec(any::<bool>(), 1..40)) {
            let scores: Vec<(String, f64)> =
                (0..kept.len()).map(|at| (format!("p{at}"), 1.0 - at as f64 / 100.0)).collect();
            let exact = answers(scores.iter().map(|(id, score)| (id.as_str(), *score)));
            let mut found: Vec<Answer> =
                exact.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(answer, _)| answer.clone()).collect();
            // What is farther than the last place is no find, and neither is the same point again.
            let again = found.first().cloned();
            found.extend(again);
            found.extend(answers([("far", 0.1)]));
            let tolerance = Tolerance::of(Metric::Cosine, 3);
            let recall = Recall::of(Metric::Cosine, &tolerance, kept.len(), &[exact], &[found]);
            let hits = kept.iter().filter(|kept| **kept).count();
            prop_assert_eq!(recall.mean, hits as f64 / kept.len() as f64);
            prop_assert_eq!(recall.found.iter().position(|count| *count == 1), Some(hits));
            prop_assert_eq!(recall.found.iter().sum::<usize>(), 1);
        }
    }

    #[test]
    fn what_is_as_near_as_the_last_is_found_too() {
        let exact = answers([("a", 0.9), ("b", 0.5)]);
        let tolerance = Tolerance::of(Metric::Cosine, 3);
        let of = |found| {
            Recall::of(
                Metric::Cosine,
                &tolerance,
                2,
                std::slice::from_ref(&exact),
                &[found],
            )
            .mean
        };
        assert_eq!(of(answers([("a", 0.9), ("tied", 0.5)])), 1.0);
        assert_eq!(of(answers([("a", 0.9), ("farther", 0.49)])), 0.5);
    }

    #[test]
    fn no_question_has_no_figures() {
        let recall = Recall::of(Metric::Dot, &Tolerance::of(Metric::Dot, 3), 1, &[], &[]);
        assert_eq!((recall.mean, recall.min), (0.0, 0.0));
        assert_eq!(Latency::of([]).p95, 0.0);
    }
}
