//! Conversions that change nothing about a value but its type or its precision.
//! They are made only where the mapping asks for them, and whoever asks records the original.

use super::cell::{date, fixed, moment};
use super::encode::fits;
use super::numeric::Decimal;
use crate::mapping::Scalar;
use crate::timestamp::DAY;
use crate::uuid::hyphenated;
use crate::{Timestamp, Value, below};

/// Appends the value converted; if there is no such conversion, nothing is left behind.
pub(super) fn write(scalar: Scalar, value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let written = converted(scalar, value, out).is_some();
    if !written {
        out.truncate(start);
    }
    written
}

fn converted(scalar: Scalar, value: &Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    match scalar {
        // Texts have a spelling for everything and are written next door.
        Scalar::Text | Scalar::Uuid | Scalar::Bytes => return None,
        Scalar::Boolean => match value {
            Value::Text("true") => fixed(out, [1]),
            Value::Text("false") => fixed(out, [0]),
            _ => return None,
        },
        Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => {
            let integer = match value {
                Value::Boolean(boolean) => i64::from(*boolean),
                Value::Double(double) => integral(*double)?,
                Value::Text(text) => text.parse().ok()?,
                _ => return None,
            };
            return fits(scalar, integer, out).then_some(());
        }
        Scalar::Real => {
            let single = match value {
                // Rounded once: by way of 64 bits some numbers come out one too far.
                Value::Text(text) => Decimal::parse(text).and_then(|_| text.parse().ok())?,
                Value::Integer(integer) => *integer as f32,
                _ => double(value)? as f32,
            };
            let single = Some(single).filter(|single: &f32| single.is_finite())?;
            fixed(out, single.to_be_bytes());
        }
        Scalar::Double => fixed(out, double(value)?.to_be_bytes()),
        Scalar::Numeric(within) => {
            let decimal = match value {
                Value::Boolean(boolean) => Decimal::integer(i64::from(*boolean)),
                Value::Text(text) => Decimal::parse(text)?,
                _ => return None,
            };
            decimal.write(within, out)?;
        }
        Scalar::Timestamp => {
            let timestamp = timestamp(value)?;
            let nanos = timestamp.nanos / 1000 * 1000;
            moment(Timestamp { nanos, ..timestamp }.micros()?, out);
        }
        Scalar::Date => date(timestamp(value)?.seconds.div_euclid(DAY), out),
    }
    Some(())
}

/// The integer that a double is.
pub(super) fn integral(double: f64) -> Option<i64> {
    // The first double beyond 64 bits is 2⁶³ itself.
    let within = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&double);
    (within && double.fract() == 0.0).then_some(double as i64)
}

fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Boolean(boolean) => Some(f64::from(u8::from(*boolean))),
        Value::Integer(integer) => Some(*integer as f64),
        Value::Text(text) => {
            Decimal::parse(text)?;
            text.parse().ok().filter(|double: &f64| double.is_finite())
        }
        _ => None,
    }
}

fn timestamp(value: &Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Timestamp(timestamp) => Some(*timestamp),
        Value::Text(text) => {
            Timestamp::lenient(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
        }
        _ => None,
    }
}

/// The value as a text: as JSON or RFC 3339 spell it, references as paths.
pub(super) fn spelled(value: &Value<'_>, root: &str) -> Option<String> {
    Some(match value {
        Value::Text(text) => String::from(*text),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Double(double) => self::number(*double),
        Value::Timestamp(timestamp) => {
            let mut text = Vec::with_capacity(30);
            timestamp.write(&mut text);
            String::from_utf8(text).ok()?
        }
        Value::Reference(name) => below(name, root).unwrap_or(name).into(),
        _ => return None,
    })
}

fn number(double: f64) -> String {
    let size = double.abs();
    match double {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        double if double.is_nan() => "NaN".into(),
        double if double == 0.0 || (1e-6..1e21).contains(&size) => {
            let point = if double.fract() == 0.0 { ".0" } else { "" };
            format!("{double}{point}")
        }
        double => format!("{double:e}"),
    }
}

/// The bytes of a UUID as PostgreSQL reads it (in any case, with or without hyphens and braces), and whether the
/// text is just as PostgreSQL writes it.
pub(super) fn uuid(text: &str) -> Option<([u8; 16], bool)> {
    let bare = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let mut uuid = [0; 16];
    let (mut digits, mut hyphen) = (0, true);
    for letter in bare.bytes() {
        if letter == b'-' {
            // Between groups of four digits, never two.
            if hyphen || digits % 4 != 0 || digits == 32 {
                return None;
            }
            hyphen = true;
            continue;
        }
        let digit = char::from(letter).to_digit(16)? as u8;
        let byte = uuid.get_mut(digits / 2)?;
        *byte = *byte << 4 | digit;
        (digits, hyphen) = (digits + 1, false);
    }
    (digits == 32).then_some(())?;
    Some((uuid, hyphenated(uuid) == text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_read_as_postgres_reads_them() {
        let canonical = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        let bytes = uuid(canonical).map(|(bytes, _)| bytes);
        assert_eq!(uuid(canonical), bytes.map(|bytes| (bytes, true)));
        for text in [
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        ] {
            assert_eq!(uuid(text), bytes.map(|bytes| (bytes, false)), "{text}");
        }
        for text in [
            "",
            "{a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a1",
            "a0eebc999c0b4ef8bb6d6bb9bd380a111",
            "-a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
            "a0-eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee--bc999c0b4ef8bb6d6bb9bd380a11",
            "g0eebc999c0b4ef8bb6d6bb9bd380a11",
        ] {
            assert_eq!(uuid(text), None, "{text}");
        }
    }

    #[test]
    fn spellings_are_those_of_json_and_rfc_3339() {
        for (value, text) in [
            (Value::Double(3.0), "3.0"),
            (Value::Double(-0.0), "-0.0"),
            (Value::Double(1e-6), "0.000001"),
            (Value::Double(1e20), "100000000000000000000.0"),
            (Value::Double(1e300), "1e300"),
            (Value::Double(f64::NAN), "NaN"),
            (Value::Integer(-5), "-5"),
            (Value::Boolean(true), "true"),
            (
                Value::Timestamp(Timestamp {
                    seconds: 0,
                    nanos: 500_000_000,
                }),
                "1970-01-01T00:00:00.500000Z",
            ),
            (Value::Reference("r/a/b"), "a/b"),
            (Value::Reference("q/a/b"), "q/a/b"),
        ] {
            assert_eq!(spelled(&value, "r").as_deref(), Some(text));
        }
        assert_eq!(spelled(&Value::Bytes(b""), "r"), None);
    }
}
