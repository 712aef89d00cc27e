//! The version of Qdrant that is played, and what it makes different.

use super::encode::Encoding;
use std::fmt;
use std::str::FromStr;

/// Major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

/// Text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version; write one such as 1.18.3")]
pub struct BadVersion(String);

impl Default for Version {
    /// The one that everything was measured on.
    fn default() -> Version {
        Version(1, 18, 3)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Version, BadVersion> {
        let numbers: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([major, minor, patch]) => Ok(Version(*major, *minor, *patch)),
            _ => Err(BadVersion(text.to_owned())),
        }
    }
}

impl Version {
    /// How vectors are written.
    pub(super) fn encoding(self) -> Encoding {
        match self {
            _ if self >= Version(1, 17, 0) => Encoding::Kinds,
            _ if self >= Version(1, 16, 0) => Encoding::Unpacked,
            _ => Encoding::Packed,
        }
    }

    /// Older ones drop the condition without a word.
    pub(super) fn knows_slices(self) -> bool {
        self >= Version(1, 19, 0)
    }

    /// Whether there is `ListShardKeys`.
    pub(super) fn lists_shard_keys(self) -> bool {
        self >= Version(1, 17, 0)
    }

    /// Whether a collection tells how many operations wait.
    pub(super) fn tells_queue(self) -> bool {
        self >= Version(1, 17, 0)
    }

    /// Whether a collection tells how many points are not indexed yet.
    pub(super) fn tells_deferred(self) -> bool {
        self >= Version(1, 18, 0)
    }
}
