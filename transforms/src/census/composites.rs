//! What references, arrays and maps had in common: where they point, and what is inside.

use super::bounded::{Bounded, Places};
use super::field::Field;
use super::{Look, Spread, paths, size, style};
use crate::Value;

/// Names kept of one map inside a document.
const NAMES: Places = Places {
    chosen: 200,
    data: 24,
};
/// Collections kept of those that references point into.
const TARGETS: Places = Places { chosen: 24, data: 8 };

/// Where references pointed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct References {
    /// By pattern of the collection: `users`, `users/*/orders`.
    pub(crate) targets: Bounded<u64>,
    /// References to another database.
    pub(crate) elsewhere: u64,
    /// References to the document that the referring one lies below.
    pub(crate) own_parent: u64,
}

/// What arrays had in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arrays {
    /// Elements.
    pub(crate) length: Spread,
    /// All elements of all arrays.
    pub(crate) elements: Field,
    /// Elements of those arrays that hold numbers and nothing else, and hold something.
    pub(crate) numeric: Spread,
}

/// What maps had in common.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Maps {
    /// Entries.
    pub(crate) entries: Spread,
    /// Entries whose key looks like data.
    pub(crate) data: u64,
    /// Entries whose key holds U+0000.
    pub(crate) nul: u64,
    /// By key.
    pub(crate) fields: Bounded<Field>,
}

impl Default for References {
    fn default() -> Self {
        References {
            targets: Bounded::new(TARGETS),
            elsewhere: 0,
            own_parent: 0,
        }
    }
}

impl References {
    pub(super) fn observe(&mut self, name: &str, look: &Look<'_>) {
        let (root, path) = paths::split(name);
        self.own_parent += u64::from(look.parent == Some(name));
        if root != look.root {
            self.elsewhere += 1;
        } else if let Some((count, _)) = self.targets.of(&paths::pattern(path), 0) {
            *count += 1;
        }
    }

    pub(super) fn merge(&mut self, other: &References) {
        self.targets.merge(&other.targets, |ours, theirs| *ours += theirs);
        self.elsewhere += other.elsewhere;
        self.own_parent += other.own_parent;
    }
}

impl Arrays {
    pub(super) fn observe(&mut self, values: &[Value<'_>], look: &mut Look<'_>) -> u64 {
        let length = values.len() as u64;
        self.length.add(length);
        let is_number = |value: &Value<'_>| matches!(value, Value::Integer(_) | Value::Double(_));
        if !values.is_empty() && values.iter().all(is_number) {
            self.numeric.add(length);
        }
        let sizes = values
            .iter()
            .enumerate()
            .map(|(at, value)| size::element(self.elements.observe(value, at, look)));
        1 + size::framed(sizes.sum())
    }

    pub(super) fn merge(&mut self, other: &Arrays) {
        self.length.merge(other.length);
        self.elements.merge(&other.elements);
        self.numeric.merge(other.numeric);
    }
}

impl Default for Maps {
    fn default() -> Self {
        Maps::new(NAMES)
    }
}

impl Maps {
    pub(super) fn new(names: Places) -> Maps {
        Maps {
            entries: Spread::default(),
            data: 0,
            nul: 0,
            fields: Bounded::new(names),
        }
    }

    /// Counts the fields of one map, and answers with the bytes of all of them.
    pub(super) fn observe(&mut self, entries: &[(&str, Value<'_>)], look: &mut Look<'_>) -> u64 {
        self.entries.add(entries.len() as u64);
        look.depth += 1;
        let mut bytes = 0;
        for (place, (key, value)) in entries.iter().enumerate() {
            if key.as_bytes().contains(&0) {
                self.nul += 1;
            }
            bytes += size::entry(
                key,
                match look.admits().then(|| self.fields.of(key, place)).flatten() {
                    Some((field, data)) => {
                        self.data += u64::from(data);
                        look.nodes += usize::from(field.seen() == 0);
                        field.observe(value, place, look)
                    }
                    None => {
                        self.data += u64::from(style::is_data(key));
                        size::of(value)
                    }
                },
            );
        }
        look.depth -= 1;
        bytes
    }

    /// Adds everything that is in the other.
    pub(super) fn merge(&mut self, other: &Maps) {
        self.entries.merge(other.entries);
        self.data += other.data;
        self.nul += other.nul;
        self.fields.merge(&other.fields, Field::merge);
    }

    /// Whether a text or a name anywhere in it holds U+0000.
    pub(crate) fn holds_nul(&self) -> bool {
        self.nul > 0 || self.fields.values().any(Field::holds_nul)
    }

    pub(super) fn nodes(&self) -> usize {
        self.fields.values().map(Field::nodes).sum()
    }

    pub(super) fn prune(&mut self, levels: usize) {
        match levels.checked_sub(1) {
            None => self.fields.clear(),
            Some(levels) => self.fields.values_mut().for_each(|field| field.prune(levels)),
        }
    }
}
