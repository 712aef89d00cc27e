//! Reading tagged JSON back, as PostgreSQL returns it: to rebuild documents from their rows, and for tests.
//! Every text that was written is read as the value it was written from; any other text is read or refused, never
//! guessed at. Nesting beyond what the JSON parser takes (128) is refused: more than Firestore's 20 can use up.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::float;
use crate::{Floats, Sparse, Timestamp, Value};

/// A value that owns its text and bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Owned {
    /// An explicit null.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A double.
    Double(f64),
    /// A moment.
    Timestamp(Timestamp),
    /// A string.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// The full resource name of a document.
    Reference(String),
    /// A point on Earth.
    GeoPoint {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
    /// A list.
    Array(Vec<Owned>),
    /// A map.
    Map(Vec<(String, Owned)>),
    /// An embedding of Firestore's.
    Vector(Vec<f64>),
    /// An embedding of Qdrant's.
    Floats(Floats<'static>),
    /// A sparse embedding of Qdrant's.
    Sparse(Box<Sparse<'static>>),
}

impl Owned {
    /// The same value, borrowed.
    pub fn view(&self) -> Value<'_> {
        match self {
            Owned::Null => Value::Null,
            Owned::Boolean(boolean) => Value::Boolean(*boolean),
            Owned::Integer(integer) => Value::Integer(*integer),
            Owned::Double(double) => Value::Double(*double),
            Owned::Timestamp(timestamp) => Value::Timestamp(*timestamp),
            Owned::Text(text) => Value::Text(text),
            Owned::Bytes(bytes) => Value::Bytes(bytes),
            Owned::Reference(name) => Value::Reference(name),
            Owned::GeoPoint { latitude, longitude } => Value::GeoPoint {
                latitude: *latitude,
                longitude: *longitude,
            },
            Owned::Array(values) => Value::Array(values.iter().map(Owned::view).collect()),
            Owned::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.view()))
                    .collect(),
            ),
            Owned::Vector(components) => Value::Vector(components.clone()),
            Owned::Floats(floats) => Value::Floats(floats.view()),
            Owned::Sparse(sparse) => Value::Sparse(Box::new(sparse.view())),
        }
    }
}

/// Why a text is not tagged JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not tagged JSON: {0}")]
pub struct Unreadable(String);

/// The value a tagged JSON text stands for; paths become references below `root`.
pub fn read(text: &str, root: &str) -> Result<Owned, Unreadable> {
    value(parse(text)?, root)
}

/// The fields of an object as [`super::object`] writes it and `_extra` holds it.
pub fn read_object(text: &str, root: &str) -> Result<Vec<(String, Owned)>, Unreadable> {
    match parse(text)? {
        Json::Object(entries) => fields(entries, root),
        _ => Err(Unreadable("no object".into())),
    }
}

fn parse(text: &str) -> Result<Json, Unreadable> {
    serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))
}

fn fields(entries: serde_json::Map<String, Json>, root: &str) -> Result<Vec<(String, Owned)>, Unreadable> {
    entries
        .into_iter()
        .map(|(key, json)| Ok((key, value(json, root)?)))
        .collect()
}

fn value(json: Json, root: &str) -> Result<Owned, Unreadable> {
    Ok(match json {
        Json::Null => Owned::Null,
        Json::Bool(boolean) => Owned::Boolean(boolean),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Owned::Integer(integer),
            (None, Some(double)) if number.is_f64() => Owned::Double(double),
            _ => return Err(Unreadable(format!("{number} is no 64-bit integer"))),
        },
        Json::String(text) => Owned::Text(text),
        Json::Array(values) => Owned::Array(
            values
                .into_iter()
                .map(|each| value(each, root))
                .collect::<Result<_, _>>()?,
        ),
        Json::Object(mut entries) => match entries.keys().next() {
            Some(tag) if entries.len() == 1 && tag.starts_with('$') => {
                let tag = tag.clone();
                let content = entries.remove(&tag).unwrap_or_default();
                tagged(&tag, content, root)?
            }
            _ => Owned::Map(fields(entries, root)?),
        },
    })
}

fn tagged(tag: &str, content: Json, root: &str) -> Result<Owned, Unreadable> {
    let read = match (tag, content) {
        ("$map", Json::Object(entries)) => Some(Owned::Map(fields(entries, root)?)),
        ("$text", Json::String(encoded)) => encoded_text(&encoded).map(Owned::Text),
        ("$entries", Json::Array(entries)) => Some(Owned::Map(pairs(entries, root)?)),
        ("$double", Json::String(text)) => special(&text).map(Owned::Double),
        ("$timestamp", Json::String(text)) => Timestamp::parse(&text).map(Owned::Timestamp),
        ("$bytes", Json::String(text)) => STANDARD.decode(text).ok().map(Owned::Bytes),
        ("$reference", content) => reference(content, root).map(Owned::Reference),
        ("$geopoint", Json::Array(degrees)) => match doubles(degrees, root).as_deref() {
            Some([latitude, longitude]) => Some(Owned::GeoPoint {
                latitude: *latitude,
                longitude: *longitude,
            }),
            _ => None,
        },
        ("$vector", Json::Array(components)) => doubles(components, root).map(Owned::Vector),
        ("$floats", Json::Array(components)) => floats(&components).map(Owned::Floats),
        ("$sparse", Json::Object(parts)) => sparse(&parts).map(Box::new).map(Owned::Sparse),
        _ => None,
    };
    read.ok_or_else(|| {
        Unreadable(format!(
            "{tag:?} is no tag, or its content is not what the tag says"
        ))
    })
}

