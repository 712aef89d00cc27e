//! PostgreSQL's `numeric` as its binary format has it: digits to the base of 10,000 around a point.
//! Read exactly, whatever its size; it becomes an integer only where it is one.

use super::cell::{Bytes, Trouble};

/// A decimal number of any size, or none at all.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Numeric {
    /// A number.
    Finite(Decimal),
    /// NaN or an infinity.
    Special(f64),
}

/// `digits[0]` counts 10,000 to the power of `weight`, the next one less, and so on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decimal {
    negative: bool,
    weight: i32,
    digits: Vec<u16>,
}

impl Numeric {
    pub(super) fn read(mut bytes: Bytes<'_>) -> Result<Numeric, Trouble> {
        let count = bytes.take().map(u16::from_be_bytes)?;
        let weight = bytes.take().map(i16::from_be_bytes)?.into();
        let sign = bytes.take().map(u16::from_be_bytes)?;
        // How many decimals to show.
        bytes.take::<2>()?;
        let mut digits = Vec::new();
        for _ in 0..count {
            match bytes.take().map(u16::from_be_bytes)? {
                digit @ ..10_000 => digits.push(digit),
                _ => return Err("a digit of 10,000 or more"),
            }
        }
        bytes.end()?;
        let negative = match sign {
            0x0000 => false,
            0x4000 => true,
            0xc000 => return Ok(Numeric::Special(f64::NAN)),
            0xd000 => return Ok(Numeric::Special(f64::INFINITY)),
            0xf000 => return Ok(Numeric::Special(f64::NEG_INFINITY)),
            _ => return Err("a sign that numeric does not have"),
        };
        Ok(Numeric::Finite(Decimal {
            negative,
            weight,
            digits,
        }))
    }

    /// The double nearest to it.
    pub(super) fn double(&self) -> Option<f64> {
        match self {
            Numeric::Special(double) => Some(*double),
            Numeric::Finite(decimal) => decimal.double(),
        }
    }

    /// So many times the number, if that is an integer.
    pub(super) fn times(&self, factor: i64) -> Option<i64> {
        match self {
            Numeric::Special(_) => None,
            Numeric::Finite(decimal) => decimal.times(factor),
        }
    }
}

impl Decimal {
    fn double(&self) -> Option<f64> {
        let digits: String = self.digits.iter().map(|digit| format!("{digit:04}")).collect();
        let sign = if self.negative { "-" } else { "" };
        let exponent = 4 * (i64::from(self.weight) + 1 - self.digits.len() as i64);
        format!("{sign}0{digits}e{exponent}").parse().ok()
    }

    fn times(&self, factor: i64) -> Option<i64> {
        let end = self.digits.iter().rposition(|digit| *digit != 0);
        let Some(end) = end else { return Some(0) };
        let mut sum = 0i128;
        for digit in &self.digits[..=end] {
            sum = sum.checked_mul(10_000)?.checked_add((*digit).into())?;
        }
        sum = sum.checked_mul(factor.into())?;
        for _ in 0..(i64::from(self.weight) - end as i64) {
            sum = sum.checked_mul(10_000)?;
        }
        for _ in 0..(end as i64 - i64::from(self.weight)) {
            if sum % 10_000 != 0 {
                return None;
            }
            sum /= 10_000;
        }
        i64::try_from(if self.negative { -sum } else { sum }).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::cell::{Stored, read};
    use super::Numeric;
    use crate::mapping::{Holds, Scalar, Type};

    fn numeric(sign: u16, weight: i16, digits: &[u16]) -> Numeric {
        let head = [digits.len() as u16, weight as u16, sign, 0];
        let cell: Vec<u8> = head
            .iter()
            .chain(digits)
            .flat_map(|word| word.to_be_bytes())
            .collect();
        match read(Type::Scalar(Scalar::Numeric(None)), Holds::Number, &cell, "").unwrap() {
            Stored::Numeric(numeric) => numeric,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_are_read_as_postgres_writes_them() {
        for (numeric, integer, double) in [
            (numeric(0, 0, &[]), Some(0), 0.0),
            (numeric(0, 0, &[7]), Some(7), 7.0),
            (numeric(0x4000, 1, &[12, 3400]), Some(-123_400), -123_400.0),
            (numeric(0, 2, &[1]), Some(100_000_000), 1e8),
            (numeric(0, -1, &[5000]), None, 0.5),
            (numeric(0x4000, 0, &[1, 2500]), None, -1.25),
            (numeric(0, 77, &[1]), None, 1e308),
            (numeric(0, -2, &[1]), None, 1e-8),
            (
                numeric(0x4000, 4, &[922, 3372, 368, 5477, 5808]),
                Some(i64::MIN),
                i64::MIN as f64,
            ),
            (
                numeric(0, 4, &[922, 3372, 368, 5477, 5808]),
                None,
                -(i64::MIN as f64),
            ),
        ] {
            assert_eq!(numeric.times(1), integer, "{numeric:?}");
            assert_eq!(numeric.double(), Some(double), "{numeric:?}");
        }
        assert!(numeric(0xc000, 0, &[]).double().unwrap().is_nan());
        assert_eq!(numeric(0xf000, 0, &[]).double(), Some(f64::NEG_INFINITY));
        assert_eq!(numeric(0, -1, &[5000]).times(1000), Some(500));
        assert_eq!(numeric(0, i16::MAX, &[1]).times(1), None);
        assert_eq!(numeric(0, i16::MIN, &[1]).times(1), None);
    }
}
