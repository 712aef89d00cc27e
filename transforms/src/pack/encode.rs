//! One value meeting one column's type: PostgreSQL's binary encodings, and what each type can say.
//! A cell says its value exactly, or the caller is told to keep the value in `_extra` as well or instead.
//! What a column does with a value that it cannot hold is its policy, which is decided next door.

use super::cast::{self, spelled};
use super::cell::{bytes, date, fixed, moment, sized};
use super::numeric::{self, Decimal};
use super::{Rules, array, geo, vector};
use crate::ascii::is_text;
use crate::json::Writer;
use crate::mapping::{Holds, Nul, Records, Scalar, Type};
use crate::timestamp::DAY;
use crate::{Reason, Value, below};

/// How well a type took a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// The cell says it all.
    Whole,
    /// The cell has it, but does not tell exactly what it was.
    Beside,
    /// The cell has an embedding whose components were rounded to the type's width.
    Rounded,
    /// The cell has it converted.
    Cast,
    /// The type cannot say it; what was written must be taken back.
    Misfit,
}

/// Why a value cannot be stored, where `_extra` must not hide that.
pub(super) type Refusal = (Reason, String);

/// Beyond this not every integer is a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Which values a cell takes, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taste<'r> {
    pub(super) holds: Holds,
    /// Whether values of other types are converted.
    pub(super) casts: bool,
    pub(super) rules: Rules<'r>,
}

/// Appends one cell. After a misfit or a refusal what was appended means nothing.
pub(super) fn write(
    sql: Type,
    value: &Value<'_>,
    taste: Taste<'_>,
    out: &mut Vec<u8>,
) -> Result<Fit, Refusal> {
    match sql {
        Type::Scalar(scalar) => self::scalar(scalar, value, taste, out),
        Type::Array(scalar) => array::write(scalar, value, taste, out),
        Type::Json => {
            json(taste.rules, out, |writer| writer.value(value))?;
            Ok(told(taste.holds == Holds::Any || is(taste.holds, value)))
        }
        Type::Point => Ok(geo::point(value, taste, out)),
        Type::Geography => Ok(geo::geography(value, taste, out)),
        Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_) => {
            vector::write(sql, taste.holds, value, out)
        }
        Type::Tsvector => Ok(Fit::Misfit),
    }
}

/// Whether the value is of the type that a column holds.
pub(super) fn is(holds: Holds, value: &Value<'_>) -> bool {
    match holds {
        // Whatever it is, its cell does not tell what.
        Holds::Any => false,
        Holds::Boolean => matches!(value, Value::Boolean(_)),
        Holds::Integer => matches!(value, Value::Integer(_)),
        Holds::Double => matches!(value, Value::Double(_)),
        Holds::Number => matches!(value, Value::Integer(_) | Value::Double(_)),
        Holds::Timestamp => matches!(value, Value::Timestamp(_)),
        Holds::Text => matches!(value, Value::Text(_)),
        Holds::Bytes => matches!(value, Value::Bytes(_)),
        Holds::Reference => matches!(value, Value::Reference(_)),
        Holds::Point => matches!(value, Value::GeoPoint { .. }),
        Holds::Vector => matches!(value, Value::Vector(_) | Value::Floats(_) | Value::Sparse(_)),
        Holds::Array => matches!(value, Value::Array(_)),
        Holds::Map => matches!(value, Value::Map(_)),
    }
}

pub(super) fn told(exactly: bool) -> Fit {
    if exactly { Fit::Whole } else { Fit::Beside }
}

