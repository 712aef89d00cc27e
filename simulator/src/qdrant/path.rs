//! Paths into payloads as Qdrant writes them: `a.b`, `a[].b`, `a[0]`, and `"a.b"` for a key with a dot in it.

use super::value::{Payload, Value};
use std::borrow::Cow;
use std::fmt;

/// A way into a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    text: String,
    first: String,
    rest: Vec<Step>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Every,
    At(usize),
}

impl Path {
    /// Reads a path; whatever is none is a key as it stands.
    pub(super) fn read(text: &str) -> Path {
        let (first, rest) = parse(text).unwrap_or_else(|| (text.to_owned(), Vec::new()));
        Path {
            text: text.to_owned(),
            first,
            rest,
        }
    }

    /// The values it leads to; the elements of an array at its end, each for itself, as conditions see them.
    pub(super) fn values<'a>(&self, payload: &'a Payload) -> Vec<&'a Value> {
        let mut found = Vec::new();
        if let Some(value) = member(payload, &self.first) {
            walk(value, &self.rest, &mut found);
        }
        found
    }
}

fn member<'a>(fields: &'a Payload, key: &str) -> Option<&'a Value> {
    let found = fields.iter().find(|(known, _)| known == key)?;
    Some(&found.1)
}

fn walk<'a>(value: &'a Value, steps: &[Step], found: &mut Vec<&'a Value>) {
    match (steps.split_first(), value) {
        (None, Value::List(values)) => found.extend(values),
        (None, value) => found.push(value),
        (Some((Step::Key(key), rest)), Value::Struct(fields)) => {
            if let Some(value) = member(fields, key) {
                walk(value, rest, found);
            }
        }
        (Some((Step::Every, rest)), Value::List(values)) => {
            values.iter().for_each(|value| walk(value, rest, found));
        }
        (Some((Step::At(place), rest)), Value::List(values)) => {
            values
                .get(*place)
                .into_iter()
                .for_each(|value| walk(value, rest, found));
        }
        _ => {}
    }
}

fn parse(text: &str) -> Option<(String, Vec<Step>)> {
    let (first, mut text) = key(text)?;
    let mut rest = Vec::new();
    while !text.is_empty() {
        if let Some(after) = text.strip_prefix('.') {
            let (name, after) = key(after)?;
            rest.push(Step::Key(name));
            text = after;
        } else {
            let (place, after) = text.strip_prefix('[')?.split_once(']')?;
            rest.push(match place {
                "" => Step::Every,
                number => Step::At(number.parse().ok()?),
            });
            text = after;
        }
    }
    Some((first, rest))
}

/// A key at the beginning of a text, and what follows it.
fn key(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, after) = quoted.split_once('"')?;
        return Some((name.to_owned(), after));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    (!name.is_empty()).then(|| (name.to_owned(), after))
}

/// A payload with nothing but what lies on one of the paths.
pub(super) fn include(payload: &Payload, paths: &[Path]) -> Payload {
    prune(payload, paths, true)
}

/// A payload without what the paths lead to.
pub(super) fn exclude(payload: &Payload, paths: &[Path]) -> Payload {
    prune(payload, paths, false)
}

fn prune(payload: &Payload, paths: &[Path], keeps: bool) -> Payload {
    let ways: Vec<(&str, &[Step])> = paths
        .iter()
        .map(|path| (path.first.as_str(), &path.rest[..]))
        .collect();
    pruned(payload, &ways, keeps)
}

fn pruned(fields: &Payload, ways: &[(&str, &[Step])], keeps: bool) -> Payload {
    let mut kept = Payload::new();
    for (key, value) in fields {
        let here: Vec<&[Step]> = ways
            .iter()
            .filter(|(name, _)| name == key)
            .map(|(_, rest)| *rest)
            .collect();
        if let Some(value) = inner(value, &here, keeps) {
            kept.push((Cow::clone(key), value));
        }
    }
    kept
}

/// What is left of a value to which these ways lead.
fn inner(value: &Value, ways: &[&[Step]], keeps: bool) -> Option<Value> {
    if ways.is_empty() {
        return (!keeps).then(|| value.clone());
    }
    if ways.iter().any(|way| way.is_empty()) {
        return keeps.then(|| value.clone());
    }
    let keyed: Vec<(&str, &[Step])> = ways
        .iter()
        .filter_map(|way| match way {
            [Step::Key(key), rest @ ..] => Some((key.as_str(), rest)),
            _ => None,
        })
        .collect();
    match value {
        Value::Struct(fields) => Some(Value::Struct(pruned(fields, &keyed, keeps))),
        Value::List(values) => {
            let element = |(place, value): (usize, &Value)| {
                let here: Vec<&[Step]> = ways
                    .iter()
                    .filter_map(|way| match way {
                        [Step::Every, rest @ ..] => Some(rest),
                        [Step::At(at), rest @ ..] if *at == place => Some(rest),
                        _ => None,
                    })
                    .collect();
                inner(value, &here, keeps)
            };
            Some(Value::List(
                values.iter().enumerate().filter_map(element).collect(),
            ))
        }
        scalar => (!keeps).then(|| scalar.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn payload() -> Payload {
        let fields = |all: Vec<(&'static str, Value)>| {
            all.into_iter()
                .map(|(key, value)| (Cow::Borrowed(key), value))
                .collect::<Payload>()
        };
        let inner = |n| Value::Struct(fields(vec![("b", Value::Integer(n)), ("c", Value::Null)]));
        fields(vec![
            ("a", inner(1)),
            ("a.b", Value::Integer(2)),
            ("l", Value::List(vec![inner(3), inner(4), Value::Bool(true)])),
        ])
    }

    #[test]
    fn a_path_leads_where_qdrants_leads() {
        for (path, wanted) in [
            ("a.b", json!([1])),
            ("\"a.b\"", json!([2])),
            ("l[].b", json!([3, 4])),
            ("l[1].b", json!([4])),
            ("l.b", json!([])),
            ("l[2]", json!([true])),
            ("nothing", json!([])),
        ] {
            let payload = payload();
            let found = Path::read(path).values(&payload);
            let found: serde_json::Value = found.into_iter().map(Value::json).collect();
            assert_eq!(found, wanted, "{path}");
        }
    }

    #[test]
    fn what_is_included_and_what_is_excluded_make_the_whole() {
        let paths = [Path::read("a.b"), Path::read("l[].c")];
        let told = |payload: Payload| serde_json::Value::Object(super::super::value::object(&payload));
        assert_eq!(
            told(include(&payload(), &paths)),
            json!({"a": {"b": 1}, "l": [{"c": null}, {"c": null}]})
        );
        assert_eq!(
            told(exclude(&payload(), &paths)),
            json!({"a": {"c": null}, "a.b": 2, "l": [{"b": 3}, {"b": 4}, true]})
        );
    }
}
