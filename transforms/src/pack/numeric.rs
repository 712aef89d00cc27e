//! PostgreSQL's `numeric`: decimal digits to the base of 10,000 around a point, rounded to a scale if there is one.
//! Integers and doubles are decimal numbers of finitely many digits (a double: the fewest that mean it), and what is
//! written is exactly that number, or the caller is told that it was rounded or does not fit.

use super::cell::{fixed, sized};

/// `0.digits × 10^point`: the digits without leading zeros, none for zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    /// How many of the digits stand before the point; may be beyond either end.
    point: i64,
    /// How many digits after the point are shown.
    scale: i64,
}

/// Digits after the point, at most.
const MOST_SCALE: i64 = 16_383;
/// Digits before the point, at most.
const MOST_BEFORE: i64 = 131_072;

impl Decimal {
    pub(super) fn integer(integer: i64) -> Decimal {
        let digits = integer.unsigned_abs().to_string();
        Decimal::new(integer < 0, digits.bytes(), digits.len() as i64, 0)
    }

    /// The fewest digits that mean the double; none for NaN and the infinities. -0.0 becomes 0.
    pub(super) fn double(double: f64) -> Option<Decimal> {
        double
            .is_finite()
            .then(|| Decimal::parse(&format!("{double:e}")))
            .flatten()
    }

    /// Reads a number as JSON and PostgreSQL spell it: `-12.5e3`. No spaces, no NaN.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let (negative, size) = match text.strip_prefix('-') {
            Some(size) => (true, size),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match size.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (size, 0),
        };
        let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || before.bytes().chain(after.bytes());
        if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let exponent = i64::from(exponent);
        let scale = (after.len() as i64 - exponent).max(0);
        Some(Decimal::new(
            negative,
            digits(),
            before.len() as i64 + exponent,
            scale,
        ))
    }

    fn new(negative: bool, digits: impl Iterator<Item = u8>, point: i64, scale: i64) -> Decimal {
        let digits: Vec<u8> = digits.map(|digit| digit - b'0').collect();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let end = digits
            .iter()
            .rposition(|digit| *digit != 0)
            .map_or(zeros, |at| at + 1);
        let digits = digits[zeros..end].to_vec();
        Decimal {
            negative: negative && !digits.is_empty(),
            point: if digits.is_empty() {
                0
            } else {
                point - zeros as i64
            },
            digits,
            scale,
        }
    }

    /// Appends the cell; whether it is the number itself, or none (and nothing written) if it does not fit.
    pub(super) fn write(mut self, within: Option<(u16, u16)>, out: &mut Vec<u8>) -> Option<bool> {
        let mut exact = true;
        if let Some((precision, scale)) = within {
            exact = self.round(scale.into());
            if !self.digits.is_empty() && self.point > i64::from(precision) - i64::from(scale) {
                return None;
            }
        }
        if self.scale > MOST_SCALE || self.point > MOST_BEFORE {
            return None;
        }
        let groups = self.groups();
        let weight = (self.point + 3).div_euclid(4) - 1;
        let words = [
            groups.len() as i64,
            if groups.is_empty() { 0 } else { weight },
            if self.negative { 0x4000 } else { 0 },
            self.scale,
        ];
        sized(out, |out| {
            // The limits above keep every one of them within 16 bits.
            for word in words.into_iter().chain(groups.into_iter().map(i64::from)) {
                out.extend_from_slice(&(word as u16).to_be_bytes());
            }
        });
        Some(exact)
    }

    /// Cuts to so many digits after the point, a half away from zero; whether nothing was lost.
    fn round(&mut self, scale: i64) -> bool {
        self.scale = scale;
        let kept = self.point + scale;
        if kept >= self.digits.len() as i64 {
            return true;
        }
        let up = usize::try_from(kept).is_ok_and(|kept| self.digits[kept] >= 5);
        self.digits.truncate(usize::try_from(kept).unwrap_or(0));
        if up {
            let nines = self.digits.iter().rev().take_while(|digit| **digit == 9).count();
            self.digits.truncate(self.digits.len() - nines);
            match self.digits.last_mut() {
                Some(digit) => *digit += 1,
                None => {
                    self.digits.push(1);
                    self.point += 1;
                }
            }
        }
        let end = self
            .digits
            .iter()
            .rposition(|digit| *digit != 0)
            .map_or(0, |at| at + 1);
        self.digits.truncate(end);
        if self.digits.is_empty() {
            (self.negative, self.point) = (false, 0);
        }
        false
    }

    /// The digits in fours, the first four ending where the point asks for it.
    fn groups(&self) -> Vec<u16> {
        let lead = (-self.point).rem_euclid(4) as usize;
        let padded: Vec<u8> = std::iter::repeat_n(0, lead)
            .chain(self.digits.iter().copied())
            .collect();
        let group = |four: &[u8]| {
            (0..4).fold(0, |sum, at| {
                sum * 10 + u16::from(four.get(at).copied().unwrap_or(0))
            })
        };
        if self.digits.is_empty() {
            return Vec::new();
        }
        padded.chunks(4).map(group).collect()
    }
}

