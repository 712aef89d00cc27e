//! Which columns tell a field, in which order they are asked, and what a cell of theirs stands for.
//! A column tells if everything done to the value on its way in can be undone; what it then says is the field's
//! value unless `_extra` says otherwise.
//! Cells are read next door; putting values back where they were is the unpacker's.

use std::collections::HashMap;

use super::cell::{Stored, Trouble};
use crate::json::Owned;
use crate::mapping::{
    Column, Document, FieldPath, Function, Holds, Misfit, Pattern, Records, Scalar, Segment, Source, Type,
};
use crate::uuid::hyphenated;
use crate::{Sparse, Timestamp};

/// The collections at the root, by the names of the tables made of them.
pub(super) type Homes<'t> = HashMap<&'t str, &'t str>;

/// The collection that a table is made of, if that lies at the root.
pub(super) fn home(pattern: &Pattern) -> Option<&str> {
    match pattern.segments.as_slice() {
        [Segment::Named(collection)] if !pattern.anywhere => Some(collection),
        _ => None,
    }
}

/// A column (or two) from which a field can be had back.
#[derive(Debug, Clone)]
pub(super) struct Teller<'t> {
    /// Where the field lies, from the document or the element. Empty: the element itself.
    pub(super) path: &'t [String],
    /// The column.
    pub(super) column: &'t Column,
    /// The place of its cell among the row's.
    pub(super) cell: usize,
    pub(super) way: Way<'t>,
    /// What the rows are made of.
    of: Records,
    /// A column of the same field converts what does not fit: an amendment may be all that tells the value.
    casts: bool,
}

/// The way from a cell back to the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way<'t> {
    /// The cell is the value.
    Plain,
    /// A number for a moment, or the other way: so many microseconds are one.
    Epoch(i64),
    /// The id of a document of this collection at the root.
    Id(&'t str),
    /// Half a point; the cell of the degrees east is here.
    Latitude(usize),
}

/// The columns that tell something, in the order in which they are asked: fields further out first, of one field
/// `jsonb`, which always tells all, then those that hold it as it is, then as written. The first that is not NULL counts.
/// What is dropped is not to come back from a column that shows something made of it.
pub(super) fn tellers<'t>(
    columns: &'t [Column],
    first: usize,
    dropped: &[FieldPath],
    homes: &Homes<'t>,
    of: Records,
) -> Vec<Teller<'t>> {
    let loaded = || columns.iter().filter(|column| column.is_loaded()).zip(first..);
    let teller = |(column, cell): (&'t Column, usize)| {
        let path = path(column)?;
        if dropped.iter().any(|dropped| path.starts_with(&dropped.0)) {
            return None;
        }
        let east = || {
            let is_east = |other| self::path(other) == Some(path) && half(other, Function::Longitude);
            let (_, cell) = loaded().find(|(other, _)| is_east(other))?;
            Some(cell)
        };
        let way = way(column, homes, east)?;
        let casts = |other: &Column| other.misfit == Misfit::Cast && self::path(other) == Some(path);
        Some(Teller {
            path,
            column,
            cell,
            way,
            of,
            casts: columns.iter().any(casts),
        })
    };
    let mut tellers: Vec<Teller<'t>> = loaded().filter_map(teller).collect();
    tellers.sort_by_key(|teller| {
        let column = teller.column;
        (
            teller.path.len(),
            column.sql != Type::Json,
            !column.apply.is_empty(),
        )
    });
    tellers
}

fn path(column: &Column) -> Option<&[String]> {
    match &column.from {
        Source::Field(FieldPath(names)) => Some(names),
        Source::Document(Document::Value) => Some(&[]),
        _ => None,
    }
}

