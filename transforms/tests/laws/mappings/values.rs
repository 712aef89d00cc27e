//! Arbitrary values: of every type, at the edges of what PostgreSQL's types can say, and beyond.

use transforms::Timestamp;
use transforms::json::Owned;
use transforms::mapping::{Column, Function, Scalar, Type};

use super::documents::{ROOT, put};
use super::{Choices, path};

/// Any value nested at most so deep, and mostly less.
pub(crate) fn noise(choices: &mut Choices, depth: usize) -> Owned {
    match choices.below(if depth == 0 { 3 } else { 6 }) {
        0..3 => scalar(choices),
        3 if depth > 4 => Owned::Array(vec![noise(choices, depth - 1)]),
        4.. if depth > 4 => Owned::Map(vec![(key(choices), noise(choices, depth - 1))]),
        3 => Owned::Array(choices.some(3, |choices| noise(choices, depth - 1))),
        _ => map(choices, depth - 1),
    }
}

pub(super) fn map(choices: &mut Choices, depth: usize) -> Owned {
    let mut entries = Owned::Map(vec![]);
    for _ in 0..choices.below(4) {
        let key = key(choices);
        put(&mut entries, &path(&[&key]), noise(choices, depth));
    }
    entries
}

fn key(choices: &mut Choices) -> String {
    let keys = [
        "x", "y", "z", "n", "", "$map", "$text", "$entries", "$", "a b", "__type__", "value", "é.`\\",
    ];
    if choices.once_in(60) {
        choices.pick(&["u\0", "u"]).into()
    } else {
        choices.pick(&keys).into()
    }
}

pub(super) fn scalar(choices: &mut Choices) -> Owned {
    match choices.below(11) {
        0 => Owned::Null,
        1 => Owned::Boolean(choices.once_in(2)),
        2 => Owned::Integer(choices.pick(&INTEGERS)),
        3 => Owned::Double(double(choices)),
        4 => Owned::Timestamp(moment(choices)),
        5 => Owned::Bytes(bytes(choices)),
        6 => Owned::Reference(reference(choices)),
        7 => point(choices),
        8 => Owned::Vector(components(Type::Vector(2), choices)),
        9 => Owned::Text(uuid(choices)),
        _ => Owned::Text(text(choices)),
    }
}

const INTEGERS: [i64; 14] = [
    0,
    1,
    -7,
    40_000,
    -3_000_000_000,
    1 << 53,
    (1 << 53) + 1,
    -(1 << 53) - 1,
    16_777_217,
    1_704_164_645_123,
    i64::MAX,
    i64::MIN,
    123_456_789,
    253_402_300_800,
];

pub(super) fn integer(column: &Column, choices: &mut Choices) -> i64 {
    match column.sql {
        Type::Scalar(Scalar::SmallInt) if !choices.once_in(6) => choices.below(65_536) as i64 - 32_768,
        Type::Scalar(Scalar::Date) if !choices.once_in(3) => {
            let unit = match column.apply.first() {
                Some(Function::EpochSeconds) => 1,
                Some(Function::EpochMillis) => 1000,
                _ => 1_000_000,
            };
            86_400 * unit * (choices.below(60_000) as i64 - 20_000)
        }
        _ if choices.once_in(if column.apply.is_empty() { 3 } else { 12 }) => choices.pick(&INTEGERS),
        _ => choices.below(65_536) as i64 * 13,
    }
}

pub(super) fn double(choices: &mut Choices) -> f64 {
    let special = [
        0.5,
        -0.0,
        0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        1e21,
        0.1,
        9_007_199_254_740_993.0,
        -9.3e18,
        3.5e38,
        1e15,
        1_704_164_645.123,
        123_456_789.125,
        12.34,
        65_520.0,
        -3.0,
    ];
    match choices.below(6) {
        3.. => choices.below(65_536) as f64 / 64.0,
        1 | 2 => choices.pick(&special),
        0 => f64::from_bits((0..4).fold(0, |bits, _| bits << 16 | choices.below(65_536) as u64)),
    }
}

pub(super) fn moment(choices: &mut Choices) -> Timestamp {
    let edges = [-62_135_596_800, 253_402_300_799, -1, 0];
    let seconds = match choices.below(4) {
        3 => choices.pick(&edges),
        _ => (choices.below(65_536) as i64 - 20_000) * 31_557 + choices.below(60) as i64,
    };
    let nanos = match choices.below(12) {
        0..4 => 0,
        11 => 1,
        _ => choices.below(1000) as u32 * 1_001_000,
    };
    Timestamp::new(seconds, nanos).unwrap()
}

pub(super) fn text(choices: &mut Choices) -> String {
    let texts = [
        "a",
        "",
        "Straße",
        " ab\t",
        "\"\\\n\u{1}",
        "true",
        "5",
        "-0.5e3",
        "2024-01-02T03:04:05Z",
        "people/a",
        "İ😀",
        "2024-01-02",
        "NaN",
        "c␀d",
    ];
    match choices.once_in(30) {
        true => choices.pick(&["\0", "c\0d", "cd\0"]).into(),
        false => choices.pick(&texts).into(),
    }
}

pub(super) fn uuid(choices: &mut Choices) -> String {
    let canonical = format!("01234567-89ab-cdef-0123-456789ab{:04x}", choices.below(65_536));
    match choices.below(6) {
        4 => canonical.to_uppercase(),
        5 => canonical.replace('-', ""),
        _ => canonical,
    }
}

pub(super) fn bytes(choices: &mut Choices) -> Vec<u8> {
    choices.some(20, |choices| choices.below(256) as u8)
}

pub(super) fn reference(choices: &mut Choices) -> String {
    let paths = [
        "people/a",
        "people/é x",
        "things/b",
        "c/d/things/e",
        "people/a/b/c",
        "items/1",
    ];
    match choices.below(20) {
        17 => "projects/p/databases/other/documents/people/a".into(),
        18 => format!("{ROOT}X/people/a"),
        19 => format!("{ROOT}/people/n\0"),
        _ => format!("{ROOT}/{}", choices.pick(&paths)),
    }
}

pub(super) fn point(choices: &mut Choices) -> Owned {
    let (latitude, longitude) = match choices.once_in(12) {
        true => (double(choices), double(choices)),
        false => (
            choices.pick(&[0.0, 90.0, -1.5]),
            choices.pick(&[-0.0, 180.0, 0.1]),
        ),
    };
    Owned::GeoPoint { latitude, longitude }
}

/// Components of a vector of the column's dimension, mostly.
pub(super) fn components(sql: Type, choices: &mut Choices) -> Vec<f64> {
    let dimension = match sql {
        Type::Vector(dimension) | Type::Halfvec(dimension) => dimension.into(),
        Type::Sparsevec(dimension) => dimension as usize,
        _ => 2,
    };
    let dimension = if choices.once_in(12) {
        dimension + 1
    } else {
        dimension
    };
    let component = |choices: &mut Choices| match choices.below(12) {
        11 => double(choices),
        10 => -0.0,
        8..10 => 0.1,
        _ => choices.pick(&[0.0, 1.0, -0.5]),
    };
    (0..dimension).map(|_| component(choices)).collect()
}
