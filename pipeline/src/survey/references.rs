//! References seen in a sample, remembered to be looked up: how many lead nowhere.

use std::collections::{BTreeMap, BTreeSet};
use transforms::{Document, Value, below};

/// Targets remembered of each field.
const TARGETS: usize = 50;
/// Fields remembered of each collection.
const FIELDS: usize = 100;

/// The paths that fields of one collection refer to, by field path; `[]` stands for the elements of an array.
#[derive(Debug, Default)]
pub(super) struct References(BTreeMap<String, BTreeSet<String>>);

impl References {
    /// Remembers the references of one document.
    pub(super) fn observe(&mut self, document: &Document<'_>, root: &str) {
        for (name, value) in &document.fields {
            self.walk(&spelled(name), value, root);
        }
    }

    fn walk(&mut self, field: &str, value: &Value<'_>, root: &str) {
        match value {
            Value::Reference(name) => {
                // References into other databases cannot be looked up here.
                if let Some(path) = below(name, root) {
                    self.add(field, path);
                }
            }
            Value::Map(entries) => entries
                .iter()
                .for_each(|(name, value)| self.walk(&format!("{field}.{}", spelled(name)), value, root)),
            Value::Array(values) => {
                let elements = format!("{field}[]");
                values.iter().for_each(|value| self.walk(&elements, value, root));
            }
            _ => {}
        }
    }

    fn add(&mut self, field: &str, path: &str) {
        if !self.0.contains_key(field) && self.0.len() >= FIELDS {
            return;
        }
        let targets = self.0.entry(field.to_owned()).or_default();
        if targets.len() < TARGETS {
            targets.insert(path.to_owned());
        }
    }

    /// Adds what another one remembers.
    pub(super) fn merge(&mut self, other: References) {
        for (field, targets) in other.0 {
            targets.iter().for_each(|path| self.add(&field, path));
        }
    }

    /// Each field with its targets.
    pub(super) fn by_field(&self) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
        self.0.iter()
    }
}

fn spelled(name: &str) -> String {
    config::mapping::FieldPath::top(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use transforms::Timestamp;

    #[test]
    fn references_are_found_wherever_they_lie() {
        let root = "projects/p/databases/d/documents";
        let name = |path: &str| format!("{root}/{path}");
        let (a, b, c) = (name("users/a"), name("users/b"), name("users/c"));
        let document = Document {
            name: name("x/1").into(),
            created: Some(Timestamp::default()),
            updated: Some(Timestamp::default()),
            fields: vec![
                ("boss", Value::Reference(&a)),
                (
                    "team",
                    Value::Map(vec![(
                        "mem.bers",
                        Value::Array(vec![Value::Reference(&b), Value::Reference(&c)]),
                    )]),
                ),
                (
                    "elsewhere",
                    Value::Reference("projects/q/databases/d/documents/users/z"),
                ),
            ],
        };
        let mut references = References::default();
        references.observe(&document, root);
        let found: Vec<(String, usize)> = references
            .by_field()
            .map(|(field, targets)| (field.clone(), targets.len()))
            .collect();
        assert_eq!(
            found,
            [("boss".to_owned(), 1), ("team.`mem.bers`[]".to_owned(), 2)]
        );
    }
}
