//! pgvector's types: a head, then components of 32 or 16 bits.
//! Components are rounded to the width of the type, to the nearest and of two the even one, as pgvector itself does;
//! the caller is told. What would become infinite, or is of another length, is refused.

use std::borrow::Cow;

use super::cell::sized;
use super::encode::{Fit, Refusal};
use super::floats;
use crate::mapping::{Holds, Type};
use crate::{Reason, Value};

/// How many components of a `sparsevec` may differ from zero.
pub(super) const MOST: usize = 16_000;

/// Appends the cell. An embedding that does not fit is refused; anything else that does not is a misfit.
pub(super) fn write(sql: Type, holds: Holds, value: &Value<'_>, out: &mut Vec<u8>) -> Result<Fit, Refusal> {
    match (sql, value) {
        (_, Value::Floats(floats)) => return floats::dense(sql, holds, floats, out),
        (Type::Sparsevec(dimension), Value::Sparse(sparse)) => {
            return floats::sparse(dimension, holds, sparse, out);
        }
        _ => {}
    }
    let Some((components, told)) = components(value, holds) else {
        return Ok(Fit::Misfit);
    };
    let written = match sql {
        Type::Vector(dimension) => dense(dimension, &components, out, single),
        Type::Halfvec(dimension) => dense(dimension, &components, out, half),
        Type::Sparsevec(dimension) => sparse(dimension, &components, out),
        _ => return Ok(Fit::Misfit),
    };
    match written {
        Ok(true) if told => Ok(Fit::Whole),
        Ok(false) if told => Ok(Fit::Rounded),
        Ok(_) => Ok(Fit::Beside),
        Err(refusal) if told && holds == Holds::Vector => Err(refusal),
        Err(_) => Ok(Fit::Misfit),
    }
}

/// Whether a vector has no direction.
pub(super) fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Vector(components) => components.iter().all(|component| *component == 0.0),
        Value::Floats(components) => floats::is_zero(components),
        Value::Sparse(sparse) => floats::is_zero(sparse.values()),
        _ => false,
    }
}

/// The components, and whether the column tells what they came as.
fn components<'v>(value: &'v Value<'_>, holds: Holds) -> Option<(Cow<'v, [f64]>, bool)> {
    match value {
        Value::Vector(components) => Some((Cow::Borrowed(components), holds == Holds::Vector)),
        Value::Array(values) => {
            let mut told = holds == Holds::Array;
            let component = |value: &Value<'_>| match value {
                Value::Double(double) => Some(*double),
                Value::Integer(integer) => {
                    told = false;
                    Some(*integer as f64)
                }
                _ => None,
            };
            let components: Option<Vec<f64>> = values.iter().map(component).collect();
            Some((Cow::Owned(components?), told))
        }
        _ => None,
    }
}

