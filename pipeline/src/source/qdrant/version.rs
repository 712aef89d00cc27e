//! Which version a server is, as far as it decides what may be believed of its answers.

use std::fmt;

/// The version of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    /// Major and minor.
    parts: Option<(u32, u32)>,
}

impl Version {
    /// Reads what a server says of itself, such as `1.18.3` or `1.19.0-dev`.
    pub(crate) fn of(text: &str) -> Version {
        let mut parts = text
            .trim()
            .trim_start_matches('v')
            .split('.')
            .map(|part| part.parse().ok());
        let parts = parts.next().flatten().zip(parts.next().flatten());
        Version {
            text: text.to_owned(),
            parts,
        }
    }

    /// Whether it is this one or a later one; nothing when it cannot be told.
    pub fn is_from(&self, major: u32, minor: u32) -> Option<bool> {
        self.parts.map(|parts| parts >= (major, minor))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_compared_by_number() {
        for (text, from) in [
            ("1.18.3", Some(true)),
            ("1.9.0", Some(false)),
            ("1.14.0", Some(true)),
            ("v1.14.0", Some(true)),
            ("1.13.6", Some(false)),
            ("2.0", Some(true)),
            ("1.19.0-dev", Some(true)),
            ("0.99.1", Some(false)),
            ("", None),
            ("new", None),
            ("1", None),
        ] {
            assert_eq!(Version::of(text).is_from(1, 14), from, "{text}");
        }
    }
}
