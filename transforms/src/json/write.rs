//! Writing tagged JSON straight into the buffer it will be sent from.
//! What is written is always valid JSON and says the value exactly; numbers keep their type by having a point or none.
//! Whether U+0000 may be in it is left to the caller, who is told.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Value, below};

/// Appends JSON to a buffer.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    root: &'o str,
    /// A U+0000 was written, as `\u0000`.
    pub(crate) nul: bool,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>, root: &'o str) -> Self {
        Writer {
            out,
            root,
            nul: false,
        }
    }

    pub(crate) fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.raw("null"),
            Value::Boolean(true) => self.raw("true"),
            Value::Boolean(false) => self.raw("false"),
            Value::Integer(integer) => self.format(format_args!("{integer}")),
            Value::Double(double) => self.double(*double),
            Value::Text(text) => self.string(text),
            Value::Array(values) => self.list(values, Self::value),
            Value::Map(entries) => self.map(entries),
            Value::Timestamp(timestamp) => self.tagged("$timestamp", |writer| {
                writer.raw("\"");
                timestamp.write(writer.out);
                writer.raw("\"");
            }),
            Value::Bytes(bytes) => self.tagged("$bytes", |writer| writer.base64(bytes)),
            Value::Reference(name) => self.tagged("$reference", |writer| writer.reference(name)),
            Value::GeoPoint { latitude, longitude } => {
                self.tagged("$geopoint", |writer| writer.doubles(&[*latitude, *longitude]));
            }
            Value::Vector(components) => self.tagged("$vector", |writer| writer.doubles(components)),
        }
    }

    /// An object with these keys as they are.
    pub(crate) fn fields<'f, 'v: 'f>(&mut self, fields: impl IntoIterator<Item = (&'f str, &'f Value<'v>)>) {
        let mut before = "{";
        for (name, value) in fields {
            self.raw(before);
            self.string(name);
            self.raw(":");
            self.value(value);
            before = ",";
        }
        self.raw(if before == "{" { "{}" } else { "}" });
    }

    /// A map that a reader could take for a tag is wrapped in one.
    fn map(&mut self, entries: &[(&str, Value<'_>)]) {
        let fields = entries.iter().map(|(key, value)| (*key, value));
        match entries {
            [(key, _)] if key.starts_with('$') => self.tagged("$map", |writer| writer.fields(fields)),
            _ => self.fields(fields),
        }
    }

    fn tagged(&mut self, tag: &str, content: impl FnOnce(&mut Self)) {
        self.format(format_args!("{{\"{tag}\":"));
        content(self);
        self.raw("}");
    }

    fn reference(&mut self, name: &str) {
        match below(name, self.root) {
            Some(path) => self.string(path),
            None => {
                self.raw("{\"name\":");
                self.string(name);
                self.raw("}");
            }
        }
    }

    fn doubles(&mut self, doubles: &[f64]) {
        self.list(doubles, |writer, double| writer.double(*double));
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.raw("[");
        for (at, each) in items.iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            item(self, each);
        }
        self.raw("]");
    }

    fn double(&mut self, double: f64) {
        let size = double.abs();
        let plain = double == 0.0 && double.is_sign_positive() || (1e-6..1e21).contains(&size);
        if plain && double.fract() == 0.0 {
            self.format(format_args!("{double}.0"));
        } else if plain {
            self.format(format_args!("{double}"));
        } else {
            self.tagged("$double", |writer| match double {
                f64::INFINITY => writer.raw("\"Infinity\""),
                f64::NEG_INFINITY => writer.raw("\"-Infinity\""),
                double if double.is_nan() => writer.raw("\"NaN\""),
                0.0 => writer.raw("\"-0.0\""),
                double => writer.format(format_args!("\"{double:e}\"")),
            });
        }
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.raw("\"");
        let start = self.out.len();
        self.out.resize(start + bytes.len().div_ceil(3) * 4, 0);
        let written = STANDARD.encode_slice(bytes, &mut self.out[start..]);
        written.expect("four characters for every three bytes are enough");
        self.raw("\"");
    }

    fn string(&mut self, text: &str) {
        self.raw("\"");
        let mut rest = text.as_bytes();
        while let Some(at) = rest
            .iter()
            .position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))
        {
            self.out.extend_from_slice(&rest[..at]);
            self.escape(rest[at]);
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self.raw("\"");
    }

    fn escape(&mut self, byte: u8) {
        self.nul |= byte == 0;
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\n' => self.raw("\\n"),
            b'\r' => self.raw("\\r"),
            b'\t' => self.raw("\\t"),
            _ => self.format(format_args!("\\u{byte:04x}")),
        }
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn format(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("a Vec takes every byte");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, json};

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

    #[test]
    fn the_keys_of_a_document_are_never_taken_for_tags() {
        let fields = [("$double", Value::Integer(1))];
        assert_eq!(json::object(&fields, ""), r#"{"$double":1}"#);
        assert_eq!(json::object(&[], ""), "{}");
    }
}
