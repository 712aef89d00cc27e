//! What a law compares, told so that a failure needs no debugger.

use anyhow::{Context, bail, ensure};
use firestore::gcloud_sdk::prost_types::Timestamp;
use simulator::Moment;
use std::fmt::Debug;
use tonic::{Code, Status};

/// `found` is what was `expected`.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> anyhow::Result<()> {
    ensure!(
        found == expected,
        "{what}:\n   found {found:?}\nexpected {expected:?}"
    );
    Ok(())
}

/// The call was refused with this code, and with these words somewhere in its message.
pub(crate) fn refused<T: Debug>(
    what: &str,
    answer: Result<T, Status>,
    code: Code,
    words: &str,
) -> anyhow::Result<()> {
    match answer {
        Ok(answer) => {
            let mut answer = format!("{answer:?}");
            answer.truncate(answer.floor_char_boundary(160));
            bail!("{what} was not refused: {answer}")
        }
        Err(status) if status.code() == code && status.message().contains(words) => Ok(()),
        Err(status) => bail!(
            "{what}:\n   found {:?} {:?}\nexpected {code:?} with {words:?}",
            status.code(),
            status.message()
        ),
    }
}

/// The call was refused because of what it asked for.
pub(crate) fn invalid<T: Debug>(what: &str, answer: Result<T, Status>) -> anyhow::Result<()> {
    refused(what, answer, Code::InvalidArgument, "")
}

/// The moment of a timestamp that must be there, and whole microseconds.
pub(crate) fn moment(time: Option<Timestamp>) -> anyhow::Result<Moment> {
    let time = time.context("a time is missing")?;
    ensure!(time.nanos % 1_000 == 0, "{time:?} is finer than microseconds");
    Ok(Moment(time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000))
}

/// What is wrong with several things that a law compares, all told at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    pub(crate) fn note(&mut self, checked: anyhow::Result<()>) {
        self.0.extend(checked.err().map(|problem| format!("{problem:#}")));
    }

    pub(crate) fn none(self) -> anyhow::Result<()> {
        ensure!(self.0.is_empty(), "{}", self.0.join("\n"));
        Ok(())
    }
}
