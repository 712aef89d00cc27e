//! The small change of a plan's page: lines that fit a terminal, sums of money, short times and names.

use crate::text::duration;
use config::{in_line, write_money};
use pipeline::forecast::{Basis, Edition, Price};
use std::time::Duration;

/// Columns of a terminal that the page fits into.
const WIDTH: usize = 100;
/// Columns of the labels.
const LABEL: usize = 10;

/// Adds a line, or several that begin below each other; whoever is quoted in `text` begins none.
pub(super) fn entry(page: &mut String, label: &str, text: &str) {
    let mut line = format!("{label:<LABEL$}");
    let mut words = 0;
    for word in in_line(text).split(' ') {
        let width = line.chars().count() + 1 + word.chars().count();
        if words > 0 && width > WIDTH {
            page.push_str(line.trim_end());
            page.push('\n');
            (line, words) = (" ".repeat(LABEL), 0);
        }
        if words > 0 {
            line.push(' ');
        }
        line.push_str(word);
        words += 1;
    }
    page.push_str(line.trim_end());
    page.push('\n');
}

/// A name that leaves room for the others.
pub(super) fn short(name: &str) -> String {
    const MOST: usize = 24;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Rounded to what a person pays.
pub(super) fn cents(millionths: u64) -> String {
    match millionths {
        0 => "0.00".to_owned(),
        1..10_000 => "under 0.01".to_owned(),
        _ => write_money((millionths + 5_000) / 10_000 * 10_000),
    }
}

pub(super) fn basis(price: &Price, emulator: bool) -> String {
    let unit = match price.edition {
        Edition::Standard => "reads",
        Edition::Enterprise => "read units of 4 KiB (Enterprise edition)",
    };
    let place = price.location.as_deref().unwrap_or("an unknown location");
    let whose = match price.basis {
        Basis::Said => "as you said".to_owned(),
        Basis::Listed => format!("Google's list price at {place} as of November 2026"),
        Basis::Dearest => {
            format!("the dearest list price known, for that of {place} is not; --price-per-100k says better")
        }
        Basis::Emulator => "the dearest list price".to_owned(),
    };
    let billed = match emulator {
        true => "an emulator bills nothing",
        false => "free reads are not taken off",
    };
    format!(
        "{} USD for 100,000 {unit}, {whose}; {billed}",
        write_money(price.per_100k)
    )
}

/// A time as short as it may be said.
pub(super) fn short_time(seconds: f64) -> String {
    match seconds {
        ..10.0 => format!("{seconds:.1} s"),
        ..60.0 => format!("{seconds:.0} s"),
        _ => duration(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal_and_no_word_is_lost() {
        let text = "a few words that go on and on ".repeat(20);
        let mut page = String::new();
        entry(&mut page, "label", text.trim());
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        let words: Vec<&str> = page.split_whitespace().collect();
        let whole = format!("label {text}");
        assert_eq!(words, whole.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn money_and_times_are_short() {
        assert_eq!(
            [0, 9_999, 15_000, 12_345_678].map(cents),
            ["0.00", "under 0.01", "0.02", "12.35"]
        );
        assert_eq!([0.04, 12.3, 75.0].map(short_time), ["0.0 s", "12 s", "1:15"]);
    }
}
