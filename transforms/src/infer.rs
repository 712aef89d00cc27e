//! From what samples hold to tables: which fields get a column, of which kind, under which name.
//! The same censuses give the same tables; whatever a reader of the tables might miss is said in a remark.
//! A wrong guess costs comfort, never data: packing keeps in `_extra` what a column does not take.

use std::collections::BTreeMap;

use crate::census::Field;
use crate::naming::{self, RESERVED_COLUMNS};
use crate::{Census, Column, Kind, Table};

/// The tables of a run, and what the operator should know about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// One table per collection, in the order of collection ids.
    pub tables: Vec<Table>,
    /// Renames, collisions, fields left to `_extra`: one sentence each.
    pub remarks: Vec<String>,
}

/// A field gets a column when at least one in so many documents of the sample has it.
const RARE: u64 = 50;
/// PostgreSQL ends at 1600; beyond some hundreds a table is no longer readable.
const COLUMNS: usize = 250;
/// Field names spelled out in one remark.
const SPELLED_OUT: usize = 10;

/// Characters of a name that one remark shows.
const SHOWN: usize = 70;

/// Infers one table for each collection sampled, in the order of collection ids.
pub fn infer(samples: &BTreeMap<String, Census>) -> Shape {
    let mut remarks = Vec::new();
    let collections: Vec<&str> = samples.keys().map(String::as_str).collect();
    let names = naming::assign(&collections, &[], "collection");
    let tables = samples
        .iter()
        .zip(names)
        .map(|((collection, census), name)| {
            if name != naming::snake_case(collection) {
                remarks.push(format!("collection {} becomes table {name:?}", shown(collection)));
            }
            let columns = columns(collection, census, &mut remarks);
            Table {
                collection: collection.clone(),
                name,
                columns,
            }
        })
        .collect();
    Shape { tables, remarks }
}

fn columns(collection: &str, census: &Census, remarks: &mut Vec<String>) -> Vec<Column> {
    let chosen = choose(collection, census, remarks);
    let fields: Vec<&str> = chosen.keys().copied().collect();
    let names = naming::assign(&fields, &RESERVED_COLUMNS, "field");
    chosen
        .iter()
        .zip(names)
        .map(|((field, counts), name)| {
            let kind = kind(counts);
            if name != naming::snake_case(field) {
                remarks.push(format!(
                    "field {} of {} becomes column {name:?}",
                    shown(field),
                    shown(collection)
                ));
            }
            remarks.extend(
                doubt(counts, kind)
                    .map(|doubt| format!("field {} of {}: {doubt}", shown(field), shown(collection))),
            );
            Column {
                name,
                field: String::from(*field),
                kind,
            }
        })
        .collect()
}

/// The fields that get a column, and remarks about those that do not.
fn choose<'c>(
    collection: &str,
    census: &'c Census,
    remarks: &mut Vec<String>,
) -> BTreeMap<&'c str, &'c Field> {
    let (unstorable, storable): (Vec<_>, Vec<_>) = census
        .fields()
        .into_iter()
        .partition(|(name, _)| name.contains('\0'));
    let (empty, typed): (Vec<_>, Vec<_>) = storable.into_iter().partition(|(_, field)| field.present() == 0);
    let (mut frequent, rare): (Vec<_>, Vec<_>) = typed
        .into_iter()
        .partition(|(_, field)| field.present() * RARE >= census.documents());
    // Stable, and by name before: equally frequent fields stay in the order of their names.
    frequent.sort_by_key(|(_, field)| std::cmp::Reverse(field.present()));
    let beyond = frequent.split_off(frequent.len().min(COLUMNS));

    for (fields, why) in [
        (
            unstorable,
            "cannot be stored, their documents go to the quarantine: their names hold U+0000",
        ),
        (empty, "stay in _extra: the sample knows them as null only"),
        (
            rare,
            "stay in _extra: fewer than one sampled document in 50 has them",
        ),
        (beyond, "stay in _extra: the table has 250 more frequent columns"),
    ] {
        remarks.extend(left_out(collection, &fields, why));
    }
    frequent.into_iter().collect()
}

fn left_out(collection: &str, fields: &[(&str, &Field)], why: &str) -> Option<String> {
    let spelled: Vec<String> = fields
        .iter()
        .take(SPELLED_OUT)
        .map(|(name, _)| shown(name))
        .collect();
    let more = match fields.len().saturating_sub(SPELLED_OUT) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!fields.is_empty()).then(|| {
        format!(
            "fields {}{more} of {} {why}",
            spelled.join(", "),
            shown(collection)
        )
    })
}

/// A name as a remark spells it: quoted, and no longer than a line takes.
fn shown(name: &str) -> String {
    let mut rest = name.chars();
    let start: String = rest.by_ref().take(SHOWN).collect();
    if rest.next().is_none() {
        format!("{start:?}")
    } else {
        format!("{:?}", start + "…")
    }
}

/// The most frequent kind; of equally frequent ones the first in this list.
fn kind(counts: &Field) -> Kind {
    let families = families(counts);
    let most = families.iter().map(|(count, _)| *count).max();
    families
        .into_iter()
        .find(|(count, _)| Some(*count) == most)
        .map_or(Kind::Json, |(_, kind)| kind)
}

fn families(counts: &Field) -> [(u64, Kind); 9] {
    let number = match (counts.integers, counts.doubles) {
        (_, 0) => Kind::Integer,
        (0, _) => Kind::Double,
        _ => Kind::Number,
    };
    let vectors = counts.vectors.values().sum();
    let most = counts.vectors.values().max();
    let dimension = counts
        .vectors
        .iter()
        .find(|(_, count)| Some(*count) == most)
        .map_or(1, |(dimension, _)| *dimension);
    [
        (counts.booleans, Kind::Boolean),
        (counts.integers + counts.doubles, number),
        (counts.timestamps, Kind::Timestamp),
        (counts.texts, Kind::Text),
        (counts.bytes, Kind::Bytes),
        (counts.references, Kind::Reference),
        (counts.points, Kind::Point),
        (counts.composites, Kind::Json),
        (vectors, Kind::Vector(dimension)),
    ]
}

/// What the sample holds against the kind chosen.
fn doubt(counts: &Field, kind: Kind) -> Option<String> {
    if let (Kind::Vector(dimension), true) = (kind, counts.vectors.len() > 1) {
        let lengths: Vec<String> = counts.vectors.keys().map(u16::to_string).collect();
        return Some(format!(
            "the sample holds vectors of {} components; documents whose vector has not {dimension} go to the quarantine",
            lengths.join(", ")
        ));
    }
    let present = counts.present();
    let agreeing = families(counts)
        .into_iter()
        .find(|(_, of)| *of == kind)
        .map_or(0, |(count, _)| count);
    let strangers = present - agreeing;
    (strangers > 0).then(|| {
        format!(
            "{strangers} of {present} sampled values are of another type than {kind}; those stay in _extra"
        )
    })
}

#[cfg(test)]
mod tests;
