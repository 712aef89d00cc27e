//! What a row is made of: a document, or an element of one of its arrays and maps.

use crate::mapping::Records;
use crate::{Document, Value};

/// What a row is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'d> {
    pub(super) document: &'d Document<'d>,
    /// Its path below the root.
    pub(super) path: &'d str,
    /// What the pattern's `*` stand for.
    pub(super) wildcards: &'d [&'d str],
    /// The array or map that the element belongs to.
    pub(super) whole: Option<&'d Value<'d>>,
    /// The element's place in an array.
    pub(super) ordinal: Option<i32>,
    /// The element's place in a map.
    pub(super) key: Option<&'d str>,
}

impl<'d> Subject<'d> {
    pub(super) fn document(document: &'d Document<'d>, path: &'d str, wildcards: &'d [&'d str]) -> Self {
        Subject {
            document,
            path,
            wildcards,
            whole: None,
            ordinal: None,
            key: None,
        }
    }

    /// What tells it from others of its collection (in Qdrant, of its shard): the last part of its path; of a point,
    /// without the shard key behind it. No id of a point has an `@` in it.
    pub(super) fn id(&self) -> &'d str {
        let last = self.path.rsplit('/').next().unwrap_or(self.path);
        match self.document.kind() {
            Records::Documents => last,
            Records::Points => last.split('@').next().unwrap_or(last),
        }
    }

    /// Every element of an array or entry of a map, with what it is made of.
    pub(super) fn elements(self, whole: &'d Value<'d>) -> Vec<(Subject<'d>, &'d Value<'d>)> {
        let subject = Subject {
            whole: Some(whole),
            ..self
        };
        match whole {
            // A document of one mebibyte has far fewer than 2³¹.
            Value::Array(values) => (0..)
                .zip(values)
                .map(|(ordinal, element)| {
                    let ordinal = Some(ordinal);
                    (Subject { ordinal, ..subject }, element)
                })
                .collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, element)| {
                    (
                        Subject {
                            key: Some(*key),
                            ..subject
                        },
                        element,
                    )
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}
