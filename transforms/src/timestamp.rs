//! A moment as Firestore counts it: seconds since 1970 and nanoseconds, years 0001 to 9999.
//! Text and microseconds come out exactly or not at all; nothing is rounded.
//! Written by hand because jiff's range ends a day before Firestore's does.

use std::fmt;
use std::io::Write;

/// Seconds since 1970-01-01T00:00:00Z and the nanoseconds after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Whole seconds, negative before 1970.
    pub seconds: i64,
    /// Nanoseconds into that second, always forward in time.
    pub nanos: u32,
}

/// 0001-01-01T00:00:00Z.
const FIRST: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;
/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

impl Timestamp {
    /// The moment, if it lies in the years 0001 to 9999 and its nanoseconds stay within a second.
    pub fn new(seconds: i64, nanos: u32) -> Option<Timestamp> {
        let moment = Timestamp { seconds, nanos };
        moment.in_range().then_some(moment)
    }

    fn in_range(self) -> bool {
        (FIRST..=LAST).contains(&self.seconds) && self.nanos < 1_000_000_000
    }

    /// Microseconds since 1970, if that says the moment exactly.
    pub fn micros(self) -> Option<i64> {
        (self.in_range() && self.nanos.is_multiple_of(1000))
            .then(|| self.seconds * 1_000_000 + i64::from(self.nanos / 1000))
    }

    /// Appends RFC 3339 in UTC: no fraction when it is zero, six digits for whole microseconds, else nine.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let (year, month, day) = civil(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let mut put = |text: fmt::Arguments<'_>| out.write_fmt(text).expect("a Vec takes every byte");
        put(format_args!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        ));
        match self.nanos {
            0 => {}
            nanos if nanos.is_multiple_of(1000) => put(format_args!(".{:06}", nanos / 1000)),
            nanos => put(format_args!(".{nanos:09}")),
        }
        put(format_args!("Z"));
    }

    /// Reads RFC 3339 as other programs write it: any number of digits up to nine after the point, any offset, a
    /// space in place of the `T`, and PostgreSQL's offsets of hours alone.
    pub(crate) fn lenient(text: &str) -> Option<Timestamp> {
        let (date, time) = (text.get(..10)?, text.get(11..19)?);
        matches!(text.as_bytes().get(10)?, b'T' | b't' | b' ').then_some(())?;
        let moment = Timestamp::parse(&format!("{date}T{time}Z"))?;
        let rest = text.get(19..)?;
        let (fraction, offset) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(rest.find(|letter: char| !letter.is_ascii_digit())?),
            None => ("0", rest),
        };
        (1..=9).contains(&fraction.len()).then_some(())?;
        let nanos = format!("{fraction:0<9}").parse().ok()?;
        Timestamp::new(moment.seconds - self::offset(offset)?, nanos)
    }

    /// Reads exactly what [`Timestamp::write`] writes for a moment in range.
    pub(crate) fn parse(text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = bytes.get(from..to)?;
            let fold = |sum, digit: &u8| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'));
            digits.iter().try_fold(0, fold)
        };
        let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let seconds = days * DAY + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
        let nanos = match bytes.len() {
            20 => 0,
            27 => number(20, 26)? * 1000,
            30 => number(20, 29)?,
            _ => return None,
        };
        let moment = Timestamp::new(seconds, u32::try_from(nanos).ok()?)?;
        let mut canonical = Vec::with_capacity(30);
        moment.write(&mut canonical);
        // Separators, the 31st of February and hour 25 all end here: they do not write back the same.
        (canonical == bytes).then_some(moment)
    }
}

/// Seconds east of Greenwich: `Z`, `+01:30`, `+0130`, `-08`.
fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let two = |digits: &str| -> Option<i64> {
        let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let (hours, minutes) = match digits.len() {
        2 => (two(digits)?, 0),
        4 => (two(digits.get(..2)?)?, two(digits.get(2..)?)?),
        5 if digits.get(2..3)? == ":" => (two(digits.get(..2)?)?, two(digits.get(3..)?)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
/// Years are counted from March, so that the leap day is a year's last; 400 years always have 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The reverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn text(seconds: i64, nanos: u32) -> String {
        let mut out = Vec::new();
        Timestamp { seconds, nanos }.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_moments_read_as_the_calendar_says() {
        assert_eq!(text(0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(text(1_704_164_645, 123_456_000), "2024-01-02T03:04:05.123456Z");
        assert_eq!(text(1_709_164_800, 1), "2024-02-29T00:00:00.000000001Z");
        assert_eq!(text(-1, 500_000_000), "1969-12-31T23:59:59.500000Z");
        assert_eq!(text(FIRST, 0), "0001-01-01T00:00:00Z");
        assert_eq!(text(LAST, 999_999_000), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn other_programs_spellings_are_read() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1970-01-01 01:30:00.5+01:30", 0, 500_000_000),
            ("1969-12-31t16:00:00.000000001-08", 0, 1),
            ("1970-01-01 00:00:01-0000", 1, 0),
        ] {
            assert_eq!(Timestamp::lenient(text), Timestamp::new(seconds, nanos), "{text}");
        }
        for text in [
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "1970-02-30T00:00:00Z",
            "1970-01-01T00:00:00+24",
            "1970-01-01T00:00:00.1234567890Z",
            "0001-01-01T00:00:00+01",
        ] {
            assert_eq!(Timestamp::lenient(text), None, "{text}");
        }
    }

    #[test]
    fn moments_that_do_not_exist_are_not_read() {
        for text in [
            "2023-02-29T00:00:00Z",
            "2024-01-02T24:00:00Z",
            "2024-01-02 03:04:05Z",
            "2024-01-02T03:04:05.12Z",
            "",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_read_back_from_its_text(seconds in FIRST..=LAST, nanos in 0u32..1_000_000_000, cut in 0u32..4) {
            let nanos = [nanos, nanos / 1000 * 1000, 0, nanos / 1_000_000 * 1_000_000][cut as usize];
            let moment = Timestamp::new(seconds, nanos).unwrap();
            prop_assert_eq!(Timestamp::parse(&text(seconds, nanos)), Some(moment));
        }

        #[test]
        fn no_number_of_seconds_is_too_strange_to_be_written(seconds: i64, nanos: u32) {
            prop_assert!(text(seconds, nanos).ends_with('Z'));
        }

        #[test]
        fn reading_any_text_never_panics(text in ".*|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z") {
            let _ = (Timestamp::parse(&text), Timestamp::lenient(&text));
        }
    }
}
