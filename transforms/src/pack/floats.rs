//! Components of 32 bits meeting pgvector's types, and `real[]` where there are too many of them for those.
//! In `vector` and `real[]` every component keeps its bits; what `halfvec` rounds and what pgvector cannot hold is
//! told, with the same reasons as for components of 64 bits.

use super::cell::sized;
use super::encode::{Fit, Refusal};
use super::vector::{MOST, check, from_half, not_finite, to_half};
use crate::mapping::{Holds, Scalar, Type};
use crate::{Floats, Reason, Sparse};

/// All bits of the exponent: set where a float is no number.
const EXPONENT: u32 = 0x7f80_0000;

/// Whether it has no direction.
pub(super) fn is_zero(floats: &Floats<'_>) -> bool {
    floats.iter().all(|component| component == 0.0)
}

/// Appends the cell of a dense vector.
pub(super) fn dense(sql: Type, holds: Holds, floats: &Floats<'_>, out: &mut Vec<u8>) -> Result<Fit, Refusal> {
    let told = holds == Holds::Vector;
    let exact = match sql {
        Type::Vector(dimension) => single(dimension, floats, out)?,
        Type::Halfvec(dimension) => half(dimension, floats, out)?,
        Type::Array(Scalar::Real) => array(floats, out),
        Type::Sparsevec(dimension) => {
            // Such a column tells sparse vectors; that this one was none is not seen in it.
            check(dimension, floats.len())?;
            let spelled = (0..dimension)
                .zip(floats.iter())
                .filter(|(_, value)| *value != 0.0);
            pairs(dimension, spelled, out)?;
            return Ok(Fit::Beside);
        }
        _ => return Ok(Fit::Misfit),
    };
    Ok(match (told, exact) {
        (false, _) => Fit::Beside,
        (true, true) => Fit::Whole,
        (true, false) => Fit::Rounded,
    })
}

/// The number of components, a zero, the components.
fn single(dimension: u16, floats: &Floats<'_>, out: &mut Vec<u8>) -> Result<bool, Refusal> {
    check(dimension.into(), floats.len())?;
    let finite = sized(out, |out| {
        head(dimension, out);
        turned(floats, out)
    });
    match finite {
        true => Ok(true),
        false => Err(culprit(floats, 4, |component| component.is_finite())),
    }
}

/// Appends the components with their bytes turned round; whether all are numbers.
fn turned(floats: &Floats<'_>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.resize(start + 4 * floats.len(), 0);
    let mut strange = 0;
    let places = out.get_mut(start..).unwrap_or_default().as_chunks_mut().0;
    // Without a way out in the middle, so that it becomes a few wide instructions.
    for (place, component) in places.iter_mut().zip(floats.components()) {
        let bits = u32::from_le_bytes(*component);
        strange |= u32::from(bits & EXPONENT == EXPONENT);
        *place = bits.to_be_bytes();
    }
    strange == 0
}

fn half(dimension: u16, floats: &Floats<'_>, out: &mut Vec<u8>) -> Result<bool, Refusal> {
    check(dimension.into(), floats.len())?;
    let (mut exact, mut finite) = (true, true);
    sized(out, |out| {
        head(dimension, out);
        for component in floats.iter() {
            let half = to_half(component);
            let back = from_half(half);
            exact &= back == f64::from(component);
            finite &= back.is_finite();
            out.extend_from_slice(&half.to_be_bytes());
        }
    });
    match finite {
        true => Ok(exact),
        false => Err(culprit(floats, 2, |component| {
            from_half(to_half(component)).is_finite()
        })),
    }
}

fn head(dimension: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&dimension.to_be_bytes());
    out.extend_from_slice(&[0; 2]);
}

/// Why there is no such cell.
fn culprit(floats: &Floats<'_>, size: usize, holds: impl Fn(f32) -> bool) -> Refusal {
    let at = floats.iter().position(|component| !holds(component));
    not_finite(at.unwrap_or(0), size)
}

/// `real[]`: one dimension, no NULLs, the element's type, how many, counted from 1; each with its length.
fn array(floats: &Floats<'_>, out: &mut Vec<u8>) -> bool {
    const REAL: u32 = 700;
    sized(out, |out| {
        let count = floats.len() as u32;
        let mut words = vec![u32::from(count > 0), 0, REAL];
        words.extend((count > 0).then_some([count, 1]).into_iter().flatten());
        words
            .iter()
            .for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
        for component in floats.components() {
            out.extend_from_slice(&4u32.to_be_bytes());
            out.extend_from_slice(&u32::from_le_bytes(*component).to_be_bytes());
        }
    });
    true
}

/// Appends the cell of a sparse vector. Zeros that it spells out have no place in the type, so that it does not tell
/// them; nor does it tell another order than the ascending one.
pub(super) fn sparse(
    dimension: u32,
    holds: Holds,
    sparse: &Sparse<'_>,
    out: &mut Vec<u8>,
) -> Result<Fit, Refusal> {
    let spelled = sparse.indices().iter().copied().zip(sparse.values().iter());
    let mut kept: Vec<(u32, f32)> = spelled.filter(|(_, value)| *value != 0.0).collect();
    let ascending = kept.is_sorted_by(|a, b| a.0 < b.0);
    if !ascending {
        kept.sort_by_key(|(index, _)| *index);
    }
    let told = holds == Holds::Vector && ascending && kept.len() == sparse.indices().len();
    pairs(dimension, kept.into_iter(), out)?;
    Ok(if told { Fit::Whole } else { Fit::Beside })
}

/// The number of components, of those that are not zero, a zero; the places of these, and these.
fn pairs(dimension: u32, pairs: impl Iterator<Item = (u32, f32)>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let refused = |detail: String| Err((Reason::VectorDimension, detail));
    let (mut places, mut values, mut last) = (Vec::new(), Vec::new(), None);
    for (at, (index, value)) in pairs.enumerate() {
        if index >= dimension {
            return refused(format!("index {index} in a column of {dimension} dimensions"));
        }
        if last.is_some_and(|last| last >= index) {
            return refused(format!("index {index} twice"));
        }
        if !value.is_finite() {
            return Err(not_finite(at, 4));
        }
        last = Some(index);
        places.extend_from_slice(&index.to_be_bytes());
        values.extend_from_slice(&value.to_be_bytes());
    }
    let count = places.len() / 4;
    if count > MOST {
        return refused(format!(
            "{count} components that are not zero, where a sparsevec holds {MOST}"
        ));
    }
    sized(out, |out| {
        out.extend_from_slice(&dimension.to_be_bytes());
        out.extend_from_slice(&(count as u32).to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&places);
        out.extend_from_slice(&values);
    });
    Ok(())
}
