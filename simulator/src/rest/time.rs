//! Moments between JSON and protobuf: RFC 3339, from the year 1 to the year 9999.

use super::read::{Json, wrong};
use firestore::gcloud_sdk::prost_types::Timestamp;
use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use tonic::Status;

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

pub(super) fn read(json: Json) -> Result<Timestamp, Status> {
    let parsed = json.as_str().and_then(parse);
    parsed.ok_or_else(|| wrong(&json, "RFC 3339 timestamp"))
}

/// With as many digits after the point as are needed: none, three, six or nine.
pub(super) fn write(time: &Timestamp) -> Json {
    let civil = EPOCH.saturating_add(SignedDuration::from_secs(time.seconds));
    let fraction = match time.nanos {
        0 => String::new(),
        nanos if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
        nanos => format!(".{nanos:09}"),
    };
    format!("{civil}{fraction}Z").into()
}

/// `2024-01-02T03:04:05.678Z`, or with an offset such as `+01:00`. Digits after the ninth are dropped.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once('T')?;
    let (clock, offset) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let (clock, offset) = clock.split_at_checked(clock.len().checked_sub("+00:00".len())?)?;
            (clock, seconds_of(offset)?)
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let small = |number: i16| i8::try_from(number).ok();
    let civil = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    );
    let seconds = civil.ok()?.duration_since(EPOCH).as_secs() - offset;
    let nanos = nanos_of(fraction)?;
    SECONDS.contains(&seconds).then_some(Timestamp { seconds, nanos })
}

/// So many seconds ahead of UTC.
fn seconds_of(offset: &str) -> Option<i64> {
    let (sign, offset) = match offset.split_at_checked(1)? {
        ("+", offset) => (1, offset),
        ("-", offset) => (-1, offset),
        _ => return None,
    };
    let [hours, minutes] = numbers(offset, ':', [2, 2])?;
    Some(sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
}

fn nanos_of(fraction: &str) -> Option<i32> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nine = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some(nine.fold(0, |nanos, digit| nanos * 10 + i32::from(digit - b'0')))
}

/// Numbers of exactly so many digits each.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i16; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(between);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        *number = plain.then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(numbers)
}
