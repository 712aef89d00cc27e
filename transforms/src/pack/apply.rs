//! What a mapping's functions make of a value before it meets its column.
//! A function that the value is nothing for gives nothing, which is a misfit; and for every outcome it is known
//! whether the value can be had back from it, as the unpacker does.

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::encode::is;
use crate::json::Owned;
use crate::mapping::{Column, Function, Holds, Scalar, Type};
use crate::timestamp::DAY;
use crate::uuid::hyphenated;
use crate::{Timestamp, Value, below};

/// A value after its column's functions.
#[derive(Debug, PartialEq)]
pub(super) struct Applied {
    pub(super) value: Owned,
    /// The value before can be had back from this one.
    pub(super) undoes: bool,
}

/// Applies a column's functions, of which there is at least one. `home` is the collection at the root in which the
/// documents lie that the column refers to, if that is known.
pub(super) fn apply(column: &Column, value: &Value<'_>, root: &str, home: Option<&str>) -> Option<Applied> {
    let mut applied = None;
    for function in &column.apply {
        let view = applied.as_ref().map(|applied: &Applied| applied.value.view());
        let undoes = applied.as_ref().is_none_or(|applied| applied.undoes);
        let given = view.as_ref().unwrap_or(value);
        let mut next = one(*function, column, given, root, home)?;
        next.undoes &= undoes;
        applied = Some(next);
    }
    let mut applied = applied?;
    applied.undoes &= is(column.holds, value);
    Some(applied)
}

fn one(
    function: Function,
    column: &Column,
    value: &Value<'_>,
    root: &str,
    home: Option<&str>,
) -> Option<Applied> {
    let (made, undoes) = match (function, value) {
        (Function::Lower, Value::Text(text)) => changed(text, text.to_lowercase()),
        (Function::Upper, Value::Text(text)) => changed(text, text.to_uppercase()),
        (Function::Trim, Value::Text(text)) => changed(text, text.trim().to_owned()),
        (Function::Sha256, Value::Text(text)) => (hash(column.sql, text.as_bytes()), false),
        (Function::Sha256, Value::Bytes(bytes)) => (hash(column.sql, bytes), false),
        (Function::Uuid5, Value::Text(text)) => (Owned::Text(hyphenated(uuid5(text))), false),
        (Function::EpochSeconds, _) => epoch(1_000_000, column, value)?,
        (Function::EpochMillis, _) => epoch(1000, column, value)?,
        (Function::EpochMicros, _) => epoch(1, column, value)?,
        (Function::Latitude, Value::GeoPoint { latitude, .. }) => (Owned::Double(*latitude), true),
        (Function::Longitude, Value::GeoPoint { longitude, .. }) => (Owned::Double(*longitude), true),
        (Function::Id, Value::Reference(name)) => {
            let (above, id) = name.rsplit_once('/')?;
            let path = below(above, root);
            (
                Owned::Text(id.into()),
                home.is_some() && path == home && !id.is_empty(),
            )
        }
        (Function::Id, Value::Text(text)) => {
            let id = text.rsplit('/').next().unwrap_or(text);
            changed(text, id.to_owned())
        }
        _ => return None,
    };
    Some(Applied { value: made, undoes })
}

fn changed(before: &str, after: String) -> (Owned, bool) {
    let same = before == after;
    (Owned::Text(after), same)
}

