//! Whether a checkpoint directory can be used, found out without leaving a trace in it.
//!
//! Whether files can be made there is asked of the system, by making one that has no name: it is in no directory,
//! changes none, and is gone with its handle. Whether another process writes there is read from the table of locks.

use super::Finding;
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

const DIRECTORY: &str = "checkpoints.directory";

/// A file without a name, as Linux asks for it (`O_TMPFILE`); the number for a directory is not everywhere the same.
const NAMELESS: i32 = 0o20_000_000
    | if cfg!(any(
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "powerpc64"
    )) {
        0o40_000
    } else {
        0o200_000
    };

/// What the log of checkpoints grows to before it is begun anew, about.
const ROOM: usize = 1 << 20;

const ELSEWHERE: &str = "name a directory on a disk that can be written to: --checkpoint-dir PATH";
const NO_START: &str = "a run could not keep its checkpoints there, and would not start";

/// What there is to say about `dir`.
pub fn directory(dir: &Path) -> Finding {
    let place = match std::fs::metadata(dir) {
        Ok(facts) if !facts.is_dir() => Err(in_the_way(dir)),
        Ok(facts) => there(dir, facts.uid()),
        Err(error) if error.kind() == ErrorKind::NotFound => absent(dir),
        Err(error) => Err(unusable(dir, &error)),
    };
    place.unwrap_or_else(|refused| refused)
}

/// A directory that a run would make.
fn absent(dir: &Path) -> Result<Finding, Finding> {
    if std::fs::symlink_metadata(dir).is_ok() {
        let found = format!("{} is a link to what is not there", dir.display());
        let next = "make what the link names, or name another directory: --checkpoint-dir PATH";
        return Err(Finding::fail(DIRECTORY, found, NO_START, next));
    }
    let above = dir
        .ancestors()
        .skip(1)
        .map(|above| match above.as_os_str().is_empty() {
            true => Path::new("."),
            false => above,
        });
    for above in above {
        match std::fs::metadata(above) {
            Ok(facts) if !facts.is_dir() => return Err(in_the_way(above)),
            Ok(_) => {
                probe(above)?;
                let found = format!("{} is not there yet; a run can make it", dir.display());
                return Ok(Finding::pass(DIRECTORY, found));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(above, &error)),
        }
    }
    Err(unusable(dir, &ErrorKind::NotFound.into()))
}

/// A directory that is there.
fn there(dir: &Path, owner: u32) -> Result<Finding, Finding> {
    if let Some(holder) = checkpoints::holder(dir) {
        let found = format!("{} is in use by {holder}", dir.display());
        let next = "wait for it, stop it, or name another directory: --checkpoint-dir PATH";
        return Err(Finding::fail(
            DIRECTORY,
            found,
            "a second run is refused there",
            next,
        ));
    }
    let ourselves = probe(dir)?;
    // What a run keeps there lies one level deeper, and may be of another owner.
    let state = dir.join("state");
    let owner = match std::fs::metadata(&state) {
        Ok(facts) if facts.is_dir() => {
            probe(&state)?;
            facts.uid()
        }
        Ok(_) => return Err(in_the_way(&state)),
        Err(error) if error.kind() == ErrorKind::NotFound => owner,
        Err(error) => return Err(unusable(&state, &error)),
    };
    let found = format!("{} can be written to", dir.display());
    if checkpoints::is_open_to_all(dir) {
        return Ok(Finding::warn(
            DIRECTORY,
            format!("{found}, and any user of this machine may do so"),
            "somebody could put other checkpoints in the place of a run's",
            format!("take that right away: chmod o-w {}", dir.display()),
        ));
    }
    Ok(match ourselves {
        Some(ourselves) if ourselves != owner => Finding::warn(
            DIRECTORY,
            format!("{found}, and belongs to user {owner}, while this is user {ourselves}"),
            "files that a run makes there belong to whoever started it: the other could not go on",
            "run as the user that the directory belongs to, or name another directory: --checkpoint-dir PATH",
        ),
        Some(_) => Finding::pass(DIRECTORY, found),
        None => Finding::pass(
            DIRECTORY,
            format!(
                "{} is there; its file system does not let it be tried without a trace",
                dir.display()
            ),
        ),
    })
}

/// Makes a file without a name in `dir`, with as much in it as checkpoints need. Tells whose it was; nothing where the
/// file system knows no such files.
fn probe(dir: &Path) -> Result<Option<u32>, Finding> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600).custom_flags(NAMELESS);
    let mut file = match options.open(dir) {
        Ok(file) => file,
        Err(error) if unknown(&error) => return Ok(None),
        Err(error) => return Err(unusable(dir, &error)),
    };
    let tried = file.write_all(&vec![0; ROOM]).and_then(|()| file.metadata());
    tried
        .map(|facts| Some(facts.uid()))
        .map_err(|error| unusable(dir, &error))
}

/// Whether the system said that it does not know files without names: there is no other way to ask.
fn unknown(error: &Error) -> bool {
    // EOPNOTSUPP, and what kernels without them make of the question.
    error.raw_os_error() == Some(95)
        || matches!(
            error.kind(),
            ErrorKind::Unsupported | ErrorKind::IsADirectory | ErrorKind::InvalidInput
        )
}

fn in_the_way(path: &Path) -> Finding {
    let found = format!("{} is there and is no directory", path.display());
    Finding::fail(DIRECTORY, found, NO_START, ELSEWHERE)
}

/// The system's own words, without its number for them.
fn unusable(path: &Path, error: &Error) -> Finding {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let next = match error.kind() {
        ErrorKind::PermissionDenied => {
            "run as the user that may write there, or name another directory: --checkpoint-dir PATH"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room there, or name a directory on another disk: --checkpoint-dir PATH"
        }
        _ => ELSEWHERE,
    };
    Finding::fail(
        DIRECTORY,
        format!("{} cannot be used: {words}", path.display()),
        NO_START,
        next,
    )
}
