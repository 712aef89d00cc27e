//! What failures so far say of those to come: the upper end of Clopper and Pearson's interval (1934), one-sided.

/// How the bound is come by, in few words.
pub(super) const HOW: &str = "Clopper-Pearson; 1 - 0.05^(1/n) where none of n failed";

/// The chance that so few failures of so many events would be seen.
const DOUBT: f64 = 0.05;

/// The largest chance of failure under which no more than `failures` of `events` are as likely as 5 %.
pub(super) fn upper(failures: u64, events: u64) -> f64 {
    if failures >= events {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    // A double has no more bits to be decided than this halves an interval.
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if at_most(failures, events, middle) > DOUBT {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// How likely no more than `failures` of `events` are, each with the chance `p`: the sum of the binomial terms.
fn at_most(failures: u64, events: u64, p: f64) -> f64 {
    let n = events as f64;
    let mut term = n * (-p).ln_1p();
    let mut sum = term.exp();
    for k in 0..failures {
        let k = k as f64;
        term += ((n - k) / (k + 1.0)).ln() + p.ln() - (-p).ln_1p();
        sum += term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_failures_it_is_what_the_formula_says() {
        for events in [1u64, 2, 300, 3_000, 1_000_000, 10_000_000] {
            let formula = 1.0 - 0.05f64.powf(1.0 / events as f64);
            assert!((upper(0, events) / formula - 1.0).abs() < 1e-6, "{events}");
        }
    }

    /// Values of the published tables (one-sided 95 %).
    #[test]
    fn with_failures_it_is_what_tables_say() {
        for (failures, events, bound) in [
            (1, 10, 0.3942),
            (2, 10, 0.5069),
            (5, 100, 0.1023),
            (0, 20, 0.1391),
        ] {
            assert!(
                (upper(failures, events) - bound).abs() < 1e-4,
                "{failures} of {events}"
            );
        }
        assert_eq!(upper(3, 3), 1.0);
    }
}
