//! Which version the server is, and whether what it sends is encrypted.

use crate::check::Finding;
use crate::source::qdrant::Version;

pub(super) const VERSION: &str = "source.version";
const ENCRYPTION: &str = "source.encryption";

/// From 1.14 on a page is read under a lock; before, a point that is written while a page is put together may be left
/// out of it (qdrant/qdrant#6289).
pub(super) fn version(version: &Version) -> Finding {
    match version.is_from(1, 14) {
        Some(true) => Finding::pass(
            VERSION,
            format!("version {version} has no known fault in reading points"),
        ),
        Some(false) if version.is_from(1, 13) == Some(false) => Finding::warn(
            VERSION,
            format!(
                "version {version} is older than anything this was held against, and can leave points out of a \
                     page while they are written (mended in 1.14)"
            ),
            "points that change during a run may not be moved, and answers may look otherwise than expected",
            "upgrade the server if you can, or try a run on a copy of its data first",
        ),
        Some(false) => Finding::warn(
            VERSION,
            format!(
                "version {version} can leave points out of a page while they are written (mended in 1.14)"
            ),
            "points that change during a run may not be moved",
            "stop writing while the run reads, let it check itself with --consistency quiescent, or upgrade the server",
        ),
        None => Finding::warn(
            VERSION,
            format!(
                "the server calls its version {version:?}, which tells nothing",
                version = version.to_string()
            ),
            "whether it reads points reliably while they are written is not known",
            "stop writing while the run reads, or let it check itself with --consistency quiescent",
        ),
    }
}

pub(super) fn encryption(config: &config::Qdrant) -> Finding {
    if config.is_encrypted() {
        let whose = match &config.ca_file {
            Some(file) => format!("the authority in {}", file.display()),
            None => "the authorities that the system and the web trust".to_owned(),
        };
        return Finding::pass(ENCRYPTION, format!("encrypted, and verified against {whose}"));
    }
    if config.is_loopback() {
        return Finding::pass(ENCRYPTION, "not encrypted, and on this machine");
    }
    let what = match config.api_key {
        Some(_) => "points and the key travel",
        None => "points travel",
    };
    Finding::warn(
        ENCRYPTION,
        format!("{what} unencrypted to {}", config.url),
        "whoever sits between here and there can read them",
        "write https:// in --qdrant-url if the server has it, or go through a tunnel",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn servers_that_lose_points_under_writes_are_told_of() {
        let judged = |text| version(&Version::of(text)).verdict;
        assert_eq!(judged("1.14.0"), Verdict::Pass);
        assert_eq!(judged("1.18.3"), Verdict::Pass);
        assert_eq!(judged("1.13.6"), Verdict::Warn);
        assert_eq!(judged("1.9.1"), Verdict::Warn);
        assert_eq!(judged("nightly"), Verdict::Warn);
    }
}