/// Appends a cell of a type that arrays can be made of.
pub(super) fn scalar(
    scalar: Scalar,
    value: &Value<'_>,
    taste: Taste<'_>,
    out: &mut Vec<u8>,
) -> Result<Fit, Refusal> {
    let fit = match (scalar, value) {
        (Scalar::Text, _) => return text(value, taste, out),
        (Scalar::Boolean, Value::Boolean(boolean)) => {
            fixed(out, [u8::from(*boolean)]);
            told(is(taste.holds, value))
        }
        (Scalar::SmallInt | Scalar::Integer | Scalar::BigInt, _) => integer(scalar, value, taste, out),
        (Scalar::Double | Scalar::Real, Value::Integer(_) | Value::Double(_)) => {
            float(scalar, value, taste, out)
        }
        (Scalar::Numeric(within), Value::Integer(_) | Value::Double(_)) => {
            numeric(within, value, taste.holds, out)
        }
        (Scalar::Timestamp, Value::Timestamp(timestamp)) => match timestamp.micros() {
            Some(micros) => {
                moment(micros, out);
                told(is(taste.holds, value))
            }
            None => Fit::Misfit,
        },
        (Scalar::Date, Value::Timestamp(timestamp)) => {
            date(timestamp.seconds.div_euclid(DAY), out);
            let midnight = timestamp.seconds.rem_euclid(DAY) == 0 && timestamp.nanos == 0;
            told(midnight && is(taste.holds, value))
        }
        (Scalar::Uuid, Value::Text(text)) => match cast::uuid(text) {
            Some((uuid, canonical)) => {
                fixed(out, uuid);
                told(canonical && is(taste.holds, value))
            }
            None => Fit::Misfit,
        },
        (Scalar::Uuid, Value::Bytes(bytes)) => match <[u8; 16]>::try_from(*bytes) {
            Ok(uuid) => {
                fixed(out, uuid);
                told(is(taste.holds, value))
            }
            Err(_) => Fit::Misfit,
        },
        (Scalar::Bytes, Value::Bytes(content)) => {
            bytes(out, content);
            told(is(taste.holds, value))
        }
        _ => Fit::Misfit,
    };
    // A column said to hold texts takes those it can read; which text it was, the cell does not tell.
    let reads = taste.holds == Holds::Text && matches!(value, Value::Text(_));
    Ok(match fit {
        Fit::Misfit if taste.casts && cast::write(scalar, value, out) => Fit::Cast,
        Fit::Misfit if reads && cast::write(scalar, value, out) => Fit::Beside,
        Fit::Misfit if reads && taste.rules.of == Records::Points && in_utc(scalar, value, out) => {
            Fit::Beside
        }
        fit => fit,
    })
}

/// A moment without an offset, which Qdrant's index takes for UTC, with or without its seconds.
fn in_utc(scalar: Scalar, value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    let (Scalar::Timestamp | Scalar::Date, Value::Text(text)) = (scalar, value) else {
        return false;
    };
    ["Z", ":00Z"]
        .iter()
        .any(|end| cast::write(scalar, &Value::Text(&format!("{text}{end}")), out))
}

fn text(value: &Value<'_>, taste: Taste<'_>, out: &mut Vec<u8>) -> Result<Fit, Refusal> {
    let (root, nul) = (taste.rules.root, taste.rules.nul);
    let (shown, fit) = match value {
        // A path and any other text look alike: where paths are expected, a text would be taken for one.
        Value::Text(text) if taste.holds != Holds::Reference => (*text, told(is(taste.holds, value))),
        Value::Reference(name) if taste.holds == Holds::Reference && below(name, root).is_some() => {
            (below(name, root).unwrap_or_default(), Fit::Whole)
        }
        _ => {
            let Some(spelled) = spelled(value, root).filter(|_| taste.casts) else {
                return Ok(Fit::Misfit);
            };
            plain(&spelled, nul, out)?;
            return Ok(Fit::Cast);
        }
    };
    let exactly = plain(shown, nul, out)?;
    Ok(if exactly { fit } else { Fit::Beside })
}

/// A text as it is, or shown without U+0000 if that is allowed; whether it is as it is.
pub(super) fn plain(text: &str, nul: Nul, out: &mut Vec<u8>) -> Result<bool, Refusal> {
    if is_text(text.as_bytes()) || !text.as_bytes().contains(&0) {
        bytes(out, text.as_bytes());
        return Ok(true);
    }
    let shown = match nul {
        Nul::Quarantine => {
            let detail = "U+0000, which PostgreSQL's text cannot hold".into();
            return Err((Reason::NulCharacter, detail));
        }
        Nul::Escape => text.replace('\0', "\u{2400}"),
        Nul::Strip => text.replace('\0', ""),
    };
    bytes(out, shown.as_bytes());
    Ok(false)
}

