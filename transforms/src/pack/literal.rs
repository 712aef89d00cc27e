//! Values written in the mapping, as the cells that they become: constants and defaults.
//! A literal is spelled as PostgreSQL spells it; one that its column's type cannot be told from has no cell.

use super::Rules;
use super::encode::{self, Fit, Taste};
use crate::json::Owned;
use crate::mapping::{Holds, Literal, Nul, Records, Scalar, Type};

/// The whole cell, with its length.
pub(super) fn cell(sql: Type, literal: &Literal, root: &str) -> Option<Vec<u8>> {
    let value = match literal {
        Literal::Boolean(boolean) => Owned::Boolean(*boolean),
        Literal::Integer(integer) => Owned::Integer(*integer),
        Literal::Double(double) => Owned::Double(*double),
        Literal::Text(text) if sql == Type::Json => return json(text),
        Literal::Text(text) => spelled(sql, text)?,
    };
    let taste = Taste {
        holds: Holds::Any,
        casts: true,
        rules: Rules {
            root,
            nul: Nul::Escape,
            of: Records::Documents,
            load: Default::default(),
        },
    };
    let mut out = Vec::new();
    match encode::write(sql, &value.view(), taste, &mut out) {
        Ok(Fit::Misfit) | Err(_) => None,
        Ok(_) => Some(out),
    }
}

/// JSON is taken as it stands.
fn json(text: &str) -> Option<Vec<u8>> {
    let spoken = serde_json::from_str::<serde_json::Value>(text).is_ok();
    let mut out = Vec::new();
    super::cell::sized(&mut out, |out| {
        out.push(1);
        out.extend_from_slice(text.as_bytes());
    });
    spoken.then_some(out)
}

/// The value that a text stands for in PostgreSQL's own spelling of the type.
fn spelled(sql: Type, text: &str) -> Option<Owned> {
    Some(match sql {
        Type::Scalar(scalar) => self::scalar(scalar, text)?,
        Type::Array(scalar) => Owned::Array(
            items(text, '{', '}')?
                .map(|item| self::scalar(scalar, item.trim_matches('"')))
                .collect::<Option<_>>()?,
        ),
        Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_) => Owned::Vector(
            items(text, '[', ']')?
                .map(|item| item.parse().ok())
                .collect::<Option<_>>()?,
        ),
        Type::Point => {
            let degrees: Option<Vec<f64>> = items(text, '(', ')')?.map(|item| item.parse().ok()).collect();
            match degrees?.as_slice() {
                [longitude, latitude] => Owned::GeoPoint {
                    latitude: *latitude,
                    longitude: *longitude,
                },
                _ => return None,
            }
        }
        Type::Geography => {
            let degrees = text.strip_prefix("POINT(")?.strip_suffix(')')?;
            let (longitude, latitude) = degrees.split_once(' ')?;
            Owned::GeoPoint {
                latitude: latitude.parse().ok()?,
                longitude: longitude.parse().ok()?,
            }
        }
        Type::Json | Type::Tsvector => return None,
    })
}

fn scalar(scalar: Scalar, text: &str) -> Option<Owned> {
    Some(match scalar {
        Scalar::Boolean => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Owned::Boolean(true),
            "f" | "false" | "n" | "no" | "off" | "0" => Owned::Boolean(false),
            _ => return None,
        },
        Scalar::Real | Scalar::Double | Scalar::Numeric(_) => match text {
            "NaN" => Owned::Double(f64::NAN),
            "Infinity" => Owned::Double(f64::INFINITY),
            "-Infinity" => Owned::Double(f64::NEG_INFINITY),
            _ => Owned::Text(text.into()),
        },
        Scalar::Bytes => match text.strip_prefix("\\x") {
            Some(digits) => Owned::Bytes(bytes(digits)?),
            None => Owned::Bytes(text.as_bytes().into()),
        },
        _ => Owned::Text(text.into()),
    })
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |letter: u8| char::from(letter).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? * 16 + digit(*low)?) as u8);
    rest.is_empty()
        .then(|| pairs.iter().map(byte).collect())
        .flatten()
}

/// What stands between brackets, parted by commas.
fn items(text: &str, open: char, close: char) -> Option<impl Iterator<Item = &str>> {
    let inner = text.strip_prefix(open)?.strip_suffix(close)?.trim();
    Some(inner.split(',').map(str::trim).filter(move |_| !inner.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn literals_become_cells_or_are_told_to_be_none() {
        let text = |text: &str| Literal::Text(text.into());
        let scalar = Type::Scalar;
        for (sql, literal, cell) in [
            (scalar(Scalar::Text), text("é"), b"\0\0\0\x02\xc3\xa9".as_slice()),
            (scalar(Scalar::Text), Literal::Integer(42), b"\0\0\0\x0242"),
            (scalar(Scalar::Boolean), text("on"), b"\0\0\0\x01\x01"),
            (scalar(Scalar::SmallInt), text("7"), b"\0\0\0\x02\0\x07"),
            (
                scalar(Scalar::Integer),
                Literal::Integer(-1),
                b"\0\0\0\x04\xff\xff\xff\xff",
            ),
            (scalar(Scalar::Date), text("2000-01-02"), b"\0\0\0\x04\0\0\0\x01"),
            (
                scalar(Scalar::Timestamp),
                text("2000-01-01 01:00:00+01"),
                b"\0\0\0\x08\0\0\0\0\0\0\0\0",
            ),
            (scalar(Scalar::Bytes), text("\\x00ff"), b"\0\0\0\x02\0\xff"),
            (
                Type::Array(Scalar::Text),
                text("{}"),
                b"\0\0\0\x0c\0\0\0\0\0\0\0\0\0\0\0\x19",
            ),
            (Type::Json, text("{}"), b"\0\0\0\x03\x01{}"),
            (Type::Vector(1), text("[1]"), b"\0\0\0\x08\0\x01\0\0\x3f\x80\0\0"),
        ] {
            assert_eq!(
                self::cell(sql, &literal, "").as_deref(),
                Some(cell),
                "{literal:?}"
            );
        }
        for (sql, literal) in [
            (scalar(Scalar::Boolean), text("perhaps")),
            (scalar(Scalar::SmallInt), Literal::Integer(40_000)),
            (scalar(Scalar::Timestamp), text("tomorrow")),
            (scalar(Scalar::Bytes), text("\\x0")),
            (Type::Json, text("{")),
            (Type::Vector(2), text("[1]")),
            (Type::Array(Scalar::Integer), text("{a}")),
        ] {
            assert_eq!(self::cell(sql, &literal, ""), None, "{literal:?}");
        }
    }
}
