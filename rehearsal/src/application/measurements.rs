//! A collection whose every field takes the edges of its type.
//! It promises that column types meet their extremes in every combination: each field mostly holds values
//! of one type, now and then null, another type, or nothing.
//! Names and shapes that are odd in themselves are left to `quirks`.

use serde_json::Value;

use super::Maker;
use super::values::*;

/// 2^53: up to here a double tells all integers apart.
const EXACT: i64 = 1 << 53;

pub(super) fn measurement(maker: &mut Maker<'_>) -> Fields {
    let other = reference("projects/elsewhere/databases/second/documents/sensors/s1");
    let sensors = [maker.some("locations"), maker.some("warehouses"), other];
    let mut columns = vec![
        ("flag", vec![boolean(true), boolean(false)]),
        ("count", INTEGERS.iter().copied().map(integer).collect()),
        (
            "reading",
            DOUBLES
                .iter()
                .copied()
                .map(double)
                .chain([integer(5), integer(EXACT + 1)])
                .collect(),
        ),
        (
            "amount",
            INTEGERS
                .iter()
                .copied()
                .map(integer)
                .chain(DOUBLES.iter().copied().map(double))
                .collect(),
        ),
        ("takenAt", MOMENTS.iter().copied().map(timestamp).collect()),
        ("note", NOTES.iter().copied().map(text).collect()),
        (
            "payload",
            vec![
                bytes(&[]),
                bytes(&[0]),
                bytes(&[0xff, 0xfe, 0x00, 0x0a, 0x5c]),
                bytes(&[7; 300]),
            ],
        ),
        ("sensor", sensors.to_vec()),
        (
            "position",
            vec![
                place(-0.0, 0.0),
                place(0.0, -0.0),
                place(90.0, -180.0),
                place(-90.0, 180.0),
                place(0.1, 1e-7),
            ],
        ),
        ("samples", arrays()),
        ("attributes", maps()),
        (
            "signature",
            vec![
                vector(&[0.25, -0.0, 1e30]),
                vector(&[0.1, 0.2, 1e-45]),
                vector(&[-1.5, 2.0, 3.0]),
            ],
        ),
    ];
    let dice = &mut maker.dice;
    let mut fields = Fields::new();
    for (name, values) in &mut columns {
        let value = match dice.below(40) {
            0 => continue,
            1 => null(),
            2 => text("n/a"),
            _ => values.swap_remove(dice.below(values.len())),
        };
        fields.insert((*name).to_owned(), value);
    }
    fields
}

pub(super) const INTEGERS: &[i64] = &[
    0,
    1,
    -1,
    42,
    EXACT,
    EXACT + 1,
    -EXACT,
    -EXACT - 1,
    i64::MAX,
    i64::MIN,
    10_000_000_000,
];

pub(super) const DOUBLES: &[f64] = &[
    0.0,
    -0.0,
    3.0,
    -7.0,
    0.1,
    5e-324,
    2.2250738585072014e-308,
    1e-6,
    9.999999e-7,
    1e20,
    1e21,
    1e300,
    f64::MAX,
    9007199254740992.0,
    9007199254740994.0,
    123456789.125,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

/// The first and last moments there are, the ones around 1970 and Postgres' own zero, and a leap day.
pub(super) const MOMENTS: &[i64] = &[
    -62_135_596_800_000_000,
    253_402_300_799_999_999,
    0,
    -1,
    1,
    946_684_800_000_000,
    946_684_799_999_999,
    1_709_210_096_120_000,
    -2_208_988_800_000_000,
];

pub(super) const NOTES: &[&str] = &[
    "",
    " ",
    "\\N",
    "\\.",
    "tab\tline\ncarriage\rbackspace\u{8}",
    "quote \" ' ` backslash \\",
    "👩‍👩‍👧‍👦 e\u{301} \u{feff}",
    "\u{10ffff}\u{fffe}",
    "null",
    "{\"$double\":\"NaN\"}",
    "'); drop table users; --",
    "\u{1}\u{7f}\u{85}\u{2028}",
];

pub(super) fn arrays() -> Vec<Value> {
    let mixed = [
        null(),
        boolean(true),
        integer(1),
        double(1.0),
        text("1"),
        bytes(&[1]),
        timestamp(1),
        place(1.0, 2.0),
    ];
    vec![
        array([]),
        array([null()]),
        array(INTEGERS.iter().copied().map(integer)),
        array(DOUBLES.iter().copied().map(double)),
        array(MOMENTS.iter().copied().map(timestamp)),
        array(mixed),
        array([map(
            fields! {"inner" => array([map(fields! {}), array_of_maps(4)])},
        )]),
    ]
}

/// Firestore refuses an array right inside an array, not one inside a map inside an array.
fn array_of_maps(depth: usize) -> Value {
    map(match depth {
        0 => fields! {"end" => array([])},
        _ => fields! {"next" => array([array_of_maps(depth - 1)])},
    })
}

pub(super) fn maps() -> Vec<Value> {
    vec![
        map(fields! {}),
        map(fields! {"$double" => text("NaN")}),
        map(fields! {"$map" => map(fields! {"$timestamp" => text("not one")})}),
        map(fields! {"$" => integer(1)}),
        map(fields! {"$a" => integer(1), "$b" => integer(2)}),
        map(
            fields! {"v" => vector(&[0.1, -0.0, 1e300]), "r" => reference("projects/a/databases/b/documents/c/d")},
        ),
        map(
            fields! {"quote\"" => text("\""), "back\\slash" => null(), "new\nline" => text("\u{1f600}"), "a.b" => integer(1)},
        ),
        deep(20),
    ]
}

/// Maps within maps, `levels` of them: Firestore's limit is 20.
pub(super) fn deep(levels: usize) -> Value {
    map(match levels {
        1 => fields! {"bottom" => double(-0.0)},
        _ => fields! {"down" => deep(levels - 1)},
    })
}
