//! Values written in the mapping, as values of a type.

use crate::mapping::{Literal, Scalar, Type};
use toml::value::{Datetime, Offset};

impl Literal {
    /// Whether it is a value of the type; if not, what to write.
    pub(super) fn reads_as(&self, sql: Type) -> Result<(), String> {
        let wanted = match sql {
            Type::Scalar(scalar) => match wanted(self, scalar) {
                None => return Ok(()),
                Some(wanted) => wanted,
            },
            Type::Array(scalar) => match self {
                Literal::Text(text) if is_array(text, scalar) => return Ok(()),
                _ => "\"{}\" or a list such as \"{a,b}\", its items without spaces, quotes, braces and backslashes".to_owned(),
            },
            Type::Json => match self {
                Literal::Text(text) if is_json(text) => return Ok(()),
                Literal::Boolean(_) | Literal::Integer(_) => return Ok(()),
                Literal::Double(number) if number.is_finite() => return Ok(()),
                Literal::Text(_) | Literal::Double(_) => {
                    "JSON in quotes, such as '{}' or '\"text\"'".to_owned()
                }
            },
            Type::Point
            | Type::Geography
            | Type::Vector(_)
            | Type::Halfvec(_)
            | Type::Sparsevec(_)
            | Type::Tsvector => {
                return Err(format!("cannot be written for the type {sql}; leave it out"));
            }
        };
        Err(format!("is no {sql}; write {wanted}"))
    }
}

/// What should have been written, if this is no value of the type.
fn wanted(literal: &Literal, scalar: Scalar) -> Option<String> {
    let whole = |least: i64, most: i64| match literal {
        Literal::Integer(number) if (least..=most).contains(number) => None,
        _ => Some(format!("a whole number from {least} to {most}, without quotes")),
    };
    let text = |is: fn(&str) -> bool, wanted: &str| match literal {
        Literal::Text(text) if is(text) => None,
        _ => Some(wanted.to_owned()),
    };
    match scalar {
        Scalar::Text => text(|text| !text.contains('\0'), "a string in quotes, without U+0000"),
        Scalar::Boolean => {
            (!matches!(literal, Literal::Boolean(_))).then(|| "true or false, without quotes".to_owned())
        }
        Scalar::SmallInt => whole(i16::MIN.into(), i16::MAX.into()),
        Scalar::Integer => whole(i32::MIN.into(), i32::MAX.into()),
        Scalar::BigInt => whole(i64::MIN, i64::MAX),
        Scalar::Real => {
            let fits = match literal {
                Literal::Integer(_) => true,
                Literal::Double(number) => is_single(*number),
                _ => false,
            };
            (!fits).then(|| "a number that 32 bits can hold, without quotes".to_owned())
        }
        Scalar::Double => {
            let number = matches!(literal, Literal::Integer(_) | Literal::Double(_));
            (!number).then(|| "a number, without quotes".to_owned())
        }
        Scalar::Numeric(size) => {
            let fits = decimal(literal).is_some_and(|(whole, fraction)| match size {
                None => true,
                Some((precision, scale)) => {
                    whole + usize::from(scale) <= usize::from(precision) && fraction <= usize::from(scale)
                }
            });
            (!fits).then(|| "a number that fits, such as 42 or \"0.10\"".to_owned())
        }
        Scalar::Timestamp => text(is_moment, "a moment such as \"2020-01-31T00:00:00Z\""),
        Scalar::Date => text(is_date, "a day such as \"2020-01-31\""),
        Scalar::Uuid => text(is_uuid, "a UUID such as \"00000000-0000-0000-0000-000000000000\""),
        Scalar::Bytes => text(is_hexadecimal, "bytes in hexadecimal such as '\\x00ff'"),
    }
}

/// Whether PostgreSQL takes the number for a `real`, rounded: what would become infinite or nothing it calls out of range.
fn is_single(number: f64) -> bool {
    let single = number as f32;
    single.is_infinite() == number.is_infinite() && (single == 0.0) == (number == 0.0)
}

