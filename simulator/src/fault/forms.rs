//! What a value in a plan may look like, and what to say when it does not.

use super::time::{read_duration, read_skew};
use super::{Method, SignedDuration};
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::de::DeValue;

/// A kind of value.
pub(super) struct Form<T> {
    /// What to write, for somebody who wrote something else.
    pub(super) wanted: &'static str,
    pub(super) read: fn(&DeValue<'_>) -> Option<T>,
}

pub(super) const SWITCH: Form<bool> = Form {
    wanted: "true or false, without quotes",
    read: |value| value.as_bool(),
};

/// Whether a database is in Datastore mode.
pub(super) const MODE: Form<bool> = Form {
    wanted: "\"native\" or \"datastore\"",
    read: |value| one_of(value, ["native", "datastore"]),
};

/// Whether a database is of the Enterprise edition.
pub(super) const EDITION: Form<bool> = Form {
    wanted: "\"standard\" or \"enterprise\"",
    read: |value| one_of(value, ["standard", "enterprise"]),
};

pub(super) const WHOLE: Form<u64> = Form {
    wanted: "a whole number, without quotes",
    read: whole,
};

pub(super) const NOT_NONE: Form<u64> = Form {
    wanted: "a whole number above 0, without quotes",
    read: |value| whole(value).filter(|number| *number > 0),
};

pub(super) const SHARE: Form<f64> = Form {
    wanted: "a number from 0 to 1, such as 0.01",
    read: share,
};

pub(super) const DURATION: Form<Duration> = Form {
    wanted: "a duration in quotes, with its unit, such as \"300ms\", \"30s\", \"10m\" or \"2h\"",
    read: duration,
};

pub(super) const DURATIONS: Form<RangeInclusive<Duration>> = Form {
    wanted: "a duration in quotes, with its unit, such as \"30s\", or two for one in between: [\"50ms\", \"300ms\"]",
    read: |value| spread(value, duration),
};

pub(super) const PLACES: Form<RangeInclusive<u64>> = Form {
    wanted: "a number of documents, such as 500, or two for one in between: [0, 1000]",
    read: |value| spread(value, whole),
};

pub(super) const SKEW: Form<SignedDuration> = Form {
    wanted: "how far the clock is ahead or behind, in quotes, such as \"5m\" or \"-5m\"",
    read: |value| value.as_str().and_then(read_skew),
};

pub(super) const COLLECTION: Form<String> = Form {
    wanted: "the id of a collection, in quotes, such as \"orders\"",
    read: |value| value.as_str().filter(|id| is_id(id)).map(str::to_owned),
};

/// The method of a name.
pub(super) fn method(value: &DeValue<'_>) -> Option<Method> {
    value.as_str().and_then(Method::named)
}

/// Whether it is the second word and not the first.
fn one_of(value: &DeValue<'_>, words: [&str; 2]) -> Option<bool> {
    let word = value.as_str()?;
    words
        .iter()
        .position(|known| *known == word)
        .map(|place| place == 1)
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn share(value: &DeValue<'_>) -> Option<f64> {
    let number: f64 = match value {
        DeValue::Float(number) => number.as_str().parse().ok()?,
        other => whole(other)? as f64,
    };
    // Adding 0.0 makes -0.0 a plain zero.
    Some(number + 0.0).filter(|share| (0.0..=1.0).contains(share))
}

fn duration(value: &DeValue<'_>) -> Option<Duration> {
    value.as_str().and_then(read_duration)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

/// One value, or a list of the least and the most.
fn spread<T: PartialOrd + Clone>(
    value: &DeValue<'_>,
    read: fn(&DeValue<'_>) -> Option<T>,
) -> Option<RangeInclusive<T>> {
    let Some(ends) = value.as_array() else {
        return read(value).map(|one| one.clone()..=one);
    };
    let ends: Option<Vec<T>> = ends.iter().map(|end| read(end.get_ref())).collect();
    match ends?.as_slice() {
        [least, most] if least <= most => Some(least.clone()..=most.clone()),
        _ => None,
    }
}
