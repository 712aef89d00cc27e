//! From what samples hold to tables: which fields get a column, of which kind, under which name.
//! The same censuses give the same tables; whatever a reader of the tables might miss is said in a remark.
//! A wrong guess costs comfort, never data: packing keeps in `_extra` what a column does not take.

use std::collections::BTreeMap;

use crate::Census;
use crate::census::{Field, Kind as Found};
use crate::mapping::{Column, FieldPath, Holds, Nul, Pattern, RESERVED_COLUMNS, Scalar, Table, Type};
use crate::relation::word;
use crate::{inline, naming};

/// The tables of a run, and what the operator should know about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The tables of each collection, by its id.
    pub collections: BTreeMap<String, Vec<Table>>,
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
    let collections = samples
        .iter()
        .zip(names)
        .map(|((collection, census), name)| {
            if name != naming::snake_case(collection) {
                remarks.push(format!("collection {} becomes table {name:?}", shown(collection)));
            }
            let columns = columns(collection, census, &mut remarks);
            let table = Table {
                name,
                from: Pattern::group(collection),
                key: Vec::new(),
                nul: Nul::default(),
                children: Vec::new(),
                drop: Vec::new(),
                indexes: Vec::new(),
                foreign_keys: Vec::new(),
                of: Default::default(),
                partition: None,
                toast_tuple_target: inline::toast_tuple_target(&columns, census.beside_vectors(&columns)),
                load: Default::default(),
                columns,
            };
            (collection.clone(), vec![table])
        })
        .collect();
    Shape { collections, remarks }
}

fn columns(collection: &str, census: &Census, remarks: &mut Vec<String>) -> Vec<Column> {
    let cut = census.cut();
    remarks.extend(
        cut.iter()
            .map(|cut| format!("the sample of {} holds {cut}", shown(collection))),
    );
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
            let (sql, holds) = kind;
            Column::field(name, FieldPath::top(*field), sql, holds)
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
        .top()
        .fields
        .sorted()
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
pub(crate) fn shown(name: &str) -> String {
    let mut rest = name.chars();
    let start: String = rest.by_ref().take(SHOWN).collect();
    if rest.next().is_none() {
        format!("{start:?}")
    } else {
        format!("{:?}", start + "…")
    }
}

/// A column's type, and what it holds whole.
type Kind = (Type, Holds);

const JSON: Kind = (Type::Json, Holds::Any);

/// The most frequent kind, where more than half of the values are of it; else `jsonb`, which takes them all.
///
/// Where most values agree a reader wants their type, and a few strangers in another sample must not change it.
/// Where no type has the half, a typed column would miss most values, and `jsonb` has all of them in one place.
fn kind(counts: &Field) -> Kind {
    families(counts)
        .into_iter()
        .find(|(count, _)| count * 2 > counts.present())
        .map_or(JSON, |(_, kind)| kind)
}

fn families(counts: &Field) -> [(u64, Kind); 9] {
    let count = |kind| counts.count(kind);
    let number = match (count(Found::Integer), count(Found::Double)) {
        (_, 0) => (Type::Scalar(Scalar::BigInt), Holds::Integer),
        (0, _) => (Type::Scalar(Scalar::Double), Holds::Double),
        _ => (Type::Scalar(Scalar::Double), Holds::Number),
    };
    let scalar = |kind, scalar, holds| (count(kind), (Type::Scalar(scalar), holds));
    let (vectors, dimension) = vectors(counts);
    let composites = count(Found::Array) + count(Found::Map) + count(Found::Vector) - vectors;
    [
        scalar(Found::Boolean, Scalar::Boolean, Holds::Boolean),
        (count(Found::Integer) + count(Found::Double), number),
        scalar(Found::Timestamp, Scalar::Timestamp, Holds::Timestamp),
        scalar(Found::Text, Scalar::Text, Holds::Text),
        scalar(Found::Bytes, Scalar::Bytes, Holds::Bytes),
        scalar(Found::Reference, Scalar::Text, Holds::Reference),
        (count(Found::Point), (Type::Point, Holds::Point)),
        (composites, JSON),
        (vectors, (Type::Vector(dimension), Holds::Vector)),
    ]
}

/// How many vectors there were that a column could hold, and the dimension that most of them had.
fn vectors(counts: &Field) -> (u64, u16) {
    let storable = |(dimension, count): (&usize, &u64)| {
        let dimension = u16::try_from(*dimension).ok();
        let dimension = dimension.filter(|dimension| (1..=16_000).contains(dimension))?;
        Some((dimension, *count))
    };
    let by_dimension: Vec<(u16, u64)> = counts.vectors.iter().filter_map(storable).collect();
    let all = by_dimension.iter().map(|(_, count)| count).sum();
    let usual = by_dimension
        .iter()
        .max_by_key(|(dimension, count)| (*count, std::cmp::Reverse(*dimension)));
    (all, usual.map_or(1, |(dimension, _)| *dimension))
}

/// What the sample holds against the kind chosen.
fn doubt(counts: &Field, kind: Kind) -> Option<String> {
    let present = counts.present();
    if kind == JSON {
        let families = families(counts).into_iter().filter(|(count, _)| *count > 0);
        let several = families.clone().count() > 1;
        let agreed = families
            .into_iter()
            .any(|(count, of)| of == JSON && count * 2 > present);
        return (several && !agreed).then(|| {
            format!(
                "no type has more than half of {present} sampled values; the column is jsonb and takes all"
            )
        });
    }
    if let (Type::Vector(dimension), true) = (kind.0, counts.vectors.len() > 1) {
        let lengths: Vec<String> = counts.vectors.keys().map(usize::to_string).collect();
        return Some(format!(
            "the sample holds vectors of {} components; documents whose vector has not {dimension} go to the quarantine",
            lengths.join(", ")
        ));
    }
    let agreeing = families(counts)
        .into_iter()
        .find(|(_, of)| *of == kind)
        .map_or(0, |(count, _)| count);
    let strangers = present - agreeing;
    let kind = word(kind.0, kind.1);
    (strangers > 0).then(|| {
        format!(
            "{strangers} of {present} sampled values are of another type than {kind}; those stay in _extra"
        )
    })
}

#[cfg(test)]
mod tests;