/// The entries of a map that no object can hold, because of U+0000 in a key.
fn pairs(entries: Vec<Json>, root: &str) -> Result<Vec<(String, Owned)>, Unreadable> {
    let pair = |entry| {
        let Json::Array(pair) = entry else { return None };
        let [key, value]: [Json; 2] = pair.try_into().ok()?;
        Some((string(key)?, value))
    };
    let no_pair = || Unreadable("an entry that is no pair of a key and a value".into());
    let mut names = HashSet::with_capacity(entries.len());
    let mut read = Vec::with_capacity(entries.len());
    for entry in entries {
        let (key, json) = pair(entry).ok_or_else(no_pair)?;
        if !names.insert(key.clone()) {
            return Err(Unreadable("a map with two entries of one name".into()));
        }
        read.push((key, value(json, root)?));
    }
    Ok(read)
}

/// A string, or what stands for one with U+0000 in `jsonb`: `{"$text": base64}`.
fn string(json: Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text),
        Json::Object(entries) if entries.len() == 1 => match entries.get("$text") {
            Some(Json::String(encoded)) => encoded_text(encoded),
            _ => None,
        },
        _ => None,
    }
}

fn encoded_text(encoded: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

/// A path below the root, or `{"name": …}`: a whole name.
fn reference(content: Json, root: &str) -> Option<String> {
    match content {
        Json::Object(mut entries) if entries.len() == 1 && entries.contains_key("name") => {
            string(entries.remove("name")?)
        }
        path => Some(format!("{root}/{}", string(path)?)),
    }
}

fn doubles(values: Vec<Json>, root: &str) -> Option<Vec<f64>> {
    let double = |json| {
        if let Ok(Owned::Double(double)) = value(json, root) {
            Some(double)
        } else {
            None
        }
    };
    values.into_iter().map(double).collect()
}

fn floats(components: &[Json]) -> Option<Floats<'static>> {
    components.iter().map(float::read).collect()
}

fn sparse(parts: &serde_json::Map<String, Json>) -> Option<Sparse<'static>> {
    let list = |name: &str| parts.get(name).and_then(Json::as_array);
    let index = |json: &Json| u32::try_from(json.as_u64()?).ok();
    let indices: Option<Vec<u32>> = list("indices")?.iter().map(index).collect();
    let sparse = Sparse::new(indices?, floats(list("values")?)?)?;
    (parts.len() == 2).then_some(sparse)
}

/// The doubles JSON numbers do not say.
fn special(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        "-0.0" => Some(-0.0),
        _ => text
            .parse()
            .ok()
            .filter(|double: &f64| double.is_finite() && format!("{double:e}") == text),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_never_written_is_refused() {
        for text in [
            "",
            "[1,",
            "18446744073709551615",
            r#"{"$double":"inf"}"#,
            r#"{"$double":1.5}"#,
            r#"{"$bytes":"A"}"#,
            r#"{"$timestamp":"yesterday"}"#,
            r#"{"$geopoint":[1.0]}"#,
            r#"{"$vector":[1]}"#,
            r#"{"$floats":["1"]}"#,
            r#"{"$floats":[1e39]}"#,
            r#"{"$floats":["0x1ffffffff"]}"#,
            r#"{"$sparse":{"indices":[1],"values":[]}}"#,
            r#"{"$sparse":{"indices":[4294967296],"values":[1]}}"#,
            r#"{"$sparse":{"indices":[],"values":[],"more":1}}"#,
            r#"{"$reference":{"name":1}}"#,
            r#"{"$what":1}"#,
            r#"{"$text":"A"}"#,
            r#"{"$text":"/w=="}"#,
            r#"{"$entries":[["a"]]}"#,
            r#"{"$entries":[[1,2]]}"#,
            r#"{"$entries":[["a",1],["a",2]]}"#,
        ] {
            assert!(read(text, "r").is_err(), "{text}");
        }
        assert!(read_object("[]", "r").is_err());
    }

    #[test]
    fn what_jsonb_cannot_spell_is_read_from_its_encoding() {
        let text = r#"{"$text":"YQBi"}"#;
        assert_eq!(read(text, "r").unwrap(), Owned::Text("a\0b".into()));
        let entries = format!(r#"{{"$entries":[[{text},1],["$c",{text}]]}}"#);
        let expected = vec![
            ("a\0b".into(), Owned::Integer(1)),
            ("$c".into(), Owned::Text("a\0b".into())),
        ];
        assert_eq!(read(&entries, "r").unwrap(), Owned::Map(expected));
        for (reference, name) in [
            (format!(r#"{{"$reference":{text}}}"#), "r/a\0b"),
            (format!(r#"{{"$reference":{{"name":{text}}}}}"#), "a\0b"),
        ] {
            assert_eq!(read(&reference, "r").unwrap(), Owned::Reference(name.into()));
        }
    }

    #[test]
    fn paths_become_references_below_the_root() {
        assert_eq!(
            read(r#"{"$reference":"a/b"}"#, "r").unwrap(),
            Owned::Reference("r/a/b".into())
        );
    }
}