fn way<'t>(column: &Column, homes: &Homes<'t>, east: impl Fn() -> Option<usize>) -> Option<Way<'t>> {
    let changes =
        |function: &&Function| !matches!(function, Function::Lower | Function::Upper | Function::Trim);
    let mut changing = column.apply.iter().filter(changes);
    let way = match changing.next() {
        None => Way::Plain,
        Some(Function::EpochSeconds) => Way::Epoch(1_000_000),
        Some(Function::EpochMillis) => Way::Epoch(1000),
        Some(Function::EpochMicros) => Way::Epoch(1),
        // A text without a slash is its own last part.
        Some(Function::Id) if column.holds == Holds::Text => Way::Plain,
        Some(Function::Id) => Way::Id(homes.get(column.references.as_ref()?.table.as_str())?),
        Some(Function::Latitude) if half(column, Function::Latitude) => Way::Latitude(east()?),
        Some(_) => return None,
    };
    changing.next().is_none().then_some(way)
}

fn half(column: &Column, function: Function) -> bool {
    column.apply == [function] && column.sql == Type::Scalar(Scalar::Double)
}

impl Teller<'_> {
    /// The name of the field in `__missing__`.
    pub(super) fn field(&self) -> String {
        match &self.column.from {
            Source::Field(path) => path.to_string(),
            _ => "$value".into(),
        }
    }

    /// The value that a cell stands for. Where a value was converted it may stand for nothing, in this column and in
    /// others of the field: the amendment tells it.
    pub(super) fn value(&self, stored: Stored, root: &str) -> Result<Option<Owned>, Trouble> {
        match self.undone(stored, root) {
            None if self.casts => Ok(None),
            None => Err("a value that the column is not said to hold"),
            some => Ok(some),
        }
    }

    fn undone(&self, stored: Stored, root: &str) -> Option<Owned> {
        match (self.way, stored) {
            (Way::Epoch(unit), stored) => epoch(stored, unit, self.column.holds),
            (Way::Id(collection), stored) => match plain(stored, Holds::Text, root)? {
                Owned::Text(id) => Some(Owned::Reference(format!("{root}/{collection}/{id}"))),
                _ => None,
            },
            (_, stored) if self.of == Records::Points => of_point(stored, self.column.holds),
            (_, stored) => plain(stored, self.column.holds, root),
        }
    }
}

/// A number for a moment, or a moment for a number.
fn epoch(stored: Stored, unit: i64, holds: Holds) -> Option<Owned> {
    let micros = match stored {
        Stored::Moment(micros) => {
            let exact = micros % unit == 0;
            return match holds {
                Holds::Integer | Holds::Number if exact => Some(Owned::Integer(micros / unit)),
                Holds::Double | Holds::Number => Some(Owned::Double(micros as f64 / unit as f64)),
                Holds::Timestamp => plain(Stored::Moment(micros), holds, ""),
                _ => None,
            };
        }
        Stored::Integer(number) => number.checked_mul(unit)?,
        Stored::Numeric(numeric) => numeric.times(unit)?,
        Stored::Double(number) => whole((number * unit as f64).round(), 2f64.powi(63))?,
        _ => return None,
    };
    plain(Stored::Moment(micros), holds, "")
}

/// The value of a point that a stored one is, where that is not what Firestore would have.
fn of_point(stored: Stored, holds: Holds) -> Option<Owned> {
    match (holds, stored) {
        (Holds::Vector, Stored::Floats(floats)) => Some(Owned::Floats(floats)),
        (Holds::Vector, Stored::Sparse { places, values, .. }) => {
            Sparse::new(places, values).map(Box::new).map(Owned::Sparse)
        }
        (Holds::Point, Stored::Point { latitude, longitude }) => {
            let degrees = [("lat", latitude), ("lon", longitude)];
            let entries = degrees.map(|(name, degrees)| (name.to_owned(), Owned::Double(degrees)));
            Some(Owned::Map(entries.into()))
        }
        (holds, stored) => plain(stored, holds, ""),
    }
}

/// The components of a vector, those that are zero too.
fn components(stored: Stored) -> Option<Vec<f64>> {
    // More than a document of one mebibyte can hold, so that no cell asks for all the memory there is.
    const LONGEST: u32 = 1 << 20;
    match stored {
        Stored::Floats(floats) => Some(floats.iter().map(f64::from).collect()),
        Stored::Sparse {
            dimension,
            places,
            values,
        } if dimension <= LONGEST => {
            let mut components = vec![0.0; dimension as usize];
            for (place, value) in places.into_iter().zip(values.iter()) {
                *components.get_mut(place as usize)? = f64::from(value);
            }
            Some(components)
        }
        _ => None,
    }
}

