//! Values at the edges of what their types can say, and names that mean something to somebody.

use rand::RngExt;
use rand::rngs::StdRng;
use transforms::Timestamp;
use transforms::json::Owned;

use crate::mappings::documents::ROOT;

pub(super) fn scalar(dice: &mut StdRng) -> Owned {
    match dice.random_range(0..6) {
        0 => Owned::Null,
        1 => Owned::Boolean(dice.random()),
        2 => Owned::Integer(integer(dice)),
        3 => Owned::Double(double(dice)),
        4 => Owned::Timestamp(moment(dice)),
        _ => Owned::Text(text(dice)),
    }
}

/// A field's name or a map's key.
pub(super) fn name(dice: &mut StdRng, size: usize) -> String {
    const NAMES: [&str; 26] = [
        "",
        " ",
        "a",
        "b",
        "m",
        "list",
        "entries",
        "__x__",
        "__name__",
        "__type__",
        "__key__",
        "$",
        "$map",
        "$double",
        "_path",
        "_extra",
        "_created_at",
        "value",
        "a.b",
        "`",
        "\"",
        "\\",
        "'; drop table items; --",
        "\u{202e}x",
        "\u{feff}",
        "null",
    ];
    match dice.random_range(0..40) {
        // Firestore allows 1500 bytes.
        0 => "k".repeat(16 * size),
        1 => text(dice),
        2 => format!("key {}", dice.random_range(0..1000)),
        _ => pick(dice, &NAMES).to_owned(),
    }
}

pub(super) fn text(dice: &mut StdRng) -> String {
    const TEXTS: [&str; 22] = [
        "",
        "\0",
        "a\0b",
        "\u{1}\u{2}\u{1f}",
        "\u{7f}\u{80}\u{9f}",
        "\u{2028}\u{2029}",
        "\u{d7ff}\u{e000}",
        "\u{fffd}",
        "\u{fffe}\u{ffff}",
        "\u{10ffff}",
        "\u{feff}bom",
        "e\u{301}",
        "\u{202e}rtl",
        "👩‍👩‍👧",
        "\\u0000",
        "\\ud800",
        "\\N",
        "\\.",
        "\t\r\n",
        "\"",
        "1e400",
        "infinity",
    ];
    match dice.random_range(0..4) {
        0 => (0..dice.random_range(0..12))
            .map(|_| dice.random::<char>())
            .collect(),
        _ => pick(dice, &TEXTS).to_owned(),
    }
}

pub(super) fn double(dice: &mut StdRng) -> f64 {
    const EDGES: [f64; 18] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
        1e21,
        1e-7,
        9_007_199_254_740_993.0,
        9.223_372_036_854_776e18,
        3.402_823_5e38,
        65_519.99,
        180.000_000_1,
        0.1,
        1.0,
    ];
    match dice.random_range(0..4) {
        // Also NaN with every payload and sign.
        0 => f64::from_bits(dice.random()),
        1 => f64::from_bits(dice.random::<u64>() | 0x7ff0 << 48),
        _ => EDGES[dice.random_range(0..EDGES.len())],
    }
}

pub(super) fn integer(dice: &mut StdRng) -> i64 {
    const EDGES: [i64; 12] = [
        0,
        -1,
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
        1 << 53,
        (1 << 53) + 1,
        -(1 << 53) - 1,
        32_768,
        -32_769,
        1 << 31,
        u32::MAX as i64,
    ];
    match dice.random_range(0..3) {
        0 => dice.random(),
        _ => EDGES[dice.random_range(0..EDGES.len())],
    }
}

/// Seconds of years that few calendars know.
pub(super) fn edge(dice: &mut StdRng) -> i64 {
    // The first and the last; the end of PostgreSQL's own BC; leap days; the end of 32 bits.
    const EDGES: [i64; 9] = [
        -62_135_596_800,
        253_402_300_799,
        -62_135_596_799,
        253_402_300_798,
        -1,
        0,
        951_782_400,
        2_147_483_648,
        -11_644_473_600,
    ];
    EDGES[dice.random_range(0..EDGES.len())]
}

pub(super) fn moment(dice: &mut StdRng) -> Timestamp {
    let nanos = [0, 1, 999, 1000, 999_999_999, 999_999_000, 500_000_000][dice.random_range(0..7)];
    let seconds = edge(dice);
    Timestamp { seconds, nanos }
}

pub(super) fn reference(dice: &mut StdRng) -> String {
    let path = pick(
        dice,
        &[
            "people/a",
            "people/\0",
            "people/a/b",
            "things/é x",
            "",
            "/",
            "//",
            "people/a/",
            "things/..",
            "%2F/%00",
        ],
    );
    match dice.random_range(0..8) {
        0 => path.to_owned(),
        1 => format!("{ROOT}X/{path}"),
        2 => format!("projects/p/databases/other/documents/{path}"),
        _ => format!("{ROOT}/{path}"),
    }
}

pub(super) fn pick<'l>(dice: &mut StdRng, list: &[&'l str]) -> &'l str {
    list[dice.random_range(0..list.len())]
}
