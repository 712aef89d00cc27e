//! Tables of the elements of arrays and of the entries of maps.

use std::collections::HashSet;

use super::Evidence;
use super::columns::{Draft, Part, Walk, of_document};
use super::evidence;
use super::kinds::{self, Shape};
use super::sites::{Site, Sites};
use super::table::{Named, above};
use crate::mapping::{Child, Collection, Column, Document, FieldPath, RESERVED_COLUMNS, Source};
use crate::naming;

/// Draws the table of one array or map. `names` are those of all tables so far.
pub(super) fn draw(
    site: &Site<'_>,
    sites: &Sites<'_>,
    part: Part,
    names: &mut HashSet<String>,
) -> (Child, Evidence) {
    let wanted = format!("{}_{}", site.singular(), part.from.0.join("_"));
    let wanted = [naming::identifier(&wanted, "elements")];
    let name = naming::settle(&wanted, &[0], names).concat();

    let called = match part.of {
        Collection::Array => "elements",
        Collection::Map => "entries",
    };
    let mut walk = Walk::new(sites, part.elements.seen(), called, false);
    let value = match kinds::shape(&part.elements) {
        Shape::Record(maps) => {
            walk.fields(maps, &[]);
            None
        }
        Shape::Reference => {
            let wanted = "value";
            let mut draft = walk.reference(&part.elements, Source::Document(Document::Value), wanted);
            // A table that joins two others names its columns after both.
            if let Some(target) = &draft.column.references {
                let singular = naming::singular(&target.table);
                let ending = if target.column == "id" { "_id" } else { "" };
                draft.wanted = naming::identifier(&format!("{singular}{ending}"), "value");
            }
            Some(draft)
        }
        Shape::Column(sql, holds) => {
            let mut column = Column::field("value", FieldPath(Vec::new()), sql, holds);
            column.from = Source::Document(Document::Value);
            let lines = evidence::lines(&part.elements, part.elements.seen(), Some((sql, holds)));
            Some(Draft::new("value".into(), column, lines))
        }
        _ => None,
    };
    let drafts = owner(site).into_iter().chain(value).chain(walk.drafts);
    let named = Named::of(drafts, &RESERVED_COLUMNS);
    let child = Child {
        name,
        from: part.from,
        of: part.of,
        columns: named.columns,
        indexes: named.indexes,
    };
    let said = Evidence {
        lines: part.lines,
        columns: named.lines,
        left_out: walk.left_out,
    };
    (child, said)
}

/// The key of the document that an element belongs to.
fn owner(site: &Site<'_>) -> Vec<Draft> {
    if !site.keyed {
        return Vec::new();
    }
    let stars = above(&site.pattern).into_iter().zip(1..);
    let mut drafts: Vec<Draft> = stars
        .map(|(wanted, star)| of_document(wanted, Document::Wildcard(star)))
        .collect();
    let id = naming::identifier(&format!("{}_id", site.singular()), "owner");
    drafts.push(of_document(id, Document::Id));
    drafts
}