/// `jsonb`: a version, then JSON text.
pub(super) fn json(
    rules: Rules<'_>,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Writer<'_>),
) -> Result<(), Refusal> {
    let nul = sized(out, |out| {
        out.push(1);
        let mut writer = Writer::new(out, rules.root).escaping(rules.nul != Nul::Quarantine);
        write(&mut writer);
        writer.nul
    });
    if nul {
        let detail = "U+0000, which PostgreSQL's jsonb cannot hold".into();
        return Err((Reason::NulCharacter, detail));
    }
    Ok(())
}

fn integer(scalar: Scalar, value: &Value<'_>, taste: Taste<'_>, out: &mut Vec<u8>) -> Fit {
    match value {
        Value::Integer(integer) if fits(scalar, *integer, out) => told(is_number(taste.holds)),
        // An integral double is as good as the integer where doubles are expected.
        Value::Double(double)
            if taste.holds == Holds::Double
                && cast::integral(*double).is_some_and(|integer| fits(scalar, integer, out)) =>
        {
            told(double.abs() <= EXACT && double.to_bits() != (-0.0f64).to_bits())
        }
        _ => Fit::Misfit,
    }
}

fn is_number(holds: Holds) -> bool {
    matches!(holds, Holds::Integer | Holds::Number)
}

/// Appends the integer if the type has room for it.
pub(super) fn fits(scalar: Scalar, integer: i64, out: &mut Vec<u8>) -> bool {
    match scalar {
        Scalar::SmallInt => i16::try_from(integer).map(|small| fixed(out, small.to_be_bytes())),
        Scalar::Integer => i32::try_from(integer).map(|small| fixed(out, small.to_be_bytes())),
        _ => {
            fixed(out, integer.to_be_bytes());
            Ok(())
        }
    }
    .is_ok()
}

/// `real` and `double precision`.
fn float(scalar: Scalar, value: &Value<'_>, taste: Taste<'_>, out: &mut Vec<u8>) -> Fit {
    let (double, integer) = match value {
        Value::Integer(integer) => (*integer as f64, Some(*integer)),
        Value::Double(double) => (*double, None),
        _ => return Fit::Misfit,
    };
    let single = double as f32;
    let back = match scalar {
        Scalar::Real if single.is_infinite() && double.is_finite() => return Fit::Misfit,
        Scalar::Real => f64::from(single),
        _ => double,
    };
    let exact = match integer {
        Some(integer) => double.abs() <= EXACT && back as i64 == integer,
        None => back.to_bits() == double.to_bits() || double.is_nan(),
    };
    if integer.is_some() && !exact {
        return Fit::Misfit;
    }
    match scalar {
        Scalar::Real => fixed(out, single.to_be_bytes()),
        _ => fixed(out, double.to_be_bytes()),
    }
    match integer {
        Some(_) => told(is_number(taste.holds)),
        // In a column of both, an integral number without a word in `_extra` was an integer.
        None if taste.holds == Holds::Number && double.fract() == 0.0 && double.abs() <= EXACT => Fit::Beside,
        None => told(exact && matches!(taste.holds, Holds::Double | Holds::Number)),
    }
}

fn numeric(within: Option<(u16, u16)>, value: &Value<'_>, holds: Holds, out: &mut Vec<u8>) -> Fit {
    let (decimal, like) = match value {
        Value::Integer(integer) => (Some(Decimal::integer(*integer)), is_number(holds)),
        Value::Double(double) if double.is_nan() => {
            numeric::nan(out);
            return told(matches!(holds, Holds::Double | Holds::Number));
        }
        Value::Double(double) => {
            // Numbers are taken for integers where they can be, and there is no -0.0.
            let like = match holds {
                Holds::Double => double.to_bits() != (-0.0f64).to_bits(),
                Holds::Number => double.fract() != 0.0,
                _ => false,
            };
            (Decimal::double(*double), like)
        }
        _ => (None, false),
    };
    match decimal.and_then(|decimal| decimal.write(within, out)) {
        Some(exact) => told(exact && like),
        None => Fit::Misfit,
    }
}

#[cfg(test)]
mod tests;
