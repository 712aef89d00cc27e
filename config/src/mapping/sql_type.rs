//! The column types a mapping can name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Misspelt;
use super::words::unknown;
use crate::origin::shown;

/// A column's type in PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// A type that arrays can be made of.
    Scalar(Scalar),
    /// `text[]` and the like.
    Array(Scalar),
    /// `jsonb`.
    Json,
    /// `point`: x is the longitude, y the latitude.
    Point,
    /// PostGIS: `geography(Point,4326)`.
    Geography,
    /// pgvector: `vector(n)`, 32-bit floats.
    Vector(u16),
    /// pgvector: `halfvec(n)`, 16-bit floats.
    Halfvec(u16),
    /// pgvector: `sparsevec(n)`, 32-bit floats.
    Sparsevec(u32),
    /// `tsvector`, of generated columns only.
    Tsvector,
}

impl Type {
    /// The number of components, of a type of embeddings.
    pub fn dimension(&self) -> Option<usize> {
        match self {
            Type::Vector(dimension) | Type::Halfvec(dimension) => Some(usize::from(*dimension)),
            Type::Sparsevec(dimension) => Some(*dimension as usize),
            _ => None,
        }
    }
}

/// A type that arrays can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    /// `text`.
    Text,
    /// `boolean`.
    Boolean,
    /// `smallint`.
    SmallInt,
    /// `integer`.
    Integer,
    /// `bigint`.
    BigInt,
    /// `numeric`, or `numeric(precision,scale)`.
    Numeric(Option<(u16, u16)>),
    /// `real`.
    Real,
    /// `double precision`.
    Double,
    /// `timestamptz`.
    Timestamp,
    /// `date`.
    Date,
    /// `uuid`.
    Uuid,
    /// `bytea`.
    Bytes,
}

/// As SQL and the mapping spell it.
impl fmt::Display for Scalar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Scalar::Text => "text",
            Scalar::Boolean => "boolean",
            Scalar::SmallInt => "smallint",
            Scalar::Integer => "integer",
            Scalar::BigInt => "bigint",
            Scalar::Numeric(None) => "numeric",
            Scalar::Numeric(Some((precision, scale))) => return write!(out, "numeric({precision},{scale})"),
            Scalar::Real => "real",
            Scalar::Double => "double precision",
            Scalar::Timestamp => "timestamptz",
            Scalar::Date => "date",
            Scalar::Uuid => "uuid",
            Scalar::Bytes => "bytea",
        })
    }
}

/// As SQL and the mapping spell it.
impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Scalar(scalar) => write!(out, "{scalar}"),
            Type::Array(scalar) => write!(out, "{scalar}[]"),
            Type::Json => out.write_str("jsonb"),
            Type::Point => out.write_str("point"),
            Type::Geography => out.write_str("geography(Point,4326)"),
            Type::Vector(dimension) => write!(out, "vector({dimension})"),
            Type::Halfvec(dimension) => write!(out, "halfvec({dimension})"),
            Type::Sparsevec(dimension) => write!(out, "sparsevec({dimension})"),
            Type::Tsvector => out.write_str("tsvector"),
        }
    }
}

/// The types without a number behind them.
const PLAIN: [(&str, Type); 16] = [
    ("text", Type::Scalar(Scalar::Text)),
    ("boolean", Type::Scalar(Scalar::Boolean)),
    ("smallint", Type::Scalar(Scalar::SmallInt)),
    ("integer", Type::Scalar(Scalar::Integer)),
    ("bigint", Type::Scalar(Scalar::BigInt)),
    ("numeric", Type::Scalar(Scalar::Numeric(None))),
    ("real", Type::Scalar(Scalar::Real)),
    ("double precision", Type::Scalar(Scalar::Double)),
    ("timestamptz", Type::Scalar(Scalar::Timestamp)),
    ("date", Type::Scalar(Scalar::Date)),
    ("uuid", Type::Scalar(Scalar::Uuid)),
    ("bytea", Type::Scalar(Scalar::Bytes)),
    ("jsonb", Type::Json),
    ("point", Type::Point),
    ("geography", Type::Geography),
    ("tsvector", Type::Tsvector),
];

