//! Floating-point numbers of 16 bits (IEEE 754 binary16): what a number of 32 bits becomes when it is kept in one.

/// The nearest number of 16 bits, halves to even; beyond 65,519 it is infinite.
pub(super) fn rounded(value: f32) -> f32 {
    let size = value.abs();
    if !size.is_finite() {
        return value;
    }
    // The distance between neighbours: 2^-24 below the smallest normal number, and 2^-10 of the leading bit above it.
    let exponent = (size.to_bits() >> 23) as i32 - 127;
    let step = 2.0_f32.powi((exponent - 10).max(-24));
    let near = (size / step).round_ties_even() * step;
    let near = if near > 65_504.0 { f32::INFINITY } else { near };
    near.copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What 16 bits mean.
    fn meaning(bits: u16) -> f32 {
        let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
        let size = match exponent {
            0 => fraction * 2.0_f32.powi(-24),
            31 => f32::INFINITY,
            _ => (1024.0 + fraction) * 2.0_f32.powi(exponent - 25),
        };
        if bits >> 15 == 1 { -size } else { size }
    }

    #[test]
    fn every_number_of_16_bits_stays_and_what_lies_between_two_goes_to_the_nearer() {
        for bits in 0..0x7bff_u16 {
            let (low, high) = (meaning(bits), meaning(bits + 1));
            assert_eq!(rounded(low).to_bits(), low.to_bits());
            assert_eq!(rounded(-low).to_bits(), (-low).to_bits());
            let middle = low + (high - low) / 2.0;
            let even = if bits & 1 == 0 { low } else { high };
            assert_eq!(rounded(middle), even, "{middle}");
            assert_eq!(rounded(middle.next_down()), low);
            assert_eq!(rounded(middle.next_up()), high);
        }
        assert_eq!(rounded(65_519.996), 65_504.0);
        assert_eq!(rounded(-65_520.0), f32::NEG_INFINITY);
        assert!(rounded(f32::NAN).is_nan());
    }
}
