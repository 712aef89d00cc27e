//! The one shape of query this source asks: a key range in name order.

use super::names;
use firestore::gcloud_sdk::google::firestore::v1::structured_query::{
    CollectionSelector, Direction, FieldReference, Order, Projection,
};
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
use firestore::gcloud_sdk::google::firestore::v1::{Cursor, StructuredQuery, Value};

/// A range of one collection group, or of everything, in `__name__` order. Paths are relative to the root.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    /// The collection id; nothing means every document of the database.
    pub(super) collection: Option<String>,
    from: Option<String>,
    after: Option<String>,
    to: Option<String>,
    names_only: bool,
    limit: Option<u32>,
}

impl Query {
    /// Every document.
    pub(super) fn everything() -> Self {
        Query::default()
    }

    /// Every document of the collections called `collection`, at any depth.
    pub(super) fn group(collection: &str) -> Self {
        Query {
            collection: Some(collection.to_owned()),
            ..Query::default()
        }
    }

    /// From `from` (inclusive) to `to` (exclusive).
    pub(super) fn between(mut self, from: Option<&str>, to: Option<&str>) -> Self {
        (self.from, self.to) = (from.map(str::to_owned), to.map(str::to_owned));
        self
    }

    /// Only what comes after `path`.
    pub(super) fn after(mut self, path: &str) -> Self {
        self.after = Some(path.to_owned());
        self
    }

    /// What of this lies between `from` (inclusive) and `to` (exclusive), which must not reach beyond it.
    pub(super) fn part(&self, from: Option<&str>, to: Option<&str>) -> Self {
        let begins_here = from == self.from.as_deref();
        Query {
            after: self.after.clone().filter(|_| begins_here),
            ..self.clone().between(from, to)
        }
    }

    /// Where it begins, if nothing was passed over yet, and where it ends.
    pub(super) fn bounds(&self) -> (Option<&str>, Option<&str>) {
        (self.from.as_deref(), self.to.as_deref())
    }

    /// Names without fields. Billed like whole documents.
    pub(super) fn names_only(mut self) -> Self {
        self.names_only = true;
        self
    }

    /// At most `limit` documents.
    pub(super) fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The most documents it asks for.
    pub(super) fn most(&self) -> u32 {
        self.limit.unwrap_or(u32::MAX)
    }

    /// Whether `path` lies in the range and after `last`. Guards against answers that repeat or stray.
    pub(super) fn admits(&self, path: &str, last: Option<&str>) -> bool {
        last.is_none_or(|last| names::compare(last, path).is_lt())
            && self
                .from
                .as_deref()
                .is_none_or(|from| names::compare(from, path).is_le())
            && self
                .to
                .as_deref()
                .is_none_or(|to| names::compare(path, to).is_lt())
    }

    /// The query as the wire knows it.
    pub(super) fn structured(&self, root: &str) -> StructuredQuery {
        let cursor = |path: &str, before| Cursor {
            values: vec![Value {
                value_type: Some(ValueType::ReferenceValue(format!("{root}/{path}"))),
            }],
            before,
        };
        let start = match (&self.after, &self.from) {
            (Some(after), _) => Some(cursor(after, false)),
            (None, Some(from)) => Some(cursor(from, true)),
            (None, None) => None,
        };
        let name = || FieldReference {
            field_path: "__name__".to_owned(),
        };
        StructuredQuery {
            select: self.names_only.then(|| Projection { fields: vec![name()] }),
            from: vec![CollectionSelector {
                collection_id: self.collection.clone().unwrap_or_default(),
                all_descendants: true,
            }],
            order_by: vec![Order {
                field: Some(name()),
                direction: Direction::Ascending.into(),
            }],
            start_at: start,
            end_at: self.to.as_deref().map(|to| cursor(to, true)),
            limit: self.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)),
            ..StructuredQuery::default()
        }
    }
}
