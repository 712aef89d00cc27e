//! Cells as COPY (FORMAT binary) gives them, read by the type of their column.
//! Whatever the bytes are, the answer is what they say or the reason why they say nothing; nothing is guessed.
//! Which Firestore value a cell stands for is decided next door, by what the column holds.

use super::numeric::Numeric;
use crate::Floats;
use crate::json::{self, Owned};
use crate::mapping::{Holds, Scalar, Type};

/// What a cell says, by its column's type alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stored {
    Boolean(bool),
    Integer(i64),
    Numeric(Numeric),
    Double(f64),
    /// Microseconds since 1970.
    Moment(i64),
    Text(String),
    Uuid([u8; 16]),
    Bytes(Vec<u8>),
    Point {
        latitude: f64,
        longitude: f64,
    },
    Json(Owned),
    Floats(Floats<'static>),
    Sparse {
        dimension: u32,
        places: Vec<u32>,
        values: Floats<'static>,
    },
    /// NULL is none.
    Array(Vec<Option<Stored>>),
}

/// Why a cell cannot be read, in words that fit after the column's name.
pub(super) type Trouble = &'static str;

/// Microseconds from 1970 to 2000, where PostgreSQL's time begins.
const EPOCH: i64 = 946_684_800_000_000;
const DAY: i64 = 86_400_000_000;

/// Reads a cell of a column.
pub(super) fn read(sql: Type, holds: Holds, cell: &[u8], root: &str) -> Result<Stored, Trouble> {
    Ok(match sql {
        Type::Array(Scalar::Real) if holds == Holds::Vector => Stored::Floats(reals(cell)?),
        Type::Scalar(scalar) => self::scalar(scalar, cell)?,
        Type::Array(scalar) => Stored::Array(array(scalar, cell)?),
        Type::Json => {
            let text = jsonb(cell)?;
            Stored::Json(json::read(text, root).map_err(|_| "no tagged JSON")?)
        }
        Type::Point => {
            let mut bytes = Bytes(cell);
            let (longitude, latitude) = (bytes.double(false)?, bytes.double(false)?);
            bytes.end()?;
            Stored::Point { latitude, longitude }
        }
        Type::Geography => geography(cell)?,
        Type::Vector(dimension) => Stored::Floats(vector(dimension, cell, Bytes::float)?),
        Type::Halfvec(dimension) => Stored::Floats(vector(dimension, cell, Bytes::half)?),
        Type::Sparsevec(dimension) => sparse(dimension, cell)?,
        Type::Tsvector => return Err("a tsvector, which rows do not carry"),
    })
}

fn scalar(scalar: Scalar, cell: &[u8]) -> Result<Stored, Trouble> {
    let mut bytes = Bytes(cell);
    let stored = match scalar {
        Scalar::Text => return Ok(Stored::Text(text(cell)?.into())),
        Scalar::Bytes => return Ok(Stored::Bytes(cell.into())),
        Scalar::Numeric(_) => return Numeric::read(bytes).map(Stored::Numeric),
        Scalar::Boolean => match bytes.take()? {
            [0] => Stored::Boolean(false),
            [1] => Stored::Boolean(true),
            _ => return Err("neither true nor false"),
        },
        Scalar::SmallInt => Stored::Integer(bytes.take().map(i16::from_be_bytes)?.into()),
        Scalar::Integer => Stored::Integer(bytes.take().map(i32::from_be_bytes)?.into()),
        Scalar::BigInt => Stored::Integer(bytes.take().map(i64::from_be_bytes)?),
        Scalar::Real => Stored::Double(bytes.single()?),
        Scalar::Double => Stored::Double(bytes.double(false)?),
        Scalar::Timestamp => Stored::Moment(moment(bytes.take()?)?),
        Scalar::Date => match bytes.take().map(i32::from_be_bytes)? {
            i32::MAX | i32::MIN => return Err("an infinite date"),
            days => {
                let micros = i64::from(days)
                    .checked_mul(DAY)
                    .and_then(|micros| micros.checked_add(EPOCH));
                Stored::Moment(micros.ok_or(BEYOND)?)
            }
        },
        Scalar::Uuid => Stored::Uuid(bytes.take()?),
    };
    bytes.end()?;
    Ok(stored)
}

/// Microseconds since 1970 of a `timestamptz`.
pub(super) fn moment(cell: [u8; 8]) -> Result<i64, Trouble> {
    match i64::from_be_bytes(cell) {
        i64::MAX | i64::MIN => Err("an infinite moment"),
        micros => micros.checked_add(EPOCH).ok_or("a moment beyond every calendar"),
    }
}

/// What is not UTF-8 cannot come from a `text`.
pub(super) fn text(cell: &[u8]) -> Result<&str, Trouble> {
    std::str::from_utf8(cell).map_err(|_| "no UTF-8")
}

/// The JSON text of a `jsonb`.
pub(super) fn jsonb(cell: &[u8]) -> Result<&str, Trouble> {
    match cell {
        [1, text @ ..] => self::text(text),
        _ => Err("no jsonb of version 1"),
    }
}

/// Dimensions, whether there are NULLs, the element's type, the bounds; then each element with its length.
fn array(scalar: Scalar, cell: &[u8]) -> Result<Vec<Option<Stored>>, Trouble> {
    let mut bytes = Bytes(cell);
    let dimensions = bytes.integer()?;
    // Whether there are NULLs can be seen from the elements, and the column has told their type.
    bytes.take::<8>()?;
    let count = match dimensions {
        0 => 0,
        1 => {
            let count = bytes.integer()?;
            bytes.take::<4>()?;
            count
        }
        _ => return Err("an array of several dimensions"),
    };
    let mut elements = Vec::new();
    for _ in 0..count {
        elements.push(match bytes.integer()? {
            -1 => None,
            length => {
                let length = usize::try_from(length).map_err(|_| CUT)?;
                Some(self::scalar(scalar, bytes.slice(length)?)?)
            }
        });
    }
    bytes.end()?;
    Ok(elements)
}

