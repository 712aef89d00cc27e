//! The Firestore database that documents are read from.
//! Names in it can stand in a resource path as they are, and the operator has been told whenever it is not
//! Google that will answer.
//! Whether the database exists and the credentials open it is left to the source.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use crate::answers::{Answer, Answers};
use crate::origin::{Origin, shown};
use crate::source::Shared;

/// Where documents come from, and how hard it may be asked.
#[derive(Clone, Debug)]
pub struct Firestore {
    /// The project that holds the database.
    pub project: String,
    /// The database within the project.
    pub database: String,
    /// The collection ids to move; all when there is no list.
    pub collections: Option<Vec<String>>,
    /// A service account key; application default credentials when there is none.
    pub credentials: Option<PathBuf>,
    /// `HOST:PORT` of an emulator that is read instead of Google.
    pub emulator: Option<String>,
    /// Connections held.
    pub connections: NonZeroUsize,
    /// Documents of each collection looked at to choose column types.
    pub sample: NonZeroUsize,
    /// The read quota; unlimited when there is none.
    pub reads_per_second: Option<NonZeroU32>,
    /// The part of the quota that is used: above 0, at most 1.
    pub quota_safety: f64,
    /// What 100,000 reads cost, in millionths of a US dollar; the list price when it is not said.
    pub read_price: Option<u64>,
    /// Whether to start slowly and ramp up.
    pub ramp: bool,
    /// Silence after which an answer is taken for dead.
    pub stream_timeout: Duration,
}

impl Firestore {
    pub(crate) fn relied_on(answers: &mut Answers) -> Answer<Firestore> {
        let project = answers.must("source.project", path_segment).map(|(name, _)| name);
        let database = answers
            .must("source.database", path_segment)
            .map(|(name, _)| name);
        let credentials = answers.path("source.credentials");
        let emulator = emulator(answers);
        let reads_per_second = answers.at_least_one_if_any("source.reads_per_second");
        let quota_safety = answers.share("source.quota_safety");
        let read_price = answers.money_if_any("source.read_price");
        let ramp = answers.switch("source.ramp");
        let shared = Shared::relied_on(answers, |id| {
            id.contains('/').then(|| {
                "is a path; write only the collection's id, it is found below every document".to_owned()
            })
        })?;
        Ok(Firestore {
            project: project?,
            database: database?,
            collections: shared.collections,
            credentials: credentials?,
            emulator: emulator?,
            connections: shared.connections,
            sample: shared.sample,
            reads_per_second: reads_per_second?,
            quota_safety: quota_safety?,
            read_price: read_price?,
            ramp: ramp?,
            stream_timeout: shared.stream_timeout,
        })
    }
}

/// A name that becomes one segment of a resource path.
fn path_segment(text: &str) -> Result<String, String> {
    let name = text.trim();
    match name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
        true => Err(format!(
            "`{}` holds a slash or a blank; write the plain name",
            shown(name)
        )),
        false => Ok(name.to_owned()),
    }
}

fn emulator(answers: &mut Answers) -> Answer<Option<String>> {
    let Some((address, origin)) = answers.read("source.emulator", host_and_port)? else {
        return Ok(None);
    };
    let said = match &origin {
        Origin::File { .. } => format!("source.emulator is set ({origin})"),
        Origin::Environment(name) => format!("{name} is set"),
        origin => format!("{origin} is set"),
    };
    answers.notice(format!(
        "{said}: reading from the emulator at {address}, not from Google; no real credentials are sent"
    ));
    let credentials = answers.origin("source.credentials");
    if credentials != Origin::Default {
        answers.notice(format!(
            "source.credentials ({credentials}) is ignored: an emulator asks for none"
        ));
    }
    Ok(Some(address))
}

/// `HOST:PORT`, with an IPv6 address in brackets.
fn host_and_port(text: &str) -> Result<String, String> {
    let address = text.trim();
    let plain =
        |host: &str| !host.is_empty() && !host.contains(|c: char| "/:@[] ".contains(c) || c.is_control());
    let bracketed = |host: &str| {
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        inner.is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let good = address.rsplit_once(':').is_some_and(|(host, port)| {
        let numeric = port.bytes().all(|byte| byte.is_ascii_digit());
        (plain(host) || bracketed(host)) && numeric && port.parse::<u16>().is_ok_and(|port| port != 0)
    });
    let refused = || {
        format!(
            "`{}` is not HOST:PORT; write for example 127.0.0.1:8080",
            shown(address)
        )
    };
    good.then(|| address.to_owned()).ok_or_else(refused)
}
