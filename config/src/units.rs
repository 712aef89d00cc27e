//! Sizes, durations and sums of money as people write them.
//! What is written by [`write_size`], [`write_duration`] and [`write_money`] reads back as the same value; a number without
//! its unit is never guessed at, except bytes.
//! Ranges are left to the table of settings.

use std::time::Duration;

use crate::origin::shown;

/// Units of size, largest first; a single letter means the binary unit.
const SIZES: [(&str, u64); 9] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("g", 1 << 30),
    ("m", 1 << 20),
    ("k", 1 << 10),
];

/// Units of time in milliseconds; `ms` before `m` and `s`, because it ends like one of them.
const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

/// `8MiB`, `64k`, `512MB`, `4096`.
pub(crate) fn read_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let refused = || {
        format!(
            "`{}` is not a size; write it as 8MiB, 64k, 512MB or a number of bytes",
            shown(text)
        )
    };
    let bare = strip_unit(text, "B").filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    let (number, unit) = match (
        SIZES.iter().find_map(|(u, n)| Some((strip_unit(text, u)?, *n))),
        bare,
    ) {
        (_, Some(bytes)) => (bytes, 1),
        (Some(sized), None) => sized,
        (None, None) => (text, 1),
    };
    whole(number)
        .and_then(|n| n.checked_mul(unit))
        .ok_or_else(refused)
}

/// `500ms`, `30s`, `10m`, `2h`.
pub(crate) fn read_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let refused = || {
        format!(
            "`{}` is not a duration; write it with its unit: 500ms, 30s, 10m or 2h",
            shown(text)
        )
    };
    DURATIONS
        .iter()
        .find_map(|(unit, milliseconds)| Some((strip_unit(text, unit)?, milliseconds)))
        .and_then(|(number, milliseconds)| whole(number)?.checked_mul(*milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(refused)
}

/// Digits after the point of a US dollar: prices of a read are that small.
const PLACES: usize = 6;

/// `25`, `25.00`, `$0.06`, in millionths of a US dollar.
pub(crate) fn read_money(text: &str) -> Result<u64, String> {
    let refused = || {
        format!(
            "`{}` is not a sum in US dollars; write it as 25, 25.00 or 0.06",
            shown(text)
        )
    };
    let amount = text.trim();
    let amount = amount.strip_prefix('$').unwrap_or(amount);
    let (dollars, rest) = amount.split_once('.').unwrap_or((amount, "0"));
    if rest.is_empty() || rest.len() > PLACES {
        return Err(refused());
    }
    let millionths = whole(&format!("{rest:0<PLACES$}")).filter(|_| !rest.contains(' '));
    whole(dollars)
        .filter(|_| !dollars.is_empty() && !dollars.contains(' '))
        .and_then(|dollars| dollars.checked_mul(1_000_000)?.checked_add(millionths?))
        .ok_or_else(refused)
}

/// The shortest exact way to write millionths of a US dollar with at least two places.
pub fn write_money(millionths: u64) -> String {
    let (dollars, rest) = (millionths / 1_000_000, millionths % 1_000_000);
    let places = format!("{rest:06}");
    let short = places.trim_end_matches('0');
    format!("{dollars}.{short:0<2}")
}

/// The shortest exact way to write a size.
pub fn write_size(bytes: u64) -> String {
    let unit = SIZES[..3]
        .iter()
        .find(|(_, unit)| bytes != 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(
        || bytes.to_string(),
        |(name, unit)| format!("{}{name}", bytes / unit),
    )
}

/// The shortest exact way to write a duration of whole milliseconds; anything finer is cut off.
pub fn write_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let unit = DURATIONS[1..]
        .iter()
        .find(|(_, unit)| milliseconds.is_multiple_of(u128::from(*unit)));
    match unit {
        Some((name, unit)) if milliseconds != 0 => format!("{}{name}", milliseconds / u128::from(*unit)),
        Some(_) => "0s".to_owned(),
        None => format!("{milliseconds}ms"),
    }
}

/// What stands before `unit`, whatever its case.
fn strip_unit<'a>(text: &'a str, unit: &str) -> Option<&'a str> {
    let (number, end) = text.split_at_checked(text.len().checked_sub(unit.len())?)?;
    end.eq_ignore_ascii_case(unit).then_some(number)
}

/// A whole number of digits alone; `+5`, `5.0` and `5e3` are not.
pub(crate) fn whole(text: &str) -> Option<u64> {
    let digits = text.trim();
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_size_reads_back_as_written(bytes: u64) {
            prop_assert_eq!(read_size(&write_size(bytes)), Ok(bytes));
        }

        #[test]
        fn every_round_size_reads_back_as_written(n in 0u64..1 << 20, shift in 0u32..40) {
            prop_assert_eq!(read_size(&write_size(n << shift)), Ok(n << shift));
        }

        #[test]
        fn every_duration_of_milliseconds_reads_back_as_written(n: u32, unit in prop::sample::select(&[1u64, 1000, 60_000, 3_600_000][..])) {
            let duration = Duration::from_millis(u64::from(n) * unit);
            prop_assert_eq!(read_duration(&write_duration(duration)), Ok(duration));
        }

        #[test]
        fn every_sum_of_money_reads_back_as_written(millionths: u64) {
            prop_assert_eq!(read_money(&write_money(millionths)), Ok(millionths));
        }

        #[test]
        fn no_text_makes_a_unit_reader_panic(text in ".{0,12}") {
            let _ = (read_size(&text), read_duration(&text), read_money(&text));
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("8MiB", 8 << 20),
            ("8 mib", 8 << 20),
            ("64k", 64 << 10),
            ("64K", 64 << 10),
            ("512MB", 512_000_000),
            ("2kb", 2000),
            ("1g", 1 << 30),
            ("4096", 4096),
            ("4096B", 4096),
            ("0", 0),
        ] {
            assert_eq!(read_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "B",
            "MiB",
            "1.5MiB",
            "-1",
            "+1",
            "8 MiBs",
            "99999999999GiB",
            "1e3",
            "64bk",
        ] {
            assert!(read_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn money_is_read_as_people_write_it() {
        for (text, millionths) in [
            ("25", 25_000_000),
            ("25.00", 25_000_000),
            ("$0.06", 60_000),
            ("0.005", 5_000),
            (" 1.5 ", 1_500_000),
        ] {
            assert_eq!(read_money(text), Ok(millionths), "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1,5",
            "1e3",
            "$",
            "1.2345678",
            "1 0",
            "1. 0",
            "99999999999999",
        ] {
            assert!(read_money(text).is_err(), "{text}");
        }
        assert_eq!(
            [60_000, 25_000_000, 5_000].map(write_money),
            ["0.06", "25.00", "0.005"]
        );
    }

    #[test]
    fn a_duration_without_its_unit_is_refused() {
        assert_eq!(read_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(read_duration("2 h"), Ok(Duration::from_secs(7200)));
        for text in [
            "",
            "30",
            "s",
            "1.5s",
            "-1s",
            "1h30m",
            "30sec",
            "99999999999999999999h",
        ] {
            assert!(
                read_duration(text).unwrap_err().contains("with its unit"),
                "{text}"
            );
        }
    }
}
