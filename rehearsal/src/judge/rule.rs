//! The typed columns: what each kind may hold, and what a cell of it means.
//! It promises to know both directions, so that a value which could be read back but lies in the wrong
//! place is found too.
//! Reading cells out of Postgres is left to `table`.

use anyhow::{Context, Result, bail};

use super::tagged;
use super::value::{Exact, Value};

/// 2^53: up to here a double tells all integers apart.
const EXACT: i64 = 1 << 53;

/// What the columns of a table hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Integer,
    Double,
    Number,
    Timestamp,
    Text,
    Bytes,
    Reference,
    Point,
    Json,
    Vector(usize),
}

/// What one typed column of one row holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Boolean(bool),
    Integer(i64),
    Double(Exact),
    /// Microseconds since 1970.
    Timestamp(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// x, which is the longitude, and y.
    Point(Exact, Exact),
    Json(serde_json::Value),
    /// Single precision, widened.
    Vector(Vec<Exact>),
}

/// Where a value belongs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) column: Holds,
    pub(super) extra: InExtra,
}

/// What the column of a value's field must hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Holds {
    Null,
    Exactly(Cell),
    /// A cell that reading back alone can judge.
    Something,
}

/// Whether `_extra` must hold a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InExtra {
    Yes,
    No,
    /// A vector that was rounded: whether the original is kept is an option of the run.
    May,
}

impl Kind {
    /// The kind of a column's comment, such as `vector(3)`.
    pub(super) fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "double" => Self::Double,
            "number" => Self::Number,
            "timestamp" => Self::Timestamp,
            "text" => Self::Text,
            "bytes" => Self::Bytes,
            "reference" => Self::Reference,
            "point" => Self::Point,
            "json" => Self::Json,
            _ => {
                let dimensions = name
                    .strip_prefix("vector(")
                    .and_then(|rest| rest.strip_suffix(')'));
                let dimensions = dimensions.and_then(|digits| digits.parse().ok());
                Self::Vector(dimensions.with_context(|| format!("{name:?} is no kind of column"))?)
            }
        })
    }

    /// The type Postgres must report for the column.
    pub(super) fn sql(self) -> String {
        match self {
            Self::Boolean => "boolean".into(),
            Self::Integer => "bigint".into(),
            Self::Double | Self::Number => "double precision".into(),
            Self::Timestamp => "timestamp with time zone".into(),
            Self::Text | Self::Reference => "text".into(),
            Self::Bytes => "bytea".into(),
            Self::Point => "point".into(),
            Self::Json => "jsonb".into(),
            Self::Vector(dimensions) => format!("vector({dimensions})"),
        }
    }

    /// The Firestore value a cell stands for where `_extra` has nothing to say about the field.
    pub(super) fn value(self, cell: &Cell, root: &str) -> Result<Value> {
        Ok(match (self, cell) {
            (Self::Boolean, Cell::Boolean(value)) => Value::Boolean(*value),
            (Self::Integer, Cell::Integer(value)) => Value::Integer(*value),
            (Self::Number, Cell::Double(x)) if whole(x.0) => Value::Integer(x.0 as i64),
            (Self::Double | Self::Number, Cell::Double(x)) => Value::Double(*x),
            (Self::Timestamp, Cell::Timestamp(micros)) => Value::Timestamp(i128::from(*micros) * 1_000),
            (Self::Text, Cell::Text(value)) => Value::Text(value.clone()),
            (Self::Bytes, Cell::Bytes(value)) => Value::Bytes(value.clone()),
            (Self::Reference, Cell::Text(path)) => Value::Reference(format!("{root}/{path}")),
            (Self::Point, Cell::Point(x, y)) => Value::Point(*y, *x),
            (Self::Json, Cell::Json(json)) => tagged::read(json, root)?,
            (Self::Vector(_), Cell::Vector(single)) => Value::Vector(single.clone()),
            _ => bail!("{cell:?} cannot stand in a column of kind {self:?}"),
        })
    }

    /// Where a value of the field of this column belongs. A value without a place in the column goes to
    /// `_extra`, as does an original that the column only approximates.
    pub(super) fn place(self, value: &Value, root: &str) -> Place {
        use InExtra::{May, No, Yes};
        let (cell, extra) = match (self, value) {
            (Self::Json, value) if *value != Value::Null => {
                return Place {
                    column: Holds::Something,
                    extra: No,
                };
            }
            (Self::Boolean, Value::Boolean(value)) => (Cell::Boolean(*value), No),
            (Self::Integer, Value::Integer(value)) => (Cell::Integer(*value), No),
            (Self::Double, Value::Double(x)) => (Cell::Double(*x), No),
            (Self::Double, Value::Integer(i)) if near(*i) => (Cell::Double(Exact(*i as f64)), Yes),
            (Self::Number, Value::Integer(i)) if near(*i) => (Cell::Double(Exact(*i as f64)), No),
            (Self::Number, Value::Double(x)) => (Cell::Double(*x), if whole(x.0) { Yes } else { No }),
            (Self::Timestamp, Value::Timestamp(ns)) if ns % 1_000 == 0 => {
                (Cell::Timestamp((ns / 1_000) as i64), No)
            }
            (Self::Text, Value::Text(value)) => (Cell::Text(value.clone()), No),
            (Self::Bytes, Value::Bytes(value)) => (Cell::Bytes(value.clone()), No),
            (Self::Reference, Value::Reference(name)) => match name.strip_prefix(&format!("{root}/")) {
                Some(path) => (Cell::Text(path.to_owned()), No),
                None => return ELSEWHERE,
            },
            (Self::Point, Value::Point(latitude, longitude)) => (Cell::Point(*longitude, *latitude), No),
            (Self::Vector(_), Value::Vector(exact)) => {
                let single = single(exact);
                let extra = if single == *exact { No } else { May };
                (Cell::Vector(single), extra)
            }
            _ => return ELSEWHERE,
        };
        Place {
            column: Holds::Exactly(cell),
            extra,
        }
    }
}