/// The Firestore value that a stored one is, in a column that holds this.
fn plain(stored: Stored, holds: Holds, root: &str) -> Option<Owned> {
    Some(match (holds, stored) {
        (_, Stored::Json(value)) => value,
        (Holds::Boolean, Stored::Boolean(boolean)) => Owned::Boolean(boolean),
        (Holds::Integer | Holds::Number, Stored::Integer(integer)) => Owned::Integer(integer),
        (Holds::Double, Stored::Integer(integer)) => Owned::Double(integer as f64),
        (Holds::Integer, Stored::Numeric(numeric)) => Owned::Integer(numeric.times(1)?),
        (Holds::Double, Stored::Numeric(numeric)) => Owned::Double(numeric.double()?),
        (Holds::Number, Stored::Numeric(numeric)) => match numeric.times(1) {
            Some(integer) => Owned::Integer(integer),
            None => Owned::Double(numeric.double()?),
        },
        (Holds::Double, Stored::Double(double)) => Owned::Double(double),
        (Holds::Integer, Stored::Double(double)) => Owned::Integer(whole(double, EXACT)?),
        (Holds::Number, Stored::Double(double)) => match whole(double, EXACT) {
            Some(integer) => Owned::Integer(integer),
            None => Owned::Double(double),
        },
        (Holds::Timestamp, Stored::Moment(micros)) => Owned::Timestamp(timestamp(micros)?),
        (Holds::Text, Stored::Text(text)) => Owned::Text(text),
        (Holds::Text, Stored::Uuid(uuid)) => Owned::Text(hyphenated(uuid)),
        (Holds::Reference, Stored::Text(path)) => Owned::Reference(format!("{root}/{path}")),
        (Holds::Bytes, Stored::Bytes(bytes)) => Owned::Bytes(bytes),
        (Holds::Bytes, Stored::Uuid(uuid)) => Owned::Bytes(uuid.into()),
        (Holds::Point, Stored::Point { latitude, longitude }) => Owned::GeoPoint { latitude, longitude },
        (Holds::Vector, stored) => Owned::Vector(components(stored)?),
        (Holds::Array, stored @ (Stored::Floats(_) | Stored::Sparse { .. })) => {
            Owned::Array(components(stored)?.into_iter().map(Owned::Double).collect())
        }
        (Holds::Array, Stored::Array(elements)) => {
            Owned::Array(elements.into_iter().map(element).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// An element of an array column holds the type that goes with its own.
fn element(element: Option<Stored>) -> Option<Owned> {
    let Some(stored) = element else {
        return Some(Owned::Null);
    };
    let holds = match stored {
        Stored::Boolean(_) => Holds::Boolean,
        Stored::Integer(_) => Holds::Integer,
        Stored::Numeric(_) => Holds::Number,
        Stored::Double(_) => Holds::Double,
        Stored::Moment(_) => Holds::Timestamp,
        Stored::Bytes(_) => Holds::Bytes,
        _ => Holds::Text,
    };
    plain(stored, holds, "")
}

/// Up to here every integer is a double of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(double: f64, most: f64) -> Option<i64> {
    (double.fract() == 0.0 && double.abs() <= most && double < 2f64.powi(63)).then_some(double as i64)
}

/// A moment of the years that Firestore has.
pub(super) fn timestamp(micros: i64) -> Option<Timestamp> {
    let nanos = micros.rem_euclid(1_000_000) as u32 * 1000;
    Timestamp::new(micros.div_euclid(1_000_000), nanos)
}

/// Two halves of a point.
pub(super) fn point(latitude: Stored, longitude: Stored) -> Option<Owned> {
    match (latitude, longitude) {
        (Stored::Double(latitude), Stored::Double(longitude)) => {
            Some(Owned::GeoPoint { latitude, longitude })
        }
        _ => None,
    }
}
