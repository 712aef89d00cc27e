//! What a document may hold that nobody thought of: legal, but hardly anybody writes it. Made in place of what a document
//! holds for its mapping, or beside it.
//! Other test suites include this file by its path, as they do the mappings beside it.

mod edges;

use rand::RngExt;
use rand::rngs::StdRng;
use transforms::Timestamp;
use transforms::json::Owned;

use crate::mappings::documents::Sample;
use edges::{double, edge, integer, moment, name, pick, reference, scalar, text};

/// A document may have so many bytes, and its values may be nested so deep.
const LIMIT: usize = 1 << 20;
const DEPTH: usize = 20;

/// Spoils some of the document's fields: as many and as much as `size` of 100 allows.
pub(crate) fn spoil(sample: &mut Sample, dice: &mut StdRng, size: usize) {
    for _ in 0..=dice.random_range(0..=size / 25) {
        let value = strange(dice, size);
        let own = sample.fields.len();
        match dice.random_range(0..5) {
            // Another type than its mapping and the other documents know.
            0 | 1 if own > 0 => sample.fields[dice.random_range(0..own)].1 = value,
            // Within what is there.
            2 if own > 0 => within(&mut sample.fields[dice.random_range(0..own)].1, value, dice),
            _ => {
                let name = name(dice, size);
                if !sample.fields.iter().any(|(other, _)| *other == name) {
                    sample.fields.push((name, value));
                }
            }
        }
    }
    if dice.random_range(0..40) == 0 {
        sample.created = Timestamp::new(edge(dice), 1000 * dice.random_range(0..1_000_000));
    }
}

/// Puts a value into another one, somewhere.
fn within(value: &mut Owned, strange: Owned, dice: &mut StdRng) {
    match value {
        Owned::Array(values) if !values.is_empty() && dice.random() => {
            let count = values.len();
            within(&mut values[dice.random_range(0..count)], strange, dice);
        }
        Owned::Array(values) => values.push(strange),
        Owned::Map(entries) if !entries.is_empty() && dice.random() => {
            let count = entries.len();
            within(&mut entries[dice.random_range(0..count)].1, strange, dice);
        }
        Owned::Map(entries) => {
            let key = name(dice, 10);
            if !entries.iter().any(|(other, _)| *other == key) {
                entries.push((key, strange));
            }
        }
        other => *other = strange,
    }
}

/// A value, seldom a large one.
fn strange(dice: &mut StdRng, size: usize) -> Owned {
    if dice.random_range(0..1500) == 0 {
        return large(dice, LIMIT / 101 * size);
    }
    match dice.random_range(0..13) {
        0 => deep(dice, size),
        1 => Owned::Double(double(dice)),
        2 => Owned::Integer(integer(dice)),
        3 | 4 => Owned::Text(text(dice)),
        5 => like_a_tag(dice),
        6 => Owned::Vector((0..dice.random_range(1..7)).map(|_| double(dice)).collect()),
        7 => Owned::Array((0..6).map(|_| scalar(dice)).collect()),
        8 => Owned::Timestamp(moment(dice)),
        9 => Owned::Reference(reference(dice)),
        10 => Owned::GeoPoint {
            latitude: double(dice),
            longitude: double(dice),
        },
        11 => Owned::Bytes((0..dice.random_range(0..40)).map(|_| dice.random()).collect()),
        _ => map((0..4).map(|_| (name(dice, size), scalar(dice)))),
    }
}

/// A map with the first of each name.
fn map(all: impl IntoIterator<Item = (String, Owned)>) -> Owned {
    let mut entries: Vec<(String, Owned)> = Vec::new();
    for (name, value) in all {
        if !entries.iter().any(|(other, _)| *other == name) {
            entries.push((name, value));
        }
    }
    Owned::Map(entries)
}

/// Arrays and maps within each other, up to twice as deep as Firestore allows.
fn deep(dice: &mut StdRng, size: usize) -> Owned {
    let depth = dice.random_range(1..=1 + 2 * DEPTH * size / 100);
    (0..depth).fold(scalar(dice), |inner, _| match dice.random_range(0..3) {
        0 => Owned::Array(vec![inner]),
        1 => Owned::Array(vec![Owned::Null, inner, Owned::Boolean(true)]),
        _ => Owned::Map(vec![(name(dice, 1), inner)]),
    })
}

/// Nearly as large as a document may be, in one of several ways.
fn large(dice: &mut StdRng, bytes: usize) -> Owned {
    match dice.random_range(0..9) {
        0 => Owned::Text("long text, \"quoted\"\n".repeat(bytes / 20)),
        // Every byte becomes six in JSON.
        1 => Owned::Text("\u{1}".repeat(bytes)),
        2 => Owned::Text("\0".repeat(bytes)),
        3 => Owned::Bytes(vec![dice.random(); bytes]),
        4 => Owned::Array(vec![Owned::Integer(i64::MIN); bytes / 12]),
        5 => Owned::Array(vec![Owned::Null; bytes / 4]),
        6 => Owned::Map(
            (0..bytes / 20)
                .map(|key| (format!("key {key}"), Owned::Null))
                .collect(),
        ),
        7 => Owned::Vector(vec![double(dice); (bytes / 12).clamp(1, 16_000)]),
        _ => Owned::Map(vec![("k".repeat(bytes), Owned::Integer(1))]),
    }
}

/// What a careless reader of our own JSON would take for something else.
fn like_a_tag(dice: &mut StdRng) -> Owned {
    let tag = pick(
        dice,
        &[
            "$map",
            "$double",
            "$bytes",
            "$timestamp",
            "$reference",
            "$geopoint",
            "$vector",
            "$entries",
            "$text",
            "$null",
            "$value",
            "$",
            "$$map",
        ],
    );
    let inside = match dice.random_range(0..5) {
        0 => like_a_tag(dice),
        1 => Owned::Text("NaN".to_owned()),
        2 => Owned::Array(vec![Owned::Double(1.0), scalar(dice)]),
        3 => Owned::Map(vec![("$map".to_owned(), scalar(dice))]),
        _ => scalar(dice),
    };
    let mut entries = vec![(tag.to_owned(), inside)];
    if dice.random_range(0..4) == 0 {
        entries.push((name(dice, 1), scalar(dice)));
    }
    if dice.random_range(0..4) == 0 {
        // Firestore's own mark, on what is no vector.
        entries = vec![
            ("__type__".to_owned(), Owned::Text("__vector__".to_owned())),
            (
                "value".to_owned(),
                Owned::Array(vec![Owned::Integer(1); dice.random_range(0..3)]),
            ),
        ];
    }
    map(entries)
}
