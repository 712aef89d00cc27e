//! A small reader of binary COPY tuples, independent of the packer: bytes to cells, cells to values.

use transforms::Timestamp;
use transforms::json::{self, Owned};

use crate::arbitrary::ROOT;
use crate::rules::Kind;

/// The cells of the one tuple that the bytes are, NULL as none.
pub(crate) fn cells(bytes: &[u8]) -> Vec<Option<&[u8]>> {
    let (count, mut rest) = bytes.split_first_chunk().unwrap();
    let cells = (0..i16::from_be_bytes(*count))
        .map(|_| {
            let (length, after) = rest.split_first_chunk().unwrap();
            rest = after;
            let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
            let (cell, after) = rest.split_at(length);
            rest = after;
            Some(cell)
        })
        .collect();
    assert!(rest.is_empty(), "{} bytes after the last cell", rest.len());
    cells
}

/// The value a cell alone stands for, when `_extra` has no word on it.
pub(crate) fn value(kind: Kind, cell: &[u8]) -> Owned {
    match kind {
        Kind::Boolean => Owned::Boolean(cell == [1]),
        Kind::Integer => Owned::Integer(i64::from_be_bytes(cell.try_into().unwrap())),
        Kind::Double => Owned::Double(double(cell)),
        Kind::Number => match double(cell) {
            integral if integral.fract() == 0.0 && integral.abs() <= 9_007_199_254_740_992.0 => {
                Owned::Integer(integral as i64)
            }
            double => Owned::Double(double),
        },
        Kind::Timestamp => Owned::Timestamp(timestamp(cell)),
        Kind::Text => Owned::Text(text(cell).into()),
        Kind::Bytes => Owned::Bytes(cell.to_vec()),
        Kind::Reference => Owned::Reference(format!("{ROOT}/{}", text(cell))),
        Kind::Point => Owned::GeoPoint {
            longitude: double(&cell[..8]),
            latitude: double(&cell[8..]),
        },
        Kind::Json => json::read(jsonb(cell), ROOT).unwrap(),
        Kind::Vector(dimension) => Owned::Vector(vector(dimension, cell)),
    }
}

/// Microseconds since 2000, as PostgreSQL counts them.
pub(crate) fn timestamp(cell: &[u8]) -> Timestamp {
    let micros = i64::from_be_bytes(cell.try_into().unwrap());
    let seconds = micros.div_euclid(1_000_000) + 946_684_800;
    Timestamp {
        seconds,
        nanos: micros.rem_euclid(1_000_000) as u32 * 1000,
    }
}

/// What PostgreSQL takes as text: UTF-8 without U+0000.
pub(crate) fn text(cell: &[u8]) -> &str {
    assert!(!cell.contains(&0), "U+0000 in text");
    std::str::from_utf8(cell).unwrap()
}

/// What PostgreSQL takes as `jsonb`: version 1 and JSON that never speaks of U+0000.
pub(crate) fn jsonb(cell: &[u8]) -> &str {
    assert_eq!(cell[0], 1);
    let text = text(&cell[1..]);
    assert!(!text.replace(r"\\", "").contains(r"\u0000"), "U+0000 in jsonb");
    text
}

fn double(cell: &[u8]) -> f64 {
    f64::from_be_bytes(cell.try_into().unwrap())
}

fn vector(dimension: u16, cell: &[u8]) -> Vec<f64> {
    assert_eq!(cell[..2], dimension.to_be_bytes());
    assert_eq!(cell[2..4], [0, 0]);
    let (components, rest) = cell[4..].as_chunks();
    assert!(rest.is_empty() && components.len() == usize::from(dimension));
    components
        .iter()
        .map(|component| f64::from(f32::from_be_bytes(*component)))
        .collect()
}
