//! Counts what a sample of documents holds, field by field.
//! The counts do not depend on the order of the documents, and explicit nulls are no evidence of a type.
//! What follows from the counts is decided by [`crate::infer`].

use std::collections::{BTreeMap, HashMap};

use crate::{Document, Value};

/// What a sample of one collection's documents holds, field by field.
#[derive(Debug, Clone, Default)]
pub struct Census {
    documents: u64,
    fields: HashMap<String, Field>,
}

/// How often a field held what. A document adds to exactly one of the counts, or to none with a null.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    pub(crate) booleans: u64,
    pub(crate) integers: u64,
    pub(crate) doubles: u64,
    pub(crate) timestamps: u64,
    pub(crate) texts: u64,
    pub(crate) bytes: u64,
    pub(crate) references: u64,
    pub(crate) points: u64,
    /// Arrays and maps.
    pub(crate) composites: u64,
    /// Vectors by their number of components.
    pub(crate) vectors: BTreeMap<u16, u64>,
}

impl Census {
    /// Counts one document.
    pub fn observe(&mut self, document: &Document<'_>) {
        self.documents += 1;
        for (name, value) in &document.fields {
            match self.fields.get_mut(*name) {
                Some(field) => field.observe(value),
                None => self.fields.entry(String::from(*name)).or_default().observe(value),
            }
        }
    }

    /// How many documents were counted.
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// Every field seen, by name.
    pub(crate) fn fields(&self) -> BTreeMap<&str, &Field> {
        self.fields
            .iter()
            .map(|(name, field)| (name.as_str(), field))
            .collect()
    }
}

impl Field {
    fn observe(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => {}
            Value::Boolean(_) => self.booleans += 1,
            Value::Integer(_) => self.integers += 1,
            Value::Double(_) => self.doubles += 1,
            Value::Timestamp(_) => self.timestamps += 1,
            Value::Text(_) => self.texts += 1,
            Value::Bytes(_) => self.bytes += 1,
            Value::Reference(_) => self.references += 1,
            Value::GeoPoint { .. } => self.points += 1,
            Value::Array(_) | Value::Map(_) => self.composites += 1,
            Value::Vector(components) => match u16::try_from(components.len()) {
                Ok(dimension @ 1..=16_000) => *self.vectors.entry(dimension).or_default() += 1,
                _ => self.composites += 1,
            },
        }
    }

    /// In how many documents the field was there and not null.
    pub(crate) fn present(&self) -> u64 {
        let vectors: u64 = self.vectors.values().sum();
        let scalars =
            self.booleans + self.integers + self.doubles + self.timestamps + self.texts + self.bytes;
        scalars + self.references + self.points + self.composites + vectors
    }
}