fn hash(sql: Type, bytes: &[u8]) -> Owned {
    let hash = Sha256::digest(bytes);
    if sql == Type::Scalar(Scalar::Bytes) {
        return Owned::Bytes(hash.to_vec());
    }
    Owned::Text(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// RFC 9562: SHA-1 over the name space's own UUID and the name, marked as version 5.
fn uuid5(name: &str) -> [u8; 16] {
    const URL: [u8; 16] = 0x6ba7b811_9dad_11d1_80b4_00c04fd430c8_u128.to_be_bytes();
    let hash = Sha1::new().chain_update(URL).chain_update(name).finalize();
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&hash[..16]);
    uuid[6] = uuid[6] & 0x0f | 0x50;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    uuid
}

/// A number for a moment, or a moment for a number; `unit` is what one is in microseconds.
fn epoch(unit: i64, column: &Column, value: &Value<'_>) -> Option<(Owned, bool)> {
    match value {
        Value::Timestamp(timestamp) => Some(since(unit, column.sql, *timestamp)),
        Value::Integer(integer) => {
            let micros = integer.checked_mul(unit)?;
            let exact =
                matches!(column.holds, Holds::Integer | Holds::Number) && whole_day(column.sql, micros);
            Some((moment(micros)?, exact))
        }
        Value::Double(double) => {
            let micros = integer(double * unit as f64)?;
            let back = micros as f64 / unit as f64;
            let like = column.holds == Holds::Double || column.holds == Holds::Number && micros % unit != 0;
            let exact = like && back.to_bits() == double.to_bits() && whole_day(column.sql, micros);
            Some((moment(micros)?, exact))
        }
        _ => None,
    }
}

/// The nearest integer.
fn integer(double: f64) -> Option<i64> {
    // Firestore's years 1 to 9999 lie well within.
    let within = double.abs() < 1e18;
    within.then(|| double.round() as i64)
}

fn moment(micros: i64) -> Option<Owned> {
    let nanos = micros.rem_euclid(1_000_000) as u32 * 1000;
    Timestamp::new(micros.div_euclid(1_000_000), nanos).map(Owned::Timestamp)
}

/// Whether a column of this type keeps the time of day, or there is none to keep.
fn whole_day(sql: Type, micros: i64) -> bool {
    sql != Type::Scalar(Scalar::Date) || micros % (DAY * 1_000_000) == 0
}

/// The units since 1970: an integer if it is one or has to be, else a double.
fn since(unit: i64, sql: Type, timestamp: Timestamp) -> (Owned, bool) {
    // Cut to the microsecond, as far as any of the functions looks.
    let micros = timestamp.seconds * 1_000_000 + i64::from(timestamp.nanos / 1000);
    let exact = timestamp.nanos.is_multiple_of(1000);
    let integral = matches!(
        sql,
        Type::Scalar(Scalar::SmallInt | Scalar::Integer | Scalar::BigInt)
    );
    let double = micros as f64 / unit as f64;
    let undoes = match sql {
        Type::Scalar(Scalar::Real | Scalar::Double) => integer(double * unit as f64) == Some(micros),
        Type::Scalar(Scalar::Numeric(_)) => micros % unit == 0,
        _ => integral && micros % unit == 0,
    };
    let number = if integral || micros % unit == 0 {
        Owned::Integer(micros.div_euclid(unit))
    } else {
        Owned::Double(double)
    };
    (number, exact && undoes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mapping::FieldPath;

    fn applied(
        functions: &[Function],
        sql: Scalar,
        holds: Holds,
        value: &Value<'_>,
    ) -> Option<(Owned, bool)> {
        let mut column = Column::field("c", FieldPath::top("f"), Type::Scalar(sql), holds);
        column.apply = functions.to_vec();
        apply(&column, value, "r", Some("users")).map(|applied| (applied.value, applied.undoes))
    }

    #[test]
    fn texts_are_changed_and_known_to_be() {
        let text = |functions: &[Function], given| {
            applied(functions, Scalar::Text, Holds::Text, &Value::Text(given))
        };
        let made = |text: &str, undoes| Some((Owned::Text(text.into()), undoes));
        assert_eq!(text(&[Function::Trim, Function::Lower], " Ä "), made("ä", false));
        assert_eq!(text(&[Function::Trim, Function::Lower], "ä"), made("ä", true));
        assert_eq!(text(&[Function::Upper], "ß"), made("SS", false));
        assert_eq!(
            text(&[Function::Sha256], "abc"),
            made(
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                false
            )
        );
        // As `SELECT uuid_generate_v5(uuid_ns_url(), 'http://www.postgresql.org')` documents it.
        assert_eq!(
            text(&[Function::Uuid5], "http://www.postgresql.org"),
            made("e1ee1ad4-cd4e-5889-962a-4f605a68d94e", false)
        );
        assert_eq!(text(&[Function::Id], "a/b/c"), made("c", false));
        assert_eq!(text(&[Function::Latitude], "a"), None);
    }

    #[test]
    fn ids_of_references_are_undone_at_home_only() {
        let id = |name| {
            let value = Value::Reference(name);
            applied(&[Function::Id], Scalar::Text, Holds::Reference, &value).unwrap()
        };
        assert_eq!(id("r/users/a"), (Owned::Text("a".into()), true));
        assert_eq!(id("r/teams/a"), (Owned::Text("a".into()), false));
        assert_eq!(id("r/teams/t/users/a"), (Owned::Text("a".into()), false));
        assert_eq!(id("q/users/a"), (Owned::Text("a".into()), false));
    }

    #[test]
    fn moments_and_numbers_become_each_other() {
        let moment = |seconds, nanos| Owned::Timestamp(Timestamp { seconds, nanos });
        let from = |function, holds, value| applied(&[function], Scalar::Timestamp, holds, &value);
        for (function, holds, value, made) in [
            (
                Function::EpochMillis,
                Holds::Integer,
                Value::Integer(-1),
                (moment(-1, 999_000_000), true),
            ),
            (
                Function::EpochSeconds,
                Holds::Integer,
                Value::Double(0.5),
                (moment(0, 500_000_000), false),
            ),
            (
                Function::EpochSeconds,
                Holds::Double,
                Value::Double(0.5),
                (moment(0, 500_000_000), true),
            ),
            (
                Function::EpochSeconds,
                Holds::Double,
                Value::Double(1e-7),
                (moment(0, 0), false),
            ),
        ] {
            assert_eq!(from(function, holds, value), Some(made));
        }
        for value in [
            Value::Integer(i64::MAX),
            Value::Double(f64::NAN),
            Value::Double(1e300),
            Value::Text("1"),
        ] {
            assert_eq!(from(Function::EpochSeconds, Holds::Integer, value), None);
        }
        let since = |sql, seconds, nanos| {
            let value = Value::Timestamp(Timestamp { seconds, nanos });
            applied(&[Function::EpochMillis], sql, Holds::Timestamp, &value).unwrap()
        };
        assert_eq!(since(Scalar::BigInt, -1, 999_000_000), (Owned::Integer(-1), true));
        assert_eq!(
            since(Scalar::BigInt, 0, 999_999_999),
            (Owned::Integer(999), false)
        );
        assert_eq!(since(Scalar::Double, 0, 500_000), (Owned::Double(0.5), true));
        assert_eq!(
            since(Scalar::Numeric(None), 0, 500_000),
            (Owned::Double(0.5), false)
        );
    }
}