/// What the types are called elsewhere, and which of ours is meant.
const ELSEWHERE: [(&str, &str); 22] = [
    ("string", "text"),
    ("varchar", "text"),
    ("char", "text"),
    ("character varying", "text"),
    ("bool", "boolean"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("decimal", "numeric"),
    ("float", "double precision"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("double", "double precision"),
    ("number", "numeric"),
    ("timestamp", "timestamptz"),
    ("datetime", "timestamptz"),
    ("timestamp with time zone", "timestamptz"),
    ("bytes", "bytea"),
    ("json", "jsonb"),
    ("geometry", "geography"),
    ("array", "text[]"),
];

/// Most dimensions of pgvector's `vector` and `halfvec`.
const MOST_DIMENSIONS: u32 = 16_000;
/// Most dimensions of pgvector's `sparsevec`.
const MOST_SPARSE_DIMENSIONS: u32 = 1_000_000_000;
/// Most digits of `numeric`.
const MOST_DIGITS: u32 = 1000;

impl FromStr for Type {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Type, Misspelt> {
        let lower = text.to_lowercase();
        let words = lower.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(element) = words.strip_suffix("[]") {
            return match element.trim_end().parse()? {
                Type::Scalar(scalar) => Ok(Type::Array(scalar)),
                other => Err(Misspelt(format!(
                    "arrays of {other} are not supported; write jsonb"
                ))),
            };
        }
        let Some((name, arguments)) = words.strip_suffix(')').and_then(|words| words.split_once('(')) else {
            return plain(&words);
        };
        let numbers: Option<Vec<u32>> = arguments
            .split(',')
            .map(|number| number.trim().parse().ok())
            .collect();
        match (name.trim_end(), numbers.as_deref()) {
            ("numeric", Some(&[precision])) => numeric(precision, 0),
            ("numeric", Some(&[precision, scale])) => numeric(precision, scale),
            ("numeric", _) => Err(Misspelt(
                "numeric has a precision and a scale; write numeric(10,2)".to_owned(),
            )),
            ("vector", Some(&[dimension])) => dimensions(name, dimension, MOST_DIMENSIONS).map(Type::Vector),
            ("halfvec", Some(&[dimension])) => {
                dimensions(name, dimension, MOST_DIMENSIONS).map(Type::Halfvec)
            }
            ("sparsevec", Some(&[dimension])) => {
                dimensions(name, dimension, MOST_SPARSE_DIMENSIONS).map(Type::Sparsevec)
            }
            ("vector" | "halfvec" | "sparsevec", _) => Err(without_dimension(name)),
            ("geography", _) if arguments.replace(' ', "") == "point,4326" => Ok(Type::Geography),
            ("geography", _) => Err(Misspelt(
                "only geography(Point,4326) is supported; write that".to_owned(),
            )),
            ("varchar" | "char", _) => Err(Misspelt(format!("{name} is not supported; write text"))),
            (name, _) => match plain(name) {
                Ok(known) => Err(Misspelt(format!(
                    "{known} takes nothing in parentheses; write {known}"
                ))),
                Err(misspelt) => Err(misspelt),
            },
        }
    }
}

fn plain(words: &str) -> Result<Type, Misspelt> {
    if let Some((_, known)) = PLAIN.iter().find(|(name, _)| *name == words) {
        return Ok(*known);
    }
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == words) {
        return Err(Misspelt(format!(
            "no type is called `{words}` here; write {ours}"
        )));
    }
    match words {
        "vector" | "halfvec" | "sparsevec" => Err(without_dimension(words)),
        _ => {
            let known =
                PLAIN
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(["vector(n)", "halfvec(n)", "sparsevec(n)"]);
            Err(unknown("type", words, known))
        }
    }
}

fn without_dimension(name: &str) -> Misspelt {
    Misspelt(format!(
        "{name} needs its number of dimensions; write it as {name}(384)"
    ))
}

fn numeric(precision: u32, scale: u32) -> Result<Type, Misspelt> {
    let refused = || {
        Misspelt(format!(
            "numeric({precision},{scale}) cannot be; the precision lies between 1 and {MOST_DIGITS}, the scale \
             between 0 and the precision"
        ))
    };
    let possible = (1..=MOST_DIGITS).contains(&precision) && scale <= precision;
    let precision = u16::try_from(precision)
        .ok()
        .filter(|_| possible)
        .ok_or_else(refused)?;
    let scale = u16::try_from(scale).map_err(|_| refused())?;
    Ok(Type::Scalar(Scalar::Numeric(Some((precision, scale)))))
}

fn dimensions<T: TryFrom<u32>>(name: &str, dimension: u32, most: u32) -> Result<T, Misspelt> {
    let number = (1..=most)
        .contains(&dimension)
        .then(|| T::try_from(dimension).ok())
        .flatten();
    let name = shown(name);
    number.ok_or_else(|| {
        Misspelt(format!(
            "{name} has between 1 and {most} dimensions, not {dimension}; write one of these"
        ))
    })
}
