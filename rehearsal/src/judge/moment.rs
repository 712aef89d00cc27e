//! RFC 3339 moments as counts of nanoseconds, computed here so that no library shared with the product can
//! be wrong on both sides.
//! It promises to read what Firestore and the product write, UTC with up to nine digits, and nothing else.

use anyhow::{Context, Result};

/// Nanoseconds since 1970 of a moment such as `2024-02-29T12:34:56.12Z`.
pub(super) fn nanoseconds(moment: &str) -> Result<i128> {
    read(moment).with_context(|| format!("{moment:?} is no moment in UTC"))
}

fn read(moment: &str) -> Option<i128> {
    let (date, time) = moment.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let sound = year >= 1
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|digit| digit.is_ascii_digit());
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = (days_before(year, month) + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second;
    sound.then_some((seconds - EPOCH) * 1_000_000_000 + fraction)
}

/// Seconds from the first day of year 1 to 1970.
const EPOCH: i128 = 62_135_596_800;

fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i128; 3]> {
    let mut parts = text.split(between);
    let mut read = [0; 3];
    for (number, digits) in read.iter_mut().zip(digits) {
        let part = parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(read)
}

fn leap(year: i128) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i128, month: i128) -> i128 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the first day of year 1 to the first of this month.
fn days_before(year: i128, month: i128) -> i128 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100
        + past / 400
        + (1..month).map(|month| days_of(year, month)).sum::<i128>()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn moments_count_from_1970() {
        for (moment, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999_000),
            ("2024-02-29T12:34:56.120Z", 1_709_210_096_120_000_000),
            ("2000-01-01T00:00:00.000000001Z", 946_684_800_000_000_001),
        ] {
            assert_eq!(nanoseconds(moment).unwrap(), expected, "{moment}");
        }
    }

    #[test]
    fn every_month_from_year_1_to_9999_begins_the_day_after_the_last_ends() {
        let day =
            |year, month, day| nanoseconds(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z")).unwrap();
        let mut next = day(1, 1, 1);
        for (year, month) in (1..=9_999).flat_map(|year| (1..=12).map(move |month| (year, month))) {
            assert_eq!(day(year, month, 1), next, "{year}-{month}");
            next = day(year, month, days_of(year, month)) + 86_400_000_000_000;
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for moment in [
            "",
            "2024-02-30T00:00:00Z",
            "2024-02-01T00:00:00",
            "2024-02-01T24:00:00Z",
            "2024-02-01T00:00:00.Z",
            "2024-02-01T00:00:00+00:00",
            "2024-2-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-02-01T00:00:00.1234567890Z",
        ] {
            assert!(nanoseconds(moment).is_err(), "{moment}");
        }
    }
}