/// Appends NaN, which `numeric` of any precision holds.
pub(super) fn nan(out: &mut Vec<u8>) {
    fixed(out, [0, 0, 0, 0, 0xc0, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str, within: Option<(u16, u16)>) -> Option<(Vec<u16>, bool)> {
        let mut out = Vec::new();
        let exact = Decimal::parse(text).unwrap().write(within, &mut out)?;
        assert_eq!(out[..4], (out.len() as u32 - 4).to_be_bytes());
        let words = out[4..]
            .chunks(2)
            .map(|word| u16::from_be_bytes([word[0], word[1]]))
            .collect();
        Some((words, exact))
    }

    /// As `SELECT numeric_send(…)` of PostgreSQL 16 gives them.
    #[test]
    fn numbers_are_such_as_postgres_sends_them() {
        for (text, within, expected) in [
            ("0", None, vec![0, 0, 0, 0]),
            ("0.00", None, vec![0, 0, 0, 2]),
            ("-0", None, vec![0, 0, 0, 0]),
            ("1", None, vec![1, 0, 0, 0, 1]),
            ("-7", None, vec![1, 0, 0x4000, 0, 7]),
            ("10000", None, vec![1, 1, 0, 0, 1]),
            ("12345678", None, vec![2, 1, 0, 0, 1234, 5678]),
            ("0.5", None, vec![1, 0xffff, 0, 1, 5000]),
            ("0.00012", None, vec![2, 0xffff, 0, 5, 1, 2000]),
            ("0.000012", None, vec![1, 0xfffe, 0, 6, 1200]),
            ("123.4567", None, vec![2, 0, 0, 4, 123, 4567]),
            ("99990000.0001", None, vec![3, 1, 0, 4, 9999, 0, 1]),
            ("1e20", None, vec![1, 5, 0, 0, 1]),
            ("12.5", Some((10, 2)), vec![2, 0, 0, 2, 12, 5000]),
            (
                "9223372036854775807",
                None,
                vec![5, 4, 0, 0, 922, 3372, 368, 5477, 5807],
            ),
        ] {
            assert_eq!(words(text, within), Some((expected, true)), "{text}");
        }
    }

    #[test]
    fn a_scale_rounds_half_away_from_zero_and_a_precision_refuses() {
        for (text, within, expected) in [
            ("1.005", (10, 2), Some(vec![2, 0, 0, 2, 1, 100])),
            ("1.004", (10, 2), Some(vec![1, 0, 0, 2, 1])),
            ("-0.005", (10, 2), Some(vec![1, 0xffff, 0x4000, 2, 100])),
            ("-0.004", (10, 2), Some(vec![0, 0, 0, 2])),
            ("9.995", (3, 2), None),
            ("9.994", (3, 2), Some(vec![2, 0, 0, 2, 9, 9900])),
            ("99.5", (3, 0), Some(vec![1, 0, 0, 0, 100])),
            ("999.5", (3, 0), None),
            ("0.001", (2, 5), None),
            ("0.00099", (2, 5), Some(vec![2, 0xffff, 0, 5, 9, 9000])),
        ] {
            let words = words(text, Some(within)).map(|(words, _)| words);
            assert_eq!(words, expected, "{text} as {within:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e99999999999",
            "NaN",
            " 1",
            "1 ",
            "0x1",
            "1_000",
            "--1",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(words("1e131072", None), None);
        assert!(words("1e131071", None).is_some());
        assert_eq!(words("1e-16384", None), None);
    }

    /// The number that the words stand for, in decimal digits.
    fn text(words: &[u16]) -> String {
        let digits: String = words[4..].iter().map(|word| format!("{word:04}")).collect();
        let exponent = 4 * (i64::from(words[1] as i16) + 1) - digits.len() as i64;
        let sign = if words[2] == 0x4000 { "-" } else { "" };
        format!("{sign}0{digits}e{exponent}")
    }

    proptest! {
        #[test]
        fn every_double_is_read_back(bits: u64) {
            let double = f64::from_bits(bits);
            if let Some(decimal) = Decimal::double(double) {
                let mut out = Vec::new();
                prop_assert_eq!(decimal.write(None, &mut out), Some(true));
                let words: Vec<u16> = out[4..].chunks(2).map(|word| u16::from_be_bytes([word[0], word[1]])).collect();
                prop_assert!(words[4..].iter().all(|word| *word < 10_000));
                prop_assert!(words.len() == 4 || words[4] != 0 && words[words.len() - 1] != 0);
                prop_assert_eq!(text(&words).parse::<f64>().unwrap(), double);
            } else {
                prop_assert!(!double.is_finite());
            }
        }

        #[test]
        fn every_integer_is_read_back(integer: i64) {
            let mut out = Vec::new();
            prop_assert_eq!(Decimal::integer(integer).write(None, &mut out), Some(true));
            let words: Vec<u16> = out[4..].chunks(2).map(|word| u16::from_be_bytes([word[0], word[1]])).collect();
            let (sign, digits) = (words[2] == 0x4000, words[4..].iter());
            let sum = digits.fold(0i128, |sum, word| sum * 10_000 + i128::from(*word));
            let zeros = 4 * (i64::from(words[1] as i16) + 1 - (words.len() as i64 - 4));
            let size = sum * 10i128.pow(zeros.max(0) as u32);
            prop_assert_eq!(if sign { -size } else { size }, i128::from(integer));
        }
    }
}
