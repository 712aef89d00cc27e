//! Writing tagged JSON straight into the buffer it will be sent from.
//! What is written is always valid JSON and says the value exactly; numbers keep their type by having a point or none.
//! U+0000 is spelled `\u0000`, and the caller told, or escaped in a way that `jsonb` takes: as the caller asks.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::escape::{first_escaped, has_nul};
use super::float;
use crate::{Floats, Sparse, Value, below};

/// What `_extra` keeps of a value.
#[derive(Debug, Clone)]
pub(crate) enum Left<'d> {
    /// All of it.
    Whole(&'d Value<'d>),
    /// A map, less what is elsewhere.
    Part(Vec<(&'d str, Left<'d>)>),
}

/// Something that is written as a value.
trait Written {
    fn write(&self, writer: &mut Writer<'_>);
}

impl Written for Value<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.value(self);
    }
}

impl Written for Left<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Left::Whole(value) => writer.value(value),
            Left::Part(entries) => writer.map(entries),
        }
    }
}

/// Appends JSON to a buffer.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    root: &'o str,
    /// Texts with U+0000 become `{"$text": base64}`, maps with such a key `{"$entries": [[key, value], …]}`.
    escapes: bool,
    /// A U+0000 was written, as `\u0000`.
    pub(crate) nul: bool,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>, root: &'o str) -> Self {
        Writer {
            out,
            root,
            escapes: false,
            nul: false,
        }
    }

    /// The same, but U+0000 is escaped as `jsonb` takes it.
    pub(crate) fn escaping(mut self, escapes: bool) -> Self {
        self.escapes = escapes;
        self
    }

    pub(crate) fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.raw("null"),
            Value::Boolean(true) => self.raw("true"),
            Value::Boolean(false) => self.raw("false"),
            Value::Integer(integer) => self.integer(*integer),
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
            Value::Floats(floats) => self.tagged("$floats", |writer| writer.floats(floats)),
            Value::Sparse(sparse) => self.tagged("$sparse", |writer| writer.sparse(sparse)),
        }
    }

    /// An object with these keys as they are.
    pub(crate) fn fields<'v>(&mut self, fields: &[(&str, Value<'v>)]) {
        self.object(fields);
    }

    /// An `_extra`: fields under their names, or a whole element, and the paths of fields that a default was filled
    /// in for. Firestore keeps the names under which it speaks of itself from being those of fields; Qdrant does not.
    pub(crate) fn extra(
        &mut self,
        members: &[(&str, Left<'_>)],
        element: Option<&Value<'_>>,
        missing: &[&str],
    ) {
        const OWN: [&str; 3] = ["__missing__", "__entries__", "__value__"];
        let hides = |name: &str| self.escapes && name.contains('\0') || OWN.contains(&name);
        if missing.is_empty() && element.is_none() && !members.iter().any(|(name, _)| hides(name)) {
            return self.object(members);
        }
        let (hidden, plain): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| hides(name));
        let mut before = "{";
        for (name, left) in plain {
            self.member(before, name, left);
            before = ",";
        }
        if let Some(element) = element {
            self.member(before, "__value__", element);
            before = ",";
        }
        if !missing.is_empty() {
            self.raw(before);
            self.raw("\"__missing__\":");
            self.list(missing, |writer, path| writer.string(path));
            before = ",";
        }
        if !hidden.is_empty() {
            self.raw(before);
            self.raw("\"__entries__\":");
            self.list(&hidden, |writer, (name, left)| writer.pair(name, left));
        }
        self.raw("}");
    }

    /// `{"$entries": [[name, value], …]}`.
    pub(crate) fn entries<'v>(&mut self, entries: &[(&str, &Value<'v>)]) {
        self.tagged("$entries", |writer| {
            writer.list(entries, |writer, (name, value)| writer.pair(name, *value));
        });
    }

    fn object<W: Written>(&mut self, members: &[(&str, W)]) {
        let mut before = "{";
        for (name, value) in members {
            self.member(before, name, value);
            before = ",";
        }
        self.raw(if before == "{" { "{}" } else { "}" });
    }

    fn member(&mut self, before: &str, name: &str, value: &impl Written) {
        self.raw(before);
        self.string(name);
        self.raw(":");
        value.write(self);
    }

    fn pair(&mut self, name: &str, value: &impl Written) {
        self.raw("[");
        self.string(name);
        self.raw(",");
        value.write(self);
        self.raw("]");
    }

    /// A map that a reader could take for a tag is wrapped in one, and so is one whose keys JSON cannot have.
    fn map<W: Written>(&mut self, entries: &[(&str, W)]) {
        match entries {
            entries if self.escapes && has_nul(entries) => self.tagged("$entries", |writer| {
                writer.list(entries, |writer, (name, value)| writer.pair(name, value));
            }),
            [(key, _)] if key.starts_with('$') => self.tagged("$map", |writer| writer.object(entries)),
            _ => self.object(entries),
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

    pub(super) fn integer(&mut self, integer: i64) {
        self.raw(itoa::Buffer::new().format(integer));
    }

    pub(super) fn double(&mut self, double: f64) {
        let size = double.abs();
        let plain = double == 0.0 && double.is_sign_positive() || (1e-6..1e21).contains(&size);
        // As few digits as tell it, like below, for a fifth of the instructions.
        if (1e-4..1e15).contains(&size) {
            self.raw(zmij::Buffer::new().format_finite(double));
        } else if plain && double.fract() == 0.0 {
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

    fn sparse(&mut self, sparse: &Sparse<'_>) {
        self.raw("{\"indices\":");
        self.list(sparse.indices(), |writer, index| {
            writer.format(format_args!("{index}"))
        });
        self.raw(",\"values\":");
        self.floats(sparse.values());
        self.raw("}");
    }

    fn floats(&mut self, floats: &Floats<'_>) {
        self.list(floats.components(), |writer, bytes| {
            writer.float(f32::from_le_bytes(*bytes))
        });
    }

    /// As few digits as tell it from every other float; of those that are no numbers of JSON the name, of a NaN
    /// other than the usual one its bits.
    fn float(&mut self, float: f32) {
        match float.to_bits() {
            float::NAN => self.raw("\"NaN\""),
            float::INFINITY => self.raw("\"Infinity\""),
            float::MINUS_INFINITY => self.raw("\"-Infinity\""),
            float::MINUS_ZERO => self.raw("\"-0.0\""),
            bits if float.is_nan() => self.format(format_args!("\"{bits:#010x}\"")),
            _ if (1e-5..1e9).contains(&float.abs()) || float == 0.0 => self.format(format_args!("{float}")),
            _ => self.format(format_args!("{float:e}")),
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

    /// Appends, in quotes, what a string holds as it is.
    pub(super) fn plain(&mut self, text: &[u8]) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    pub(super) fn string(&mut self, text: &str) {
        let start = self.out.len();
        // With both quotes, so that there is room for all of most texts at once.
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        while let Some(at) = first_escaped(rest) {
            if rest[at] == 0 && self.escapes {
                self.out.truncate(start);
                return self.tagged("$text", |writer| writer.base64(text.as_bytes()));
            }
            self.out.extend_from_slice(&rest[..at]);
            self.escape(rest[at]);
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
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

    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn format(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("a Vec takes every byte");
    }
}

#[cfg(test)]
mod tests;
