//! Floats of 32 bits that no number of JSON says.

use serde_json::Value as Json;

/// The usual NaN.
pub(super) const NAN: u32 = 0x7fc0_0000;
/// The bits of infinity.
pub(super) const INFINITY: u32 = 0x7f80_0000;
/// The bits of the infinity below all numbers.
pub(super) const MINUS_INFINITY: u32 = 0xff80_0000;
/// The bits of -0.0.
pub(super) const MINUS_ZERO: u32 = 0x8000_0000;

/// The float that is spelled so.
pub(super) fn read(json: &Json) -> Option<f32> {
    let float = match json {
        // A float has at most nine digits, so the number of 64 bits nearest to them has the same ones; read from
        // those, the float is rounded once. Rounding that number itself would round twice.
        Json::Number(number) => number.as_f64()?.to_string().parse().ok()?,
        Json::String(name) => f32::from_bits(match name.as_str() {
            "NaN" => NAN,
            "Infinity" => INFINITY,
            "-Infinity" => MINUS_INFINITY,
            "-0.0" => MINUS_ZERO,
            bits => u32::from_str_radix(bits.strip_prefix("0x")?, 16).ok()?,
        }),
        _ => return None,
    };
    (json.is_string() || float.is_finite()).then_some(float)
}