/// The place of what the column does not take.
const ELSEWHERE: Place = Place {
    column: Holds::Null,
    extra: InExtra::Yes,
};

/// Components in single precision, which is what a `vector` column keeps.
pub(super) fn single(exact: &[Exact]) -> Vec<Exact> {
    exact.iter().map(|x| Exact(f64::from(x.0 as f32))).collect()
}

fn near(integer: i64) -> bool {
    (-EXACT..=EXACT).contains(&integer)
}

/// Whether a double in a column that takes integers and doubles means an integer.
fn whole(x: f64) -> bool {
    x.fract() == 0.0 && x.abs() <= EXACT as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ROOT: &str = "projects/p/databases/d/documents";

    fn double(x: f64) -> Value {
        Value::Double(Exact(x))
    }

    fn place(column: Option<Cell>, extra: InExtra) -> Place {
        Place {
            column: column.map_or(Holds::Null, Holds::Exactly),
            extra,
        }
    }

    #[test]
    fn a_number_column_takes_integers_and_broken_doubles_and_leaves_whole_doubles_to_extra_as_well() {
        let number = |x: f64| Some(Cell::Double(Exact(x)));
        let at = |value| Kind::Number.place(&value, ROOT);
        assert_eq!(
            at(Value::Integer(EXACT)),
            place(number(EXACT as f64), InExtra::No)
        );
        assert_eq!(at(Value::Integer(EXACT + 1)), ELSEWHERE);
        assert_eq!(at(Value::Integer(i64::MIN)), ELSEWHERE);
        assert_eq!(at(double(19.99)), place(number(19.99), InExtra::No));
        assert_eq!(at(double(3.0)), place(number(3.0), InExtra::Yes));
        assert_eq!(at(double(-0.0)), place(number(-0.0), InExtra::Yes));
        assert_eq!(at(double(1e300)), place(number(1e300), InExtra::No));
        assert_eq!(at(double(f64::NAN)), place(number(f64::NAN), InExtra::No));
        assert_eq!(at(Value::Text("3".into())), ELSEWHERE);
    }

    #[test]
    fn a_number_cell_means_an_integer_exactly_when_it_is_whole_and_near() {
        let value = |x: f64| Kind::Number.value(&Cell::Double(Exact(x)), ROOT).unwrap();
        assert_eq!(value(20.0), Value::Integer(20));
        assert_eq!(value(9007199254740992.0), Value::Integer(EXACT));
        assert_eq!(value(9007199254740994.0), double(9007199254740994.0));
        assert_eq!(value(f64::INFINITY), double(f64::INFINITY));
        assert_eq!(value(0.5), double(0.5));
    }

    #[test]
    fn a_double_column_shows_near_integers_and_extra_says_that_they_are_integers() {
        let at = |value| Kind::Double.place(&value, ROOT);
        assert_eq!(
            at(Value::Integer(-7)),
            place(Some(Cell::Double(Exact(-7.0))), InExtra::Yes)
        );
        assert_eq!(at(Value::Integer(-EXACT - 1)), ELSEWHERE);
        assert_eq!(
            at(double(-0.0)),
            place(Some(Cell::Double(Exact(-0.0))), InExtra::No)
        );
    }

    #[test]
    fn references_points_and_finer_moments_go_where_they_fit() {
        let own = Value::Reference(format!("{ROOT}/a/b"));
        let path = Cell::Text("a/b".into());
        assert_eq!(
            Kind::Reference.place(&own, ROOT),
            place(Some(path.clone()), InExtra::No)
        );
        assert_eq!(Kind::Reference.value(&path, ROOT).unwrap(), own);
        assert_eq!(
            Kind::Reference.place(&Value::Reference("projects/x/documents/a/b".into()), ROOT),
            ELSEWHERE
        );
        assert_eq!(Kind::Timestamp.place(&Value::Timestamp(1_001), ROOT), ELSEWHERE);
        assert_eq!(
            Kind::Timestamp.place(&Value::Timestamp(-1_000), ROOT),
            place(Some(Cell::Timestamp(-1)), InExtra::No)
        );
        let point = Value::Point(Exact(52.5), Exact(13.4));
        let cell = Cell::Point(Exact(13.4), Exact(52.5));
        assert_eq!(
            Kind::Point.place(&point, ROOT),
            place(Some(cell.clone()), InExtra::No)
        );
        assert_eq!(Kind::Point.value(&cell, ROOT).unwrap(), point);
    }

    #[test]
    fn a_vector_column_keeps_single_precision() {
        let at = |x: f64| Kind::Vector(1).place(&Value::Vector(vec![Exact(x)]), ROOT);
        assert_eq!(at(0.5), place(Some(Cell::Vector(vec![Exact(0.5)])), InExtra::No));
        assert_eq!(
            at(0.1),
            place(Some(Cell::Vector(vec![Exact(0.10000000149011612)])), InExtra::May)
        );
    }

    #[test]
    fn the_kind_of_a_comment_is_read_strictly() {
        assert_eq!(Kind::parse("vector(64)").unwrap(), Kind::Vector(64));
        assert_eq!(Kind::parse("vector(64)").unwrap().sql(), "vector(64)");
        for name in ["vector", "vector()", "varchar", "Boolean", ""] {
            assert!(Kind::parse(name).is_err(), "{name}");
        }
    }
}
