//! A case: a mapping that settings allow, with keys, indexes and foreign keys, and documents for it.
//! The documents' ids are odd and differ, and a few documents are as large as Firestore takes them.

mod more;

use crate::Dice;
use crate::mappings::documents::{self, Sample};
use crate::mappings::{self, noise};
use config::mapping::{Mapping, Table, Type};
use transforms::json::Owned;

/// Tables of one collection, and what goes into them.
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) tables: Vec<Table>,
    pub(crate) exact_vectors: bool,
    pub(crate) samples: Vec<Sample>,
}

/// Of so many mappings one has large documents.
const LARGE: u64 = 10;

impl Case {
    pub(crate) fn new(seed: u64, documents: usize) -> Case {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut tables = mappings::tables(&mut dice.choices(1600));
        for table in &mut tables {
            for column in more::columns_of(table) {
                // There is no PostGIS where tests run.
                if column.sql == Type::Geography {
                    column.sql = Type::Point;
                }
            }
        }
        more::make(&mut tables, &mut dice);
        let mut samples: Vec<Sample> = (0..documents)
            .map(|number| {
                let mut sample = documents::document(&tables, &mut dice.choices(1200));
                rename(&mut sample, number, &mut dice);
                sample
            })
            .collect();
        if seed.is_multiple_of(LARGE) {
            for (way, sample) in samples.iter_mut().rev().take(10).enumerate() {
                grow(sample, way, &mut dice);
            }
        }
        Case {
            seed,
            tables,
            exact_vectors: dice.below(2) == 0,
            samples,
        }
    }
}

/// What is wrong with the tables as settings.
pub(crate) fn problems(tables: &[Table]) -> Vec<String> {
    let tables = tables.iter().cloned().chain(mappings::neighbours());
    let mapping = Mapping {
        tables: tables.collect(),
        ..Mapping::default()
    };
    mapping.problems()
}

/// Another id, which no other document of the case has.
fn rename(sample: &mut Sample, number: usize, dice: &mut Dice) {
    let odd = [
        "",
        "é x",
        "__id7",
        "a.b",
        "100%",
        "\"q\"",
        "back\\slash",
        "tab\t",
        "😀",
        "it's",
        "*",
        "$id",
        "line\nbreak",
        "\u{7f}\u{85}",
        "Ⅸ\u{301}",
        "{}",
        "null",
        "\u{10ffff}",
        "..",
        " ",
    ];
    let long = "x".repeat(1400);
    let odd = if dice.below(60) == 0 {
        &long
    } else {
        dice.pick(&odd)
    };
    let (parent, _) = sample.name.rsplit_once('/').unwrap();
    sample.name = format!("{parent}/{odd}{number}");
}

/// Firestore's limit for a document is 1 MiB, and these stay a little below it as Firestore counts.
const ALMOST: usize = 1_000_000;

/// Makes a document large in one of several ways.
fn grow(sample: &mut Sample, way: usize, dice: &mut Dice) {
    let own = sample.fields.len().max(1);
    let large = match way {
        0 => Owned::Text("long text, \"quoted\"\n".repeat(ALMOST / 20)),
        // Every byte becomes six in JSON.
        1 => Owned::Text("\u{1}".repeat(ALMOST)),
        2 => Owned::Bytes((0..ALMOST).map(|_| dice.next() as u8).collect()),
        3 => Owned::Array((0..ALMOST as i64 / 8).map(Owned::Integer).collect()),
        4 => Owned::Array(vec![Owned::Null; ALMOST]),
        5 => {
            let entry = |number| (format!("key {number}"), noise(&mut dice.choices(8), 1));
            Owned::Map((0..20_000).map(entry).collect())
        }
        6 => Owned::Array((0..4000).map(|_| noise(&mut dice.choices(30), 3)).collect()),
        7 => Owned::Text("\0".repeat(ALMOST)),
        8 => Owned::Vector((0..16_000).map(f64::from).collect()),
        _ => (0..18).fold(Owned::Text("deep".repeat(200_000)), |inner, depth| {
            match depth % 2 {
                0 => Owned::Array(vec![inner]),
                _ => Owned::Map(vec![("$map".to_owned(), inner)]),
            }
        }),
    };
    // In a field that a column may have, in one that elements may be made of, or in one that nobody knows.
    let place = match dice.below(4) {
        0 => sample
            .fields
            .iter()
            .position(|(name, _)| name == "list" || name == "entries"),
        1 | 2 => Some(dice.below(own)),
        _ => None,
    };
    match place.and_then(|place| sample.fields.get_mut(place)) {
        Some((_, value)) => *value = large,
        None => {
            sample.fields.retain(|(name, _)| name != "large");
            sample.fields.push(("large".to_owned(), large));
        }
    }
}
