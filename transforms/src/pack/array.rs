//! Array columns: one dimension of elements, each as a column of its own would have it.
//! One element that its type cannot say makes the whole array a misfit: half an array is none.

use super::cell::{null, sized};
use super::encode::{self, Fit, Refusal, Taste, is, told};
use super::floats;
use crate::Value;
use crate::mapping::{Holds, Records, Scalar, Type};

/// One dimension, whether there are NULLs, the element's type, how many, counted from 1; then the elements.
pub(super) fn write(
    scalar: Scalar,
    value: &Value<'_>,
    taste: Taste<'_>,
    out: &mut Vec<u8>,
) -> Result<Fit, Refusal> {
    let (values, alone) = match value {
        Value::Floats(floats) => return floats::dense(Type::Array(scalar), taste.holds, floats, out),
        Value::Array(values) => (values.as_slice(), false),
        // Qdrant searches one value and a list of one alike.
        Value::Map(_) => return Ok(Fit::Misfit),
        one if taste.rules.of == Records::Points => (std::slice::from_ref(one), true),
        _ => return Ok(Fit::Misfit),
    };
    let element = Taste {
        holds: elements(scalar),
        ..taste
    };
    let mut fit = told(is(taste.holds, value) && !alone);
    let nulls = values.iter().any(|value| matches!(value, Value::Null));
    let mut head = vec![i32::from(!values.is_empty()), i32::from(nulls), oid(scalar)];
    if !values.is_empty() {
        // A document of one mebibyte has far fewer elements than 2³¹.
        head.extend([values.len() as i32, 1]);
    }
    sized(out, |out| {
        head.iter()
            .for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
        for value in values {
            if matches!(value, Value::Null) {
                null(out);
                continue;
            }
            match encode::scalar(scalar, value, element, out)? {
                Fit::Misfit => return Ok(Fit::Misfit),
                Fit::Cast => fit = Fit::Cast,
                Fit::Whole => {}
                Fit::Beside | Fit::Rounded if fit == Fit::Cast => {}
                Fit::Beside | Fit::Rounded => fit = Fit::Beside,
            }
        }
        Ok(fit)
    })
}

/// What the elements of an array column are told as.
pub(super) fn elements(scalar: Scalar) -> Holds {
    match scalar {
        Scalar::Text | Scalar::Uuid => Holds::Text,
        Scalar::Boolean => Holds::Boolean,
        Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => Holds::Integer,
        Scalar::Numeric(_) => Holds::Number,
        Scalar::Real | Scalar::Double => Holds::Double,
        Scalar::Timestamp | Scalar::Date => Holds::Timestamp,
        Scalar::Bytes => Holds::Bytes,
    }
}

/// The number by which PostgreSQL knows the type.
fn oid(scalar: Scalar) -> i32 {
    match scalar {
        Scalar::Boolean => 16,
        Scalar::Bytes => 17,
        Scalar::BigInt => 20,
        Scalar::SmallInt => 21,
        Scalar::Integer => 23,
        Scalar::Text => 25,
        Scalar::Real => 700,
        Scalar::Double => 701,
        Scalar::Date => 1082,
        Scalar::Timestamp => 1184,
        Scalar::Numeric(_) => 1700,
        Scalar::Uuid => 2950,
    }
}
