//! A point as Qdrant's JSON has it.
//!
//! Written as text, not as a tree: a number of 32 bits has fewer digits than the same number of 64, and Qdrant writes
//! the fewer. What JSON cannot say, NaN and the infinities, is null (observed on 1.18.3).

use crate::qdrant::contents::Entry;
use crate::qdrant::point::{ShardKey, Vector};
use crate::qdrant::select::{Keys, Selection};
use crate::qdrant::value::object;
use serde_json::{Value, json};

/// Appends a point, as far as it is wanted.
pub(super) fn point(
    selection: &Selection,
    entry: Entry<'_>,
    key: Option<&ShardKey>,
    named: bool,
    to: &mut String,
) {
    to.push_str(&format!("{{\"id\":{}", entry.id.json()));
    if selection.payload != Keys::None {
        let payload = Value::Object(object(&selection.payload(entry)));
        to.push_str(&format!(",\"payload\":{payload}"));
    }
    if let Some(all) = selection.vectors(entry) {
        to.push_str(",\"vector\":");
        vectors(&all, named, to);
    }
    if let Some(key) = key {
        to.push_str(&format!(",\"shard_key\":{}", key.json()));
    }
    to.push('}');
}

/// The unnamed vector, or an object of named ones: an empty one where the unnamed one is missing.
fn vectors(all: &[(String, Vector)], named: bool, to: &mut String) {
    if let ([(_, only)], false) = (all, named || all.iter().any(|(name, _)| !name.is_empty())) {
        return vector(only, to);
    }
    to.push('{');
    for (place, (name, inner)) in all.iter().enumerate() {
        if place > 0 {
            to.push(',');
        }
        to.push_str(&format!("{}:", json!(name)));
        vector(inner, to);
    }
    to.push('}');
}

fn vector(vector: &Vector, to: &mut String) {
    match vector {
        Vector::Dense(row) => row_of(row, to),
        Vector::Sparse { indices, values } => {
            to.push_str(&format!("{{\"indices\":{},\"values\":", json!(indices)));
            row_of(values, to);
            to.push('}');
        }
        Vector::Multi(rows) => {
            to.push('[');
            for (place, row) in rows.iter().enumerate() {
                if place > 0 {
                    to.push(',');
                }
                row_of(row, to);
            }
            to.push(']');
        }
    }
}

fn row_of(row: &[f32], to: &mut String) {
    // Numbers have a JSON form, and nothing else is in there.
    to.push_str(&serde_json::to_string(row).unwrap_or_default());
}