/// EWKB: byte order, the type with a flag for the reference system, that system, longitude and latitude.
fn geography(cell: &[u8]) -> Result<Stored, Trouble> {
    const POINT: u32 = 1;
    const WITH_SYSTEM: u32 = 0x2000_0000;
    let mut bytes = Bytes(cell);
    let little = match bytes.take()? {
        [0] => false,
        [1] => true,
        _ => return Err("no EWKB"),
    };
    let kind = bytes.unsigned(little)?;
    if kind & WITH_SYSTEM != 0 {
        bytes.take::<4>()?;
    }
    if kind & !WITH_SYSTEM != POINT {
        return Err("no plain point");
    }
    let (longitude, latitude) = (bytes.double(little)?, bytes.double(little)?);
    bytes.end()?;
    Ok(Stored::Point { latitude, longitude })
}

/// The number of components, a word that means nothing, the components.
fn vector<'c>(
    dimension: u16,
    cell: &'c [u8],
    component: fn(&mut Bytes<'c>) -> Result<f32, Trouble>,
) -> Result<Floats<'static>, Trouble> {
    let mut bytes = Bytes(cell);
    if bytes.take().map(u16::from_be_bytes)? != dimension {
        return Err("a vector of another length than its column");
    }
    bytes.take::<2>()?;
    let components = (0..dimension)
        .map(|_| component(&mut bytes))
        .collect::<Result<_, _>>()?;
    bytes.end()?;
    Ok(components)
}

/// The number of components, how many are not zero, a word that means nothing, their places, their values.
fn sparse(dimension: u32, cell: &[u8]) -> Result<Stored, Trouble> {
    let mut bytes = Bytes(cell);
    if bytes.unsigned(false)? != dimension {
        return Err("a vector of another length than its column");
    }
    let stored = bytes.unsigned(false)?;
    bytes.take::<4>()?;
    let places: Vec<u32> = (0..stored)
        .map(|_| bytes.unsigned(false))
        .collect::<Result<_, _>>()?;
    if places.last().is_some_and(|last| *last >= dimension) || !places.is_sorted_by(|a, b| a < b) {
        return Err("components that are not in order, or beyond their vector's end");
    }
    let values = places.iter().map(|_| bytes.float()).collect::<Result<_, _>>()?;
    bytes.end()?;
    Ok(Stored::Sparse {
        dimension,
        places,
        values,
    })
}

impl Stored {
    /// The same with the indices that the places stand for, in their order.
    pub(super) fn renumbered(self, indices: impl Fn(&[u32]) -> Option<Vec<u32>>) -> Result<Stored, Trouble> {
        let Stored::Sparse {
            dimension,
            places,
            values,
        } = self
        else {
            return Ok(self);
        };
        let found = indices(&places).filter(|indices| indices.len() == places.len());
        let found = found.ok_or("numbers that stand for no index in the dictionary given")?;
        let mut pairs: Vec<(u32, f32)> = found.into_iter().zip(values.iter()).collect();
        pairs.sort_by_key(|(index, _)| *index);
        let (places, values) = pairs.into_iter().unzip();
        Ok(Stored::Sparse {
            dimension,
            places,
            values,
        })
    }
}

/// The elements of a `real[]` without NULLs, bit by bit.
fn reals(cell: &[u8]) -> Result<Floats<'static>, Trouble> {
    let mut bytes = Bytes(cell);
    let dimensions = bytes.integer()?;
    bytes.take::<8>()?;
    let count = match dimensions {
        0 => 0,
        1 => {
            let count = bytes.integer()?;
            bytes.take::<4>()?;
            count
        }
        _ => return Err("an array of several dimensions"),
    };
    let mut element = || match bytes.integer()? {
        4 => bytes.float(),
        _ => Err("an element that is no float"),
    };
    let floats = (0..count).map(|_| element()).collect::<Result<_, _>>()?;
    bytes.end()?;
    Ok(floats)
}

const BEYOND: Trouble = "a moment beyond every calendar";
const CUT: Trouble = "bytes cut off";

/// What is left of a cell.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'c>(&'c [u8]);

impl<'c> Bytes<'c> {
    pub(super) fn take<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], Trouble> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn slice(&mut self, length: usize) -> Result<&'c [u8], Trouble> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn end(self) -> Result<(), Trouble> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err("more bytes than its type has")
        }
    }

    fn integer(&mut self) -> Result<i32, Trouble> {
        self.take().map(i32::from_be_bytes)
    }

    fn unsigned(&mut self, little: bool) -> Result<u32, Trouble> {
        let bytes = self.take()?;
        Ok(if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn double(&mut self, little: bool) -> Result<f64, Trouble> {
        let bytes = self.take()?;
        Ok(if little {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        })
    }

    fn single(&mut self) -> Result<f64, Trouble> {
        self.float().map(f64::from)
    }

    fn float(&mut self) -> Result<f32, Trouble> {
        self.take().map(f32::from_be_bytes)
    }

    /// IEEE 754 binary16: a sign, five bits of exponent, ten of fraction.
    fn half(&mut self) -> Result<f32, Trouble> {
        let bits = self.take().map(u16::from_be_bytes)?;
        let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
        let size = match exponent {
            0 => fraction * 2f32.powi(-24),
            0x1f if fraction == 0.0 => f32::INFINITY,
            0x1f => f32::NAN,
            _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
        };
        Ok(if bits >> 15 == 0 { size } else { -size })
    }
}
