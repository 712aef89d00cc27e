//! The payload: whole in `payload`, and a column beside it for each of its fields that Qdrant has an index for.

use super::{PayloadField, PayloadKind, Sketch};
use crate::mapping::{Column, FieldPath, Holds, Index, IndexColumn, Method, Scalar, Type};

impl Sketch<'_> {
    /// The columns of the payload and their indexes.
    pub(super) fn payload(&mut self) {
        let collection = self.collection;
        for field in &collection.payload {
            self.promoted(field);
        }
        let whole = FieldPath::top("payload");
        self.table
            .columns
            .push(Column::field("payload", whole, Type::Json, Holds::Any));
    }

    fn promoted(&mut self, field: &PayloadField) {
        let shown = format!("payload field {:?}", crate::visible(&field.key));
        let Some((path, lists)) = path(&field.key) else {
            self.remark(format!(
                "{shown} lies inside lists, so that it has no column of its own: search it in `payload`"
            ));
            return;
        };
        let Some(last) = path.0.last().filter(|name| !name.contains('\0')) else {
            return;
        };
        let name = self.name(last, "field");
        let (sql, holds) = column_type(field.kind, lists || field.lists);
        let promoted = FieldPath(std::iter::once("payload".to_owned()).chain(path.0).collect());
        match field.kind {
            PayloadKind::Text => self.remark(format!(
                "{shown} has a full text index in Qdrant: here that is a generated column, such as \
                 to_tsvector('simple', {name}), with a gin index"
            )),
            _ => self.table.indexes.push(Index {
                on: vec![IndexColumn {
                    name: name.clone(),
                    descending: false,
                }],
                unique: false,
                method: match sql {
                    Type::Point => Method::Gist,
                    Type::Array(_) | Type::Json => Method::Gin,
                    _ => Method::Btree,
                },
                filter: None,
            }),
        }
        if field.tenant {
            self.remark(format!(
                "{shown} tells tenants apart: partition_by = {name:?} gives each its own part, with {name:?} in the key \
                 and required = true"
            ));
        }
        self.table.columns.push(Column::field(name, promoted, sql, holds));
    }
}

/// The type of a column, and what it holds.
fn column_type(kind: PayloadKind, lists: bool) -> (Type, Holds) {
    let scalar = match kind {
        PayloadKind::Keyword | PayloadKind::Text => Scalar::Text,
        PayloadKind::Integer => Scalar::BigInt,
        PayloadKind::Float => Scalar::Double,
        PayloadKind::Bool => Scalar::Boolean,
        // The elements of an array column are told by its type, and in a payload moments are texts.
        PayloadKind::Datetime if lists => Scalar::Text,
        PayloadKind::Datetime => Scalar::Timestamp,
        PayloadKind::Uuid => Scalar::Uuid,
        PayloadKind::Geo if lists => return (Type::Json, Holds::Any),
        PayloadKind::Geo => return (Type::Point, Holds::Point),
    };
    match (lists, kind) {
        (true, _) => (Type::Array(scalar), Holds::Array),
        // In a payload moments and UUIDs are texts, and either kind of number is searched as a float.
        (false, PayloadKind::Datetime | PayloadKind::Uuid) => (Type::Scalar(scalar), Holds::Text),
        (false, PayloadKind::Float) => (Type::Scalar(scalar), Holds::Number),
        (false, _) => (Type::Scalar(scalar), Holds::usual(Type::Scalar(scalar), &[])),
    }
}

/// The names of a path as Qdrant spells it, and whether it leads to the elements of a list; none if it leads through
/// one. Names with other signs stand in double quotes.
fn path(key: &str) -> Option<(FieldPath, bool)> {
    let mut names = Vec::new();
    let mut rest = key;
    loop {
        let name;
        (name, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        names.push(name.to_owned());
        match rest {
            "" => return Some((FieldPath(names), false)),
            "[]" => return Some((FieldPath(names), true)),
            _ => rest = rest.strip_prefix('.')?,
        }
    }
}