/// The digits before and behind the point of a decimal number, without zeros that say nothing.
fn decimal(literal: &Literal) -> Option<(usize, usize)> {
    let text = match literal {
        Literal::Integer(number) => number.to_string(),
        Literal::Double(number) if number.is_finite() => number.to_string(),
        Literal::Text(text) => text.clone(),
        Literal::Boolean(_) | Literal::Double(_) => return None,
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let decimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let possible = decimal(whole) && decimal(fraction);
    possible.then(|| {
        (
            whole.trim_start_matches('0').len(),
            fraction.trim_end_matches('0').len(),
        )
    })
}

/// RFC 3339, within what PostgreSQL takes and rows can hold.
fn is_moment(text: &str) -> bool {
    let moment: Option<Datetime> = text.parse().ok();
    if !moment.as_ref().is_some_and(is_in_the_calendar) {
        return false;
    }
    let offset = moment
        .filter(|moment| moment.date.is_some_and(|date| date.year > 0))
        .and_then(|moment| moment.offset);
    let near = match offset {
        Some(Offset::Custom { minutes }) => minutes.abs() < 16 * 60,
        Some(Offset::Z) => true,
        None => false,
    };
    let seconds = text
        .get(16..19)
        .is_some_and(|seconds| seconds.starts_with(':') && seconds != ":60");
    let fraction = text
        .get(19..)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or_default();
    let digits = fraction
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or_default();
    near && seconds && digits <= 9
}

/// Whether it lies in the years 1 to 9999 in UTC too: an offset moves the first and the last day out of them.
fn is_in_the_calendar(moment: &Datetime) -> bool {
    let (Some(date), Some(time)) = (moment.date, moment.time) else {
        return false;
    };
    let offset = match moment.offset {
        Some(Offset::Custom { minutes }) => i32::from(minutes),
        _ => 0,
    };
    let minutes = i32::from(time.hour) * 60 + i32::from(time.minute) - offset;
    match (date.year, date.month, date.day) {
        (1, 1, 1) => minutes >= 0,
        (9999, 12, 31) => minutes < 24 * 60,
        _ => true,
    }
}

/// An array of items that need no quotes.
fn is_array(text: &str, scalar: Scalar) -> bool {
    let items = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    items.is_some_and(|items| items.is_empty() || items.split(',').all(|item| is_item(item, scalar)))
}

fn is_item(item: &str, scalar: Scalar) -> bool {
    let special = |letter: char| letter.is_whitespace() || letter.is_control() || "\"'{}\\".contains(letter);
    if item.is_empty() || item.eq_ignore_ascii_case("null") || item.contains(special) {
        return false;
    }
    let literal = match scalar {
        Scalar::Boolean => return matches!(item, "t" | "f" | "true" | "false"),
        Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => item.parse().ok().map(Literal::Integer),
        // Infinity and the like have several spellings; numbers have one.
        Scalar::Real | Scalar::Double => {
            let plain = item
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            item.parse().ok().filter(|_| plain).map(Literal::Double)
        }
        _ => Some(Literal::Text(item.to_owned())),
    };
    literal.is_some_and(|literal| wanted(&literal, scalar).is_none())
}

fn is_date(text: &str) -> bool {
    let date: Option<Datetime> = text.parse().ok();
    date.is_some_and(|date| date.time.is_none() && date.date.is_some_and(|date| date.year > 0))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_hexadecimal(text: &str) -> bool {
    text.strip_prefix("\\x").is_some_and(|digits| {
        digits.len().is_multiple_of(2) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn is_json(text: &str) -> bool {
    fn storable(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::String(text) => !text.contains('\0'),
            serde_json::Value::Array(items) => items.iter().all(storable),
            serde_json::Value::Object(entries) => entries
                .iter()
                .all(|(key, value)| !key.contains('\0') && storable(value)),
            _ => true,
        }
    }
    serde_json::from_str(text).is_ok_and(|value| storable(&value))
}
