//! The report for a terminal and a mail: the verdict first, then the figures it rests on.

use super::metric::Metric;
use super::report::{Found, Report};
use super::ties::{Difference, Side};
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        writeln!(f, "{}", self.verdict())?;
        writeln!(
            f,
            "scores are apart by {:.1e} at most",
            Shortest(self.exact.apart)
        )?;
        for (number, differences) in &self.exact.differences {
            for difference in differences {
                writeln!(f, "  question {}: {difference}", number + 1)?;
            }
        }
        writeln!(f)?;
        writeln!(
            f,
            "{} → {} ({}): {} points of {} components, {}; {} nearest, {}; {}",
            subject.collection,
            subject.table,
            subject.column,
            grouped(subject.points),
            subject.dimension,
            subject.metric.name(),
            subject.k,
            subject.questions,
            subject.at,
        )?;
        writeln!(f)?;
        let way = |found: &Found| found.way.chars().count();
        let width = self
            .source
            .iter()
            .chain(&self.target)
            .map(way)
            .max()
            .unwrap_or_default();
        writeln!(
            f,
            "{:<10} {:<width$}  recall: mean  median      p5     min   ms: p50      p95",
            "", ""
        )?;
        for (database, all) in [("Qdrant", &self.source), ("PostgreSQL", &self.target)] {
            for found in all {
                writeln!(f, "{database:<10} {:<width$}  {}", found.way, figures(found))?;
            }
        }
        if let Some(keeps) = self.keeps_the_bar() {
            let word = if keeps { "keeps" } else { "does not keep" };
            writeln!(
                f,
                "\nPostgreSQL's index {word} to {} ms at the 95th percentile",
                subject.bar_ms
            )?;
        }
        writeln!(f)?;
        for line in thresholds(subject.metric, &subject.column) {
            writeln!(f, "{line}")?;
        }
        for note in &subject.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Length { source, target } => {
                write!(f, "Qdrant gives {source} points, PostgreSQL {target}")
            }
            Difference::Twice { side, id } => write!(f, "{} names {id} twice", side.name()),
            Difference::Unordered { side, id } => {
                write!(f, "{} names {id} after a point that is farther", side.name())
            }
            Difference::Score { id, source, target } => {
                write!(
                    f,
                    "{id} has score {source:.7} in Qdrant and {target:.7} in PostgreSQL"
                )
            }
            Difference::Missing { side, id, score } => {
                write!(
                    f,
                    "{} does not name {id}, which has score {score:.7}",
                    side.name()
                )
            }
        }
    }
}

impl Side {
    /// The database on this side.
    pub(super) fn name(self) -> &'static str {
        match self {
            Side::Source => "Qdrant",
            Side::Target => "PostgreSQL",
        }
    }
}

/// How a threshold on Qdrant's score is written in SQL, a line each.
pub(super) fn thresholds(metric: Metric, column: &str) -> [String; 2] {
    let operator = metric.operator();
    let distance = format!("{column} {operator} $1");
    let side = if metric.larger_is_nearer() { ">" } else { "<" };
    [
        format!(
            "score_threshold T (score {side} T)  is  {} T",
            limit(metric, &distance)
        ),
        format!("the score itself  is  {}", metric.formula(&distance)),
    ]
}

/// `distance <` with what makes the threshold behind it a distance.
fn limit(metric: Metric, distance: &str) -> String {
    match metric {
        Metric::Cosine => format!("{distance} < 1 -"),
        Metric::Dot => format!("{distance} < -"),
        Metric::Euclid | Metric::Manhattan => format!("{distance} <"),
    }
}

fn figures(found: &Found) -> String {
    let recall = match &found.recall {
        Some(recall) => {
            let [mean, median, p5, min] = [recall.mean, recall.median, recall.p5, recall.min].map(share);
            format!("{mean:>12} {median:>7} {p5:>7} {min:>7}")
        }
        None => format!("{:>12} {:>7} {:>7} {:>7}", "exact", "", "", ""),
    };
    let Shown { p50, p95 } = Shown::of(found);
    format!("{recall} {p50:>9} {p95:>8}")
}

/// Latency as it is shown, without digits that mean nothing.
pub(super) struct Shown {
    pub(super) p50: String,
    pub(super) p95: String,
}

impl Shown {
    pub(super) fn of(found: &Found) -> Shown {
        Shown {
            p50: milliseconds(found.latency.p50),
            p95: milliseconds(found.latency.p95),
        }
    }
}

pub(super) fn milliseconds(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// A share, never rounded up to a whole that it is not.
pub(super) fn share(value: f64) -> String {
    let cut = if value < 1.0 { value.min(0.9999) } else { value };
    format!("{cut:.4}")
}

pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A distance between scores; nothing is written as 0.
struct Shortest(f64);

impl fmt::LowerExp for Shortest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0.0 => f.write_str("0"),
            value => fmt::LowerExp::fmt(&value, f),
        }
    }
}
