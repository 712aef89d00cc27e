//! Points as Qdrant's REST API writes them, for tools that speak to it.
//! As there, what JSON has no number for is null: components and doubles that are not finite.

use std::fmt::Write;

use crate::Rebuilt;
use crate::json::Owned;
use crate::qdrant::PointId;

/// The point as `POST …/points/scroll` answers with it: `{"id": …, "payload": {…}, "vector": …, "shard_key": …}`,
/// without what it does not have.
pub fn point(document: &Rebuilt) -> String {
    let mut out = String::from("{\"id\":");
    let last = document.path.rsplit('/').next().unwrap_or_default();
    let id = last.split('@').next().unwrap_or_default();
    match id.parse() {
        Ok(PointId::Number(number)) => put(&mut out, format_args!("{number}")),
        _ => string(id, &mut out),
    }
    for (name, field) in &document.fields {
        out.push(',');
        string(name, &mut out);
        out.push(':');
        value(field, &mut out);
    }
    out.push('}');
    out
}

fn value(owned: &Owned, out: &mut String) {
    match owned {
        Owned::Boolean(boolean) => put(out, format_args!("{boolean}")),
        Owned::Integer(integer) => put(out, format_args!("{integer}")),
        // Rust's own spelling of a number is one of JSON, as short as can be read back.
        Owned::Double(double) if double.is_finite() => put(out, format_args!("{double:?}")),
        Owned::Text(text) => string(text, out),
        Owned::Array(values) => list(values.iter(), out, value),
        Owned::Map(entries) => {
            let mut before = '{';
            for (key, inner) in entries {
                out.push(before);
                string(key, out);
                out.push(':');
                value(inner, out);
                before = ',';
            }
            out.push_str(if entries.is_empty() { "{}" } else { "}" });
        }
        Owned::Floats(floats) => list(floats.iter(), out, float),
        Owned::Sparse(sparse) => {
            out.push_str("{\"indices\":");
            list(sparse.indices().iter(), out, |index, out| {
                put(out, format_args!("{index}"))
            });
            out.push_str(",\"values\":");
            list(sparse.values().iter(), out, float);
            out.push('}');
        }
        // Null and what is not finite; points hold nothing else.
        _ => out.push_str("null"),
    }
}

fn float(float: f32, out: &mut String) {
    match float.is_finite() {
        true => put(out, format_args!("{float:?}")),
        false => out.push_str("null"),
    }
}

fn list<T>(items: impl Iterator<Item = T>, out: &mut String, mut item: impl FnMut(T, &mut String)) {
    out.push('[');
    for (at, each) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        item(each, out);
    }
    out.push(']');
}

fn string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A String takes everything that is written to it.
    let _ = out.write_fmt(text);
}
