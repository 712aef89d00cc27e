//! Numbers, texts, bytes and enumerations between JSON and protobuf, as protobuf's JSON mapping has them.
//!
//! What is written is in the one canonical form; what is read may be in any form the emulator takes.

use super::read::{Json, wrong};
use base64::Engine;
use base64::alphabet::{self, Alphabet};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use tonic::Status;

/// The first whole number that no longer fits into 64 bits with a sign: 2^63.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// A 64-bit integer: a text, so that no reader rounds it, or a number.
pub(super) fn integer(json: Json) -> Result<i64, Status> {
    let read = match &json {
        Json::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Json::String(text) => text.parse().ok().or_else(|| text.parse().ok().and_then(whole)),
        _ => None,
    };
    read.ok_or_else(|| wrong(&json, "64-bit integer"))
}

/// Whole numbers in other spellings, such as `8.0` and `1e3`.
fn whole(number: f64) -> Option<i64> {
    let fits = number.fract() == 0.0 && (-TOO_LARGE..TOO_LARGE).contains(&number);
    fits.then_some(number as i64)
}

/// A 32-bit integer.
pub(super) fn small(json: Json) -> Result<i32, Status> {
    let number = integer(json)?;
    i32::try_from(number).map_err(|_| wrong(&number.into(), "32-bit integer"))
}

/// A double: a number, or a text for what JSON has no number for.
pub(super) fn double(json: Json) -> Result<f64, Status> {
    let read = match &json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            // Rust has more words for what is not finite.
            text => text.parse().ok().filter(|number: &f64| number.is_finite()),
        },
        _ => None,
    };
    read.ok_or_else(|| wrong(&json, "double"))
}

/// A double as JSON.
pub(super) fn write_double(number: f64) -> Json {
    match serde_json::Number::from_f64(number) {
        Some(finite) => Json::Number(finite),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// Yes or no.
pub(super) fn boolean(json: Json) -> Result<bool, Status> {
    match &json {
        Json::Bool(yes) => Ok(*yes),
        Json::String(text) if text == "true" => Ok(true),
        Json::String(text) if text == "false" => Ok(false),
        _ => Err(wrong(&json, "boolean")),
    }
}

/// A text; the emulator also takes numbers and booleans for one.
pub(super) fn text(json: Json) -> Result<String, Status> {
    match json {
        Json::String(text) => Ok(text),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(yes) => Ok(yes.to_string()),
        other => Err(wrong(&other, "text")),
    }
}

/// Bytes in either alphabet of base64, padded or not.
pub(super) fn bytes(json: Json) -> Result<Vec<u8>, Status> {
    let Json::String(text) = &json else {
        return Err(wrong(&json, "base64"));
    };
    let decoded = lenient(&alphabet::STANDARD).decode(text);
    let decoded = decoded.or_else(|_| lenient(&alphabet::URL_SAFE).decode(text));
    decoded.map_err(|_| wrong(&json, "base64"))
}

fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

/// Bytes as JSON.
pub(super) fn write_bytes(bytes: &[u8]) -> Json {
    STANDARD.encode(bytes).into()
}

/// A value of an enumeration, by name or by number.
pub(super) fn choice<E: Into<i32>>(json: Json, named: fn(&str) -> Option<E>) -> Result<i32, Status> {
    match &json {
        Json::String(name) => named(name)
            .map(Into::into)
            .ok_or_else(|| wrong(&json, "known name")),
        _ => small(json),
    }
}
