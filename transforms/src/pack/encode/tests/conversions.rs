//! Arrays of elements, and values that become those of another type.

use super::*;
use crate::pack::array::elements;

#[test]
fn arrays_say_their_elements_type_and_which_are_null() {
    let integers = Type::Array(Scalar::Integer);
    let array = |values| cell(integers, Holds::Array, &Value::Array(values), false);
    assert_eq!(array(vec![]), (Fit::Whole, "000000000000000000000017".into()));
    assert_eq!(
        array(vec![Value::Integer(7), Value::Null]),
        (
            Fit::Whole,
            "000000010000000100000017000000020000000100000004\
             00000007ffffffff"
                .into()
        )
    );
    assert_eq!(array(vec![Value::Integer(7), Value::Text("8")]).0, Fit::Misfit);
    let doubles = |values| {
        let doubles = Type::Array(Scalar::Double);
        cell(doubles, Holds::Array, &Value::Array(values), false).0
    };
    assert_eq!(doubles(vec![Value::Double(0.1)]), Fit::Whole);
    assert_eq!(doubles(vec![Value::Double(0.1), Value::Integer(1)]), Fit::Beside);
    assert_eq!(
        cell(integers, Holds::Array, &Value::Integer(1), true).0,
        Fit::Misfit
    );
    let mixed = Value::Array(vec![Value::Integer(7), Value::Text("8")]);
    let (fit, hex) = cell(integers, Holds::Array, &mixed, true);
    assert_eq!((fit, &hex[hex.len() - 16..]), (Fit::Cast, "0000000400000008"));
}

#[test]
fn conversions_change_a_type_or_a_precision_and_nothing_else() {
    use Scalar::*;
    for (scalar, value, hex) in [
        (Text, Value::Integer(5), Some("35")),
        (Text, Value::Reference("r/a/b"), Some("612f62")),
        (Text, Value::Bytes(b"a"), None),
        (Text, Value::Map(vec![]), None),
        (Boolean, Value::Text("true"), Some("01")),
        (Boolean, Value::Text("yes"), None),
        (Boolean, Value::Integer(1), None),
        (Integer, Value::Boolean(true), Some("00000001")),
        (Integer, Value::Text("-5"), Some("fffffffb")),
        (Integer, Value::Text(" 5"), None),
        (Integer, Value::Double(5.0), Some("00000005")),
        (Integer, Value::Double(5.5), None),
        (BigInt, Value::Double(9.3e18), None),
        (Double, Value::Integer((1 << 53) + 1), Some("4340000000000000")),
        (Double, Value::Text("0.5"), Some("3fe0000000000000")),
        (Double, Value::Text("inf"), None),
        (Double, Value::Text("1e999"), None),
        (Real, Value::Integer((1 << 24) + 1), Some("4b800000")),
        // By way of 64 bits both would be half-way, and end below.
        (Real, Value::Integer((1 << 60) + (1 << 36) + 1), Some("5d800001")),
        (Real, Value::Text("16777217.0000000001"), Some("4b800001")),
        (Real, Value::Text("1e39"), None),
        (Numeric(None), Value::Text("0.50"), Some("0001ffff000000021388")),
        (Numeric(None), Value::Boolean(true), Some("00010000000000000001")),
        (
            Timestamp,
            Value::Text("2000-01-01T01:00:00+01:00"),
            Some("0000000000000000"),
        ),
        (Timestamp, Value::Text("2000-01-01"), Some("0000000000000000")),
        (Timestamp, at(946_684_800, 1999), Some("0000000000000001")),
        (Timestamp, Value::Integer(0), None),
        (Date, Value::Text("1999-12-31"), Some("ffffffff")),
        (Uuid, Value::Text("no"), None),
        (Bytes, Value::Text("a"), None),
    ] {
        let sql = Type::Scalar(scalar);
        let holds = elements(scalar);
        let written = cell(sql, holds, &value, true);
        let expected = hex.map_or((Fit::Misfit, ""), |hex| (Fit::Cast, hex));
        assert_eq!(written, (expected.0, expected.1.to_owned()), "{value:?} as {sql}");
    }
}
