//! Queries in name order, built in few words; names are paths below the root of the database.

use crate::make::reference;
use firestore::gcloud_sdk::google::firestore::v1::{self as proto, structured_query as part};
use simulator::Moment;

/// A query, and where and when it is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) below: String,
    pub(crate) at: Option<Moment>,
    collection: String,
    all_descendants: bool,
    from: Option<(String, bool)>,
    to: Option<(String, bool)>,
    limit: Option<i32>,
    offset: i32,
    select: Option<Vec<String>>,
    unordered: bool,
}

/// The documents of one collection.
pub(crate) fn collection(id: &str) -> Ask {
    Ask {
        collection: id.to_owned(),
        ..Ask::default()
    }
}

/// The documents of all collections of one id.
pub(crate) fn group(id: &str) -> Ask {
    Ask {
        all_descendants: true,
        ..collection(id)
    }
}

/// All documents there are: a kindless query.
pub(crate) fn everything() -> Ask {
    group("")
}

impl Ask {
    /// Below this document instead of the root.
    pub(crate) fn below(mut self, path: &str) -> Ask {
        path.clone_into(&mut self.below);
        self
    }

    /// From this name on, which is included.
    pub(crate) fn from(mut self, path: &str) -> Ask {
        self.from = Some((path.to_owned(), true));
        self
    }

    /// What comes after this name.
    pub(crate) fn after(mut self, path: &str) -> Ask {
        self.from = Some((path.to_owned(), false));
        self
    }

    /// What comes before this name.
    pub(crate) fn before(mut self, path: &str) -> Ask {
        self.to = Some((path.to_owned(), true));
        self
    }

    /// Up to this name, which is included.
    pub(crate) fn up_to(mut self, path: &str) -> Ask {
        self.to = Some((path.to_owned(), false));
        self
    }

    pub(crate) fn limit(mut self, most: i32) -> Ask {
        self.limit = Some(most);
        self
    }

    pub(crate) fn offset(mut self, skipped: i32) -> Ask {
        self.offset = skipped;
        self
    }

    /// Only these fields.
    pub(crate) fn select<'n>(mut self, paths: impl IntoIterator<Item = &'n str>) -> Ask {
        self.select = Some(paths.into_iter().map(str::to_owned).collect());
        self
    }

    /// The order that a query has which asks for none.
    pub(crate) fn unordered(mut self) -> Ask {
        self.unordered = true;
        self
    }

    /// As of this moment.
    pub(crate) fn at(mut self, moment: Moment) -> Ask {
        self.at = Some(moment);
        self
    }

    /// The query as the wire has it, in the database whose documents lie below `root`.
    pub(crate) fn structured(&self, root: &str) -> proto::StructuredQuery {
        let cursor = |cursor: &(String, bool)| proto::Cursor {
            values: vec![reference(format!("{root}/{}", cursor.0))],
            before: cursor.1,
        };
        let field = |path: &String| part::FieldReference {
            field_path: path.clone(),
        };
        let by_name = part::Order {
            field: Some(field(&"__name__".to_owned())),
            direction: part::Direction::Ascending as i32,
        };
        let select = self.select.as_ref().map(|paths| part::Projection {
            fields: paths.iter().map(field).collect(),
        });
        proto::StructuredQuery {
            select,
            from: vec![part::CollectionSelector {
                collection_id: self.collection.clone(),
                all_descendants: self.all_descendants,
            }],
            order_by: if self.unordered { Vec::new() } else { vec![by_name] },
            start_at: self.from.as_ref().map(cursor),
            end_at: self.to.as_ref().map(cursor),
            offset: self.offset,
            limit: self.limit,
            ..Default::default()
        }
    }
}
