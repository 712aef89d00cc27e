//! How Qdrant scores and how pgvector does: two scales for the same nearness.
//!
//! Scores are compared in Qdrant's scale, which is what applications have written into their thresholds. The formulas
//! follow from pgvector's documentation: `<=>` is one minus the cosine, `<#>` the negative inner product, `<->` and
//! `<+>` the distances themselves.

use serde::{Deserialize, Serialize};

/// What nearness means, in Qdrant's words. Sparse vectors are always compared by [`Metric::Dot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// The angle; Qdrant keeps such vectors at length one.
    Cosine,
    /// The inner product.
    Dot,
    /// The straight line.
    Euclid,
    /// The sum of the differences.
    Manhattan,
}

impl Metric {
    /// All there are.
    pub const ALL: [Metric; 4] = [Metric::Cosine, Metric::Dot, Metric::Euclid, Metric::Manhattan];

    /// As Qdrant's configuration spells it.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Cosine => "Cosine",
            Metric::Dot => "Dot",
            Metric::Euclid => "Euclid",
            Metric::Manhattan => "Manhattan",
        }
    }

    /// pgvector's operator, by which rows are ordered ascending.
    pub fn operator(self) -> &'static str {
        match self {
            Metric::Cosine => "<=>",
            Metric::Dot => "<#>",
            Metric::Euclid => "<->",
            Metric::Manhattan => "<+>",
        }
    }

    /// Qdrant's score of what the operator says.
    pub fn score(self, distance: f64) -> f64 {
        match self {
            Metric::Cosine => 1.0 - distance,
            Metric::Dot => -distance,
            Metric::Euclid | Metric::Manhattan => distance,
        }
    }

    /// What the operator says where Qdrant has this score. Qdrant keeps what is strictly nearer than `score_threshold`
    /// (`Distance::check_threshold` in its source), so `<` is the condition that keeps the same rows.
    pub fn distance(self, score: f64) -> f64 {
        // Each formula is its own inverse.
        self.score(score)
    }

    /// How a distance becomes a score, in SQL.
    pub fn formula(self, distance: &str) -> String {
        match self {
            Metric::Cosine => format!("1 - ({distance})"),
            Metric::Dot => format!("-({distance})"),
            Metric::Euclid | Metric::Manhattan => distance.to_owned(),
        }
    }

    /// Whether a larger score is nearer.
    pub fn larger_is_nearer(self) -> bool {
        matches!(self, Metric::Cosine | Metric::Dot)
    }

    /// A score turned so that more is nearer.
    pub(super) fn nearness(self, score: f64) -> f64 {
        match self.larger_is_nearer() {
            true => score,
            false => -score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_threshold_lets_the_same_rows_pass_on_both_sides(
            threshold in -4i32..4, distances in proptest::collection::vec(-4i32..4, 0..20),
        ) {
            for metric in Metric::ALL {
                // Quarters are exact in binary, so no rounding decides.
                let (threshold, limit) = (f64::from(threshold) / 4.0, metric.distance(f64::from(threshold) / 4.0));
                for distance in distances.iter().map(|distance| f64::from(*distance) / 4.0) {
                    let score = metric.score(distance);
                    let kept = metric.nearness(score) > metric.nearness(threshold);
                    prop_assert_eq!(kept, distance < limit, "{:?} {} {}", metric, distance, threshold);
                    prop_assert_eq!(metric.distance(score), distance);
                }
            }
        }
    }
}
