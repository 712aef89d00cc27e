//! Durations as people write them: `300ms`, `30s`, `10m`, `2h`, `7d`.

use jiff::SignedDuration;
use std::time::Duration;

/// Units in microseconds, in ascending order.
const UNITS: [(&str, u64); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

/// The duration a text says, if it says one.
pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    UNITS.iter().find_map(|(unit, micros)| {
        let number = text.strip_suffix(unit)?;
        let plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = plain.then(|| number.parse().ok())??;
        number.checked_mul(*micros).map(Duration::from_micros)
    })
}

/// The shortest exact text for a duration of whole microseconds; anything finer is cut off.
pub(super) fn write_duration(time: Duration) -> String {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let exact = |(_, unit): &&(&str, u64)| micros != 0 && micros.is_multiple_of(*unit);
    match UNITS.iter().rev().find(exact) {
        Some((unit, size)) => format!("{}{unit}", micros / size),
        None => "0s".to_owned(),
    }
}

/// A duration ahead or, after a minus, behind.
pub(super) fn read_skew(text: &str) -> Option<SignedDuration> {
    let ahead = text.strip_prefix('-').unwrap_or(text);
    let ahead = SignedDuration::try_from(read_duration(ahead)?).ok()?;
    Some(if text.starts_with('-') { -ahead } else { ahead })
}

/// What [`read_skew`] reads.
pub(super) fn write_skew(skew: SignedDuration) -> String {
    let sign = if skew.is_negative() { "-" } else { "" };
    format!("{sign}{}", write_duration(skew.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_duration_of_microseconds_reads_back_as_written(n in 0u32..1_000_000, unit in prop::sample::select(&UNITS[..])) {
            let time = Duration::from_micros(u64::from(n) * unit.1);
            prop_assert_eq!(read_duration(&write_duration(time)), Some(time));
        }

        #[test]
        fn every_skew_reads_back_as_written(micros in -1_000_000_000_000i64..1_000_000_000_000) {
            let skew = SignedDuration::from_micros(micros);
            prop_assert_eq!(read_skew(&write_skew(skew)), Some(skew));
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in ".{0,12}") {
            let _ = (read_duration(&text), read_skew(&text));
        }
    }

    #[test]
    fn a_duration_needs_a_whole_number_and_a_unit() {
        assert_eq!(read_duration("31m"), Some(Duration::from_secs(1_860)));
        for text in [
            "",
            "30",
            "s",
            "1.5s",
            "-1s",
            "+1s",
            "1h30m",
            "30sec",
            " 1s",
            "99999999999999999999h",
        ] {
            assert_eq!(read_duration(text), None, "{text}");
        }
    }
}
