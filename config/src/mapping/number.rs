//! Doubles of the mapping as JSON, where plans keep them: JSON has no word for infinities and NaN, and `null` would be read
//! as nothing written at all.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A double as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Finite(f64),
    Other {
        #[serde(rename = "$double")]
        double: String,
    },
}

pub(super) fn serialize<S: Serializer>(number: &f64, out: S) -> Result<S::Ok, S::Error> {
    let kept = match number.is_finite() {
        true => Kept::Finite(*number),
        false => Kept::Other {
            double: number.to_string(),
        },
    };
    kept.serialize(out)
}

pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<f64, D::Error> {
    match Kept::deserialize(from)? {
        Kept::Finite(number) => Ok(number),
        Kept::Other { double } => double.parse().map_err(D::Error::custom),
    }
}
