//! Cells as PostgreSQL and its extensions document them, and how exactly they tell their values.

#![allow(clippy::unwrap_used)]

mod conversions;

use super::*;
use crate::Timestamp;
use crate::mapping::Records;

const ROOT: &str = "r";

fn taste(holds: Holds, casts: bool, nul: Nul) -> Taste<'static> {
    Taste {
        holds,
        casts,
        rules: Rules {
            root: ROOT,
            nul,
            of: Records::Documents,
            load: Default::default(),
        },
    }
}

/// The cell without its length, in hexadecimal, and the fit.
fn cell(sql: Type, holds: Holds, value: &Value<'_>, casts: bool) -> (Fit, String) {
    let mut out = Vec::new();
    let fit = write(sql, value, taste(holds, casts, Nul::Escape), &mut out).unwrap();
    if fit == Fit::Misfit {
        return (fit, String::new());
    }
    let (length, content) = out.split_first_chunk().unwrap();
    assert_eq!(u32::from_be_bytes(*length) as usize, content.len());
    (fit, content.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn at(seconds: i64, nanos: u32) -> Value<'static> {
    Value::Timestamp(Timestamp { seconds, nanos })
}

#[test]
fn every_type_is_written_as_postgres_receives_it() {
    use Scalar::*;
    let scalar = Type::Scalar;
    let point = |latitude, longitude| Value::GeoPoint { latitude, longitude };
    for (sql, holds, value, fit, hex) in [
        (
            scalar(Boolean),
            Holds::Boolean,
            Value::Boolean(true),
            Fit::Whole,
            "01",
        ),
        (
            scalar(SmallInt),
            Holds::Integer,
            Value::Integer(-2),
            Fit::Whole,
            "fffe",
        ),
        (
            scalar(SmallInt),
            Holds::Integer,
            Value::Integer(32_768),
            Fit::Misfit,
            "",
        ),
        (
            scalar(Integer),
            Holds::Integer,
            Value::Integer(-2),
            Fit::Whole,
            "fffffffe",
        ),
        (
            scalar(Integer),
            Holds::Double,
            Value::Double(2.0),
            Fit::Whole,
            "00000002",
        ),
        (
            scalar(Integer),
            Holds::Double,
            Value::Double(-0.0),
            Fit::Beside,
            "00000000",
        ),
        (
            scalar(Integer),
            Holds::Integer,
            Value::Double(2.0),
            Fit::Misfit,
            "",
        ),
        (
            scalar(BigInt),
            Holds::Integer,
            Value::Integer(i64::MIN),
            Fit::Whole,
            "8000000000000000",
        ),
        (
            scalar(Real),
            Holds::Double,
            Value::Double(0.5),
            Fit::Whole,
            "3f000000",
        ),
        (
            scalar(Real),
            Holds::Double,
            Value::Double(0.1),
            Fit::Beside,
            "3dcccccd",
        ),
        (scalar(Real), Holds::Double, Value::Double(1e39), Fit::Misfit, ""),
        (
            scalar(Real),
            Holds::Number,
            Value::Integer(1 << 24),
            Fit::Whole,
            "4b800000",
        ),
        (
            scalar(Real),
            Holds::Number,
            Value::Integer((1 << 24) + 1),
            Fit::Misfit,
            "",
        ),
        (
            scalar(Double),
            Holds::Integer,
            Value::Integer(1),
            Fit::Whole,
            "3ff0000000000000",
        ),
        (
            scalar(Double),
            Holds::Integer,
            Value::Double(1.0),
            Fit::Beside,
            "3ff0000000000000",
        ),
        (
            scalar(Numeric(None)),
            Holds::Number,
            Value::Integer(-7),
            Fit::Whole,
            "00010000400000000007",
        ),
        (
            scalar(Numeric(None)),
            Holds::Number,
            Value::Double(0.5),
            Fit::Whole,
            "0001ffff000000011388",
        ),
        (
            scalar(Numeric(None)),
            Holds::Number,
            Value::Double(7.0),
            Fit::Beside,
            "00010000000000000007",
        ),
        (
            scalar(Numeric(None)),
            Holds::Double,
            Value::Double(7.0),
            Fit::Whole,
            "00010000000000000007",
        ),
        (
            scalar(Numeric(None)),
            Holds::Double,
            Value::Double(-0.0),
            Fit::Beside,
            "0000000000000000",
        ),
        (
            scalar(Numeric(None)),
            Holds::Double,
            Value::Double(f64::NAN),
            Fit::Whole,
            "00000000c0000000",
        ),
        (
            scalar(Numeric(None)),
            Holds::Double,
            Value::Double(f64::INFINITY),
            Fit::Misfit,
            "",
        ),
        (
            scalar(Numeric(Some((4, 2)))),
            Holds::Number,
            Value::Double(0.125),
            Fit::Beside,
            "0001ffff000000020514",
        ),
        (
            scalar(Numeric(Some((4, 2)))),
            Holds::Number,
            Value::Integer(100),
            Fit::Misfit,
            "",
        ),
        (
            scalar(Timestamp),
            Holds::Timestamp,
            at(946_684_801, 5000),
            Fit::Whole,
            "00000000000f4245",
        ),
        (scalar(Timestamp), Holds::Timestamp, at(0, 1), Fit::Misfit, ""),
        (
            scalar(Date),
            Holds::Timestamp,
            at(946_771_200, 0),
            Fit::Whole,
            "00000001",
        ),
        (
            scalar(Date),
            Holds::Timestamp,
            at(946_684_799, 0),
            Fit::Beside,
            "ffffffff",
        ),
        (
            scalar(Uuid),
            Holds::Text,
            Value::Text("00112233-4455-6677-8899-aabbccddeeff"),
            Fit::Whole,
            "00112233445566778899aabbccddeeff",
        ),
        (
            scalar(Uuid),
            Holds::Text,
            Value::Text("00112233-4455-6677-8899-AABBCCDDEEFF"),
            Fit::Beside,
            "00112233445566778899aabbccddeeff",
        ),
        (
            scalar(Uuid),
            Holds::Bytes,
            Value::Bytes(&[1; 16]),
            Fit::Whole,
            "01010101010101010101010101010101",
        ),
        (
            scalar(Bytes),
            Holds::Bytes,
            Value::Bytes(b"\0\xff"),
            Fit::Whole,
            "00ff",
        ),
        (scalar(Text), Holds::Text, Value::Text("é"), Fit::Whole, "c3a9"),
        (
            scalar(Text),
            Holds::Text,
            Value::Text("a\0"),
            Fit::Beside,
            "61e29080",
        ),
        (
            scalar(Text),
            Holds::Text,
            Value::Reference("r/a/b"),
            Fit::Misfit,
            "",
        ),
        (
            scalar(Text),
            Holds::Reference,
            Value::Reference("r/a/b"),
            Fit::Whole,
            "612f62",
        ),
        (
            scalar(Text),
            Holds::Reference,
            Value::Reference("q/a/b"),
            Fit::Misfit,
            "",
        ),
        (
            scalar(Text),
            Holds::Reference,
            Value::Text("a/b"),
            Fit::Misfit,
            "",
        ),
        (
            scalar(Timestamp),
            Holds::Text,
            Value::Text("2000-01-01T00:00:00Z"),
            Fit::Beside,
            "0000000000000000",
        ),
        (Type::Json, Holds::Any, Value::Text("a"), Fit::Whole, "01226122"),
        (
            Type::Json,
            Holds::Map,
            Value::Array(vec![]),
            Fit::Beside,
            "015b5d",
        ),
        (
            Type::Point,
            Holds::Point,
            point(1.0, 2.0),
            Fit::Whole,
            "40000000000000003ff0000000000000",
        ),
        (
            Type::Geography,
            Holds::Point,
            point(1.0, 2.0),
            Fit::Whole,
            "0020000001000010e640000000000000003ff0000000000000",
        ),
        (Type::Geography, Holds::Point, point(90.5, 2.0), Fit::Misfit, ""),
        (
            Type::Geography,
            Holds::Point,
            point(f64::NAN, 2.0),
            Fit::Misfit,
            "",
        ),
        (Type::Tsvector, Holds::Text, Value::Text("a"), Fit::Misfit, ""),
    ] {
        let written = cell(sql, holds, &value, false);
        assert_eq!(
            written,
            (fit, hex.to_owned()),
            "{value:?} as {sql} that holds {holds:?}"
        );
    }
}

#[test]
fn nul_is_refused_where_it_is_not_to_be_shown() {
    let mut out = Vec::new();
    for (sql, value) in [
        (Type::Scalar(Scalar::Text), Value::Text("\0")),
        (Type::Array(Scalar::Text), Value::Array(vec![Value::Text("\0")])),
        (Type::Json, Value::Map(vec![("\0", Value::Null)])),
    ] {
        let refused = write(sql, &value, taste(Holds::Text, false, Nul::Quarantine), &mut out);
        assert_eq!(refused.unwrap_err().0, Reason::NulCharacter);
    }
}
