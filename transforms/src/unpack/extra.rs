//! What `_extra` keeps, apart from what it says about itself under reserved names.

use super::cell::{Trouble, jsonb};
use crate::json::{self, Owned};

/// An `_extra` that is not NULL.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// The fields, or what is left of them.
    pub(super) fields: Vec<(String, Owned)>,
    /// Fields whose columns were filled with a default.
    pub(super) missing: Vec<String>,
    /// An element that is no map.
    pub(super) value: Option<Owned>,
    /// There is nothing but the list of what was missing.
    pub(super) bare: bool,
}

impl Extra {
    /// Reads the cell of an element's (or a document's) `_extra`.
    pub(super) fn read(cell: &[u8], root: &str, element: bool) -> Result<Extra, Trouble> {
        let fields = json::read_object(jsonb(cell)?, root).map_err(|_| "no object of tagged JSON")?;
        let mut extra = Extra {
            bare: !fields.is_empty(),
            ..Extra::default()
        };
        for (name, value) in fields {
            extra.bare &= name == "__missing__";
            match (name.as_str(), value) {
                ("__missing__", value) => {
                    extra.missing = names(value).ok_or("a __missing__ that lists no names")?
                }
                ("__entries__", value) => {
                    let entries = entries(value).ok_or("an __entries__ that lists no fields")?;
                    extra.fields.extend(entries);
                }
                ("__value__", value) if element => extra.value = Some(value),
                (_, value) => extra.fields.push((name, value)),
            }
        }
        Ok(extra)
    }
}

fn names(value: Owned) -> Option<Vec<String>> {
    list(value)?.into_iter().map(text).collect()
}

fn entries(value: Owned) -> Option<Vec<(String, Owned)>> {
    let entry = |pair| {
        let [name, value]: [Owned; 2] = list(pair)?.try_into().ok()?;
        Some((text(name)?, value))
    };
    list(value)?.into_iter().map(entry).collect()
}

fn list(value: Owned) -> Option<Vec<Owned>> {
    match value {
        Owned::Array(values) => Some(values),
        _ => None,
    }
}

fn text(value: Owned) -> Option<String> {
    match value {
        Owned::Text(text) => Some(text),
        _ => None,
    }
}
