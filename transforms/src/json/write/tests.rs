//! Tagged JSON, spelled out.

use super::*;
use crate::{Timestamp, json};
use proptest::prelude::*;

#[test]
fn every_type_is_written_as_agreed() {
    let root = "projects/p/databases/d/documents";
    let map = |key| Value::Map(vec![(key, Value::Integer(1))]);
    for (value, json) in [
        (Value::Null, "null"),
        (Value::Boolean(true), "true"),
        (Value::Integer(i64::MIN), "-9223372036854775808"),
        (Value::Double(3.0), "3.0"),
        (Value::Double(0.0), "0.0"),
        (Value::Double(0.1), "0.1"),
        (Value::Double(-0.0), r#"{"$double":"-0.0"}"#),
        (Value::Double(1e-6), "0.000001"),
        (Value::Double(9.9e-7), r#"{"$double":"9.9e-7"}"#),
        (Value::Double(1e20), "100000000000000000000.0"),
        (Value::Double(-1e21), r#"{"$double":"-1e21"}"#),
        (Value::Double(1e300), r#"{"$double":"1e300"}"#),
        (Value::Double(f64::NAN), r#"{"$double":"NaN"}"#),
        (Value::Double(f64::INFINITY), r#"{"$double":"Infinity"}"#),
        (Value::Double(f64::NEG_INFINITY), r#"{"$double":"-Infinity"}"#),
        (
            Value::Text("a\"\\\n\u{1}\0é😀"),
            "\"a\\\"\\\\\\n\\u0001\\u0000é😀\"",
        ),
        (
            Value::Timestamp(Timestamp {
                seconds: 1_704_164_645,
                nanos: 123_456_000,
            }),
            r#"{"$timestamp":"2024-01-02T03:04:05.123456Z"}"#,
        ),
        (Value::Bytes(b"\0\xff"), r#"{"$bytes":"AP8="}"#),
        (
            Value::Reference("projects/p/databases/d/documents/a/b"),
            r#"{"$reference":"a/b"}"#,
        ),
        (
            Value::Reference("projects/q/databases/d/documents/a/b"),
            r#"{"$reference":{"name":"projects/q/databases/d/documents/a/b"}}"#,
        ),
        (
            Value::GeoPoint {
                latitude: 1.5,
                longitude: -2.0,
            },
            r#"{"$geopoint":[1.5,-2.0]}"#,
        ),
        (
            Value::Vector(vec![1.0, f64::NAN]),
            r#"{"$vector":[1.0,{"$double":"NaN"}]}"#,
        ),
        (Value::Array(vec![Value::Null, Value::Integer(1)]), "[null,1]"),
        (Value::Map(vec![]), "{}"),
        (map("a"), r#"{"a":1}"#),
        (map("$a"), r#"{"$map":{"$a":1}}"#),
        (
            Value::Map(vec![("$a", Value::Null), ("b", Value::Null)]),
            r#"{"$a":null,"b":null}"#,
        ),
    ] {
        assert_eq!(json::text(&value, root), json);
    }
}

fn escaped(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out, "r").escaping(true));
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn escaped_texts_and_keys_are_such_as_jsonb_takes() {
    let nul = Value::Text("a\0b");
    for (value, json) in [
        (nul.clone(), r#"{"$text":"YQBi"}"#),
        (Value::Text("a\nb"), r#""a\nb""#),
        (
            Value::Map(vec![("a\0b", Value::Null), ("$c", nul.clone())]),
            r#"{"$entries":[[{"$text":"YQBi"},null],["$c",{"$text":"YQBi"}]]}"#,
        ),
        (Value::Reference("r/a\0b"), r#"{"$reference":{"$text":"YQBi"}}"#),
        (
            Value::Reference("a\0b"),
            r#"{"$reference":{"name":{"$text":"YQBi"}}}"#,
        ),
    ] {
        assert_eq!(escaped(|writer| writer.value(&value)), json);
    }
    let members = [
        ("a\0b", Left::Whole(&nul)),
        ("c", Left::Part(vec![("$d", Left::Whole(&Value::Null))])),
    ];
    assert_eq!(
        escaped(|writer| writer.extra(&members, None, &["e.f"])),
        r#"{"c":{"$map":{"$d":null}},"__missing__":["e.f"],"__entries__":[[{"$text":"YQBi"},{"$text":"YQBi"}]]}"#
    );
    assert_eq!(
        escaped(|writer| writer.extra(&members[..1], None, &[])),
        r#"{"__entries__":[[{"$text":"YQBi"},{"$text":"YQBi"}]]}"#
    );
}

#[test]
fn the_keys_of_a_document_are_never_taken_for_tags() {
    let fields = [("$double", Value::Integer(1))];
    assert_eq!(json::object(&fields, ""), r#"{"$double":1}"#);
    assert_eq!(json::object(&[], ""), "{}");
}

#[test]
fn the_first_byte_to_escape_is_found_wherever_it_stands() {
    let slowly = |text: &[u8]| {
        let escaped = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
        text.iter().position(escaped)
    };
    // Bytes that differ in one bit from one that is escaped, or that a borrow could make look like one, beside each.
    for around in [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa0, 0xff] {
        for length in 0..27 {
            let mut text = vec![around; length];
            assert_eq!(first_escaped(&text), slowly(&text), "{text:?}");
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    text[at] = byte;
                    assert_eq!(first_escaped(&text), slowly(&text), "{text:?}");
                }
                text[at] = around;
            }
        }
    }
}

proptest! {
    #[test]
    fn doubles_are_spelled_with_as_few_digits_as_tell_them(
        double in prop_oneof![(1.0f64..10.0, -6i32..21).prop_map(|(digits, power)| digits * 10f64.powi(power)), -1e16..1e16, -1.0..1.0, (-1_000_000i64..1_000_000).prop_map(|cents| cents as f64 / 100.0)]
    ) {
        let size = double.abs();
        prop_assume!((1e-6..1e21).contains(&size));
        let text = json::text(&Value::Double(double), "");
        // Of two spellings as short and as near, either may be taken.
        let point = if double.fract() == 0.0 { ".0" } else { "" };
        prop_assert_eq!(text.len(), format!("{double}{point}").len());
        prop_assert!(text.contains('.') && !text.contains('e'));
        prop_assert_eq!(text.parse(), Ok(double));
    }
}
