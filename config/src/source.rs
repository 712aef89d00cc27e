//! The store that is read: which one it is, and what is asked of the operator for any of them.
//! What only another store understands is not asked for; where it was written deliberately, the operator is told that
//! it changes nothing.
//! What each store needs is left to `firestore` and `qdrant`.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::answers::{Answer, Answers};
use crate::mapping::Records;
use crate::origin::shown;
use crate::{Firestore, Qdrant};

/// The store that is read.
#[derive(Clone, Debug)]
pub enum Source {
    /// A Firestore database.
    Firestore(Firestore),
    /// A Qdrant server.
    Qdrant(Qdrant),
}

#[derive(Clone, Copy)]
enum Kind {
    Firestore,
    Qdrant,
}

/// What only Firestore understands.
const FIRESTORE_ONLY: [&str; 8] = [
    "source.project",
    "source.database",
    "source.credentials",
    "source.emulator",
    "source.reads_per_second",
    "source.quota_safety",
    "source.read_price",
    "source.ramp",
];

/// What only Qdrant understands.
const QDRANT_ONLY: [&str; 9] = [
    "source.url",
    "source.ca_file",
    "source.page_bytes",
    "source.page_points",
    "source.read_consistency",
    "source.consistency",
    "source.updated_at",
    "source.per_shard",
    "source.rest_url",
];

impl Source {
    pub(crate) fn relied_on(answers: &mut Answers) -> Answer<Source> {
        let kinds = [("firestore", Kind::Firestore), ("qdrant", Kind::Qdrant)];
        match answers.choice("source.kind", &kinds) {
            Ok(Kind::Firestore) => {
                notice_ignored(answers, &QDRANT_ONLY, "Firestore");
                Firestore::relied_on(answers).map(Source::Firestore)
            }
            Ok(Kind::Qdrant) => {
                notice_ignored(answers, &FIRESTORE_ONLY, "Qdrant");
                Qdrant::relied_on(answers).map(Source::Qdrant)
            }
            Err(reported) => {
                // Whichever store was meant, this much is asked for.
                let _ = Shared::relied_on(answers, |_| None);
                Err(reported)
            }
        }
    }

    /// What its records are called.
    pub fn records(&self) -> Records {
        match self {
            Source::Firestore(_) => Records::Documents,
            Source::Qdrant(_) => Records::Points,
        }
    }

    /// The collections to move; all when there is no list.
    pub fn collections(&self) -> Option<&[String]> {
        match self {
            Source::Firestore(source) => source.collections.as_deref(),
            Source::Qdrant(source) => source.collections.as_deref(),
        }
    }

    /// Silence after which an answer is taken for dead.
    pub fn stream_timeout(&self) -> Duration {
        match self {
            Source::Firestore(source) => source.stream_timeout,
            Source::Qdrant(source) => source.stream_timeout,
        }
    }

    /// Documents of each collection looked at to choose column types.
    pub fn sample(&self) -> NonZeroUsize {
        match self {
            Source::Firestore(source) => source.sample,
            Source::Qdrant(source) => source.sample,
        }
    }
}

fn notice_ignored(answers: &mut Answers, keys: &[&'static str], read: &str) {
    for key in keys {
        if let Some(origin) = answers.meant(key) {
            answers.notice(format!("{key} ({origin}) is ignored: {read} is read"));
        }
    }
}

/// What is asked for whichever store is read.
pub(crate) struct Shared {
    pub(crate) collections: Option<Vec<String>>,
    pub(crate) connections: NonZeroUsize,
    pub(crate) sample: NonZeroUsize,
    pub(crate) stream_timeout: Duration,
}

impl Shared {
    /// `refusal` says what is wrong with a name that no collection of this store can have.
    pub(crate) fn relied_on(
        answers: &mut Answers,
        refusal: impl Fn(&str) -> Option<String>,
    ) -> Answer<Shared> {
        let collections = collections(answers, refusal);
        let connections = answers.at_least_one("source.connections");
        let sample = answers.at_least_one("source.sample");
        let stream_timeout = answers.duration("source.stream_timeout");
        Ok(Shared {
            collections: collections?,
            connections: connections?,
            sample: sample?,
            stream_timeout: stream_timeout?,
        })
    }
}

fn collections(
    answers: &mut Answers,
    refusal: impl Fn(&str) -> Option<String>,
) -> Answer<Option<Vec<String>>> {
    let Some((names, origin)) = answers.list("source.collections")? else {
        return Ok(None);
    };
    let mut wrong = Vec::new();
    if names.is_empty() {
        wrong.push("names no collection; leave it out to move all of them".to_owned());
    }
    for (i, name) in names.iter().enumerate() {
        if name.is_empty() {
            wrong.push(format!("collection {} has an empty name; remove it", i + 1));
        } else if let Some(why) = refusal(name) {
            wrong.push(format!("`{}` {why}", shown(name)));
        } else if names.iter().take(i).any(|earlier| earlier == name) {
            wrong.push(format!("`{}` is named twice; name it once", shown(name)));
        }
    }
    let told = wrong
        .into_iter()
        .map(|what| answers.refuse(origin.clone(), format!("source.collections: {what}")));
    told.last().map_or(Ok(Some(names)), Err)
}
