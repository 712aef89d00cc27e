//! Points on Earth: geopoints of Firestore, and Qdrant's maps of `lat` and `lon`.

use super::cell::sized;
use super::encode::{Fit, Taste, is, told};
use crate::Value;
use crate::mapping::{Holds, Records};

/// Degrees north and east, and whether the column tells what they came as.
fn degrees(value: &Value<'_>, taste: Taste<'_>) -> Option<(f64, f64, bool)> {
    match value {
        Value::GeoPoint { latitude, longitude } => Some((*latitude, *longitude, is(taste.holds, value))),
        Value::Map(entries) if taste.rules.of == Records::Points => {
            let [(one, first), (other, second)] = entries.as_slice() else {
                return None;
            };
            let number = |value: &Value<'_>| match value {
                Value::Double(double) => Some((*double, true)),
                // Degrees are small; that it was an integer the column does not tell.
                Value::Integer(integer) => Some((*integer as f64, false)),
                _ => None,
            };
            let (first, second) = (number(first)?, number(second)?);
            let ((latitude, north), (longitude, east)) = match (*one, *other) {
                ("lat", "lon") => (first, second),
                ("lon", "lat") => (second, first),
                _ => return None,
            };
            Some((latitude, longitude, north && east && taste.holds == Holds::Point))
        }
        _ => None,
    }
}

/// `point`: x is the longitude, y the latitude.
pub(super) fn point(value: &Value<'_>, taste: Taste<'_>, out: &mut Vec<u8>) -> Fit {
    let Some((latitude, longitude, exactly)) = degrees(value, taste) else {
        return Fit::Misfit;
    };
    sized(out, |out| {
        out.extend_from_slice(&longitude.to_be_bytes());
        out.extend_from_slice(&latitude.to_be_bytes());
    });
    told(exactly)
}

/// EWKB in the order of bytes that it calls 0: the type with the flag for a reference system, that, the point.
pub(super) fn geography(value: &Value<'_>, taste: Taste<'_>, out: &mut Vec<u8>) -> Fit {
    const POINT_WITH_SYSTEM: u32 = 0x2000_0001;
    const WGS_84: u32 = 4326;
    match degrees(value, taste) {
        Some((latitude, longitude, exactly))
            if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) =>
        {
            sized(out, |out| {
                out.push(0);
                out.extend_from_slice(&POINT_WITH_SYSTEM.to_be_bytes());
                out.extend_from_slice(&WGS_84.to_be_bytes());
                out.extend_from_slice(&longitude.to_be_bytes());
                out.extend_from_slice(&latitude.to_be_bytes());
            });
            told(exactly)
        }
        _ => Fit::Misfit,
    }
}
