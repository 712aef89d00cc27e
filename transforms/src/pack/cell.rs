//! One value meeting one column: PostgreSQL's binary encodings, and the rules of what a kind takes.
//! A cell says its value exactly, or the caller is told to keep the value in `_extra` as well or instead.
//! Order of cells and the `_extra` object are the tuple's.

use super::Options;
use crate::json::Writer;
use crate::{Kind, Reason, Value, below};

/// How well a column took a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// The column says it all.
    Whole,
    /// The column has it, but does not tell which type it was.
    Beside,
    /// The column is NULL.
    Aside,
    /// The column has a vector whose components were rounded to `f32`.
    Rounded,
}

/// Why a column cannot take a value and `_extra` must not hide that.
type Refusal = (Reason, String);

/// Beyond this not every integer is a double.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Microseconds from 1970 to 2000, where PostgreSQL's time begins.
const EPOCH: i64 = 946_684_800_000_000;

/// Appends one cell.
pub(super) fn write(
    kind: Kind,
    value: &Value<'_>,
    options: Options<'_>,
    out: &mut Vec<u8>,
) -> Result<Fit, Refusal> {
    match (kind, value) {
        (Kind::Boolean, Value::Boolean(boolean)) => fixed(out, [u8::from(*boolean)]),
        (Kind::Integer, Value::Integer(integer)) => fixed(out, integer.to_be_bytes()),
        (Kind::Double | Kind::Number, Value::Integer(integer)) => {
            return Ok(integer_as_double(kind, *integer, out));
        }
        (Kind::Double | Kind::Number, Value::Double(double)) => {
            fixed(out, double.to_be_bytes());
            // In a column of both, an integral number without a word in `_extra` was an integer.
            if kind == Kind::Number && double.fract() == 0.0 && double.abs() <= EXACT {
                return Ok(Fit::Beside);
            }
        }
        (Kind::Timestamp, Value::Timestamp(moment)) => match moment.micros() {
            Some(micros) => timestamp(micros, out),
            None => return Ok(aside(out)),
        },
        (Kind::Text, Value::Text(string)) => text(string, out)?,
        (Kind::Bytes, Value::Bytes(bytes)) => sized(out, |out| out.extend_from_slice(bytes)),
        (Kind::Reference, Value::Reference(name)) => match below(name, options.root) {
            Some(path) => text(path, out)?,
            None => return Ok(aside(out)),
        },
        (Kind::Point, Value::GeoPoint { latitude, longitude }) => sized(out, |out| {
            out.extend_from_slice(&longitude.to_be_bytes());
            out.extend_from_slice(&latitude.to_be_bytes());
        }),
        (Kind::Json, Value::Array(_) | Value::Map(_)) => {
            json(options.root, out, |writer| writer.value(value))?
        }
        (Kind::Vector(dimension), Value::Vector(components)) => return vector(dimension, components, out),
        _ => return Ok(aside(out)),
    }
    Ok(Fit::Whole)
}

fn integer_as_double(kind: Kind, integer: i64, out: &mut Vec<u8>) -> Fit {
    if integer.unsigned_abs() > EXACT as u64 {
        return aside(out);
    }
    fixed(out, (integer as f64).to_be_bytes());
    if kind == Kind::Number {
        Fit::Whole
    } else {
        Fit::Beside
    }
}

/// pgvector: the number of components, a zero, the components as `f32`.
fn vector(dimension: u16, components: &[f64], out: &mut Vec<u8>) -> Result<Fit, Refusal> {
    if components.len() != usize::from(dimension) {
        let detail = format!(
            "a vector of {} components in a column of {dimension}",
            components.len()
        );
        return Err((Reason::VectorDimension, detail));
    }
    let mut rounded = false;
    sized(out, |out| {
        out.extend_from_slice(&dimension.to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        for (at, component) in components.iter().enumerate() {
            let single = *component as f32;
            if !single.is_finite() {
                let detail = format!("component {at} is no finite 32-bit number");
                return Err((Reason::VectorNotFinite, detail));
            }
            rounded |= f64::from(single) != *component;
            out.extend_from_slice(&single.to_be_bytes());
        }
        Ok(if rounded { Fit::Rounded } else { Fit::Whole })
    })
}

/// `jsonb`: a version, then JSON text.
pub(super) fn json(
    root: &str,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Writer<'_>),
) -> Result<(), Refusal> {
    let nul = sized(out, |out| {
        out.push(1);
        let mut writer = Writer::new(out, root);
        write(&mut writer);
        writer.nul
    });
    if nul {
        Err((
            Reason::NulCharacter,
            "U+0000, which PostgreSQL's jsonb cannot hold".into(),
        ))
    } else {
        Ok(())
    }
}

pub(super) fn text(text: &str, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if text.as_bytes().contains(&0) {
        return Err((
            Reason::NulCharacter,
            "U+0000, which PostgreSQL's text cannot hold".into(),
        ));
    }
    sized(out, |out| out.extend_from_slice(text.as_bytes()));
    Ok(())
}

/// A moment given in microseconds since 1970.
pub(super) fn timestamp(micros: i64, out: &mut Vec<u8>) {
    fixed(out, (micros - EPOCH).to_be_bytes());
}

pub(super) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1i32).to_be_bytes());
}

fn aside(out: &mut Vec<u8>) -> Fit {
    null(out);
    Fit::Aside
}

fn fixed<const SIZE: usize>(out: &mut Vec<u8>, bytes: [u8; SIZE]) {
    out.extend_from_slice(&(SIZE as u32).to_be_bytes());
    out.extend_from_slice(&bytes);
}

/// Whatever is written, with its length put before it afterwards.
fn sized<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    let written = write(out);
    // A length beyond 32 bits is cut here, and its tuple rejected as too large before anyone reads it.
    let length = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    written
}