/// The number of components, a zero, the components; whether all are what they were.
fn dense<const SIZE: usize>(
    dimension: u16,
    components: &[f64],
    out: &mut Vec<u8>,
    convert: impl Fn(f64) -> Option<([u8; SIZE], f64)>,
) -> Result<bool, Refusal> {
    check(dimension.into(), components.len())?;
    let mut exact = true;
    sized(out, |out| {
        out.reserve(4 + components.len() * SIZE);
        out.extend_from_slice(&dimension.to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        for (at, component) in components.iter().enumerate() {
            let (bytes, back) = convert(*component).ok_or_else(|| not_finite(at, SIZE))?;
            exact &= back == *component;
            out.extend_from_slice(&bytes);
        }
        Ok(exact)
    })
}

/// The number of components, of those that are not zero, a zero; the places of these, and these.
fn sparse(dimension: u32, components: &[f64], out: &mut Vec<u8>) -> Result<bool, Refusal> {
    check(dimension, components.len())?;
    let (mut exact, mut places, mut values) = (true, Vec::new(), Vec::new());
    for (at, component) in components.iter().enumerate() {
        let (bytes, back) = single(*component).ok_or_else(|| not_finite(at, 4))?;
        exact &= back == *component && (back != 0.0 || component.is_sign_positive());
        if back != 0.0 {
            places.extend_from_slice(&(at as u32).to_be_bytes());
            values.extend_from_slice(&bytes);
        }
    }
    let count = places.len() / 4;
    if count > MOST {
        let detail = format!("{count} components that are not zero, where a sparsevec holds {MOST}");
        return Err((Reason::VectorDimension, detail));
    }
    sized(out, |out| {
        out.extend_from_slice(&dimension.to_be_bytes());
        out.extend_from_slice(&(count as u32).to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&places);
        out.extend_from_slice(&values);
    });
    Ok(exact)
}

pub(super) fn check(dimension: u32, components: usize) -> Result<(), Refusal> {
    if components == dimension as usize {
        return Ok(());
    }
    let detail = format!("a vector of {components} components in a column of {dimension}");
    Err((Reason::VectorDimension, detail))
}

pub(super) fn not_finite(at: usize, size: usize) -> Refusal {
    let detail = format!("component {at} is no finite {}-bit number", size * 8);
    (Reason::VectorNotFinite, detail)
}

fn single(component: f64) -> Option<([u8; 4], f64)> {
    let single = component as f32;
    single
        .is_finite()
        .then(|| (single.to_be_bytes(), f64::from(single)))
}

/// By way of 32 bits, as pgvector goes from text to `halfvec`.
fn half(component: f64) -> Option<([u8; 2], f64)> {
    let half = to_half(component as f32);
    let back = from_half(half);
    back.is_finite().then(|| (half.to_be_bytes(), back))
}

/// The nearest binary16: a sign, five bits of exponent, ten of fraction.
pub(super) fn to_half(single: f32) -> u16 {
    let bits = single.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let exponent = (bits >> 23 & 0xff) as i32 - 127;
    let fraction = bits & 0x7f_ffff;
    let (kept, cut) = match exponent {
        128 if fraction != 0 => return sign | 0x7e00,
        16.. => return sign | 0x7c00,
        -14..=15 => ((exponent + 15) as u32, 13),
        // Below the smallest exponent the leading one is spelled out and moves to the right.
        -25..=-15 => (0, (-1 - exponent) as u32),
        _ => return sign,
    };
    let fraction = if kept == 0 { fraction | 0x80_0000 } else { fraction };
    let (rest, middle) = (fraction & ((1 << cut) - 1), 1 << (cut - 1));
    let down = kept << 10 | fraction >> cut;
    let up = rest > middle || rest == middle && down & 1 == 1;
    // Rounding up runs over into the exponent, at the end into infinity, as it should.
    sign | (down + u32::from(up)) as u16
}

pub(super) fn from_half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_are_the_nearest_and_of_two_the_even_one() {
        for (single, half) in [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (0.1, 0x2e66),
            (65_504.0, 0x7bff),
            (65_519.0, 0x7bff),
            (65_520.0, 0x7c00),
            (1.0 + 1.0 / 2048.0, 0x3c00),
            (1.0 + 3.0 / 2048.0, 0x3c02),
            (2f32.powi(-14), 0x0400),
            (2f32.powi(-24), 0x0001),
            (2f32.powi(-25), 0x0000),
            (1.5 * 2f32.powi(-25), 0x0001),
            (1.5 * 2f32.powi(-24), 0x0002),
            (2f32.powi(-26), 0x0000),
            (f32::INFINITY, 0x7c00),
        ] {
            assert_eq!(to_half(single), half, "{single}");
        }
        assert!(from_half(to_half(f32::NAN)).is_nan());
    }

    #[test]
    fn every_half_is_itself() {
        for bits in 0..=u16::MAX {
            let value = from_half(bits);
            assert!(value.is_nan() || to_half(value as f32) == bits, "{bits:x}");
        }
    }

    #[test]
    fn cells_are_such_as_pgvector_receives_them() {
        let written = |sql, components: &[f64]| {
            let mut out = Vec::new();
            let fit = write(sql, Holds::Vector, &Value::Vector(components.into()), &mut out);
            (fit, out)
        };
        assert_eq!(
            written(Type::Vector(2), &[1.0, -2.5]),
            (
                Ok(Fit::Whole),
                vec![0, 0, 0, 12, 0, 2, 0, 0, 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]
            )
        );
        assert_eq!(
            written(Type::Halfvec(2), &[1.0, 0.1]),
            (
                Ok(Fit::Rounded),
                vec![0, 0, 0, 8, 0, 2, 0, 0, 0x3c, 0, 0x2e, 0x66]
            )
        );
        assert_eq!(
            written(Type::Sparsevec(3), &[0.0, 0.0, 1.0]),
            (
                Ok(Fit::Whole),
                vec![
                    0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0x3f, 0x80, 0, 0
                ]
            )
        );
        assert_eq!(written(Type::Sparsevec(1), &[-0.0]).0, Ok(Fit::Rounded));
        assert_eq!(written(Type::Sparsevec(1), &[1e-60]).0, Ok(Fit::Rounded));
        for (sql, components, reason) in [
            (Type::Vector(3), vec![1.0], Reason::VectorDimension),
            (Type::Sparsevec(3), vec![1.0], Reason::VectorDimension),
            (Type::Halfvec(1), vec![65_520.0], Reason::VectorNotFinite),
            (Type::Vector(1), vec![1e39], Reason::VectorNotFinite),
            (Type::Vector(1), vec![f64::NAN], Reason::VectorNotFinite),
        ] {
            assert_eq!(written(sql, &components).0.unwrap_err().0, reason);
        }
    }

    proptest! {
        #[test]
        fn no_half_lies_nearer(single in -70_000f32..70_000.0) {
            let half = to_half(single);
            let distance = |half: u16| (from_half(half) - f64::from(single)).abs();
            for other in [half.wrapping_sub(1), half.wrapping_add(1)] {
                prop_assert!(from_half(half).is_infinite() || from_half(other).is_nan() || distance(half) <= distance(other));
            }
        }
    }
}
