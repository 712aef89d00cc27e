//! Field values in the REST form, one function for each type Firestore has.
//! It promises the spelling the server itself uses, so that what was written and what is read can be laid
//! side by side.
//! Which fields there are is left to the collections.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Field name to REST value.
pub type Fields = Map<String, Value>;

/// Fields from `"name" => value` pairs.
macro_rules! fields {
    ($($name:expr => $value:expr),* $(,)?) => {
        $crate::application::values::Fields::from_iter([$((String::from($name), $value)),*])
    };
}
pub(super) use fields;

pub(super) fn null() -> Value {
    json!({"nullValue": null})
}

pub(super) fn boolean(value: bool) -> Value {
    json!({"booleanValue": value})
}

pub(super) fn integer(value: i64) -> Value {
    json!({"integerValue": value.to_string()})
}

pub(super) fn double(value: f64) -> Value {
    match value {
        _ if value.is_nan() => json!({"doubleValue": "NaN"}),
        f64::INFINITY => json!({"doubleValue": "Infinity"}),
        f64::NEG_INFINITY => json!({"doubleValue": "-Infinity"}),
        _ => json!({"doubleValue": value}),
    }
}

/// Money as JavaScript leaves it: whole amounts are integers, all others doubles.
pub(super) fn money(cents: i64) -> Value {
    if cents % 100 == 0 {
        integer(cents / 100)
    } else {
        double(cents as f64 / 100.0)
    }
}

pub(super) fn text(value: impl Into<String>) -> Value {
    json!({"stringValue": value.into()})
}

pub(super) fn bytes(value: &[u8]) -> Value {
    json!({"bytesValue": STANDARD.encode(value)})
}

/// A document by its full name.
pub(super) fn reference(name: impl Into<String>) -> Value {
    json!({"referenceValue": name.into()})
}

pub(super) fn place(latitude: f64, longitude: f64) -> Value {
    json!({"geoPointValue": {"latitude": latitude, "longitude": longitude}})
}

pub(super) fn array(values: impl IntoIterator<Item = Value>) -> Value {
    json!({"arrayValue": {"values": values.into_iter().collect::<Vec<_>>()}})
}

pub(super) fn map(fields: Fields) -> Value {
    json!({"mapValue": {"fields": fields}})
}

pub(super) fn vector(components: &[f64]) -> Value {
    let components = array(components.iter().copied().map(double));
    map(fields! {"__type__" => text("__vector__"), "value" => components})
}

/// A moment given in microseconds since 1970, with as many digits as it needs in steps of three.
pub(super) fn timestamp(micros: i64) -> Value {
    let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let fraction = match micros {
        0 => String::new(),
        _ if micros % 1_000 == 0 => format!(".{:03}", micros / 1_000),
        _ => format!(".{micros:06}"),
    };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    json!({"timestampValue": format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")})
}

/// Days since 1970 as year, month, day of the Gregorian calendar: years begin in March, so that the leap
/// day is the last of its year.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spelled_as_the_server_spells_them() {
        let spelled = |micros| {
            timestamp(micros)["timestampValue"]
                .as_str()
                .map(str::to_owned)
                .unwrap_or_default()
        };
        assert_eq!(spelled(0), "1970-01-01T00:00:00Z");
        assert_eq!(spelled(-62_135_596_800_000_000), "0001-01-01T00:00:00Z");
        assert_eq!(spelled(253_402_300_799_999_999), "9999-12-31T23:59:59.999999Z");
        assert_eq!(spelled(1_709_210_096_120_000), "2024-02-29T12:34:56.120Z");
        assert_eq!(spelled(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn every_date_from_year_1_to_9999_is_the_day_after_the_one_before() {
        let mut last = date(-719_162);
        assert_eq!(last, (1, 1, 1));
        for days in -719_161..=2_932_896 {
            let (year, month, day) = date(days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let ends = [
                31,
                if leap { 29 } else { 28 },
                31,
                30,
                31,
                30,
                31,
                31,
                30,
                31,
                30,
                31,
            ];
            let after = match last {
                (y, 12, 31) => (y + 1, 1, 1),
                (y, m, d) if d == ends[m as usize - 1] => (y, m + 1, 1),
                (y, m, d) => (y, m, d + 1),
            };
            assert_eq!((year, month, day), after);
            last = after;
        }
        assert_eq!(last, (9_999, 12, 31));
    }

    #[test]
    fn doubles_json_cannot_say_are_strings() {
        assert_eq!(double(f64::NAN), json!({"doubleValue": "NaN"}));
        assert_eq!(double(f64::NEG_INFINITY), json!({"doubleValue": "-Infinity"}));
        assert_eq!(double(3.0).to_string(), r#"{"doubleValue":3.0}"#);
    }

    #[test]
    fn money_is_an_integer_exactly_when_it_is_whole() {
        assert_eq!(money(2_000), integer(20));
        assert_eq!(money(1_999), double(19.99));
    }
}
